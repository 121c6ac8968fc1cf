// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// `canopy scan`.
struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Trains a network with many values of some settings, and compares the models.",
    discussion: """
      The section 'scan' of the configuration says which values are tried: all combinations of lists, or points that \
      are drawn (canopy settings scan). Each point is a training in a process of its own, whose model is in DIR/001, \
      DIR/002 and so on and whose messages are in DIR/001.log; it takes one thread unless training.threads is given. \
      DIR/scan.csv and DIR/scan.svg compare what is finished by the criterion of the training, and so does the table that \
      a terminal shows while trainings run. DIR/trade-off.svg shows the background rejection against 1/JSD if heads are \
      decorrelated.

      The same command goes on with a scan that was interrupted, and with one that is to have further points: what is \
      finished is not trained again, and what is not goes on to the same bits. Points that failed are tried again. The \
      exit status is 1 if points failed.

      EXAMPLES:
        canopy scan w-tagger.yaml -o scan
        canopy scan w-tagger.yaml -o scan --parallel 4 --set scan.random=40
      """)

  @Argument(help: "The training configuration.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder of the models and their comparison.", valueName: "dir"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The number of trainings at a time (default: as many as there are processors for their threads).",
      valueName: "n"))
  var parallel: Int?

  @Option(
    help: ArgumentHelp(
      "Set a value over what the configuration says, in YAML; may be given several times.",
      discussion: "null takes a value or a whole section away.", valueName: "key.key=value"))
  var `set`: [String] = []

  @OptionGroup
  var plugins: PluginOptions

  func validate() throws {
    if let parallel, !(1...1024).contains(parallel) {
      throw ValidationError("--parallel must be from 1 to 1024.")
    }
  }

  func run() throws {
    try reportingFailures {
      var files = OutputCheck()
      files.addInput(configuration)
      files.addOutput("-o", output, .folder)
      try files.check()
      let folder = try ScanFolder(
        URL(fileURLWithPath: output), scanning: URL(fileURLWithPath: configuration), settings: self.set,
        plugins: plugins.registry())
      let threads = folder.points.map(\.configuration.training.threads).max() ?? 1
      let scan = Scan(
        folder, output: output, parallel: parallel ?? max(1, ProcessorCount.available / threads)
      ) { point in
        ["train", configuration, "-o", point.folder.relativePath, "--resume"]
          + point.settings.flatMap { ["--set", $0] } + plugins.libraries.flatMap { ["--plugin", $0] }
      }
      Interruption.advice = "the same command goes on with the scan."
      try scan.run()
      let table = ScanTable(folder, failures: scan.failures)
      try writeToStandardOutput(Data(table.text.utf8))
      if !scan.failures.isEmpty { throw ExitCode(Fault.work.rawValue) }
    }
  }
}

/// The trainings of a scan, some at a time, each in a process of its own.
private final class Scan: @unchecked Sendable {
  private let folder: ScanFolder
  private let output: String
  private let parallel: Int
  private let arguments: (ScanFolder.Point) -> [String]

  private let lock = NSLock()
  /// The points that nobody has begun with; guarded by `lock`.
  private var waiting: [ScanFolder.Point] = []
  /// How many points were finished when the scan began or are done with since; guarded by `lock`.
  private var doneCount = 0
  /// Why points failed, by their numbers; guarded by `lock`.
  private(set) var failures: [Int: String] = [:]
  /// The best points so far on a terminal; guarded by `lock`.
  private var display = LiveLines()
  /// The first failure to write the comparison; guarded by `lock`.
  private var outputError: (any Error)?

  init(
    _ folder: ScanFolder, output: String, parallel: Int, arguments: @escaping (ScanFolder.Point) -> [String]
  ) {
    self.folder = folder
    self.output = output
    self.parallel = parallel
    self.arguments = arguments
  }

  /// Trains what is not finished.
  ///
  /// - Throws: if the comparison cannot be written.
  func run() throws {
    waiting = folder.points.filter { !$0.progress.isFinished }
    doneCount = folder.points.count - waiting.count
    let places = min(parallel, waiting.count)
    writeToStandardError(
      "\(folder.points.count) points, of which \(doneCount) are finished; "
        + "\(parallel) \(parallel == 1 ? "training" : "trainings") at a time\n")
    show(ScanTable(folder, failures: failures))
    DispatchQueue.concurrentPerform(iterations: places) { _ in
      while let point = next() { finish(point, failure: train(point)) }
    }
    display.clear()
    if let outputError { throw outputError }
    try writeComparison()
  }

  private func next() -> ScanFolder.Point? {
    lock.withLock { outputError == nil && !waiting.isEmpty ? waiting.removeFirst() : nil }
  }

  /// Trains a point to its end; returns why it failed, if it did.
  private func train(_ point: ScanFolder.Point) -> String? {
    let log = "\(point.folder.path).log"
    do {
      guard FileManager.default.createFile(atPath: log, contents: nil) else {
        throw FileOutputError("\(point.folder.relativePath).log", code: errno)
      }
      let messages = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
      defer { try? messages.close() }
      let process = Process()
      process.executableURL = Bundle.main.executableURL
      process.arguments = arguments(point)
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = messages
      let end = DispatchSemaphore(value: 0)
      process.terminationHandler = { _ in end.signal() }
      try Interruption.start(process)
      end.wait()
      Interruption.forget(process)
      if process.terminationReason == .exit, process.terminationStatus == 0 { return nil }
      let lines = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
      let mark = "canopy: "
      if let line = lines.last(where: { $0.hasPrefix(mark) }) { return String(line.dropFirst(mark.count)) }
      return process.terminationReason == .exit
        ? "the training ended with the status \(process.terminationStatus)"
        : "the training was ended by the signal \(process.terminationStatus)"
    } catch let error as FileOutputError {
      return error.description
    } catch {
      return "the training cannot be started: \(error.fileReason)"
    }
  }

  private func finish(_ point: ScanFolder.Point, failure: String?) {
    lock.withLock {
      doneCount += 1
      failures[point.number] = failure
      let table = ScanTable(folder, failures: failures)
      let what = zip(folder.keys, point.values).map { "\($0)=\(ScanTable.plain($1))" }.joined(separator: ", ")
      let line =
        "\(doneCount)/\(folder.points.count)  point \(point.number)  \(what)  \(table.summary(of: point.number))"
      display.clear()
      writeToStandardError("\(line.printable)\n")
      show(table)
      do {
        try writeTable(table)
      } catch {
        outputError = outputError ?? error
      }
    }
  }

  /// Shows the best points.
  private func show(_ table: ScanTable) {
    guard doneCount > 0 else { return }
    display.show(table.text.split(separator: "\n").prefix(11))
  }

  private func writeTable(_ table: ScanTable) throws {
    try WholeFile.write(table.csv, to: "\(output)/scan.csv")
  }

  private func writeComparison() throws {
    let table = ScanTable(folder, failures: failures)
    try writeTable(table)
    guard table.hasValues else { return }
    guard let gnuplot = try? Gnuplot() else {
      reportRemarks(["scan.svg was not drawn, as gnuplot is not installed; the numbers are in scan.csv"])
      return
    }
    try gnuplot.draw(table.figure, to: URL(fileURLWithPath: "\(output)/scan.svg"))
    if let tradeOff = table.tradeOff {
      try gnuplot.draw(tradeOff, to: URL(fileURLWithPath: "\(output)/trade-off.svg"))
    }
  }
}
