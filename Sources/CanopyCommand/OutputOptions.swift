// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

extension ResultFormat: ExpressibleByArgument {}

/// Where results go, and as what.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format of the results (default: by the ending of OUT, else table).",
      discussion: """
        table is for people; jsonl has one JSON object an event; hdf5 and npz have one array a quantity, such as \
        jet/pt, with jet/offset for the first jet of each event.
        """))
  var format: ResultFormat?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file of the results (default: standard output).",
      discussion: "It gets its name when it is complete; endings are .jsonl, .h5, .hdf5 and .npz.",
      valueName: "out"),
    completion: .file())
  var output: String?

  @Flag(help: "Say on standard error where the time went, and what limits the speed.")
  var timing = false

  /// Opens the output.
  func makeWriter() throws -> any ResultWriter {
    try resolvedFormat.makeWriter(to: output.map { .file($0) } ?? .standardOutput)
  }

  private var resolvedFormat: ResultFormat {
    if let format { return format }
    switch output?.split(separator: ".").last?.lowercased() {
    case "h5", "hdf5": return .hdf5
    case "npz": return .npz
    case "jsonl": return .jsonl
    default: return .table
    }
  }
}

/// Makes results of all events, on several threads, and writes them in the order of the input.
///
/// - Parameters:
///   - reading: which events are read.
///   - columns: columns that every event gets.
///   - model: the model that reads the events, and its folder; nil for none.
///   - output: where the results go.
///   - makeWorker: makes the worker of a thread, which turns events into results and adds what its stages took.
func writeResults(
  reading: ReadingOptions, columns: [String: Double] = [:], model: (model: Model, folder: String)? = nil,
  output: OutputOptions,
  makeWorker: @escaping @Sendable (StageTimes) throws -> ((EventBatch) throws -> ResultBatch)
) throws {
  var files = OutputCheck()
  files.addInputs(reading.inputs)
  files.addModel(model?.folder)
  files.addOutput("-o", output.output)
  try files.check()
  let stream = try reading.makeStream(columns: columns, for: model?.model)
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
