// SPDX-License-Identifier: GPL-3.0-or-later

extension Events {
  /// Adds an event.
  ///
  /// ```swift
  /// try events.append(momenta, pdgID: [211, -211], particleColumns: ["d0": [0.1, 0.2]], columns: ["label": [1]])
  /// ```
  ///
  /// - Parameters:
  ///   - momenta: the four-momenta of its particles in GeV: `[particles]`.
  ///   - pdgID: Particle Data Group identifiers: `[particles]`; empty if they are not known, for all events
  ///     or for none.
  ///   - particleColumns: further numbers of each particle by name: each `[particles × width]`.
  ///   - columns: further numbers of the event by name: each `[width]`.
  ///   - number: the number of the event; the next one unless given.
  /// - Throws: ``EventDataError`` if an array does not fit the particles or the earlier events; nothing is added then.
  public mutating func append(
    _ momenta: some Collection<FourMomentum>, pdgID: [Int32] = [], particleColumns: [String: [Double]] = [:],
    columns: [String: [Double]] = [:], number: Int? = nil
  ) throws {
    try checkIdentifiers(pdgID.count, particleCount: momenta.count)
    try self.particles.content.columns.check(particleColumns, rows: momenta.count, before: particleCount)
    try self.columns.check(columns, rows: 1, before: eventCount)
    for momentum in momenta { self.momenta.append(momentum) }
    self.pdgID.append(contentsOf: pdgID)
    self.particles.content.columns.append(particleColumns, rows: momenta.count)
    self.columns.append(columns, rows: 1)
    finishEvent(number: number ?? (eventNumbers.last ?? -1) + 1)
  }

  /// Adds the events of another collection, which has the same columns, after these.
  public mutating func append(_ other: Events) {
    let first = particleCount
    if givenJets != nil || other.givenJets != nil {
      var jets = givenJets ?? Self.givenJets(ofEvents: eventCount)
      jets.append(other.givenJets ?? Self.givenJets(ofEvents: other.eventCount))
      givenJets = jets
    }
    if !weights.isEmpty || !other.weights.isEmpty {
      weights = weightOfEach + other.weightOfEach
    }
    eventNumbers += other.eventNumbers
    particles.content.append(contentsOf: other.particles.content, 0..<other.particleCount)
    for offset in other.offsets.dropFirst() { particles.endList(at: first + offset) }
    columns.append(contentsOf: other.columns, 0..<other.eventCount)
  }

  /// No given jets of some events.
  private static func givenJets(ofEvents count: Int) -> Ragged<Columns> {
    Ragged(offsets: Array(repeating: 0, count: count + 1), content: Columns())
  }

  private func checkIdentifiers(_ count: Int, particleCount: Int) throws {
    guard count == 0 || count == particleCount else {
      throw EventDataError(
        field: "pdgid",
        problem: "has \(count) elements for \(particleCount) particles; give one for each particle.")
    }
    guard self.particleCount == 0 || particleCount == 0 || (count == 0) == pdgID.isEmpty else {
      throw EventDataError(
        field: "pdgid",
        problem: count == 0
          ? "is missing though earlier events have it; give it to all events or to none."
          : "is given though earlier events lack it; give it to all events or to none.")
    }
  }

  /// Makes the particles that were added since the last event an event, which has no given jets.
  public mutating func finishEvent(number: Int) {
    eventNumbers.append(number)
    if !weights.isEmpty { weights.append(1) }
    if let last = givenJets?.offsets.last { givenJets?.endList(at: last) }
    particles.endList(at: particleCount)
  }

  /// Takes back the particles that were added since the last event.
  public mutating func discardUnfinishedEvent() {
    particles.content.removeAll(from: offsets[offsets.count - 1])
  }
}

/// Numbers that do not fit the events that they are given for.
public struct EventDataError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The column or array to blame, such as `pdgid`.
  public let field: String
  /// What is wrong and what to do about it, as the end of a sentence whose subject is the field.
  public let problem: String

  /// An error with its parts.
  public init(field: String, problem: String) {
    self.field = field
    self.problem = problem
  }

  /// The field and the problem, in one sentence.
  public var description: String { "\(field) \(problem)" }
}

extension Columns {
  /// - Throws: ``EventDataError`` unless `values` fit these columns, which have `before` rows, as `rows` more.
  fileprivate func check(_ values: [String: [Double]], rows: Int, before: Int) throws {
    for (name, numbers) in values.sorted(by: { $0.key < $1.key }) {
      let width = self[name]?.width ?? (rows > 0 ? numbers.count / rows : 1)
      guard numbers.count == width * rows, width > 0 || rows == 0 else {
        throw EventDataError(
          field: name,
          problem: self[name] == nil
            ? "has \(numbers.count) numbers for \(rows) rows; give each row as many."
            : "has \(numbers.count) numbers for \(rows) rows, but earlier events have \(width) a row.")
      }
      guard self[name] != nil || before == 0 else {
        throw EventDataError(
          field: name, problem: "is given though earlier events lack it; give it to all events or to none.")
      }
    }
    if before > 0, let missing = names.first(where: { values[$0] == nil }), rows > 0 {
      throw EventDataError(
        field: missing, problem: "is missing though earlier events have it; give it to all events or to none."
      )
    }
  }

  fileprivate mutating func append(_ values: [String: [Double]], rows: Int) {
    for (name, numbers) in values {
      self[name, default: Column(width: rows > 0 ? numbers.count / rows : 1)].values += numbers
    }
  }
}
