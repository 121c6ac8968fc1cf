// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A classical estimator of the mass of a jet or an event.
///
/// Its output in GeV is 0 where there is no estimate.
public enum MassEstimator: String, Codable, Sendable, CaseIterable {
  /// The mass of a jet as it is.
  case ungroomed = "ungroomed-mass"
  /// The mass of a jet after soft drop with z_cut = 0.1 and β = 0 (arXiv:1402.2657), its constituents reclustered by
  /// the Cambridge algorithm.
  case softDrop = "soft-drop-mass"
  /// The mass of the two τ candidates of an event; none where there are fewer than two.
  case visible = "visible-mass"
  /// The collinear approximation from the two τ candidates and the missing momentum; none where a neutrino would fly
  /// backwards.
  case collinear = "collinear-mass"

  /// What it has a value for.
  public var rows: HeadRows {
    switch self {
    case .ungroomed, .softDrop: .jets
    case .visible, .collinear: .events
    }
  }

  /// What it is made from.
  var inputs: Set<HeadInput> {
    switch self {
    case .ungroomed: [.jetMomenta]
    case .softDrop: [.jetMomenta, .constituents]
    case .visible, .collinear: [.constituents, .missingMomentum]
    }
  }

  /// How many numbers a network reads of a row beside the embedding.
  static func featureCount(_ estimators: [MassEstimator], _ rows: HeadRows) -> Int {
    guard !estimators.isEmpty else { return 0 }
    return rows == .jets ? estimators.count + 1 : TauPair.featureCount
  }

  /// The estimators in GeV, `[rows × estimators]`, and what a network reads beside the embedding,
  /// `[rows × featureCount]`.
  static func estimate(
    _ estimators: [MassEstimator], _ rows: HeadRows, _ inputs: HeadInputs, scale: Double
  ) -> (masses: [Float], features: [Float]) {
    rows == .jets
      ? estimateJets(estimators, inputs, scale: scale) : estimateEvents(estimators, inputs, scale: scale)
  }

  private static func estimateJets(
    _ estimators: [MassEstimator], _ inputs: HeadInputs, scale: Double
  ) -> (masses: [Float], features: [Float]) {
    var (masses, features): ([Float], [Float]) = ([], [])
    let momenta = inputs.jetMomenta
    let groomed = estimators.contains(.softDrop) ? softDropMasses(inputs.constituents) : []
    func logarithm(_ x: Double) -> Float { Float(log(min(max(x, 0.1), 1e6) / scale)) }
    for jet in 0..<inputs.jetCount {
      for estimator in estimators {
        let mass = max(0, estimator == .softDrop ? groomed[jet] : momenta[jet].mass)
        masses.append(Float(mass))
        features.append(logarithm(mass))
      }
      features.append(logarithm(momenta[jet].pt))
    }
    return (masses, features)
  }

  /// The soft-drop mass of each jet in GeV: `[jets]`.
  private static func softDropMasses(_ constituents: JetConstituents) -> [Double] {
    var jets = Events()
    for jet in 0..<constituents.jetCount {
      jets.eventNumbers.append(jet)
      jets.momenta.append(contentsOf: constituents.momenta, constituents.constituents(ofJet: jet))
      jets.offsets.append(jets.particleCount)
    }
    // Everything in reach of everything: all constituents make one tree. With β = 0 soft drop has no radius.
    guard
      let finder = try? JetFinder(
        JetDefinition(.cambridge, radius: 1000), selection: JetSelection(.inclusive(minimumPt: 0), leading: 1)
      ),
      let found = try? JetClusterer(finder).jets(in: jets),
      let softDrop = try? SoftDrop(zCut: 0.1, beta: 0, radius: 1)
    else { return Array(repeating: 0, count: constituents.jetCount) }
    return (0..<constituents.jetCount).map { jet in
      found.jets(ofEvent: jet).first.map { softDrop.groom(found.trees, tree: $0).momentum.mass } ?? 0
    }
  }

  private static func estimateEvents(
    _ estimators: [MassEstimator], _ inputs: HeadInputs, scale: Double
  ) -> (masses: [Float], features: [Float]) {
    var (masses, features): ([Float], [Float]) = ([], [])
    var jet = 0
    for event in 0..<inputs.eventCount {
      let first = jet
      while jet < inputs.jetCount, inputs.eventOfJet[jet] == event { jet += 1 }
      let pair = TauPair(inputs.constituents, jets: first..<jet)
      let (x, y) = (inputs.missingMomentum.px[event], inputs.missingMomentum.py[event])
      for estimator in estimators {
        let mass =
          estimator == .visible ? pair?.visibleMass : pair?.collinearMass(missingX: x, missingY: y)
        masses.append(Float(mass ?? 0))
      }
      features += TauPair.features(pair, missingX: x, missingY: y, scale: scale).map { Float($0) }
    }
    return (masses, features)
  }
}
