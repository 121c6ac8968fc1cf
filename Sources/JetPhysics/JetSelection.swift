// SPDX-License-Identifier: GPL-3.0-or-later

/// Which steps of an event's clustering are its jets.
public struct JetSelection: Sendable, Hashable {
  /// Where the clustering stops.
  public enum Kind: Sendable, Hashable {
    /// The jets that the algorithm joins with the beam, of at least this pT in GeV.
    ///
    /// The cut is on pT for e⁺e⁻ algorithms too, as in FastJet's `inclusive_jets`.
    case inclusive(minimumPt: Double)
    /// The jets that exist when their number has fallen to this one; in an event of fewer particles, each
    /// particle.
    case exclusiveJets(Int)
    /// The jets that exist when every distance d_ij is larger than a cut.
    case exclusiveCut(Double)
  }

  /// Where the clustering stops.
  public let kind: Kind
  /// The largest |rapidity| of a jet; `nil` for no limit.
  public let maximumAbsRapidity: Double?
  /// How many jets of each event are kept, the hardest first; `nil` for all.
  public let leading: Int?

  /// A selection with checked parameters.
  ///
  /// - Throws: ``JetPhysicsError`` if a number is negative, not finite, or a count less than 1.
  public init(_ kind: Kind, maximumAbsRapidity: Double? = nil, leading: Int? = nil) throws {
    switch kind {
    case .inclusive(let minimumPt):
      try Self.require(minimumPt >= 0 && minimumPt.isFinite, "minimumPt") {
        "The minimum pT is \(minimumPt) GeV: choose 0 or more."
      }
    case .exclusiveJets(let count):
      try Self.require(count >= 1 && count <= Int32.max, "exclusiveJets") {
        "The number of exclusive jets is \(count): choose 1 or more."
      }
    case .exclusiveCut(let cut):
      try Self.require(cut >= 0 && cut.isFinite, "exclusiveCut") {
        "The exclusive distance cut is \(cut): choose 0 or more."
      }
    }
    if let maximumAbsRapidity {
      try Self.require(maximumAbsRapidity >= 0 && maximumAbsRapidity.isFinite, "maximumAbsRapidity") {
        "The maximum |rapidity| is \(maximumAbsRapidity): choose 0 or more."
      }
    }
    if let leading {
      try Self.require(leading >= 1, "leading") {
        "The number of leading jets is \(leading): choose 1 or more."
      }
    }
    self.kind = kind
    self.maximumAbsRapidity = maximumAbsRapidity
    self.leading = leading
  }

  /// All inclusive jets.
  public static let allInclusive = JetSelection(unchecked: .inclusive(minimumPt: 0))

  /// How many jets an event has at most; nil if any number.
  public var mostJets: Int? {
    guard case .exclusiveJets(let count) = kind else { return leading }
    return min(count, leading ?? count)
  }

  private init(unchecked kind: Kind) {
    self.kind = kind
    maximumAbsRapidity = nil
    leading = nil
  }

  private static func require(_ holds: Bool, _ field: String, problem: () -> String) throws {
    if !holds { throw JetPhysicsError(field: field, problem: problem()) }
  }
}

extension JetSelection: Codable {
  private enum CodingKeys: String, CodingKey {
    case minimumPt, exclusiveJets, exclusiveCut, maximumAbsRapidity, leading
  }

  /// Reads one of `minimumPt`, `exclusiveJets` and `exclusiveCut` (all inclusive jets if there is none), and
  /// optionally `maximumAbsRapidity` and `leading`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let minimumPt = try container.decodeIfPresent(Double.self, forKey: .minimumPt)
    let jets = try container.decodeIfPresent(Int.self, forKey: .exclusiveJets)
    let cut = try container.decodeIfPresent(Double.self, forKey: .exclusiveCut)
    let kind: Kind
    switch (minimumPt, jets, cut) {
    case (let minimumPt, nil, nil): kind = .inclusive(minimumPt: minimumPt ?? 0)
    case (nil, let jets?, nil): kind = .exclusiveJets(jets)
    case (nil, nil, let cut?): kind = .exclusiveCut(cut)
    default:
      throw JetPhysicsError(
        field: "selection",
        problem: "The jet selection has more than one of minimumPt, exclusiveJets and exclusiveCut: keep one."
      )
    }
    try self.init(
      kind, maximumAbsRapidity: container.decodeIfPresent(Double.self, forKey: .maximumAbsRapidity),
      leading: container.decodeIfPresent(Int.self, forKey: .leading))
  }

  /// Writes the keys that `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch kind {
    case .inclusive(let minimumPt): try container.encode(minimumPt, forKey: .minimumPt)
    case .exclusiveJets(let count): try container.encode(count, forKey: .exclusiveJets)
    case .exclusiveCut(let cut): try container.encode(cut, forKey: .exclusiveCut)
    }
    try container.encodeIfPresent(maximumAbsRapidity, forKey: .maximumAbsRapidity)
    try container.encodeIfPresent(leading, forKey: .leading)
  }
}
