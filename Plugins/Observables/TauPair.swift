// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// What a detector sees of a τ: an electron, a muon or a narrow jet of hadrons, found in a jet.
struct TauCandidate {
  /// The visible momentum in GeV.
  let momentum: FourMomentum
  /// The electric charge; 0 where the input has no identifiers.
  let charge: Int
  /// Whether it is an electron or a muon.
  let isLepton: Bool
  /// Whether it looks like a τ: a lepton, or one or three charged particles of total charge ±1 within the mass of a τ.
  let isIdentified: Bool
  /// Its share of the scalar sum of the transverse momenta of the jet's constituents: 1 where it is isolated.
  let isolation: Double

  /// The cone around the hardest constituent whose particles a hadronic candidate has.
  private static let coneSize = 0.2
  /// The least pT in GeV of the charged particles that are counted.
  private static let leastTrackPt = 1.0
  private static let largestMass = 1.8
  private static let leastLeptonShare = 0.6

  /// What is seen of a τ in a jet; nil for a jet without momentum.
  ///
  /// - Parameters:
  ///   - constituents: the particles of the jet by falling pT, counted from the first of all events.
  ///   - events: the events.
  init?(_ constituents: [Int], of events: Events) {
    guard let hardest = constituents.first else { return nil }
    let seed = events.momentum(ofParticle: hardest)
    func electricCharge(_ particle: Int) -> Int {
      events.pdgID.isEmpty ? 0 : Self.charge(events.pdgID[particle])
    }
    let seedPt = seed.pt
    guard seedPt > 0 else { return nil }
    var core = FourMomentum.zero
    var (sum, coreSum) = (0.0, 0.0)
    var (tracks, coreCharge) = (0, 0)
    for constituent in constituents {
      let p = events.momentum(ofParticle: constituent)
      let pt = p.pt
      sum += pt
      guard seed.deltaR(to: p) < Self.coneSize else { continue }
      core = core + p
      coreSum += pt
      let charge = electricCharge(constituent)
      if charge != 0, pt > Self.leastTrackPt {
        tracks += 1
        coreCharge += charge
      }
    }
    let identity = events.pdgID.isEmpty ? 0 : events.pdgID[hardest].magnitude
    if identity == 11 || identity == 13, seedPt > Self.leastLeptonShare * sum {
      momentum = seed
      charge = electricCharge(hardest)
      (isLepton, isIdentified) = (true, true)
      isolation = seedPt / sum
    } else {
      momentum = core
      charge = coreCharge
      isLepton = false
      isIdentified = (tracks == 1 || tracks == 3) && abs(coreCharge) == 1 && core.mass < Self.largestMass
      isolation = coreSum / sum
    }
  }

  /// The charge of a long-lived particle by its Particle Data Group identifier.
  private static func charge(_ pdgID: Int32) -> Int {
    switch pdgID.magnitude {
    case 11, 13: pdgID > 0 ? -1 : 1
    case 211, 321, 2212: pdgID > 0 ? 1 : -1
    default: 0
    }
  }

  /// How much it is worth as a candidate: hard, isolated and identified ones come first.
  var worth: Double { momentum.pt * pow(isolation, 4) * (isIdentified ? 1 : 0.1) }
}

/// The two τ candidates of an event, by falling pT.
struct TauPair {
  let first: TauCandidate
  let second: TauCandidate

  private static let candidatesAtMost = 5

  /// The pair of jets of an event that is worth most, opposite charges before others; nil where there are fewer than
  /// two.
  init?(_ all: [TauCandidate]) {
    let candidates = all.sorted { $0.worth > $1.worth }.prefix(Self.candidatesAtMost)
    var best: (worth: Double, pair: (TauCandidate, TauCandidate))?
    for (index, a) in candidates.enumerated() {
      for b in candidates.dropFirst(index + 1) {
        let worth = a.worth * b.worth * (a.charge * b.charge < 0 ? 1 : 0.1)
        if best == nil || worth > best!.worth { best = (worth, (a, b)) }
      }
    }
    guard let (a, b) = best?.pair else { return nil }
    (first, second) = a.momentum.pt >= b.momentum.pt ? (a, b) : (b, a)
  }

  /// The mass of both visible momenta in GeV.
  var visibleMass: Double { max(0, (first.momentum + second.momentum).mass) }

  /// The collinear approximation (R. K. Ellis et al., Nucl. Phys. B 297 (1988) 221): the neutrinos of each τ fly along
  /// its visible momentum and together make the missing momentum.
  ///
  /// - Returns: the momentum of each τ's neutrinos over its visible momentum; nil where the candidates are back to
  ///   back or parallel, so that there is no solution.
  func neutrinoShares(missingX: Double, missingY: Double) -> (first: Double, second: Double)? {
    let (a, b) = (first.momentum, second.momentum)
    let area = a.px * b.py - a.py * b.px
    let shares = (
      first: (missingX * b.py - missingY * b.px) / area, second: (a.px * missingY - a.py * missingX) / area
    )
    return shares.first.isFinite && shares.second.isFinite ? shares : nil
  }

  /// The mass in the collinear approximation, m_vis √((1 + r₁)(1 + r₂)) in GeV; nil where a neutrino would fly
  /// backwards.
  func collinearMass(missingX: Double, missingY: Double) -> Double? {
    guard let shares = neutrinoShares(missingX: missingX, missingY: missingY), shares.first >= 0,
      shares.second >= 0
    else { return nil }
    return visibleMass * ((1 + shares.first) * (1 + shares.second)).squareRoot()
  }
}
