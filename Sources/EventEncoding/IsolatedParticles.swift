// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics

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
  public let count: Int
  /// The least pT in GeV.
  public let minimumPt: Double
  /// The radius R of the cone.
  public let isolationRadius: Double
  /// The largest isolation; `nil` for no limit.
  public let maximumIsolation: Double?

  /// A selection with checked parameters.
  ///
  /// - Throws: ``EventEncodingError`` where `count` is not 1 to 100, the radius not in 0.01...3, or another number
  ///   negative or not finite.
  public init(
    count: Int, minimumPt: Double = 0, isolationRadius: Double = 0.3, maximumIsolation: Double? = nil
  ) throws {
    try EventEncodingError.require((1...100).contains(count), "count") {
      "The number of leptons or photons is \(count): choose 1 to 100."
    }
    try EventEncodingError.require(minimumPt >= 0 && minimumPt.isFinite, "min-pt") {
      "The minimum pT is \(minimumPt) GeV: choose 0 or more."
    }
    try EventEncodingError.require((0.01...3).contains(isolationRadius), "isolation-radius") {
      "The isolation radius is \(isolationRadius): choose one from 0.01 to 3."
    }
    if let maximumIsolation {
      try EventEncodingError.require(maximumIsolation >= 0 && maximumIsolation.isFinite, "max-isolation") {
        "The maximum isolation is \(maximumIsolation): choose 0 or more."
      }
    }
    self.count = count
    self.minimumPt = minimumPt
    self.isolationRadius = isolationRadius
    self.maximumIsolation = maximumIsolation
  }

  /// The isolation of a particle.
  ///
  /// - Parameters:
  ///   - particle: counted from the first of the batch.
  ///   - events: the batch.
  ///   - particles: the particles of the event.
  ///   - pt: their transverse momenta in GeV: `[particles of the event]`.
  func isolation(
    of particle: Int, in events: EventBatch, _ particles: Range<Int>, pt: [Double]
  ) -> Double {
    let momenta = events.momenta
    let (x, y) = (momenta.px[particle], momenta.py[particle])
    let own = pt[particle - particles.lowerBound]
    guard own > 0 else { return 0 }
    let p = events.momentum(ofParticle: particle)
    let (eta, phi) = (p.pseudorapidity, p.phi)
    let least = cos(isolationRadius) * own * (1 - 1e-12)
    var sum = 0.0
    for other in particles where other != particle {
      let pt = pt[other - particles.lowerBound]
      // Most are too far in azimuth, which takes no transcendental function to see.
      guard pt > 0, x * momenta.px[other] + y * momenta.py[other] >= least * pt else { continue }
      let q = events.momentum(ofParticle: other)
      let deltaEta = q.pseudorapidity - eta
      guard abs(deltaEta) <= isolationRadius else { continue }
      let deltaPhi = (q.phi - phi).magnitude
      let azimuth = min(deltaPhi, 2 * .pi - deltaPhi)
      if deltaEta * deltaEta + azimuth * azimuth <= isolationRadius * isolationRadius { sum += pt }
    }
    return sum / own
  }
}

extension IsolatedParticles: Codable {
  private enum CodingKeys: String, CodingKey {
    case count
    case minimumPt = "min-pt"
    case isolationRadius = "isolation-radius"
    case maximumIsolation = "max-isolation"
  }

  /// Reads `count` and optionally `min-pt`, `isolation-radius` and `max-isolation`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      count: container.decode(Int.self, forKey: .count),
      minimumPt: container.decodeIfPresent(Double.self, forKey: .minimumPt) ?? 0,
      isolationRadius: container.decodeIfPresent(Double.self, forKey: .isolationRadius) ?? 0.3,
      maximumIsolation: container.decodeIfPresent(Double.self, forKey: .maximumIsolation))
  }
}

extension EventEncodingError {
  static func require(_ holds: Bool, _ field: String, problem: () -> String) throws {
    if !holds { throw EventEncodingError(field: field, problem: problem()) }
  }
}
