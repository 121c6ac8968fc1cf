// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Support

extension Report {
  /// The names of the files of the heads' figures and tables, without their ends: `HEAD-NAME`, with a number after it if
  /// another file of the report has that name.
  var headFiles: (figures: [(file: String, figure: HeadFigure)], tables: [(file: String, table: HeadTable)]) {
    // File names may differ in case alone, which some disks do not tell apart.
    var taken = Set(builtInFiles.map { $0.lowercased() })
    func file(_ head: Head, _ name: String) -> String {
      let wanted = "\(Self.cleared(head.name))-\(Self.cleared(name))"
      var file = wanted
      var number = 2
      while !taken.insert(file.lowercased()).inserted {
        file = "\(wanted)-\(number)"
        number += 1
      }
      return file
    }
    let figures = heads.flatMap { head in head.figures.map { (file(head, $0.name), $0) } }
    return (figures, heads.flatMap { head in head.tables.map { (file(head, $0.name), $0) } })
  }

  /// The names of all other files that a report may have, without their ends.
  private var builtInFiles: [String] {
    ["report", "figures", "rejection", "roc", "calibration", "conditions", "learning-curves"]
      + conditionNames.indices.map { "conditions-\($0 + 1)" }
      + classifiers.indices.flatMap { index in
        ["roc", "scores", "calibration"].map { filePrefix(ofClassifier: index) + $0 }
      }
      + regressions.indices.flatMap { index in
        ["response", "resolution", "coverage", "pulls", "predictions"].map {
          filePrefix(ofRegression: index) + $0
        }
      }
  }

  /// The gnuplot commands of the heads' figures; one that has nothing to show is not drawn.
  var headFigures: String {
    headFiles.figures.map { file, figure in figure.script(file) }.joined()
  }
}

extension HeadFigure {
  /// The numbers of all series in columns, each series in its own: the place and the value or, for a histogram, both edges
  /// and the content, and the error.
  var table: Table {
    let columns = series.flatMap { series -> [[String]] in
      let places = series.kind == .histogram ? ["least x", "largest x"] : ["x"]
      return [(places + ["y", "error"]).map { "\(series.name) \($0)" }]
    }
    var table = Table(columns: columns.flatMap(\.self))
    for row in 0..<(series.map(\.y.count).max() ?? 0) {
      table.append(
        series.enumerated().flatMap { index, series -> [Double?] in
          guard row < series.y.count else { return columns[index].map { _ in nil } }
          let places = series.kind == .histogram ? [series.x[row], series.x[row + 1]] : [series.x[row]]
          return (places + [series.y[row]]).map(\.known) + [series.errors?[row].knownError]
        })
    }
    return table
  }

  /// The gnuplot commands that draw the figure from its CSV file; empty if there is nothing to show.
  fileprivate func script(_ file: String) -> String {
    var first = 1
    var drawn: [String] = []
    for (index, series) in series.enumerated() {
      if shows(series) {
        drawn += series.commands("\(Gnuplot.quoted("\(file).csv")) skip 1", firstColumn: first, index % 7 + 1)
      }
      first += series.kind == .histogram ? 4 : 3
    }
    guard !drawn.isEmpty else { return "" }
    func commands(_ axis: Axis, _ name: String) -> String {
      let range = axis.range.map { "\($0.lowerBound):\($0.upperBound)" } ?? "*:*"
      return """
        set \(name)label \(Gnuplot.quoted(axis.title)) noenhanced
        set \(name)range [\(range)]
        \(axis.isLogarithmic ? "set logscale \(name)\nset format \(name) '%g'" : "unset logscale \(name)")
        """
    }
    return Gnuplot.figure(
      file,
      """
      \(commands(x, "x"))
      \(commands(y, "y"))
      set key opaque top right
      plot \(drawn.joined(separator: ", "))
      unset logscale
      set format x
      set format y
      """)
  }

  /// Whether any of the numbers of a series lies where the axes show it.
  private func shows(_ series: Series) -> Bool {
    func isShown(_ value: Double, on axis: Axis) -> Bool {
      abs(value) < Self.largestNumber && !(axis.isLogarithmic && value <= 0)
        && axis.range?.contains(value) ?? true
    }
    return series.y.indices.contains { place in
      let x = series.kind == .histogram ? (series.x[place] + series.x[place + 1]) / 2 : series.x[place]
      return isShown(x, on: self.x) && isShown(series.y[place], on: y)
    }
  }

  /// Beyond it gnuplot cannot scale an axis.
  private static let largestNumber = 1e300
}

extension HeadFigure.Series {
  /// The parts of a gnuplot command that draw the series from the columns of a file.
  fileprivate func commands(_ file: String, firstColumn: Int, _ linetype: Int) -> [String] {
    let style = "linetype \(linetype) title \(Gnuplot.quoted(name))"
    let (x, y) = (firstColumn, kind == .histogram ? firstColumn + 2 : firstColumn + 1)
    // gnuplot leaves out a line in which it is to read an empty cell by `$`, instead of interrupting a curve there.
    func value(_ column: Int) -> String { "(valid(\(column)) ? column(\(column)) : NaN)" }
    let error = "(valid(\(y + 1)) ? column(\(y + 1)) : 0)"
    let hasErrors = errors?.contains { $0.knownError != nil } ?? false
    switch kind {
    case .curve:
      // A line through one point would not be seen.
      let line = self.y.count(where: \.isFinite) == 1 ? "points pointtype 7 pointsize 0.8" : "lines"
      let curve = "\(file) using \(value(x)):\(value(y)) with \(line) \(style)"
      guard hasErrors else { return [curve] }
      return [
        "\(file) using \(value(x)):(\(value(y)) - \(error)):(\(value(y)) + \(error)) with filledcurves "
          + "linetype \(linetype) fillstyle transparent solid 0.25 noborder notitle", curve,
      ]
    case .points:
      let points = "pointtype 7 pointsize 0.8 \(style)"
      return [
        hasErrors
          ? "\(file) using \(value(x)):\(value(y)):\(error) with yerrorbars \(points)"
          : "\(file) using \(value(x)):\(value(y)) with points \(points)"
      ]
    case .histogram:
      let (centre, width) = ("(($\(x) + $\(x + 1))/2)", "($\(x + 1) - $\(x))")
      let bars = "fillstyle transparent solid 0.25 border linetype \(linetype) \(style)"
      return [
        hasErrors
          ? "\(file) using \(centre):\(value(y)):\(error):\(width) with boxerrorbars \(bars)"
          : "\(file) using \(centre):\(value(y)):\(width) with boxes \(bars)"
      ]
    }
  }
}

extension HeadTable {
  /// The cells; what is not known is empty.
  var table: Table {
    var table = Table(
      columns: columns.flatMap { column -> [String] in
        if case .estimates = column.cells { return [column.title, "\(column.name) error"] }
        return [column.title]
      })
    for row in 0..<rowCount {
      table.append(
        cells: columns.flatMap { column -> [String] in
          switch column.cells {
          case .numbers(let numbers): [Table.cell(numbers[row].known)]
          case .estimates(let estimates):
            [Table.cell(estimates[row]?.value.known), Table.cell(estimates[row]?.error?.knownError)]
          case .texts(let texts): [Table.quoted(texts[row])]
          }
        })
    }
    return table
  }
}
