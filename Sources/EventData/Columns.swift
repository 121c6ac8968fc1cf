// SPDX-License-Identifier: GPL-3.0-or-later

/// Named numbers of rows, such as events or particles: `width` numbers for each row.
///
/// Whole numbers of a file stay exact beyond 2⁵³ too, where a double has steps of more than 1: ``remainders`` has what
/// ``values`` lack, and ``wholeNumber(at:as:)`` puts the two together.
///
/// A column of text has the places of its texts among ``categories`` as numbers, and NaN where there is no text.
public struct Column: Sendable, Equatable {
  /// How a file stores the numbers of a column.
  public enum Storage: String, Sendable, Codable {
    /// Double precision.
    case float64
    /// Whole numbers of 32 bits.
    case int32
    /// Whole numbers of 64 bits.
    case int64
    /// Whole numbers of 64 bits that are not negative.
    case uint64
    /// Truth values, as 1 and 0.
    case bool
  }

  /// How many numbers each row has.
  public var width: Int
  /// Row-major `[rows × width]`.
  public var values: [Double]
  /// The unit of the numbers; nil if it is not known or they have none.
  public var unit: String?
  /// How the file that the column comes from stores its numbers, and how they are written again.
  public var storage: Storage
  /// What each number has in addition to that in ``values``; empty if none has anything.
  public private(set) var remainders: [Double] = []
  /// The texts that the numbers of a column of text stand for, each once; nil for a column of numbers.
  public private(set) var categories: [String]?

  /// A column of `values`, which hold `width` numbers for each row.
  public init(
    width: Int = 1, values: [Double] = [], unit: String? = nil, storage: Storage = .float64
  ) {
    self.width = width
    self.values = values
    self.unit = unit
    self.storage = storage
  }

  /// A column of whole numbers, `width` for each row, all of which are kept exactly.
  public init(
    width: Int = 1, wholeNumbers: [some FixedWidthInteger], unit: String? = nil, storage: Storage
  ) {
    self.init(width: width, values: wholeNumbers.map { Double($0) }, unit: unit, storage: storage)
    guard values.contains(where: { abs($0) >= 0x1p53 }) else { return }
    remainders = zip(wholeNumbers, values).map { Self.remainder(of: $0, beyond: $1) }
  }

  /// A column of text, one for each row: `[rows]`; an empty text is a missing one.
  public init(texts: [String]) {
    var places: [String: Int] = [:]
    var known: [String] = []
    let values = texts.map { text in
      if text.isEmpty { return Double.nan }
      if let place = places[text] { return Double(place) }
      places[text] = known.count
      known.append(text)
      return Double(known.count - 1)
    }
    self.init(values: values)
    categories = known
  }

  /// A column of text by the places of its texts among `categories`, NaN for none; nil if a number is no such place.
  package init?(places: [Double], categories: [String]) {
    guard places.allSatisfy({ $0.isNaN || Int(exactly: $0).map(categories.indices.contains) == true }) else {
      return nil
    }
    self.init(values: places)
    self.categories = categories
  }

  /// The text of a row; empty if it is missing, or if this is a column of numbers.
  public func text(ofRow row: Int) -> String {
    guard let categories, !values[row].isNaN else { return "" }
    return categories[Int(values[row])]
  }

  /// What a whole number has in addition to the double that is nearest to it.
  private static func remainder(of number: some FixedWidthInteger, beyond value: Double) -> Double {
    // Either part is a double, and so is the difference of doubles that are so close to each other.
    let low = number & 0x7FF
    return Double(low) - (value - Double(number - low))
  }

  /// The number at a place of ``values`` as a whole number.
  ///
  /// - Parameters:
  ///   - place: the place in ``values``.
  ///   - type: the type of the whole number.
  /// - Returns: the number; nil if it is not whole or beyond the type.
  public func wholeNumber<Whole: FixedWidthInteger>(at place: Int, as type: Whole.Type) -> Whole? {
    let value = values[place]
    guard !remainders.isEmpty, remainders[place] != 0 else { return Whole(exactly: value) }
    // The double alone may be just beyond the type.
    let step = value > 0 ? 4096.0 : -4096.0
    guard let base = Whole(exactly: value - step), let rest = Whole(exactly: step + remainders[place]) else {
      return nil
    }
    let (sum, overflow) = base.addingReportingOverflow(rest)
    return overflow ? nil : sum
  }
}

extension Column {
  /// Adds numbers after the others.
  ///
  /// - Parameters:
  ///   - numbers: the numbers.
  ///   - others: what these have in addition, as whole numbers beyond 2⁵³ do; nil if nothing.
  package mutating func append(
    _ numbers: some Collection<Double>, remainders others: (some Collection<Double>)?
  ) {
    if let others, others.contains(where: { $0 != 0 }) {
      fillRemainders()
      remainders.append(contentsOf: others)
    }
    values.append(contentsOf: numbers)
    if !remainders.isEmpty { fillRemainders() }
  }

  /// Adds a text after the others of a column of text.
  package mutating func append(text: String) {
    let places = categories ?? []
    let place = text.isEmpty ? nil : places.firstIndex(of: text) ?? places.count
    values.append(place.map { Double($0) } ?? .nan)
    categories = place == places.count ? places + [text] : places
  }

  /// Gives a column of text the texts of another that it lacks.
  ///
  /// - Returns: the number that stands here for each of the others; nil if it is the same as there.
  private mutating func merge(_ others: [String]?) -> [Double]? {
    guard let others, others != categories else { return nil }
    var own = categories ?? []
    var places = Dictionary(uniqueKeysWithValues: own.enumerated().map { ($1, $0) })
    let numbers = others.map { text in
      if let place = places[text] { return Double(place) }
      own.append(text)
      places[text] = own.count - 1
      return Double(own.count - 1)
    }
    categories = own
    return numbers.elementsEqual(others.indices.lazy.map(Double.init)) ? nil : numbers
  }

  /// Adds rows of another column of the same width after the others.
  package mutating func append(_ rows: Range<Int>, of other: Column) {
    let places = rows.lowerBound * other.width..<rows.upperBound * other.width
    if values.isEmpty { storage = other.storage }
    storage = storage.merged(with: other.storage)
    if let numbers = merge(other.categories) {
      for place in places {
        values.append(other.values[place].isNaN ? .nan : numbers[Int(other.values[place])])
      }
      return
    }
    append(
      other.values[places], remainders: other.remainders.isEmpty ? nil : other.remainders[places])
  }

  /// Makes ``remainders`` as long as ``values``.
  private mutating func fillRemainders() {
    remainders.append(contentsOf: repeatElement(0, count: values.count - remainders.count))
  }
}

extension Column.Storage {
  /// What holds the numbers of either of two columns.
  package func merged(with other: Self) -> Self {
    if self == other { return self }
    let order: [Self] = [.bool, .int32, .int64]
    guard let place = order.firstIndex(of: self), let others = order.firstIndex(of: other) else {
      return .float64
    }
    return order[max(place, others)]
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
    // By indices, which ask for no memory even if nothing is optimised; there are few columns.
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
        // Taken out, so that nobody else holds its storage in the meantime.
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
      part.columns[place].removeAll()
      part.columns[place].append(at: Array(rows), of: columns[place])
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
    columns[place].removeAll()
    var next = first
    while next < values.count {
      columns[place].values.append(values[next])
      next += stride
    }
  }

  /// Removes the column of a name.
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
      columns[own].append(range, of: column)
    }
  }

  /// Adds the rows at some places of other columns, which have the same names.
  mutating func append(contentsOf other: Columns, at places: [Int]) {
    for place in 0..<other.columns.count {
      let column = other.columns[place]
      let own = makePlace(of: other.names[place]) { Column(width: column.width, unit: column.unit) }
      columns[own].append(at: places, of: column)
    }
  }

  /// Removes what columns have beyond the first `count` rows.
  mutating func removeRows(from count: Int) {
    for place in 0..<columns.count {
      columns[place].removeRows(from: count)
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
  fileprivate mutating func removeAll() {
    values.removeAll(keepingCapacity: true)
    remainders.removeAll(keepingCapacity: true)
  }

  fileprivate mutating func replace(with other: Column, rows: Range<Int>) {
    width = other.width
    unit = other.unit
    storage = other.storage
    categories = other.categories
    let places = rows.lowerBound * width..<rows.upperBound * width
    values.replace(with: other.values[places])
    if !remainders.isEmpty || !other.remainders.isEmpty {
      remainders.replace(with: other.remainders.isEmpty ? [] : other.remainders[places])
    }
  }

  fileprivate mutating func append(at rows: [Int], of other: Column) {
    storage = values.isEmpty ? other.storage : storage.merged(with: other.storage)
    values.reserveCapacity(values.count + rows.count * other.width)
    if let numbers = merge(other.categories) {
      for row in rows { values.append(other.values[row].isNaN ? .nan : numbers[Int(other.values[row])]) }
      return
    }
    if !other.remainders.isEmpty { fillRemainders() }
    for row in rows {
      let places = row * other.width..<(row + 1) * other.width
      values.append(contentsOf: other.values[places])
      if !other.remainders.isEmpty { remainders.append(contentsOf: other.remainders[places]) }
    }
    if !remainders.isEmpty { fillRemainders() }
  }

  fileprivate mutating func removeRows(from count: Int) {
    let excess = values.count - count * width
    guard excess > 0 else { return }
    values.removeLast(excess)
    if !remainders.isEmpty { remainders.removeLast(excess) }
  }

  /// Leaves out the rows for which `isKept` `[rows]` is false.
  package mutating func keep(_ isKept: [Bool]) {
    values.keep(isKept, width: width)
    if !remainders.isEmpty { remainders.keep(isKept, width: width) }
  }
}

extension [Double] {
  fileprivate mutating func keep(_ isKept: [Bool], width: Int) {
    if width == 1 { return keep(isKept) }
    var kept = 0
    for row in isKept.indices where isKept[row] {
      for place in 0..<width { self[kept * width + place] = self[row * width + place] }
      kept += 1
    }
    removeLast(count - kept * width)
  }
}

extension Array {
  /// Replaces the elements and keeps the storage.
  mutating func replace(with elements: ArraySlice<Element>) {
    removeAll(keepingCapacity: true)
    append(contentsOf: elements)
  }
}
