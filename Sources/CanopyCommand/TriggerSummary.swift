// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// What a menu did, and how long its decisions took.
struct TriggerSummary {
  let report: TriggerReport
  let latency: LatencyHistogram
  /// How long each path took; nil unless that was measured.
  var times: TriggerTimes?
  /// What gave a column of the events another distribution; nil if nothing did.
  var pileUp: PileUpReweighting?
  /// How far what the network read is from its training, the farthest first; nil unless that was asked for.
  var drift: [InputDrift]?

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
      latency: Dictionary(uniqueKeysWithValues: latencies.map { ($0.name, $0.microseconds) }), times: times,
      pileUp: pileUp.map { Content.PileUp(column: $0.column, uncovered: $0.uncovered) },
      drift: drift)
    return try encoder.encode(content) + Data("\n".utf8)
  }

  private struct Content: Encodable {
    let report: TriggerReport
    let latency: [String: Double]
    let times: TriggerTimes?
    let pileUp: PileUp?
    let drift: [InputDrift]?

    struct PileUp: Encodable {
      let column: String
      let uncovered: Double
    }

    private enum CodingKeys: String, CodingKey { case latency, times, pileUp, drift }

    func encode(to encoder: any Encoder) throws {
      try report.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(latency, forKey: .latency)
      try container.encodeIfPresent(times, forKey: .times)
      try container.encodeIfPresent(pileUp, forKey: .pileUp)
      try container.encodeIfPresent(drift, forKey: .drift)
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
    if let covered = report.covered, let seen = report.acceptedOf {
      add(
        "stand for",
        "\(covered.share.map { "\($0)" } ?? "-") of \(seen); others, which the menus before cannot accept, are not counted"
      )
    }
    if let count = report.effectiveEventCount, count > 0 {
      add("as many as", "\(Self.text(count)) events of equal weight")
    }
    if let pileUp = summary.pileUp {
      add("pile-up", Self.text(pileUp))
    }
    if let rate = report.inputRate { add("input rate", "\(rate) Hz") }
    if let luminosity = report.luminosity {
      let scale = report.luminosityScale
      add(
        "luminosity",
        "\(luminosity)"
          + (scale == 1
            ? ""
            : ", rates times \(Self.text(scale)): in proportion, with the pile-up of the sample\(summary.pileUp == nil ? "" : " as reweighted")")
      )
    }
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
          + (isWeighted ? ["weight"] : [])
          + (hasRates ? ["rate [Hz]", "pure rate [Hz]"] : ["share", "pure share"])
          + (hasSignal ? ["signal efficiency"] : [])
      ]
        + report.paths.map { path in
          [
            path.name + (path.isSeedOnly ? " (seed)" : ""), "\(path.prescale)",
            "\(path.beforePrescale.count)",
            "\(path.accepted.count)", "\(path.pure.count)", "\(path.shared.count)",
          ] + (path.accepted.weight.map { [Self.text($0)] } ?? [])
            + [path.accepted, path.pure].map { Self.text($0, isRate: hasRates) }
            + (hasSignal ? [path.efficiency.map(Self.text) ?? "-"] : [])
        })
    addPairs(of: report)
    if let drift = summary.drift { add(drift) }
    if let times = summary.times { add(times) }
    if !summary.latencies.isEmpty {
      begin("latency of a decision")
      for (name, value) in summary.latencies { add(name, String(format: "%.0f µs", value)) }
    }
  }

  /// The pairs of paths that have events in common.
  private mutating func addPairs(of report: TriggerReport) {
    let pairs = report.pairs.filter { $0.both.count > 0 }
    guard !pairs.isEmpty else { return }
    begin("pairs of paths that accepted the same events")
    let hasRates = report.inputRate != nil
    let unit = hasRates ? "[Hz]" : "share"
    add(
      table: [
        [
          "path", "and", "both", "both \(unit)", "of the first", "of the second", "either \(unit)",
          "correlation",
        ]
      ]
        + pairs.map { pair in
          [
            pair.first, pair.second, "\(pair.both.count)", Self.text(pair.both, isRate: hasRates),
            Self.text(pair.shareOfFirst), Self.text(pair.shareOfSecond),
            Self.text(pair.either, isRate: hasRates),
            // A rounded 0 has no sign.
            pair.correlation.map { String(format: "%.2f", (100 * $0).rounded() / 100 + 0) } ?? "-",
          ]
        })
  }

  /// The numbers that are farthest from the training, in units of what is expected.
  private mutating func add(_ drift: [InputDrift]) {
    begin("what the network reads, the farthest from its training first")
    add(
      table: [["input", "events", "distance", "expected", "up to", "share", "in training"]]
        + drift.prefix(5).map { input in
          [input.input, "\(input.events)"]
            + [input.distance, input.expected, Double(input.value), input.share, input.trainingShare]
            .map { String(format: "%.3g", $0) }
        })
    if drift.count > 5 { add("", "and \(drift.count - 5) more, which JSON has") }
  }

  private static func text(_ rate: TriggerReport.Rate, isRate: Bool) -> String {
    (isRate ? rate.rate : rate.share).map { "\($0)" } ?? "-"
  }

  private static func text(_ pileUp: PileUpReweighting) -> String {
    let missing =
      pileUp.uncovered > 0
      ? String(format: "; %.2g %% of it has no event here", 100 * pileUp.uncovered) : ""
    return "\(pileUp.column) with the wanted distribution\(missing)"
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
  /// Writes `report.json`, `paths.csv` and `pairs.csv`, and `turn-on-N.csv` for each curve's quantity with figures of them.
  func write(to folder: URL, curves: [TurnOnCurves], using gnuplot: Gnuplot) throws {
    var files = [
      "report.json": try json(), "paths.csv": Data(pathTable.utf8), "pairs.csv": Data(pairTable.utf8),
    ]
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
            "\((curve.path ?? "menu").quotedForCSV),\(bin.lower),\(bin.upper),"
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

  private var pathTable: String {
    "path,prescale,before_prescale,accepted,pure,shared,\(Self.titles("accepted")),\(Self.titles("pure"))\n"
      + report.paths.map { path in
        "\(path.name.quotedForCSV),\(path.prescale),\(path.beforePrescale.count),\(path.accepted.count),"
          + "\(path.pure.count),\(path.shared.count),\(Self.cells(path.accepted)),\(Self.cells(path.pure))\n"
      }.joined()
  }

  private var pairTable: String {
    func cells(_ efficiency: Efficiency) -> String {
      let interval = efficiency.interval
      return "\(efficiency.value.map { "\($0)" } ?? ""),\(interval.lowerBound),\(interval.upperBound)"
    }
    return "first,second,both,\(Self.titles("both")),either,\(Self.titles("either")),"
      + ["first", "second"].map { "share_of_\($0),share_of_\($0)_low,share_of_\($0)_high" }.joined(
        separator: ",")
      + ",correlation\n"
      + report.pairs.map { pair in
        "\(pair.first.quotedForCSV),\(pair.second.quotedForCSV),"
          + "\(pair.both.count),\(Self.cells(pair.both)),\(pair.either.count),\(Self.cells(pair.either)),"
          + "\(cells(pair.shareOfFirst)),\(cells(pair.shareOfSecond)),\(pair.correlation.map { "\($0)" } ?? "")\n"
      }.joined()
  }

  private static func titles(_ name: String) -> String {
    "\(name)_share,\(name)_share_error,\(name)_rate,\(name)_rate_error"
  }

  /// The share and the rate with their errors, empty if they are not known.
  private static func cells(_ rate: TriggerReport.Rate) -> String {
    [rate.share?.value, rate.share?.error, rate.rate?.value, rate.rate?.error]
      .map { $0.map { "\($0)" } ?? "" }.joined(separator: ",")
  }
}

extension String {
  /// A cell of a CSV file.
  fileprivate var quotedForCSV: String { "\"\(replacing("\"", with: "\"\""))\"" }
}
