// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a network reads of an event in addition to its sequence of jets or particles: a row of numbers for
/// each event.
public struct EventInputs: Sendable, Hashable {
  /// Whether ln of the missing transverse momentum is read; in the detector's frame, also its direction.
  public private(set) var missingMomentum = false
  /// Whether ln of the scalar sum of the transverse momenta of all particles is read.
  public private(set) var scalarSum = false
  /// Whether the number of jets or particles above the encoder's minimum pT is read.
  public private(set) var itemCount = false
  /// The electrons and muons, by their identifiers 11 and 13; `nil` for none.
  public private(set) var leptons: IsolatedParticles?
  /// The photons, by their identifier 22; `nil` for none.
  public private(set) var photons: IsolatedParticles?
  /// Event columns that are read as they are, such as a hypothesised mass.
  public private(set) var conditions: [String] = []

  /// No inputs.
  public init() {}

  /// Inputs; none unless asked for.
  ///
  /// - Throws: ``EventEncodingError`` if a condition has no name or is named twice.
  public init(
    missingMomentum: Bool = false, scalarSum: Bool = false, itemCount: Bool = false,
    leptons: IsolatedParticles? = nil, photons: IsolatedParticles? = nil, conditions: [String] = []
  ) throws {
    self.missingMomentum = missingMomentum
    self.scalarSum = scalarSum
    self.itemCount = itemCount
    self.leptons = leptons
    self.photons = photons
    self.conditions = conditions
    try EventEncodingError.check(self)
  }

  /// No inputs.
  public static let none = EventInputs()
}

extension EventInputs: SettingsSection, Encodable {
  /// The settings, in the order of tables.
  public static let settings: [Setting<EventInputs>] = [
    Setting("missing-momentum", \.missingMomentum, "the missing transverse momentum"),
    Setting("scalar-sum", \.scalarSum, "the scalar sum of the pT of all particles"),
    Setting("item-count", \.itemCount, "the number of items of at least `min-pt`"),
    Setting("leptons", \.leptons, "the hardest electrons and muons: the keys below"),
    Setting("photons", \.photons, "the hardest photons: the keys below"),
    Setting(
      "conditions", \.conditions, "a list of event columns, such as a hypothesised mass", default: "none"),
  ]

  /// Makes sure that each condition has a name of its own.
  public func check(given: Set<String>) throws {
    for (index, condition) in conditions.enumerated() {
      if condition.isEmpty {
        throw SettingProblem("conditions", "has one without a name; give each the name of an event column")
      }
      if conditions[..<index].contains(condition) {
        throw SettingProblem("conditions", "names \(condition) twice; name it once")
      }
    }
  }
}
