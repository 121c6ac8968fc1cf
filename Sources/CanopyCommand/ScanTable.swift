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
    criterion = measure.label(metrics)
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
  /// epoch, the number of epochs, their seconds and what has become of the point.
  var csv: Data {
    var table = Table(
      columns: ["point"] + keys + [criterion, "epoch", "training_loss", "validation_loss", "epochs", "state"])
    for row in rows {
      table.append(
        cells: ["\(row.number)"] + row.values.map(Table.quoted)
          + [
            Table.cell(row.value), Table.cell(row.epoch.map { Double($0.epoch) }),
            Table.cell(row.epoch?.trainingLoss), Table.cell(row.epoch?.validationLoss), "\(row.epochCount)",
            row.state,
          ])
    }
    return table.data
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
