// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// What a record of a generator says of an event, besides its particles.
public protocol GeneratorRecord {
  /// The number that the file gives the event; nil if it gives none.
  var eventNumber: Int64? { get }
  /// How many weights there are, the nominal one first.
  var weightCount: Int { get }
  /// Whether weights have names.
  var hasWeightNames: Bool { get }
  /// A number that changes whenever the names do.
  var weightNamesVersion: Int { get }
  /// The cross-section and its error in pb; nil if there is none.
  var crossSection: (value: Double, error: Double)? { get }
  /// How many attributes of one number there are.
  var attributeCount: Int { get }
  /// The weight of a place, counted from 0.
  func weight(_ place: Int) -> Double
  /// The name of the weight of a place, if weights have names; empty if this one has none.
  func weightName(_ place: Int) -> String
  /// The name of the attribute of a place, counted from 0.
  func attributeName(_ place: Int) -> String
  /// The attribute of a place.
  func attributeValue(_ place: Int) -> Double
}

/// The columns of some events of a file of generator records.
///
/// Each event has `number`, the number that the file gives it, if it does; `weight`, its first weight;
/// `cross_section` and `cross_section_error` in pb; each of its attributes of one number under the
/// attribute's name; and each named weight as `weight.NAME`. If the first event of the file has several
/// weights, `weights` has as many for each event: those of the same names in the same order if they have
/// names, else those of the same places. A weight without a name of its own that is in neither of these is
/// the column `weights.PLACE`, counted from 0. What an event lacks is NaN.
public struct GeneratorColumns {
  /// The columns that the first good event of a file has, and that all batches get.
  public struct Schema: Sendable {
    /// The names of the columns of one number.
    fileprivate(set) var names: [String]
    /// How many weights there are.
    fileprivate let weightCount: Int
    /// The names of the weights; empty if they have none.
    fileprivate let weightNames: [String]
  }

  /// What the first good event has; nil before it.
  public private(set) var schema: Schema?
  /// No event has more weights, and the events together not more columns.
  private let maximumCount: Int
  private var eventCount = 0
  private var names: [String] = []
  private var places: [String: Int] = [:]
  /// The values of each column, a number for each event.
  private var values: [[Double]] = []
  /// The value of each column for the event that is being added.
  private var current: [Double] = []
  /// The weights of the events: `[events × schema.weightCount]`.
  private var weights: [Double] = []
  private var layout: WeightLayout?

  /// Where the weights of an event go, for all events that name them alike.
  private struct WeightLayout {
    let version: Int
    let hasNames: Bool
    let count: Int
    /// The column of each weight, or nil if it has none of its own.
    let columns: [Int?]
    /// The weight that comes first, second, … in `weights`; nil if it is missing.
    let row: [Int?]
  }

  /// No events, which will have the columns of `schema`.
  ///
  /// - Parameters:
  ///   - schema: what the first good event of the file has; nil if none was met yet.
  ///   - maximumCount: how many weights an event may have, and how many columns the events together:
  ///     ``ReadingLimits/numbersOfColumn``.
  public init(schema: Schema?, maximumCount: Int) {
    self.schema = schema
    self.maximumCount = maximumCount
    for name in schema?.names ?? [] { _ = place(of: name) }
  }

  /// Adds what belongs to an event, or says what is wrong with it.
  public mutating func append(_ event: some GeneratorRecord) -> (field: String, problem: String)? {
    guard event.weightCount <= maximumCount else {
      return ("weight", "has \(event.weightCount) values; at most \(maximumCount) are read")
    }
    let attributes = (0..<event.attributeCount).map { event.attributeName($0) }
    if let name = NameForms.firstRepeated(in: attributes) { return (name, NameForms.problem) }
    let isFirst = schema == nil
    if isFirst {
      schema = Schema(names: [], weightCount: event.weightCount, weightNames: Self.weightNames(of: event))
    }
    let known = names.count
    if let number = event.eventNumber { set(Self.number, Double(number)) }
    if let crossSection = event.crossSection {
      set(Self.crossSection, crossSection.value)
      set(Self.crossSectionError, crossSection.error)
    }
    for (place, name) in attributes.enumerated() {
      set(Self.columnName(ofAttribute: name), event.attributeValue(place))
    }
    let layout = layout(of: event)
    for (weight, column) in layout.columns.enumerated() {
      if let column { current[column] = event.weight(weight) }
    }
    if event.weightCount > 0 { set(Self.weight, event.weight(0)) }
    guard names.count <= maximumCount else {
      for name in names[known...] { places[name] = nil }
      names.removeLast(names.count - known)
      values.removeLast(values.count - known)
      current = Array(repeating: .nan, count: known)
      self.layout = nil
      if isFirst { schema = nil }
      return ("weight", "and attributes have more names than the \(maximumCount) that are read")
    }
    if schema!.weightCount > 1 { weights += layout.row.map { $0.map { event.weight($0) } ?? .nan } }
    for column in names.indices {
      values[column].append(current[column])
      current[column] = .nan
    }
    eventCount += 1
    if isFirst { schema!.names = names }
    return nil
  }

  /// The columns by name.
  public var columns: Columns {
    guard eventCount > 0, let schema else { return Columns() }
    var columns = Columns()
    for (name, values) in zip(names, values) {
      let isCrossSection = [Self.crossSection, Self.crossSectionError].contains(name)
      columns[name] = Column(values: values, unit: isCrossSection ? "pb" : nil)
    }
    if schema.weightCount > 1 {
      columns[Self.weights] = Column(width: schema.weightCount, values: weights)
    }
    return columns
  }

  /// The place of a column, which is added if it is new.
  private mutating func place(of name: String) -> Int {
    if let place = places[name] { return place }
    places[name] = names.count
    names.append(name)
    values.append(Array(repeating: .nan, count: eventCount))
    current.append(.nan)
    return names.count - 1
  }

  private mutating func set(_ name: String, _ value: Double) { current[place(of: name)] = value }

  private mutating func layout(of event: some GeneratorRecord) -> WeightLayout {
    let (version, count) = (event.weightNamesVersion, event.weightCount)
    if let layout, layout.version == version, layout.hasNames == event.hasWeightNames, layout.count == count {
      return layout
    }
    let eventNames = Self.weightNames(of: event)
    let schema = schema!
    let columns: [Int?] = (0..<count).map { weight in
      if !eventNames.isEmpty { return place(of: eventNames[weight]) }
      // A weight without a name is known by its place, and is in `weight` or `weights` if it can be.
      let hasPlace = weight == 0 || schema.weightNames.isEmpty && weight < schema.weightCount
      return hasPlace ? nil : place(of: Self.column(ofWeight: weight))
    }
    let row: [Int?] =
      schema.weightNames.isEmpty
      ? (0..<schema.weightCount).map { $0 < count ? $0 : nil }
      : schema.weightNames.map { eventNames.firstIndex(of: $0) }
    let layout = WeightLayout(
      version: version, hasNames: event.hasWeightNames, count: count, columns: columns, row: row)
    self.layout = layout
    return layout
  }

  /// The columns of the weights of an event, all different; empty if they have no names.
  private static func weightNames(of event: some GeneratorRecord) -> [String] {
    guard event.hasWeightNames else { return [] }
    var taken: Set<String> = []
    return (0..<event.weightCount).map { weight in
      let name = event.weightName(weight)
      // A weight without a name, or with one that another has, is known by its place.
      return name.isEmpty || !taken.insert(name).inserted
        ? column(ofWeight: weight) : Events.weightPrefix + name
    }
  }

  /// The column of a weight that is known by its place.
  private static func column(ofWeight place: Int) -> String { "\(weights).\(place)" }

  private static let number = "number"
  private static let weight = "weight"
  private static let weights = "weights"
  private static let crossSection = "cross_section"
  private static let crossSectionError = "cross_section_error"

  /// An attribute of a name that is taken is `attribute.NAME`.
  private static func columnName(ofAttribute name: String) -> String {
    let isTaken =
      [number, weight, weights, crossSection, crossSectionError].contains(name)
      || name.hasPrefix(Events.weightPrefix) || name.hasPrefix(weights + ".")
    return isTaken ? "attribute." + name : name
  }
}
