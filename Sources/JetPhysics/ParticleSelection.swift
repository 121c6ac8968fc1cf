// SPDX-License-Identifier: GPL-3.0-or-later

/// Which particles of the events take part; the same for every format.
///
/// A particle takes part if its status is one of ``statuses`` (in formats that have statuses), it is not invisible,
/// and it meets all ``conditions``:
///
/// ```swift
/// let charged = try ParticleSelection(conditions: [ParticleCondition("charge != 0"), ParticleCondition("pt > 0.5")])
/// ```
public struct ParticleSelection: Sendable, Equatable {
  /// Whether neutrinos and other invisible particles take part; they are known by their identifiers.
  public var keepsInvisible: Bool
  /// Which particles are invisible.
  public var invisible: InvisibleParticles
  /// The statuses of the particles that take part; only generator records (HepMC) have statuses, 1 is final.
  public var statuses: Set<Int32>
  /// What every particle must meet.
  public var conditions: [ParticleCondition]

  /// A selection, by default of all visible final particles.
  public init(
    keepsInvisible: Bool = false, invisible: InvisibleParticles = InvisibleParticles(),
    statuses: Set<Int32> = [1], conditions: [ParticleCondition] = []
  ) {
    self.keepsInvisible = keepsInvisible
    self.invisible = invisible
    self.statuses = statuses
    self.conditions = conditions
  }

  /// The columns of particles that the conditions read, if the input has them.
  public var columns: [String] {
    var names: [String] = []
    for name in conditions.flatMap(\.columns) where !names.contains(name) { names.append(name) }
    return names
  }
}

extension ParticleSelection {
  /// Reads statuses that commas separate, as in `1, 2`.
  ///
  /// - Throws: ``JetPhysicsError`` that names what is no status.
  public static func statuses(_ text: String) throws -> Set<Int32> {
    Set(
      try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let status = Int32(part.trimmed) else {
          throw JetPhysicsError(
            field: "status",
            problem: "\"\(part.trimmed)\" is no status: write numbers with commas between them, as in 1, 2.")
        }
        return status
      })
  }
}

extension ParticleSelection: CustomStringConvertible {
  /// The selection in words, such as `visible particles with pt > 0.5`.
  public var description: String {
    var text = keepsInvisible ? "visible and invisible particles" : "visible particles"
    if !keepsInvisible, invisible != InvisibleParticles() { text += " (invisible ones being \(invisible))" }
    if statuses != [1] {
      text += " of status \(statuses.sorted().map(String.init).joined(separator: ", "))"
    }
    if !conditions.isEmpty { text += " with \(conditions.map(\.description).joined(separator: " and "))" }
    return text
  }
}

extension ParticleSelection: Codable {
  private enum CodingKeys: String, CodingKey {
    case keepInvisible, invisible, statuses, conditions
  }

  /// Reads the keys that `encode(to:)` writes; all may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      keepsInvisible: try container.decodeIfPresent(Bool.self, forKey: .keepInvisible) ?? false,
      invisible: try container.decodeIfPresent(String.self, forKey: .invisible).map {
        try InvisibleParticles($0)
      }
        ?? InvisibleParticles(),
      statuses: Set(try container.decodeIfPresent([Int32].self, forKey: .statuses) ?? [1]),
      conditions: try (container.decodeIfPresent([String].self, forKey: .conditions) ?? []).map {
        try ParticleCondition($0)
      })
  }

  /// Writes what differs from the default.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if keepsInvisible { try container.encode(true, forKey: .keepInvisible) }
    if invisible != InvisibleParticles() { try container.encode(invisible.description, forKey: .invisible) }
    if statuses != [1] { try container.encode(statuses.sorted(), forKey: .statuses) }
    if !conditions.isEmpty { try container.encode(conditions.map(\.description), forKey: .conditions) }
  }
}

// MARK: - Particles

extension ParticleSelection {
  /// Leaves out the particles of `batch` that do not take part, by everything but their status, which readers
  /// check.
  ///
  /// - Throws: ``JetPhysicsError`` if a condition is on a quantity that the events lack; it names the quantity.
  public func apply(to batch: inout Events) throws {
    var takesPart: [Bool] = []
    try apply(to: &batch, using: &takesPart)
  }

  /// Does the same with memory, `takesPart`, that is kept from batch to batch.
  public func apply(to batch: inout Events, using takesPart: inout [Bool]) throws {
    let hidesInvisible = !keepsInvisible && invisible.haveOne(in: batch.pdgID)
    guard hidesInvisible || !conditions.isEmpty, batch.eventCount > 0 else { return }
    takesPart.removeAll(keepingCapacity: true)
    if hidesInvisible {
      for identifier in batch.pdgID { takesPart.append(!invisible.contains(identifier)) }
    } else {
      for _ in 0..<batch.particleCount { takesPart.append(true) }
    }
    for condition in conditions { try condition.narrow(&takesPart, in: batch) }
    if takesPart.contains(false) { batch.keepParticles(takesPart) }
  }
}

extension InvisibleParticles {
  /// Whether one of some particles is invisible.
  fileprivate func haveOne(in identifiers: [Int32]) -> Bool {
    // By index: closures and iterators allocate in a debug build, whose allocations a test counts.
    for index in 0..<identifiers.count where contains(identifiers[index]) { return true }
    return false
  }
}
