// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import CanopyBenchmarks
import Foundation
import Support

extension Listing {
  /// What a benchmark measured: a table for each section.
  init(_ report: BenchmarkReport) {
    self.init()
    add("canopy", "\(CanopyVersion.current), with FastJet \(FastJetCredit.version)")
    add("processor", "\(report.processor ?? "unknown"), used with \(report.instructionSet) instructions")
    add("threads", "\(report.threads)")
    add(
      "duration",
      String(format: "%.0f s", report.seconds) + (report.quick ? ", quick and therefore rough" : ""))
    for (section, results) in report.sections {
      begin(section.title)
      add(
        table: [["", "median", "quartile 1", "quartile 3", "unit", "ceiling", "% of it"]]
          + results.map { result in
            // The section is the first part of the key.
            [
              result.key.split(separator: ".").dropFirst().joined(separator: " "), Self.text(result.median),
              result.lowerQuartile.map(Self.text) ?? "-", result.upperQuartile.map(Self.text) ?? "-",
              result.unit,
              result.ceiling.map(Self.text) ?? "-",
              result.fraction.map { String(format: "%.1f", 100 * $0) } ?? "-",
            ]
          })
    }
  }

  /// About four digits.
  private static func text(_ value: Double) -> String {
    String(format: abs(value) >= 1000 ? "%.0f" : abs(value) >= 100 ? "%.1f" : "%.2f", value.withPlainNaN)
  }
}
