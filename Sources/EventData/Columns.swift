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
  /// The names in alphabetical order.
  public private(set) var names: [String] = []
  /// The columns in the order of ``names``.
  private var columns: [Column] = []

  /// No columns.
  public init() {}

  /// Columns by their names.
  public init(_ columns: [String: Column]) {
    names = columns.keys.sorted()
    self.columns = names.map { columns[$0]! }
  }

  /// The place of a name; nil if there is no such column.
  private func place(of name: String) -> Int? {
    // By indices, which ask for no memory even where nothing is optimised; there are few columns.
    for place in 0..<names.count where names[place] == name { return place }
    return nil
  }

  /// The place of a name, which is given an empty column if there is none.
  private mutating func makePlace(of name: String, _ column: () -> Column) -> Int {
    if let place = place(of: name) { return place }
    let place = names.firstIndex { $0 > name } ?? names.count
    names.insert(name, at: place)
    columns.insert(column(), at: place)
    return place
  }

  /// The column of a name; nil if there is none.
  public subscript(name: String) -> Column? {
    get { place(of: name).map { columns[$0] } }
    _modify {
      var column: Column?
      if let place = place(of: name) {
        // Taken out, so that nobody else holds its storage meanwhile.
        names.remove(at: place)
        column = columns.remove(at: place)
      }
      defer { if let column { columns[makePlace(of: name) { Column() }] = column } }
      yield &column
    }
  }

  /// The column of a name, which is made if there is none.
  public subscript(name: String, default column: @autoclosure () -> Column) -> Column {
    get { self[name] ?? column() }
    _modify {
      let place = makePlace(of: name, column)
      yield &columns[place]
    }
  }

  /// The number of columns.
  public var count: Int { names.count }
  /// Whether there are no columns.
  public var isEmpty: Bool { names.isEmpty }
  /// The names and columns in alphabetical order.
  public var sorted: [(name: String, column: Column)] { Array(zip(names, columns)).map { ($0, $1) } }

  /// The numbers of all columns together.
  public var valueCount: Int { columns.reduce(0) { $0 + $1.values.count } }

  /// Forgets all columns.
  public mutating func removeAll() { self = Columns() }

  /// Some of the rows, in the order of `rows`.
  public func rows(_ rows: some Collection<Int>) -> Columns {
    var part = self
    for place in columns.indices {
      part.columns[place].values = []
      part.columns[place].values.append(at: Array(rows), of: columns[place])
    }
    return part
  }

  /// Replaces the content by the rows `range` of other columns, and keeps the storage.
  ///
  /// - Complexity: O(numbers); no memory is asked for once there were as many rows of columns of these names.
  public mutating func replace(with other: Columns, rows range: Range<Int>) {
    if names != other.names {
      names = other.names
      columns = other.columns
    }
    for place in 0..<columns.count { columns[place].replace(with: other.columns[place], rows: range) }
  }

  /// Replaces a column of one number for each row, which is made if there is none, and keeps its storage.
  ///
  /// - Parameters:
  ///   - name: the name of the column.
  ///   - unit: the unit of its numbers.
  ///   - values: where the numbers are.
  ///   - first: the place of the first of them.
  ///   - stride: how far each is from the one before.
  public mutating func replace(
    _ name: String, unit: String?, with values: [Double], from first: Int, stride: Int
  ) {
    let place = makePlace(of: name) { Column() }
    columns[place].unit = unit
    columns[place].values.removeAll(keepingCapacity: true)
    var next = first
    while next < values.count {
      columns[place].values.append(values[next])
      next += stride
    }
  }

  /// Takes the column of a name away.
  public mutating func remove(_ name: String) {
    guard let place = place(of: name) else { return }
    names.remove(at: place)
    columns.remove(at: place)
  }

  /// Adds some of the rows of other columns, which have the same names.
  mutating func append(contentsOf other: Columns, _ range: Range<Int>) {
    for place in 0..<other.columns.count {
      let column = other.columns[place]
      let own = makePlace(of: other.names[place]) { Column(width: column.width, unit: column.unit) }
      columns[own].values.append(
        contentsOf: column.values[range.lowerBound * column.width..<range.upperBound * column.width])
    }
  }

  /// Adds the rows at some places of other columns, which have the same names.
  mutating func append(contentsOf other: Columns, at places: [Int]) {
    for place in 0..<other.columns.count {
      let column = other.columns[place]
      let own = makePlace(of: other.names[place]) { Column(width: column.width, unit: column.unit) }
      columns[own].values.append(at: places, of: column)
    }
  }

  /// Takes away what columns have beyond the first `count` rows.
  mutating func removeRows(from count: Int) {
    for place in 0..<columns.count {
      let excess = columns[place].values.count - count * columns[place].width
      if excess > 0 { columns[place].values.removeLast(excess) }
    }
  }

  /// Leaves out the rows for which `isKept` `[rows]` is false, and keeps the storage.
  mutating func keep(_ isKept: [Bool]) {
    for place in 0..<columns.count { columns[place].keep(isKept) }
  }
}

extension Columns: ExpressibleByDictionaryLiteral {
  /// The columns of a dictionary, as in `["label": Column(values: [0, 1])]`.
  public init(dictionaryLiteral elements: (String, Column)...) {
    self.init(Dictionary(uniqueKeysWithValues: elements))
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
