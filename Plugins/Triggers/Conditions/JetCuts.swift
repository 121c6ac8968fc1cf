// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Which jets of an event a condition is about.
public struct JetCuts: Sendable, Equatable {
  /// The least transverse momentum in GeV.
  public var minimumPt: Double?
  /// The largest |rapidity|.
  public var maximumAbsRapidity: Double?
  /// The least mass in GeV.
  public var minimumMass: Double?
  /// The largest mass in GeV.
  public var maximumMass: Double?
  /// The least and the largest value of heads' outputs, by `HEAD/OUTPUT`.
  public var outputs: [String: Range]

  /// The least and the largest value of a number, both included.
  public struct Range: Sendable, Equatable {
    /// The least value.
    public var minimum: Double?
    /// The largest value.
    public var maximum: Double?
  }

  /// No cuts.
  public init() { outputs = [:] }
}

extension JetCuts: Decodable {
  private enum CodingKeys: String, CodingKey {
    case outputs
    case minimumPt = "min-pt"
    case maximumAbsRapidity = "max-abs-rapidity"
    case minimumMass = "min-mass"
    case maximumMass = "max-mass"
  }

  /// Reads the cuts, each of which may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    minimumPt = try container.bound(.minimumPt)
    maximumAbsRapidity = try container.bound(.maximumAbsRapidity)
    minimumMass = try container.bound(.minimumMass)
    maximumMass = try container.bound(.maximumMass)
    outputs = try container.decodeIfPresent([String: Range].self, forKey: .outputs) ?? [:]
    try container.check(minimumPt.map { $0 >= 0 } ?? true, .minimumPt, "must not be negative")
    try container.check(
      maximumAbsRapidity.map { $0 >= 0 } ?? true, .maximumAbsRapidity, "must not be negative")
    try container.check(
      Range(minimum: minimumMass, maximum: maximumMass).isPossible, .maximumMass,
      "is less than min-mass, so that no jet passes")
  }
}

extension JetCuts.Range: Decodable {
  private enum CodingKeys: String, CodingKey {
    case minimum = "min"
    case maximum = "max"
  }

  /// Reads `min` and `max`, one of which may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    minimum = try container.bound(.minimum)
    maximum = try container.bound(.maximum)
    try container.check(isPossible, .maximum, "is less than min, so that no jet passes")
    guard minimum != nil || maximum != nil else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "it has neither min nor max; give one"))
    }
  }

  /// Whether a number can lie within.
  var isPossible: Bool { (minimum ?? -.infinity) <= (maximum ?? .infinity) }

  /// Whether a number lies within; NaN does not.
  func contains(_ value: Double) -> Bool {
    Bounds(least: minimum ?? -.infinity, largest: maximum ?? .infinity).contains(value)
  }
}

extension KeyedDecodingContainer {
  /// A finite number, or nil if it is left out.
  func bound(_ key: Key) throws -> Double? {
    let value = try decodeIfPresent(Double.self, forKey: key)
    try check(value.map(\.isFinite) ?? true, key, "must be a finite number")
    return value
  }

  /// Throws an error at the place of `key` unless `condition` holds.
  func check(_ condition: Bool, _ key: Key, _ problem: String) throws {
    guard condition else {
      throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: problem)
    }
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
