// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// A format of results by its name on the command line; which there are is known when plugins are loaded.
struct OutputFormat: ExpressibleByArgument {
  /// The name.
  let name: String

  init(argument: String) { name = argument }

  /// The names of the built-in formats.
  static var allValueStrings: [String] { ResultFormats.builtIn.names }
}

/// A format of events that are written, by its name on the command line; which there are is known when plugins are loaded.
struct EventFileFormat: ExpressibleByArgument {
  /// The name.
  let name: String

  init(argument: String) { name = argument }

  /// The names of the built-in formats.
  static var allValueStrings: [String] { EventOutputFormats.builtIn.names }
}

/// Makes sure that the ending of an output's name, if it has one, is that of a format.
///
/// - Parameters:
///   - path: the output, as the user names it; nil for standard output.
///   - endings: those of the formats that there are, with their dots.
///   - option: the option that names a format; nil if there is none.
/// - Throws: `ValidationError` with the endings that there are.
func checkEnding(of path: String?, among endings: [String], option: String? = nil) throws {
  guard let path, case let ending = (path as NSString).pathExtension.lowercased(), !ending.isEmpty,
    !endings.contains("." + ending)
  else { return }
  throw ValidationError(
    "-o \(path) ends in none of \(endings.joined(separator: ", ")); name a file that does"
      + (option.map { ", or give the format by \($0)." } ?? "."))
}

/// Where results go, and as what.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format of the results, built in or of a plugin (default: by the ending of OUT, table without one).",
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

  /// The format of the results.
  ///
  /// - Throws: `ValidationError` if there is none of the name that the user gives.
  func format(among formats: ResultFormats) throws -> any ResultFormat {
    guard let name = format?.name else {
      try checkEnding(of: output, among: formats.fileExtensions, option: "--format")
      return formats.format(ofFile: output ?? "")
    }
    guard let format = formats[name] else {
      throw ValidationError(unknownFormat("--format", name, formats.names))
    }
    return format
  }

  /// Where the results go.
  var destination: ResultDestination { output.map { .file($0) } ?? .standardOutput }
}

/// Says once on standard error that the events' own numbers are beyond what results have as doubles.
private final class RoundedNumbers: @unchecked Sendable {
  private let lock = NSLock()
  private var areTold = false

  func tell(of events: Events) {
    guard events.columns[EventSchema.number]?.remainders.contains(where: { $0 != 0 }) == true,
      lock.withLock({
        defer { areTold = true }
        return !areTold
      })
    else { return }
    reportRemarks([
      "\(events.source): number has whole numbers beyond 2^53, which input_number of the results has rounded; event is exact"
    ])
  }
}

/// Makes results of all events, on several threads, and writes them in the order of the input.
///
/// - Parameters:
///   - reading: which events are read.
///   - plugins: the plugins, whose formats inputs and output may have.
///   - jets: the jets that formulas over events read.
///   - columns: columns that every event gets.
///   - particleColumns: columns of particles that are read, besides those of the model.
///   - model: the model that reads the events, and its folder; nil for none.
///   - weighting: what multiplies the momenta of particles; nil for nothing.
///   - output: where the results go.
///   - makeWorker: makes the worker of a thread, which turns events into results and adds what its stages took.
/// - Throws: what reading, working and writing throw.
func writeResults(
  reading: ReadingOptions, plugins: PluginRegistry, jets: FormulaJets, columns: [String: Double] = [:],
  particleColumns: Set<String> = [], model: (model: Model, folder: String)? = nil,
  weighting: AppliedWeighting? = nil, output: OutputOptions,
  makeWorker: @escaping @Sendable (StageTimes) throws -> ((Events) throws -> ResultBatch)
) throws {
  var files = OutputCheck()
  try files.addInputs(reading.inputs)
  files.addModel(model?.folder)
  files.addModel(weighting?.folder)
  files.addPlugins(plugins)
  files.addOutput("-o", output.output)
  try files.check()
  let format = try output.format(among: plugins.resultFormats)
  let stream = try reading.makeStream(
    plugins, jets: jets, columns: columns, particleColumns: particleColumns, for: model?.model,
    weighting: weighting)
  let writer = try format.makeWriter(to: output.destination)
  var progress = EventProgress(stream, resultsOnStandardOutput: output.output == nil)
  defer { progress.clear() }
  let times = StageTimes()
  var first: ResultBatch?
  let numbers = RoundedNumbers()
  let pipeline = try EventPipeline.run(
    stream: stream, threads: reading.threadCount,
    makeWorker: {
      let work = try makeWorker(times)
      return { events in
        numbers.tell(of: events)
        return try work(events)
      }
    },
    consume: { batch in
      try first.map { try batch.checkColumns(before: $0) }
      if first == nil { first = batch }
      try writer.append(batch)
    }, progress: { progress.update($0) })
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
