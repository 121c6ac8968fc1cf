// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// The memory that streaming events through a model takes.
enum MemoryBenchmark {
  static func run(
    _ inputs: BenchmarkInputs, _ effort: BenchmarkEffort, threads: Int
  ) throws -> [BenchmarkResult] {
    let model = try inputs.model()
    let files = try inputs.files().filter {
      [HDF5EventFormat().name, HepMCEventFormat.hepMC3.name].contains($0.key.format)
    }
    .flatMap(\.value).sorted()
    // Not every system tells this.
    guard let start = peak() else { return [] }
    let stream = try inputs.stream(
      Array(repeatElement(files, count: 4 * effort.passes).joined()), maximumEvents: nil)
    let quarter = (stream.totalBytes ?? 0) / 4
    var atQuarter: Double?
    // As `canopy classify` does.
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        let predictor = try Predictor(model)
        var prediction = Prediction()
        return { events in
          try predictor.predict(events, into: &prediction)
          return ResultBatch(prediction, embedding: false)
        }
      },
      consume: { (_: ResultBatch) in },
      progress: { place in
        if atQuarter == nil, place.bytes >= quarter { atQuarter = peak() }
      })
    let end = peak() ?? start
    return [
      BenchmarkResult("memory.start", "MiB", start),
      BenchmarkResult("memory.streaming", "MiB", end),
      BenchmarkResult("memory.growth", "MiB", end - (atQuarter ?? start)),
    ]
  }

  /// The most memory that was resident so far, in MiB.
  ///
  /// `getrusage` would also count what was resident in this process before the program was started.
  private static func peak() -> Double? {
    let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
      .map { $0 / 1024 }
  }
}
