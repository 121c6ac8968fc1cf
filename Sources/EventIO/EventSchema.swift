// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// What the events of an output have: taken from the first batch, and from others that have more columns.
///
/// A writer keeps one and admits each batch to it:
///
/// ```swift
/// var schema = try EventSchema(events, .members)
/// let new = try schema.admit(more)
/// for column in schema.columns.suffix(new.events) { print(column.writtenNames) }
/// ```
public struct EventSchema: Sendable {
  /// What a format does with the names of columns of particles.
  public enum Layout: Sendable {
    /// They have a group of their own, which has the momenta too.
    case groups
    /// They are among the columns of events, and have one number each.
    case members
  }

  /// A column without its values.
  public struct ColumnShape: Sendable {
    /// The name that the events have for it.
    public let name: String
    /// The names under which it is written: one, or one for each number if a format has no columns of several.
    public fileprivate(set) var writtenNames: [String]
    /// How many numbers it has for each event or particle.
    public let width: Int
    /// The unit of the numbers, if it is known.
    public let unit: String?
    /// Whether it is text.
    public let isText: Bool
    /// The bytes of the longest text so far in UTF-8.
    public private(set) var textSize = 0
    /// How the numbers are stored by a format that tells whole numbers from others: so that it holds those of all events
    /// so far, as their files store them, or all of their digits.
    public var storage: Column.Storage {
      guard given == .float64, areLarge else { return given }
      return areSigned ? .int64 : areUnsigned ? .uint64 : .float64
    }

    /// Whether whole numbers are stored as doubles that do not hold them.
    fileprivate var isRounded: Bool { areLarge && storage == .float64 }

    /// What holds the numbers as all files store them.
    private var given: Column.Storage
    /// Whether there are whole numbers beyond what a double holds.
    private var areLarge = false
    /// Whether all numbers are whole ones of 64 bits, with and without a sign.
    private var areSigned = true
    private var areUnsigned = true

    fileprivate init(name: String, _ column: Column) {
      self.name = name
      writtenNames = [name]
      width = column.width
      unit = column.unit
      isText = column.categories != nil
      given = column.storage
    }

    /// The same column under other names.
    fileprivate func written(as names: [String]) -> ColumnShape {
      var shape = self
      shape.writtenNames = names
      return shape
    }

    /// What the events lack that do not have the column: NaN, or no text.
    fileprivate func missing(rows: Int) -> Column {
      isText
        ? Column(texts: Array(repeating: "", count: rows))
        : Column(width: width, values: Array(repeating: .nan, count: rows * width))
    }

    /// What another column of this name cannot be; nil if it goes with this one.
    fileprivate func problem(with column: Column) -> String? {
      guard isText == (column.categories != nil) else {
        return "has \(isText ? "numbers" : "text"), but earlier events have \(isText ? "text" : "numbers")"
      }
      return width == column.width ? nil : "has \(column.width) numbers, but earlier events have \(width)"
    }

    /// Takes up the numbers of further events.
    fileprivate mutating func admit(_ column: Column) {
      if let texts = column.categories {
        textSize = texts.reduce(textSize) { max($0, $1.utf8.count) }
        return
      }
      given = given.merged(with: column.storage)
      areLarge = areLarge || column.remainders.contains { $0 != 0 }
      for place in column.values.indices {
        guard areSigned || areUnsigned else { return }
        areSigned = areSigned && column.wholeNumber(at: place, as: Int64.self) != nil
        areUnsigned = areUnsigned && column.wholeNumber(at: place, as: UInt64.self) != nil
      }
    }

    /// Takes up events that lack the column: their numbers are NaN.
    fileprivate mutating func admitMissing() { (given, areSigned, areUnsigned) = (.float64, false, false) }
  }

  /// Whether identifiers of particles are written; also if the first events have no particles.
  public let hasPDGID: Bool
  /// Whether the numbers of the events are written as the column ``number``, as no column has this name.
  public let writesNumbers: Bool
  /// The columns of events, by name.
  public private(set) var columns: [ColumnShape] = []
  /// The columns of particles, by name.
  public private(set) var particleColumns: [ColumnShape] = []
  /// Whether given jets are written.
  public private(set) var hasGivenJets = false
  /// The columns of given jets, by name.
  public private(set) var jetColumns: [ColumnShape] = []

  /// The columns with whole numbers that a format of doubles rounds, as other numbers are among them or are missing.
  public var roundedColumns: [String] {
    (columns + particleColumns + jetColumns).filter(\.isRounded).map(\.name)
  }

  private let layout: Layout
  /// Whether events were admitted, which lack the columns that come later.
  private var hasEvents = false
  /// The same of jets.
  private var hasJets = false
  /// The names that another column of particles cannot have.
  private var takenNames: Set<String>

  /// The column of the events' numbers.
  public static let number = "number"
  /// What comes before the name of a column of particles that is taken.
  private static let prefix = "particle."
  /// The names that a format needs itself, of columns of events.
  private static let reservedNames: Set<String> = ["", "offset", "particles", "pdgid"]

  /// What the events of a batch have.
  ///
  /// - Throws: `EventInputError` if a column cannot be written under its name.
  public init(_ events: Events, _ layout: Layout) throws {
    self.init(
      layout, hasPDGID: !events.pdgID.isEmpty || events.particleCount == 0,
      writesNumbers: events.columns[Self.number] == nil)
    try admit(events)
  }

  private init(_ layout: Layout, hasPDGID: Bool, writesNumbers: Bool) {
    self.layout = layout
    self.hasPDGID = hasPDGID
    self.writesNumbers = writesNumbers
    takenNames =
      layout == .groups
      ? Set(MomentumLayout.allCases.flatMap(\.names) + ["", "pdgid"])
      : Self.reservedNames.union(writesNumbers ? [Self.number] : [])
  }

  /// The same for a format of another layout.
  public func laidOut(_ layout: Layout) -> EventSchema {
    var schema = EventSchema(layout, hasPDGID: hasPDGID, writesNumbers: writesNumbers)
    for column in columns { schema.add(column) }
    for column in particleColumns { schema.addOfParticles(column) }
    (schema.hasGivenJets, schema.jetColumns) = (hasGivenJets, jetColumns)
    return schema
  }

  /// The identifiers of the particles of a batch, 0 if they have none: `[particles]`.
  public func pdgID(of events: Events) -> [Int32] {
    events.pdgID.isEmpty ? Array(repeating: 0, count: events.particleCount) : events.pdgID
  }

  /// Takes up the columns of a batch that earlier events lack.
  ///
  /// - Throws: `EventInputError` that names what cannot stand in one output with the earlier events.
  /// - Returns: how many columns of events, of particles and of given jets are new; they are the last.
  @discardableResult
  public mutating func admit(_ events: Events) throws -> (events: Int, particles: Int, jets: Int) {
    func refusal(_ field: String, _ problem: String) -> EventInputError {
      EventInputError(
        source: events.source, event: events.eventNumbers.first.map { $0 - events.firstEventOfSource },
        field: field, problem: problem + "; write these events to an output of their own")
    }
    if !hasPDGID, !events.pdgID.isEmpty { throw refusal("pdgid", "is given though earlier events lack it") }
    let counts = (events: columns.count, particles: particleColumns.count)
    // Missing numbers, which are NaN, are no whole numbers.
    for place in columns.indices where events.eventCount > 0 && events.columns[columns[place].name] == nil {
      columns[place].admitMissing()
    }
    for place in particleColumns.indices
    where events.particleCount > 0
      && events.particles.content.columns[particleColumns[place].name] == nil
    {
      particleColumns[place].admitMissing()
    }
    defer { hasEvents = hasEvents || events.eventCount > 0 }
    func shape(_ name: String, _ column: Column) -> ColumnShape {
      var shape = ColumnShape(name: name, column)
      shape.admit(column)
      if hasEvents { shape.admitMissing() }
      return shape
    }
    for (name, column) in events.columns.sorted {
      if let place = columns.firstIndex(where: { $0.name == name }) {
        if let problem = columns[place].problem(with: column) { throw refusal(name, problem) }
        columns[place].admit(column)
        continue
      }
      if writesNumbers, name == Self.number { throw refusal(name, "is given though earlier events lack it") }
      guard !Self.reservedNames.contains(name) else {
        throw EventInputError(
          source: events.source, field: name.isEmpty ? "a column without a name" : name,
          problem: "cannot be written as a column of this name; rename the column")
      }
      if layout == .members, takenNames.contains(name) {
        throw refusal(name, "is given though earlier events have a column of particles of this name")
      }
      add(shape(name, column))
    }
    for (name, column) in events.particles.content.columns.sorted {
      if let place = particleColumns.firstIndex(where: { $0.name == name }) {
        if let problem = particleColumns[place].problem(with: column) {
          throw refusal("particle/" + name, problem)
        }
        particleColumns[place].admit(column)
        continue
      }
      addOfParticles(shape(name, column))
    }
    let jets = try admitJets(of: events, refusal)
    return (columns.count - counts.events, particleColumns.count - counts.particles, jets)
  }

  /// Takes up the columns of given jets; returns how many are new.
  private mutating func admitJets(
    of events: Events, _ refusal: (_ field: String, _ problem: String) -> EventInputError
  ) throws -> Int {
    guard let jets = events.givenJets else { return 0 }
    hasGivenJets = true
    guard jets.offsets[jets.count] > 0 || !hasJets else { return 0 }
    let count = jetColumns.count
    for place in jetColumns.indices where jets.content[jetColumns[place].name] == nil {
      jetColumns[place].admitMissing()
    }
    for (name, column) in jets.content.sorted {
      if let place = jetColumns.firstIndex(where: { $0.name == name }) {
        if let problem = jetColumns[place].problem(with: column) { throw refusal("jet/" + name, problem) }
        jetColumns[place].admit(column)
        continue
      }
      guard !["", "offset"].contains(name) else {
        throw refusal(
          name.isEmpty ? "a column of jets without a name" : "jet/" + name,
          "cannot be written under this name")
      }
      var shape = ColumnShape(name: name, column)
      shape.admit(column)
      if hasJets { shape.admitMissing() }
      jetColumns.append(shape)
    }
    hasJets = hasJets || jets.offsets[jets.count] > 0
    return jetColumns.count - count
  }

  private mutating func add(_ column: ColumnShape) {
    columns.append(column)
    if layout == .members { takenNames.insert(column.name) }
  }

  /// A name that is taken gets `particle.` before it.
  private mutating func addOfParticles(_ column: ColumnShape) {
    var base = column.name
    func written() -> [String] {
      layout == .groups || column.width == 1 ? [base] : (0..<column.width).map { "\(base).\($0)" }
    }
    while !takenNames.isDisjoint(with: written()) { base = Self.prefix + base }
    takenNames.formUnion(written())
    particleColumns.append(column.written(as: written()))
  }

  /// The values of a column of the schema for the events of a batch, NaN if they lack it: `[events × width]`.
  public func values(of column: ColumnShape, in events: Events) -> [Double] {
    self.column(column, in: events).values
  }

  /// A column of the schema for the events of a batch, with NaN if they lack it: `[events × width]`.
  public func column(_ column: ColumnShape, in events: Events) -> Column {
    events.columns[column.name] ?? column.missing(rows: events.eventCount)
  }

  /// The values of a column of particles of the schema, NaN if the events lack it: `[particles × width]`.
  public func particleValues(of column: ColumnShape, in events: Events) -> [Double] {
    particleColumn(column, in: events).values
  }

  /// A column of particles of the schema, with NaN if the events lack it: `[particles × width]`.
  public func particleColumn(_ column: ColumnShape, in events: Events) -> Column {
    events.particles.content.columns[column.name] ?? column.missing(rows: events.particleCount)
  }

  /// A column of given jets of the schema, with what is missing if the events lack it: `[given jets]`.
  public func jetColumn(_ column: ColumnShape, in events: Events) -> Column {
    guard let jets = events.givenJets else { return column.missing(rows: 0) }
    return jets.content[column.name] ?? column.missing(rows: jets.offsets[jets.count])
  }
}
