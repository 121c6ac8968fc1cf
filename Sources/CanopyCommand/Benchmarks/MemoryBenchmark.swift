// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// The memory that streaming events through a model takes.
enum MemoryBenchmark {
  static func run(
    _ inputs: BenchmarkInputs, _ effort: BenchmarkEffort, threads: Int
  ) throws -> [BenchmarkResult] {
    let model = try inputs.model()
    let files = try inputs.files().filter { $0.key.format == .hdf5 || $0.key.format == .hepMC3 }
      .flatMap(\.value).sorted()
    let before = try peak()
    try stream(files, times: effort.passes, model, threads: threads)
    let once = try peak()
    try stream(files, times: 4 * effort.passes, model, threads: threads)
    let fourTimes = try peak()
    return [
      BenchmarkResult("memory.start", "MiB", before),
      BenchmarkResult("memory.streaming", "MiB", fourTimes),
      BenchmarkResult("memory.growth", "MiB", fourTimes - once),
    ]
  }

  /// Reads, clusters and classifies all events of the files as `canopy classify` does.
  private static func stream(_ files: [String], times: Int, _ model: Model, threads: Int) throws {
    let inputs = Array(repeatElement(files, count: times).joined())
    var events = 0
    try EventPipeline.run(
      stream: EventStream(inputs: inputs), threads: threads,
      makeWorker: {
        let predictor = try Predictor(model)
        var prediction = Prediction()
        return { events in
          try predictor.predict(events, into: &prediction)
          return ResultBatch(prediction, embedding: false)
        }
      }, consume: { (results: ResultBatch) in events += results.eventCount })
  }

  /// The most memory that was resident so far, in MiB.
  ///
  /// `getrusage` would count what was resident before the program was started in this process.
  private static func peak() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map {
      $0 / 1024
    } ?? .nan
  }
}
