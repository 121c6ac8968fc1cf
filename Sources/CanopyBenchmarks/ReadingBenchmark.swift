// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// The reading of each format, compared with the decompression of the same files.
enum ReadingBenchmark {
  static func run(_ inputs: BenchmarkInputs, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    let kinds = try inputs.files().sorted { $0.key.name < $1.key.name }
    return try kinds.flatMap { kind, files in
      let events = try read(files)
      let content = try decompress(files)
      let disk = try EventStream(inputs: files).totalBytes ?? 0
      let seconds = try Interleaving.seconds(
        effort, [{ _ = try decompress(files) }, { _ = try read(files) }])
      func result(_ name: String, _ unit: String, _ work: Double) -> BenchmarkResult {
        BenchmarkResult(
          "reading.\(kind.name).\(name)", unit, work: work, seconds: seconds[1], least: seconds[0])
      }
      return [
        result("events", "events/s", Double(events)), result("disk", "MB/s", Double(disk) * 1e-6),
        result("content", "MB/s", Double(content) * 1e-6),
      ]
    }
  }

  /// Reads all events and returns how many there are.
  private static func read(_ files: [String]) throws -> Int {
    let stream = try EventStream(inputs: files)
    var events = 0
    while let batch = try stream.next(upTo: 256) { events += batch.eventCount }
    return events
  }

  private static func decompress(_ files: [String]) throws -> Int {
    try files.reduce(0) { try $0 + Compression.decompressedSize(source: $1) }
  }
}

extension BenchmarkInputs.Kind {
  /// The kind in the keys of results, such as `hepmc3-zstd`.
  fileprivate var name: String {
    switch compression {
    case .gzip: return format + "-gzip"
    case .zstd: return format + "-zstd"
    case .xz: return format + "-xz"
    case .bzip2: return format + "-bzip2"
    case nil: return format
    }
  }
}
