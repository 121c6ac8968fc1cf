// SPDX-License-Identifier: GPL-3.0-or-later

/// What a network reads of an event beside the sequence of its jets or particles: a row of numbers for each event.
public struct EventInputs: Sendable, Hashable {
  /// Whether ln of the missing transverse momentum is read; in the detector's frame its direction too.
  public let missingMomentum: Bool
  /// Whether ln of the scalar sum of the transverse momenta of all particles is read.
  public let scalarSum: Bool
  /// Whether the number of jets or particles above the encoder's minimum pT is read.
  public let itemCount: Bool
  /// The electrons and muons, by their identifiers 11 and 13; `nil` for none.
  public let leptons: IsolatedParticles?
  /// The photons, by their identifier 22; `nil` for none.
  public let photons: IsolatedParticles?
  /// Event columns that are read as they are, such as a hypothesised mass.
  public let conditions: [String]

  /// Inputs; none unless asked for.
  ///
  /// - Throws: ``EventEncodingError`` where a condition has no name or is named twice.
  public init(
    missingMomentum: Bool = false, scalarSum: Bool = false, itemCount: Bool = false,
    leptons: IsolatedParticles? = nil, photons: IsolatedParticles? = nil, conditions: [String] = []
  ) throws {
    for (index, condition) in conditions.enumerated() {
      try EventEncodingError.require(!condition.isEmpty, "conditions") {
        "A condition has no name: give each the name of an event column."
      }
      try EventEncodingError.require(!conditions[..<index].contains(condition), "conditions") {
        "The condition \(condition) is named twice: name it once."
      }
    }
    self.init(
      unchecked: missingMomentum, scalarSum, itemCount, leptons: leptons, photons: photons,
      conditions: conditions)
  }

  private init(
    unchecked missingMomentum: Bool, _ scalarSum: Bool, _ itemCount: Bool, leptons: IsolatedParticles?,
    photons: IsolatedParticles?, conditions: [String]
  ) {
    self.missingMomentum = missingMomentum
    self.scalarSum = scalarSum
    self.itemCount = itemCount
    self.leptons = leptons
    self.photons = photons
    self.conditions = conditions
  }

  /// No inputs.
  public static let none = EventInputs(
    unchecked: false, false, false, leptons: nil, photons: nil, conditions: [])
}

extension EventInputs: Codable {
  private enum CodingKeys: String, CodingKey {
    case leptons, photons, conditions
    case missingMomentum = "missing-momentum"
    case scalarSum = "scalar-sum"
    case itemCount = "item-count"
  }

  /// Reads `missing-momentum`, `scalar-sum`, `item-count`, `leptons`, `photons` and `conditions`, each of which may
  /// be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      missingMomentum: container.decodeIfPresent(Bool.self, forKey: .missingMomentum) ?? false,
      scalarSum: container.decodeIfPresent(Bool.self, forKey: .scalarSum) ?? false,
      itemCount: container.decodeIfPresent(Bool.self, forKey: .itemCount) ?? false,
      leptons: container.decodeIfPresent(IsolatedParticles.self, forKey: .leptons),
      photons: container.decodeIfPresent(IsolatedParticles.self, forKey: .photons),
      conditions: container.decodeIfPresent([String].self, forKey: .conditions) ?? [])
  }
}
