// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Which jets of an event a condition is about.
public struct JetCuts: SettingsSection, Equatable {
  /// The least transverse momentum in GeV.
  public var minimumPt: Double?
  /// The largest |rapidity|.
  public var maximumAbsRapidity: Double?
  /// The least mass in GeV.
  public var minimumMass: Double?
  /// The largest mass in GeV.
  public var maximumMass: Double?
  /// The least and the largest value of heads' outputs, by `HEAD/OUTPUT`.
  public var outputs: [String: Range] = [:]

  /// The least and the largest value of a number, both included.
  public struct Range: SettingsSection, Equatable {
    /// The least value.
    public var minimum: Double?
    /// The largest value.
    public var maximum: Double?

    /// No bounds.
    public init() {}
  }

  /// No cuts.
  public init() {}
}

extension JetCuts {
  /// The settings, in the order of tables.
  public static let settings: [Setting<JetCuts>] = [
    Setting("min-pt", \.minimumPt, .notNegative, unit: "GeV", "the least pT of a jet"),
    Setting("max-abs-rapidity", \.maximumAbsRapidity, .notNegative, "the largest |rapidity|"),
    Setting("min-mass", \.minimumMass, .finite, unit: "GeV", "the least mass"),
    Setting("max-mass", \.maximumMass, .finite, unit: "GeV", "the largest mass"),
    Setting(
      "outputs", \.outputs, from: { (ranges: [String: Range]) in ranges },
      "the least and the largest value of numbers of a jet, as in `{HEAD/OUTPUT: {min: X, max: Y}}`, one of which may be left out",
      default: "none", range: "`HEAD/OUTPUT`, `OBSERVABLE/QUANTITY`"),
  ]

  /// Makes sure that a jet can pass.
  public func check(given: Set<String>) throws {
    if let minimumMass, let maximumMass, maximumMass < minimumMass {
      throw SettingProblem("max-mass", "is less than min-mass, so that no jet passes")
    }
  }
}

extension JetCuts.Range {
  /// The settings, in the order of tables.
  public static let settings: [Setting<JetCuts.Range>] = [
    Setting("min", \.minimum, .finite, "the least value"),
    Setting("max", \.maximum, .finite, "the largest value"),
  ]

  /// Makes sure that there is a bound, and that a number can lie within.
  public func check(given: Set<String>) throws {
    if minimum == nil, maximum == nil { throw SettingProblem("min", "is left out, and so is max; give one") }
    if let minimum, let maximum, maximum < minimum {
      throw SettingProblem("max", "is less than min, so that no jet passes")
    }
  }

  /// Whether a number lies within; NaN does not.
  func contains(_ value: Double) -> Bool {
    Bounds(least: minimum ?? -.infinity, largest: maximum ?? .infinity).contains(value)
  }
}

/// The cuts of a condition with the columns that they read.
struct JetSelector: Sendable {
  private let cuts: JetCuts
  private let columns: [(column: DecisionColumn, range: JetCuts.Range)]

  /// - Throws: `PluginError` if an output is not there.
  init(_ cuts: JetCuts, _ sources: DecisionSources) throws {
    self.cuts = cuts
    columns = try cuts.outputs.sorted { $0.key < $1.key }.map {
      (try sources.column($0.key, of: .jets), $0.value)
    }
  }

  /// Whether a jet of the event passes; a number that is NaN passes no cut.
  func passes(_ jet: Int, of event: DecisionInputs) -> Bool {
    if let least = cuts.minimumPt, !(event.pt(ofJet: jet) >= least) { return false }
    if let largest = cuts.maximumAbsRapidity, !(abs(event.rapidity(ofJet: jet)) <= largest) { return false }
    if let least = cuts.minimumMass, !(event.mass(ofJet: jet) >= least) { return false }
    if let largest = cuts.maximumMass, !(event.mass(ofJet: jet) <= largest) { return false }
    for index in columns.indices
    where !columns[index].range.contains(event[columns[index].column, ofJet: jet]) {
      return false
    }
    return true
  }
}
