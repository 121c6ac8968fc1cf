// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The hardest leptons or photons of an event as inputs of a network.
///
/// A particle's isolation is the scalar sum of the transverse momenta of all other particles of the event within
/// √(Δη² + Δφ²) ≤ R of it, divided by its own, with η the pseudorapidity; whatever their kind, the other leptons too.
public struct IsolatedParticles: Sendable, Hashable {
  /// The kinds that there are, by their Particle Data Group identifiers.
  enum Kind: String {
    /// Electrons and muons.
    case lepton
    case photon

    func includes(_ pdgID: Int32) -> Bool {
      switch self {
      case .lepton: pdgID.magnitude == 11 || pdgID.magnitude == 13
      case .photon: pdgID == 22
      }
    }

    /// The names of a particle's numbers, in order, with azimuths called `azimuth`.
    func names(azimuth: String) -> [String] {
      let names = ["found", "ln pT", "η", "cos \(azimuth)", "sin \(azimuth)", "ln(1 + isolation)"]
      return self == .lepton ? names + ["charge", "muon"] : names
    }

    /// The number of a particle's numbers.
    var count: Int { self == .lepton ? 8 : 6 }
  }

  /// How many the network reads, the hardest first.
  public private(set) var count = 1
  /// The least pT in GeV.
  public private(set) var minimumPt = 0.0
  /// The radius R of the cone.
  public private(set) var isolationRadius = 0.3
  /// The largest isolation; `nil` for no limit.
  public private(set) var maximumIsolation: Double?

  /// The hardest particle.
  public init() {}

  /// A selection with checked parameters.
  ///
  /// - Throws: ``EventEncodingError`` if `count` is not 1 to 100, the radius not in 0.01...3, or another number
  ///   negative or not finite.
  public init(
    count: Int, minimumPt: Double = 0, isolationRadius: Double = 0.3, maximumIsolation: Double? = nil
  ) throws {
    self.count = count
    self.minimumPt = minimumPt
    self.isolationRadius = isolationRadius
    self.maximumIsolation = maximumIsolation
    try EventEncodingError.check(self)
  }
}

extension IsolatedParticles: SettingsSection, Encodable {
  private static let allowedCounts = 1...100

  /// The settings, in the order of tables.
  public static let settings: [Setting<IsolatedParticles>] = [
    Setting(
      "count", \.count, "how many are read, the hardest", isRequired: true,
      range: "\(allowedCounts.lowerBound) to \(allowedCounts.upperBound)"),
    Setting("min-pt", \.minimumPt, .notNegative, unit: "GeV", "the least pT"),
    Setting("isolation-radius", \.isolationRadius, .closed(0.01...3), "the radius R of the isolation cone"),
    Setting(
      "max-isolation", \.maximumIsolation, .notNegative,
      "the largest pT around a lepton or photon, as a fraction of its own"),
  ]

  /// Makes sure that the count is one.
  public func check(given: Set<String>) throws {
    guard Self.allowedCounts.contains(count) else {
      throw SettingProblem(
        "count", "must lie between \(Self.allowedCounts.lowerBound) and \(Self.allowedCounts.upperBound)")
    }
  }
}
