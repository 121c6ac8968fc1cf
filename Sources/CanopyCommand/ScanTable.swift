// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// The points of a scan, the best first, as a table for people, as CSV and as a figure.
struct ScanTable {
  private struct Row {
    let number: Int
    /// The values as YAML without the quotation marks of text.
    let values: [String]
    /// The criterion of the epoch whose weights the model has.
    let value: Double?
    let epoch: EpochSummary?
    let epochCount: Int
    let state: String
    let failure: String?
  }

  private let keys: [String]
  /// The name of the criterion.
  private let criterion: String
  private let rows: [Row]
  /// What was measured besides the criterion.
  private let metrics: [String]

  /// What has become of the points of a folder so far.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - failures: why points failed, by their numbers.
  init(_ folder: ScanFolder, failures: [Int: String]) {
    keys = folder.keys
    let progress = folder.points.map(\.progress)
    let section = folder.points[0].configuration.training
    let measure = Criterion(section)
    let metrics = EpochSummary.metricNames(of: progress.first { !$0.epochs.isEmpty }?.epochs ?? [])
    let criterion = measure.label(metrics)
    self.criterion = criterion
    self.metrics = metrics.filter { $0 != criterion }
    let rows = zip(folder.points, progress).map { point, progress in
      let failure = failures[point.number]
      return Row(
        number: point.number, values: point.values.map(Self.plain),
        value: progress.keptEpoch.flatMap(measure.value), epoch: progress.keptEpoch,
        epochCount: progress.epochs.count,
        state: failure != nil ? "failed" : progress.isFinished ? "finished" : "unfinished", failure: failure)
    }
    func rank(_ row: Row) -> Double {
      row.value.map { measure.isSmallestBest ? -$0 : $0 } ?? -.infinity
    }
    self.rows = rows.sorted { (rank($0), -$0.number) > (rank($1), -$1.number) }
  }

  /// A text of YAML without its quotation marks.
  static func plain(_ text: String) -> String {
    (try? JSONDecoder().decode(String.self, from: Data(text.utf8))) ?? text
  }

  /// Whether a point has a value of the criterion.
  var hasValues: Bool { rows.contains { $0.value != nil } }

  /// What has become of a point, in a few words.
  func summary(of number: Int) -> String {
    guard let row = rows.first(where: { $0.number == number }) else { return "" }
    if let failure = row.failure { return "failed: \(failure)" }
    return row.value.map { "\(criterion) \(Self.text($0))" } ?? row.state
  }

  private static func text(_ value: Double) -> String { String(format: "%.4f", value.withPlainNaN) }

  /// The table for people, and the sentences of the points that failed.
  var text: String {
    var listing = Listing()
    listing.add(
      table: [["point"] + keys + [criterion, "epoch", "of", "state"]]
        + rows.map { row in
          ["\(row.number)"] + row.values
            + [
              row.value.map(Self.text) ?? "-", row.epoch.map { "\($0.epoch)" } ?? "-", "\(row.epochCount)",
              row.state,
            ]
        })
    let failed = rows.filter { $0.failure != nil }.sorted { $0.number < $1.number }
    if !failed.isEmpty { listing.begin("failed") }
    for row in failed { listing.add("\(row.number)", row.failure ?? "") }
    return listing.text
  }

  /// The table as CSV: the point, its settings, the criterion, the epoch whose weights the model has, the losses of that
  /// epoch, the number of epochs, what has become of the point and the other metrics of that epoch.
  var csv: Data {
    var table = Table(
      columns: ["point"] + keys + [criterion, "epoch", "training_loss", "validation_loss", "epochs", "state"]
        + metrics)
    for row in rows {
      table.append(
        cells: ["\(row.number)"] + row.values.map(Table.quoted)
          + [
            Table.cell(row.value), Table.cell(row.epoch.map { Double($0.epoch) }),
            Table.cell(row.epoch?.trainingLoss), Table.cell(row.epoch?.validationLoss), "\(row.epochCount)",
            row.state,
          ] + metrics.map { name in Table.cell(row.epoch?.metrics.first { $0.name == name }?.value) })
    }
    return table.data
  }

  /// The commands that draw the background rejection at a signal efficiency of 50 % against the 1/JSD of a number that
  /// scores are not to tell, if heads say both of one point or more; nil else.
  ///
  /// Points whose values differ in numbers alone are joined by a line, in the order of the numbers.
  var tradeOff: String? {
    func metric(_ row: Row, _ isWanted: (String) -> Bool) -> (name: String, value: Double)? {
      row.epoch?.metrics.first { isWanted($0.name) && $0.value > 0 && $0.value.isFinite }.map {
        ($0.name, $0.value)
      }
    }
    var (label, lines): (String?, [String: [(order: [Double], number: Int, x: Double, y: Double)]]) = (
      nil, [:]
    )
    for row in rows {
      guard let rejection = metric(row, { $0.hasSuffix("1/ε_B at 50 %") }),
        let divergence = metric(row, { $0.contains("1/JSD of ") })
      else { continue }
      label = label ?? divergence.name
      let leaves = row.values.map(Leaves.init)
      let name = leaves.flatMap(\.texts).joined(separator: " ")
      lines[name, default: []].append(
        (leaves.flatMap(\.numbers), row.number, divergence.value, rejection.value))
    }
    guard let label else { return nil }
    let all = lines.values.joined()
    func range(_ values: some Sequence<Double>) -> String {
      "[\((values.min() ?? 1) / 1.6):\((values.max() ?? 1) * 1.6)]"
    }
    var script = """
      set terminal svg size 800,600 dynamic background '#ffffff' font 'sans-serif,15'
      \(Gnuplot.style)
      set logscale xy
      set xrange \(range(all.map(\.x)))
      set yrange \(range(all.map(\.y)))
      set xlabel \(Gnuplot.quoted(label)) noenhanced
      set ylabel \(Gnuplot.quoted("1/ε_B at 50 %")) noenhanced
      set key outside bottom horizontal

      """
    let names = lines.keys.sorted()
    for (index, name) in names.enumerated() {
      let points = lines[name]!.sorted { a, b in
        a.order.lexicographicallyPrecedes(b.order) || a.order == b.order && a.number < b.number
      }
      script += "$line\(index) << END\n"
      for point in points { script += "\(point.x) \(point.y) \(point.number)\n" }
      script += "END\n"
    }
    // There are seven colours, and then other points in the same ones.
    let pointTypes = [7, 5, 9, 13, 11]
    let plots = names.enumerated().map { index, name in
      "$line\(index) with linespoints pointtype \(pointTypes[index / 7 % pointTypes.count]) linetype \(index % 7 + 1) title "
        + "\(Gnuplot.quoted(name.isEmpty ? "points" : name)) noenhanced, "
        + "$line\(index) using 1:2:3 with labels offset 1,0.7 notitle"
    }
    return script + "plot " + plots.joined(separator: ", ")
  }

  /// The texts and the numbers in a value of a setting, which may be a list or a mapping.
  private struct Leaves {
    private(set) var texts: [String] = []
    private(set) var numbers: [Double] = []

    init(_ value: String) {
      guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(value.utf8)) else {
        texts = [value]
        return
      }
      add(value)
    }

    private mutating func add(_ value: JSONValue) {
      switch value {
      case .null: texts.append("null")
      case .bool(let value): texts.append("\(value)")
      case .integer(let value): numbers.append(Double(value))
      case .unsigned(let value): numbers.append(Double(value))
      case .number(let value): numbers.append(value)
      case .string(let value): texts.append(value)
      case .array(let values): for value in values { add(value) }
      case .object(let members): for key in members.keys.sorted() { add(members[key]!) }
      }
    }
  }

  /// The commands that draw the criterion against each setting, in a panel each.
  var figure: String {
    let known = rows.filter { $0.value != nil }
    let columns = min(keys.count, 2)
    let lines = (keys.count + columns - 1) / columns
    var script = """
      set terminal svg size \(columns == 1 ? 800 : 1200),\(max(500, 420 * lines)) dynamic background '#ffffff' font 'sans-serif,15'
      \(Gnuplot.style)
      unset key
      set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
      set ylabel \(Gnuplot.quoted(criterion)) noenhanced
      set multiplot layout \(lines),\(columns)

      """
    for (index, key) in keys.enumerated() {
      let texts = known.map { $0.values[index] }
      let numbers = texts.map { Double($0) }
      let places: [Double]
      if numbers.allSatisfy({ $0 != nil }) {
        places = numbers.map { $0! }
        let isWide = places.min()! > 0 && places.max()! >= 10 * places.min()!
        script += "set xrange [*:*]\nset xtics auto\n\(isWide ? "set" : "unset") logscale x\n"
      } else {
        // What is no number stands side by side, in the order of the points.
        let names = zip(known.map(\.number), texts).sorted { $0.0 < $1.0 }.map(\.1)
          .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        places = texts.map { Double(names.firstIndex(of: $0)!) }
        let tics = names.enumerated().map { "\(Gnuplot.quoted($1)) \($0)" }.joined(separator: ", ")
        script +=
          "unset logscale x\nset xrange [-0.5:\(Double(names.count) - 0.5)]\nset xtics (\(tics)) noenhanced\n"
      }
      script += "set xlabel \(Gnuplot.quoted(key)) noenhanced\n$points\(index) << END\n"
      for (place, row) in zip(places, known) { script += "\(place) \(row.value!)\n" }
      script += "END\nplot $points\(index) with points pointtype 7 pointsize 0.8 linetype 1\n"
    }
    return script + "unset multiplot"
  }
}
