// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// A part of `canopy bench`, in the order in which they are measured.
package enum BenchmarkSection: String, CaseIterable {
  /// First, while the program has not needed memory for anything else.
  case memory
  case clustering, embedding, encoding, throughput, latency, trigger, reading, size

  /// What is measured and against what, for people.
  package var title: String {
    switch self {
    case .memory:
      "memory: the most that was resident while streaming, and its growth over the last three quarters"
    case .clustering:
      "clustering of an event with its trees; the ceiling is FastJet called from C++ without trees"
    case .embedding: "embedding on one thread; the ceiling is a large single-precision matrix product"
    case .encoding: "encoding of events by jets on one thread; the ceiling as above"
    case .throughput:
      "from particles to scores; the ceiling is raw FastJet plus the network's products at their peak"
    case .latency: "from particles to scores, one call at a time; the ceiling as above"
    case .trigger:
      "a trigger on one event: 500 particles, five jets, two heads, a menu of 20 paths; the ceiling as above"
    case .reading: "reading on one thread; the ceiling is decompressing the file"
    case .size:
      "a jet by its number of constituents; the ceiling of clustering is fastjet, of network its products"
    }
  }

  /// Measures the section.
  package func measure(
    _ inputs: BenchmarkInputs, effort: BenchmarkEffort, threads: Int
  ) throws -> [BenchmarkResult] {
    switch self {
    case .memory: try MemoryBenchmark.run(inputs, effort, threads: threads)
    case .clustering: try ClusteringBenchmark.run(inputs, effort)
    case .embedding: try EmbeddingBenchmark.run(inputs, effort)
    case .encoding: try EncodingBenchmark.run(effort)
    case .throughput: try ThroughputBenchmark.run(inputs, effort, threads: threads)
    case .latency: try LatencyBenchmark.run(inputs, effort)
    case .trigger: try TriggerBenchmark.run(inputs, effort)
    case .reading: try ReadingBenchmark.run(inputs, effort)
    case .size: try SizeBenchmark.run(inputs, effort)
    }
  }
}

/// How much is measured.
package struct BenchmarkEffort {
  /// How often everything that is compared has its turn.
  let rounds: Int
  /// The least duration of a turn in seconds.
  let turn: Double
  /// The jets, and eight times the full events, that go from particles to scores in a turn.
  let jets: Int
  /// The calls whose latency is measured.
  let calls: Int
  /// How often all samples are streamed until memory is first measured, a quarter of the way.
  let passes: Int
  /// The widths of the networks.
  let widths: [Int]
  /// The numbers of constituents of a jet.
  let sizes: [Int]

  /// As `canopy bench` measures.
  package static let full = BenchmarkEffort(
    rounds: 11, turn: 0.02, jets: 1024, calls: 20_000, passes: 4, widths: [40, 64, 128],
    sizes: [10, 20, 50, 100, 200, 500, 1000, 2000, 5000])
  /// As `canopy bench --quick` measures.
  package static let quick = BenchmarkEffort(
    rounds: 3, turn: 0.003, jets: 256, calls: 500, passes: 1, widths: [40],
    sizes: [10, 100, 1000])
}
