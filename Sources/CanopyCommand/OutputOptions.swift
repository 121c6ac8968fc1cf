// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// A format of results by its name on the command line.
struct OutputFormat: ExpressibleByArgument {
  /// The name.
  let name: String

  /// The format of a name; nil if there is none.
  init?(argument: String) {
    guard ResultFormats.builtIn[argument] != nil else { return nil }
    name = argument
  }

  /// The names of all formats.
  static var allValueStrings: [String] { ResultFormats.builtIn.names }
}

/// Where results go, and as what.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format of the results (default: by the ending of OUT, else table).",
      discussion: ResultFormats.builtIn.all.map { "\($0.name) \($0.summary)" }.joined(separator: "; ") + "."))
  var format: OutputFormat?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file of the results (default: standard output).",
      discussion: """
        It gets its name when it is complete; endings are \
        \(ResultFormats.builtIn.fileExtensions.joined(separator: ", ")).
        """,
      valueName: "out"),
    completion: .file())
  var output: String?

  @Flag(help: "Say on standard error where the time went, and what limits the speed.")
  var timing = false

  /// Opens the output.
  func makeWriter() throws -> any ResultWriter {
    try resolvedFormat.makeWriter(to: output.map { .file($0) } ?? .standardOutput)
  }

  private var resolvedFormat: any ResultFormat {
    let formats = ResultFormats.builtIn
    return format.flatMap { formats[$0.name] } ?? formats.format(ofFile: output ?? "")
  }
}

/// Makes results of all events, on several threads, and writes them in the order of the input.
///
/// - Parameters:
///   - reading: which events are read.
///   - columns: columns that every event gets.
///   - particleColumns: columns of particles that are read, besides those of the model.
///   - model: the model that reads the events, and its folder; nil for none.
///   - output: where the results go.
///   - makeWorker: makes the worker of a thread, which turns events into results and adds what its stages took.
func writeResults(
  reading: ReadingOptions, columns: [String: Double] = [:], particleColumns: Set<String> = [],
  model: (model: Model, folder: String)? = nil,
  output: OutputOptions,
  makeWorker: @escaping @Sendable (StageTimes) throws -> ((Events) throws -> ResultBatch)
) throws {
  var files = OutputCheck()
  files.addInputs(reading.inputs)
  files.addModel(model?.folder)
  files.addOutput("-o", output.output)
  try files.check()
  let stream = try reading.makeStream(columns: columns, particleColumns: particleColumns, for: model?.model)
  let writer = try output.makeWriter()
  var progress = EventProgress(stream, resultsOnStandardOutput: output.output == nil)
  defer { progress.clear() }
  let times = StageTimes()
  let pipeline = try EventPipeline.run(
    stream: stream, threads: reading.threadCount, makeWorker: { try makeWorker(times) },
    consume: { try writer.append($0) }, progress: { progress.update($0) })
  let end = ProcessInfo.processInfo.systemUptime
  try writer.finish()
  let finishing = ProcessInfo.processInfo.systemUptime - end
  progress.clear()
  if output.timing {
    let timing = Timing(
      times, pipeline, finishing: finishing, stream: stream, threads: reading.threadCount)
    writeToStandardError(timing.text)
  }
  stream.reportLeftOutEvents()
}
