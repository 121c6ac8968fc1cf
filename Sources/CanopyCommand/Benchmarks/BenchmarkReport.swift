// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Canopy
import Foundation

/// Everything that a run of `canopy bench` measured.
struct BenchmarkReport {
  let threads: Int
  let quick: Bool
  private let start = ProcessInfo.processInfo.systemUptime
  private var sections: [(section: BenchmarkSection, results: [BenchmarkResult])] = []

  /// A report without results, of a run that begins now.
  init(threads: Int, quick: Bool) {
    self.threads = threads
    self.quick = quick
  }

  /// Adds the results of a section.
  mutating func add(_ section: BenchmarkSection, _ results: [BenchmarkResult]) {
    sections.append((section, results))
  }

  private var seconds: Double { ProcessInfo.processInfo.systemUptime - start }
  private var instructionSet: String { String(cString: canopy_instruction_set()) }

  /// The name of the processor, if the system tells it.
  private var processor: String? {
    let information = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = information?.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

// MARK: - For programs

extension BenchmarkReport {
  /// The results by key, and what they were measured on.
  func json() throws -> Data {
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

// MARK: - For people

extension BenchmarkReport {
  /// The results in one table a section.
  var listing: Listing {
    var listing = Listing()
    listing.add("canopy", "\(CanopyVersion.current), with FastJet \(FastJetCredit.version)")
    listing.add("processor", "\(processor ?? "unknown"), used with \(instructionSet) instructions")
    listing.add("threads", "\(threads)")
    listing.add("duration", String(format: "%.0f s", seconds) + (quick ? ", quick and therefore rough" : ""))
    for (section, results) in sections {
      listing.begin(section.title)
      listing.add(
        table: [["", "median", "quartile 1", "quartile 3", "unit", "ceiling", "% of it"]]
          + results.map { result in
            // The section is the first part of the key.
            [
              result.key.split(separator: ".").dropFirst().joined(separator: " "), format(result.median),
              result.lowerQuartile.map(format) ?? "-", result.upperQuartile.map(format) ?? "-", result.unit,
              result.ceiling.map(format) ?? "-",
              result.fraction.map { String(format: "%.1f", 100 * $0) } ?? "-",
            ]
          })
    }
    return listing
  }

  /// About four digits.
  private func format(_ value: Double) -> String {
    String(format: abs(value) >= 1000 ? "%.0f" : abs(value) >= 100 ? "%.1f" : "%.2f", value)
  }
}
