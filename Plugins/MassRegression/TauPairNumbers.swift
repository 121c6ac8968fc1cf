// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// What the observable `tau-pair` says of the events of a pass.
struct TauPairNumbers {
  /// The numbers of one candidate of each event: `[events]` each, NaN if the event has no pair.
  private struct Candidate {
    let px, py, pz, energy, charge, lepton, identified, isolation: [Double]

    init(_ rank: Int, _ inputs: HeadInputs) {
      func column(_ name: String) -> [Double] { inputs.observable("tau-pair/\(name)-\(rank)") }
      px = column("px")
      py = column("py")
      pz = column("pz")
      energy = column("energy")
      charge = column("charge")
      lepton = column("lepton")
      identified = column("identified")
      isolation = column("isolation")
    }

    func momentum(ofEvent event: Int) -> FourMomentum {
      FourMomentum(px: px[event], py: py[event], pz: pz[event], energy: energy[event])
    }
  }

  /// The numbers that are read.
  static let columns: Set<String> = {
    let ofCandidates = ["px", "py", "pz", "energy", "charge", "lepton", "identified", "isolation"]
    return Set(
      ["visible-mass", "collinear-mass", "neutrinos-1", "neutrinos-2"].map { "tau-pair/\($0)" }
        + ofCandidates.flatMap { ["tau-pair/\($0)-1", "tau-pair/\($0)-2"] })
  }()

  /// The mass of both candidates in GeV: `[events]`, NaN if there is no pair.
  let visibleMass: [Double]
  /// The collinear mass in GeV: `[events]`, NaN if there is none.
  let collinearMass: [Double]

  private let shares: (first: [Double], second: [Double])
  private let first: Candidate
  private let second: Candidate
  private let missing: MissingMomenta

  init(_ inputs: HeadInputs) {
    visibleMass = inputs.observable("tau-pair/visible-mass")
    collinearMass = inputs.observable("tau-pair/collinear-mass")
    shares = (inputs.observable("tau-pair/neutrinos-1"), inputs.observable("tau-pair/neutrinos-2"))
    first = Candidate(1, inputs)
    second = Candidate(2, inputs)
    missing = inputs.missingMomentum
  }

  /// The number of features of an event.
  static let featureCount = 24

  /// What a network reads of a pair, of the size of 1, unchanged when the event is rotated around the beam or
  /// reflected; zeros if there is no pair: `[featureCount]`.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - scale: the mass in GeV that others are relative to.
  /// - Returns: the features: `[featureCount]`.
  func features(ofEvent event: Int, scale: Double) -> [Double] {
    let visibleMass = visibleMass[event]
    guard !visibleMass.isNaN else { return Array(repeating: 0, count: Self.featureCount) }
    let (x, y) = (missing.px[event], missing.py[event])
    let missing = FourMomentum(px: x, py: y, pz: 0, energy: hypot(x, y))
    let (a, b) = (first.momentum(ofEvent: event), second.momentum(ofEvent: event))
    let visible = a + b
    let collinear = collinearMass[event].isNaN ? nil : collinearMass[event]
    let hasShares = !shares.first[event].isNaN
    func logarithm(_ x: Double) -> Double {
      log(min(max(x, MassEstimator.leastMass), MassEstimator.largestMass) / scale)
    }
    func cosine(_ p: FourMomentum, _ q: FourMomentum) -> Double {
      let product = p.pt * q.pt
      return product > 0 ? (p.px * q.px + p.py * q.py) / product : 0
    }
    func features(of tau: Candidate, _ p: FourMomentum) -> [Double] {
      [
        logarithm(p.pt), min(abs(p.pseudorapidity), 10), tau.lepton[event], tau.identified[event],
        tau.isolation[event], log(max(p.mass, MassEstimator.leastMass)),
        cosine(p, missing),
      ]
    }
    return [
      1, logarithm(visibleMass), logarithm(collinear ?? visibleMass), collinear == nil ? 0 : 1,
      asinh(hasShares ? shares.first[event] : 0), asinh(hasShares ? shares.second[event] : 0),
      cosine(a, b), first.charge[event] * second.charge[event] < 0 ? 1 : 0, logarithm(visible.pt),
      logarithm((visible + missing).pt),
    ] + features(of: first, a) + features(of: second, b)
  }
}
