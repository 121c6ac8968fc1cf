// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The figures and tables of a head, as reports write them.
struct HeadNumbers: Encodable {
  var name: String
  var figures: [FigureNumbers]
  var tables: [TableNumbers]

  init(_ head: Report.Head) {
    name = head.name
    figures = head.figures.map(FigureNumbers.init)
    tables = head.tables.map(TableNumbers.init)
  }
}

/// The numbers of a figure of a head; `null` stands for what is not known.
struct FigureNumbers: Encodable {
  struct Axis: Encodable {
    var label: String
    var unit: String?
    var isLogarithmic: Bool
    /// The two ends; absent if the axis shows all numbers.
    var range: [Double]?
  }

  struct Series: Encodable {
    var name: String
    var kind: HeadFigure.Series.Kind
    /// The places of the points; for a histogram the edges of its bins, one more than values.
    var x: [Double?]
    var y: [Double?]
    /// Absent if there are none.
    var errors: [Double?]?
  }

  var name: String
  var x: Axis
  var y: Axis
  var series: [Series]

  init(_ figure: HeadFigure) {
    func axis(_ axis: HeadFigure.Axis) -> Axis {
      Axis(
        label: axis.label, unit: axis.unit, isLogarithmic: axis.isLogarithmic,
        range: axis.range.map { [$0.lowerBound, $0.upperBound] })
    }
    name = figure.name
    (x, y) = (axis(figure.x), axis(figure.y))
    series = figure.series.map { series in
      Series(
        name: series.name, kind: series.kind, x: series.x.map(\.known), y: series.y.map(\.known),
        errors: series.errors?.map(\.knownError))
    }
  }
}

/// The content of a table of a head; `null` stands for what is not known.
struct TableNumbers: Encodable {
  struct Column: Encodable {
    var name: String
    var unit: String?
    /// Numbers or texts.
    var values: [Cell]
    /// The errors of the numbers; absent in a column without errors.
    var errors: [Double?]?
  }

  enum Cell: Encodable {
    case number(Double?)
    case text(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  var name: String
  var columns: [Column]

  init(_ table: HeadTable) {
    name = table.name
    columns = table.columns.map { column in
      switch column.cells {
      case .numbers(let numbers):
        Column(name: column.name, unit: column.unit, values: numbers.map { .number($0.known) })
      case .estimates(let estimates):
        Column(
          name: column.name, unit: column.unit, values: estimates.map { .number($0?.value.known) },
          errors: estimates.map { $0?.error?.knownError })
      case .texts(let texts): Column(name: column.name, values: texts.map { .text($0) })
      }
    }
  }
}

extension Double {
  /// The number; nil if it is not finite.
  var known: Double? { isFinite ? self : nil }

  /// The error; nil if it is not finite or negative.
  var knownError: Double? { isFinite && self >= 0 ? self : nil }
}
