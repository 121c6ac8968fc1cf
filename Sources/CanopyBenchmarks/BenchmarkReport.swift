// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Canopy
import Foundation

/// Everything that a run of `canopy bench` measured.
package struct BenchmarkReport {
  /// The number of threads.
  package let threads: Int
  /// Whether it was measured for some seconds only.
  package let quick: Bool
  private let start = ProcessInfo.processInfo.systemUptime
  /// The results, section by section.
  package private(set) var sections: [(section: BenchmarkSection, results: [BenchmarkResult])] = []

  /// A report without results, of a run that begins now.
  package init(threads: Int, quick: Bool) {
    self.threads = threads
    self.quick = quick
  }

  /// Adds the results of a section.
  package mutating func add(_ section: BenchmarkSection, _ results: [BenchmarkResult]) {
    sections.append((section, results))
  }

  /// How long the run has taken so far, in seconds.
  package var seconds: Double { ProcessInfo.processInfo.systemUptime - start }
  /// The instructions that the kernels use.
  package var instructionSet: String { String(cString: canopy_instruction_set()) }

  /// The name of the processor, if the system tells it.
  package var processor: String? {
    let information = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = information?.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

// MARK: - For programs

extension BenchmarkReport {
  /// The results by key, and what they were measured on.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let results = sections.flatMap(\.results).map { ($0.key, $0) }
    return try encoder.encode(
      Content(
        canopyVersion: CanopyVersion.current, fastJetVersion: FastJetCredit.version, processor: processor,
        instructionSet: instructionSet, threads: threads, quick: quick, seconds: seconds,
        results: Dictionary(uniqueKeysWithValues: results))) + Data("\n".utf8)
  }

  private struct Content: Encodable {
    let canopyVersion: String
    let fastJetVersion: String
    let processor: String?
    let instructionSet: String
    let threads: Int
    let quick: Bool
    let seconds: Double
    let results: [String: BenchmarkResult]
  }
}
