// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// What a menu did, and how long its decisions took.
struct TriggerSummary {
  let report: TriggerReport
  let latency: LatencyHistogram

  /// The quantiles that are shown.
  private static let quantiles = [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)]

  /// The latencies in µs by name; none if nothing was measured.
  var latencies: [(name: String, microseconds: Double)] {
    Self.quantiles.compactMap { name, fraction in latency.quantile(fraction).map { (name, 1e6 * $0) } }
      + (latency.count > 0 ? [("max", 1e6 * latency.longest)] : [])
  }

  /// The report and the latencies in µs as a JSON object.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let content = Content(
      report: report,
      latency: Dictionary(uniqueKeysWithValues: latencies.map { ($0.name, $0.microseconds) }))
    return try encoder.encode(content) + Data("\n".utf8)
  }

  private struct Content: Encodable {
    let report: TriggerReport
    let latency: [String: Double]

    private enum CodingKeys: String, CodingKey { case latency }

    func encode(to encoder: any Encoder) throws {
      try report.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(latency, forKey: .latency)
    }
  }
}

// MARK: - For people

extension Listing {
  /// A summary for people.
  init(_ summary: TriggerSummary) {
    let report = summary.report
    let isWeighted = report.eventWeight != nil
    add("events", "\(report.eventCount)" + (report.eventWeight.map { " (weight \(Self.text($0)))" } ?? ""))
    if let weight = report.eventWeight, weight <= 0 {
      add("", "The weights do not add up to more than 0, so that there are no shares and rates.")
    }
    if let rate = report.inputRate { add("input rate", "\(rate) Hz") }
    if let budget = report.budget { add("budget", "\(budget) Hz") }
    add("accepted", Self.text(report.total))
    if report.passThrough.count > 0 { add("passed through", Self.text(report.passThrough)) }
    if let efficiency = report.efficiency { add("signal efficiency", Self.text(efficiency)) }
    begin("paths")
    let hasSignal = report.efficiency != nil
    let hasRates = report.inputRate != nil
    add(
      table: [
        [
          "path", "prescale", "before prescale", "accepted", "pure", "shared",
        ]
          + (isWeighted ? ["weight"] : []) + [hasRates ? "rate [Hz]" : "share"]
          + (hasSignal ? ["signal efficiency"] : [])
      ]
        + report.paths.map { path in
          [
            path.name + (path.isSeedOnly ? " (seed)" : ""), "\(path.prescale)",
            "\(path.beforePrescale.count)",
            "\(path.accepted.count)", "\(path.pure.count)", "\(path.shared.count)",
          ] + (path.accepted.weight.map { [Self.text($0)] } ?? []) + [
            (hasRates ? path.accepted.rate : path.accepted.share).map { "\($0)" } ?? "-"
          ] + (hasSignal ? [path.efficiency.map(Self.text) ?? "-"] : [])
        })
    begin("events that two paths both accepted")
    add(
      table: [["path"] + report.paths.map(\.name)]
        + zip(report.paths, report.overlap).map { [$0.name] + $1.map(String.init) })
    if let overlap = report.overlapWeight {
      begin("their weights")
      add(
        table: [["path"] + report.paths.map(\.name)]
          + zip(report.paths, overlap).map { [$0.name] + $1.map(Self.text) })
    }
    if !summary.latencies.isEmpty {
      begin("latency of a decision")
      for (name, value) in summary.latencies { add(name, String(format: "%.0f µs", value)) }
    }
  }

  private static func text(_ weight: Double) -> String { String(format: "%.6g", weight.withPlainNaN) }

  private static func text(_ rate: TriggerReport.Rate) -> String {
    let parts = [
      rate.weight.map { "weight \(text($0))" }, rate.share.map { "share \($0)" },
      rate.rate.map { "\($0) Hz" },
    ].compactMap(\.self)
    return "\(rate.count)" + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
  }

  private static func text(_ efficiency: Efficiency) -> String {
    guard let value = efficiency.value else { return "-" }
    return String(
      format: "%.3f (%.3f–%.3f)", value, efficiency.interval.lowerBound, efficiency.interval.upperBound)
  }
}

// MARK: - As a folder

extension TriggerSummary {
  /// Writes `report.json`, `turn-on-N.csv` for each curve's quantity, and figures of them.
  func write(to folder: URL, curves: [TurnOnCurves], using gnuplot: Gnuplot) throws {
    var files = ["report.json": try json()]
    var script = """
      # Draws the figures of this report again: gnuplot figures.gnuplot
      \(Gnuplot.style)
      set datafile separator ','
      set ylabel 'Efficiency'
      set yrange [0:1.05]
      set key outside right noenhanced

      """
    for (index, quantity) in curves.enumerated() {
      let name = "turn-on-\(index + 1)"
      let found = quantity.curves()
      var table = "path,lower,upper,passed,total,efficiency,efficiency_low,efficiency_high\n"
      for curve in found {
        for bin in curve.bins {
          let efficiency = bin.efficiency
          table +=
            "\"\((curve.path ?? "menu").replacing("\"", with: "\"\""))\",\(bin.lower),\(bin.upper),"
            + "\(efficiency.passed),\(efficiency.total),\(efficiency.value ?? 0),"
            + "\(efficiency.interval.lowerBound),\(efficiency.interval.upperBound)\n"
        }
      }
      files["\(name).csv"] = Data(table.utf8)
      // Each path's rows follow one another.
      var (first, lines) = (1, [String]())
      for (number, curve) in found.enumerated() where !curve.bins.isEmpty {
        lines.append(
          "'\(name).csv' every ::\(first)::\(first + curve.bins.count - 1) using (0.5*($2+$3)):6:7:8 "
            + "with yerrorlines linetype \(number % 7 + 1) title \(Gnuplot.quoted(curve.path ?? "menu"))")
        first += curve.bins.count
      }
      guard !lines.isEmpty else { continue }
      let label = quantity.name + (quantity.unit.map { " [\($0)]" } ?? "")
      script += Gnuplot.figure(
        name,
        """
        set xlabel \(Gnuplot.quoted(label)) noenhanced
        plot \(lines.joined(separator: ", "))
        """)
    }
    try gnuplot.writeReport(to: folder, files: files, script: script)
  }
}
