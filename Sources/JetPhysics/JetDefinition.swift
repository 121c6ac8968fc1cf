// SPDX-License-Identifier: GPL-3.0-or-later

/// How particles become jets: an algorithm, its parameters and a recombination scheme, as in FastJet.
///
/// The generalised kT algorithms join the pair of least d_ij = min(kT_i^2p, kT_j^2p) ΔR_ij²/R², or end a jet
/// if d_iB = kT_i^2p is less (arXiv:1111.6097, section 2.2).
public struct JetDefinition: Sendable, Hashable {
  /// A sequential recombination algorithm; the raw value is its name on the command line and in files.
  public enum Algorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Anti-kT, p = −1 (arXiv:0802.1189).
    case antikt
    /// Longitudinally invariant kT, p = 1 (hep-ph/9305266).
    case kt
    /// Cambridge/Aachen, p = 0 (hep-ph/9707323, hep-ph/9907280).
    case cambridge
    /// Generalised kT of any power p.
    case genkt
    /// The e⁺e⁻ kT or Durham algorithm; it has no radius (Phys. Lett. B269 (1991) 432).
    case eeKt = "ee-kt"
    /// The e⁺e⁻ generalised kT algorithm of any power p, with angles in place of rapidities.
    case eeGenkt = "ee-genkt"

    /// Whether the algorithm is one for e⁺e⁻ collisions, which orders jets by energy and not by pT.
    public var isSpherical: Bool { self == .eeKt || self == .eeGenkt }

    /// Whether the algorithm has the power p as a parameter.
    public var hasPower: Bool { self == .genkt || self == .eeGenkt }

    /// Whether the algorithm has the radius R as a parameter.
    public var hasRadius: Bool { self != .eeKt }
  }

  /// How two pseudojets become one; the raw value is its name on the command line and in files.
  ///
  /// The schemes are FastJet's (arXiv:1111.6097, section 3.4; arXiv:1401.2158 for winner-takes-all).
  public enum RecombinationScheme: String, Sendable, Hashable, Codable, CaseIterable {
    /// Sum of four-momenta.
    case e = "E"
    /// Massless, directions weighted by pT.
    case pt
    /// Massless, directions weighted by pT².
    case pt2
    /// As `pt`, with |p| set to E beforehand.
    case et = "Et"
    /// As `pt2`, with |p| set to E beforehand.
    case et2 = "Et2"
    /// Directions weighted by pT, nothing done beforehand.
    case biPt = "BIpt"
    /// Directions weighted by pT², nothing done beforehand.
    case biPt2 = "BIpt2"
    /// The direction of the larger pT takes all.
    case wtaPt = "WTA-pt"
    /// The direction of the larger |p| takes all.
    case wtaModp = "WTA-modp"
  }

  /// The radii that FastJet and its arithmetic allow.
  public static let allowedRadii: ClosedRange<Double> = 1e-6...1000

  /// The radius of a definition that does not say one.
  public static let defaultRadius = 0.4

  /// The algorithm.
  public let algorithm: Algorithm
  /// The jet radius R; without effect if the algorithm has none.
  public let radius: Double
  /// The power p of the generalised algorithms.
  public let power: Double?
  /// The recombination scheme.
  public let recombination: RecombinationScheme

  /// A definition with checked parameters.
  ///
  /// A power may be given whatever the algorithm, for the trees of a ``JetFinder`` that reclusters with a
  /// generalised algorithm.
  ///
  /// - Throws: ``JetPhysicsError`` if the radius is outside ``allowedRadii``, or the power is missing or not
  ///   finite.
  public init(
    _ algorithm: Algorithm, radius: Double = Self.defaultRadius, power: Double? = nil,
    recombination: RecombinationScheme = .e
  ) throws {
    if algorithm.hasRadius, !Self.allowedRadii.contains(radius) {
      throw JetPhysicsError(
        field: "radius", problem: "The jet radius is \(radius): choose one from 1e-6 to 1000.")
    }
    if algorithm.hasPower, power == nil {
      throw JetPhysicsError(
        field: "power", problem: "The algorithm \(algorithm.rawValue) needs a power p: give one.")
    }
    if let power, !power.isFinite {
      throw JetPhysicsError(field: "power", problem: "The power p is \(power): choose a finite number.")
    }
    self.algorithm = algorithm
    self.radius = radius
    self.power = power
    self.recombination = recombination
  }
}

extension JetDefinition: Codable {
  private enum CodingKeys: String, CodingKey {
    case algorithm, radius, power, recombination
  }

  /// Reads `algorithm`, `radius` (the default unless given), `power` and `recombination` (E unless given).
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      container.decode(Algorithm.self, forKey: .algorithm),
      radius: container.decodeIfPresent(Double.self, forKey: .radius) ?? Self.defaultRadius,
      power: container.decodeIfPresent(Double.self, forKey: .power),
      recombination: container.decodeIfPresent(RecombinationScheme.self, forKey: .recombination) ?? .e)
  }
}
