// SPDX-License-Identifier: GPL-3.0-or-later

/// Named numbers of rows, such as events or particles: `width` numbers for each row.
public struct Column: Sendable, Equatable {
  /// How many numbers each row has.
  public var width: Int
  /// Row-major `[rows × width]`.
  public var values: [Double]
  /// The unit of the numbers; nil if it is not known or they have none.
  public var unit: String?

  /// A column of `values`, which hold `width` numbers for each row.
  public init(width: Int = 1, values: [Double] = [], unit: String? = nil) {
    self.width = width
    self.values = values
    self.unit = unit
  }
}

/// Columns of equal length by their names: truth, weights, inputs, identifiers of any kind.
///
/// ```swift
/// var columns = Columns()
/// columns["label"] = Column(values: [0, 1, 1])
/// print(columns.names)  // ["label"]
/// ```
public struct Columns: Sendable, Equatable {
  private var byName: [String: Column]

  /// No columns.
  public init() { byName = [:] }

  /// Columns by their names.
  public init(_ columns: [String: Column]) { byName = columns }

  /// The column of a name; nil if there is none.
  public subscript(name: String) -> Column? {
    get { byName[name] }
    _modify { yield &byName[name] }
  }

  /// The column of a name, which is made if there is none.
  public subscript(name: String, default column: @autoclosure () -> Column) -> Column {
    get { byName[name] ?? column() }
    _modify { yield &byName[name, default: column()] }
  }

  /// The number of columns.
  public var count: Int { byName.count }
  /// Whether there are no columns.
  public var isEmpty: Bool { byName.isEmpty }
  /// The names in alphabetical order.
  public var names: [String] { byName.keys.sorted() }
  /// The names and columns in alphabetical order.
  public var sorted: [(name: String, column: Column)] {
    byName.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The numbers of all columns together.
  public var valueCount: Int { byName.values.reduce(0) { $0 + $1.values.count } }

  /// Forgets all columns.
  public mutating func removeAll() { byName.removeAll() }

  /// Some of the rows, in the order of `rows`.
  public func rows(_ rows: some Collection<Int>) -> Columns {
    Columns(
      byName.mapValues { column in
        var part = Column(width: column.width, unit: column.unit)
        part.values.append(at: Array(rows), of: column)
        return part
      })
  }

  /// Replaces the content by the rows `range` of other columns, and keeps the storage.
  ///
  /// - Complexity: O(numbers); no memory is asked for once there were as many rows of columns of these names.
  public mutating func replace(with other: Columns, rows range: Range<Int>) {
    if byName.count != other.byName.count { byName.removeAll() }
    for (name, column) in other.byName {
      // A name that is new here is in place of one that is not among the others.
      if byName[name] == nil { byName = byName.filter { other.byName[$0.key] != nil } }
      byName[name, default: Column()].replace(with: column, rows: range)
    }
  }

  /// Adds some of the rows of other columns, which have the same names.
  mutating func append(contentsOf other: Columns, _ range: Range<Int>) {
    for (name, column) in other.byName {
      byName[name, default: Column(width: column.width, unit: column.unit)].values.append(
        contentsOf: column.values[range.lowerBound * column.width..<range.upperBound * column.width])
    }
  }

  /// Adds the rows at some places of other columns, which have the same names.
  mutating func append(contentsOf other: Columns, at places: [Int]) {
    for (name, column) in other.byName {
      byName[name, default: Column(width: column.width, unit: column.unit)].values.append(
        at: places, of: column)
    }
  }

  /// Takes away what columns have beyond the first `count` rows.
  mutating func removeRows(from count: Int) {
    for name in byName.keys {
      let end = count * byName[name]!.width
      if byName[name]!.values.count > end {
        byName[name]!.values.removeLast(byName[name]!.values.count - end)
      }
    }
  }

  /// Leaves out the rows for which `isKept` `[rows]` is false, and keeps the storage.
  mutating func keep(_ isKept: [Bool]) {
    for name in byName.keys { byName[name]!.keep(isKept) }
  }
}

extension Columns: ExpressibleByDictionaryLiteral {
  /// The columns of a dictionary, as in `["label": Column(values: [0, 1])]`.
  public init(dictionaryLiteral elements: (String, Column)...) {
    byName = Dictionary(uniqueKeysWithValues: elements)
  }
}

extension Column {
  fileprivate mutating func replace(with other: Column, rows: Range<Int>) {
    width = other.width
    unit = other.unit
    values.replace(with: other.values[rows.lowerBound * width..<rows.upperBound * width])
  }

  fileprivate mutating func keep(_ isKept: [Bool]) {
    if width == 1 { return values.keep(isKept) }
    var kept = 0
    for row in isKept.indices where isKept[row] {
      for place in 0..<width { values[kept * width + place] = values[row * width + place] }
      kept += 1
    }
    values.removeLast(values.count - kept * width)
  }
}

extension [Double] {
  fileprivate mutating func append(at rows: [Int], of column: Column) {
    reserveCapacity(count + rows.count * column.width)
    for row in rows { append(contentsOf: column.values[row * column.width..<(row + 1) * column.width]) }
  }
}

extension Array {
  /// Replaces the elements and keeps the storage.
  mutating func replace(with elements: ArraySlice<Element>) {
    removeAll(keepingCapacity: true)
    append(contentsOf: elements)
  }
}
