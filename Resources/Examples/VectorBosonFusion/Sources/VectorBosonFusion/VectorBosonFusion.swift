// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `vector-boson-fusion`: the pair of jets that two quarks leave which each radiated a weak boson.
///
/// Such jets fly far apart, in opposite hemispheres, and their invariant mass is large.
public struct VectorBosonFusion: Decision {
  /// What a menu says of the jets.
  public struct Configuration: Decodable, Sendable {
    /// The least transverse momentum of both jets in GeV; 30 unless given.
    public var minimumPt: Double
    /// The least distance of the jets in rapidity; 3 unless given.
    public var minimumGap: Double

    private enum CodingKeys: String, CodingKey {
      case minimumPt = "min-pt"
      case minimumGap = "min-rapidity-gap"
    }

    /// Reads the cuts, each of which may be left out.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      minimumPt = try container.decodeIfPresent(Double.self, forKey: .minimumPt) ?? 30
      minimumGap = try container.decodeIfPresent(Double.self, forKey: .minimumGap) ?? 3
    }
  }

  /// `vector-boson-fusion`.
  public static let identifier = "vector-boson-fusion"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The largest mass of two jets that are far apart, in opposite hemispheres."
  /// An example for users and tests.
  public static let example = DecisionExample("{min-pt: 20, min-rapidity-gap: 0.5}")
  /// True: a menu says how large the mass must be.
  public static let isMeasurement = true

  private let cuts: Configuration

  /// The pairs of jets that pass `configuration`.
  ///
  /// - Throws: `PluginError` where a cut is negative.
  public init(configuration: Configuration, sources: DecisionSources) throws {
    guard configuration.minimumPt >= 0, configuration.minimumGap >= 0 else {
      throw PluginError("A cut is negative: choose 0 or more for min-pt and min-rapidity-gap.")
    }
    cuts = configuration
  }

  /// `mass` in GeV and `rapidity-gap` of the pair with the largest mass.
  public var quantities: [HeadOutput] { [HeadOutput("mass", unit: "GeV"), HeadOutput("rapidity-gap")] }

  /// Whether there is a pair; writes its mass and its gap.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    var isFound = false
    // Jets come by falling pT for hadron collisions, but need not.
    for a in 0..<event.jetCount where event.pt(ofJet: a) >= cuts.minimumPt {
      for b in 0..<a where event.pt(ofJet: b) >= cuts.minimumPt {
        let (first, second) = (event.rapidity(ofJet: a), event.rapidity(ofJet: b))
        let gap = abs(first - second)
        guard first * second < 0, gap >= cuts.minimumGap else { continue }
        let mass = (event.momentum(ofJet: a) + event.momentum(ofJet: b)).mass
        guard !isFound || mass > values[0] else { continue }
        (values[0], values[1], isFound) = (mass, gap, true)
      }
    }
    return isFound
  }
}
