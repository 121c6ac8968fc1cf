// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A classical estimator of the mass of a jet or an event.
///
/// Its output in GeV is 0 if there is no estimate.
public enum MassEstimator: String, Codable, Sendable, CaseIterable {
  /// The mass of a jet as it is.
  case ungroomed = "ungroomed-mass"
  /// The mass of a jet after soft drop: that of the observable `soft-drop`, which has z_cut = 0.1 and β = 0 unless the
  /// configuration declares another.
  case softDrop = "soft-drop-mass"
  /// The mass of the two τ candidates of an event, of the observable `tau-pair`; none if there are fewer than two.
  case visible = "visible-mass"
  /// The collinear approximation from the two τ candidates and the missing momentum; none if a neutrino would fly
  /// backwards.
  case collinear = "collinear-mass"
  /// The mass of the two τ candidates by the likelihood of the observable `fast-mtt`; none without a pair.
  case fastMTT = "fast-mtt-mass"

  /// What it has a value for: each jet or each event.
  public var rows: HeadRows {
    switch self {
    case .ungroomed, .softDrop: .jets
    case .visible, .collinear, .fastMTT: .events
    }
  }

  /// What it is made from, besides ``observables``.
  var inputs: Set<HeadInput> {
    switch self {
    case .ungroomed, .softDrop: [.jetMomenta]
    case .visible, .collinear, .fastMTT: [.missingMomentum]
    }
  }

  /// The numbers of observables that it is made from.
  var observables: Set<String> {
    switch self {
    case .ungroomed: []
    case .softDrop: [Self.softDropMass]
    case .visible, .collinear: TauPairNumbers.columns
    case .fastMTT: TauPairNumbers.columns.union([Self.fastMTTMass])
    }
  }

  static let softDropMass = "soft-drop/mass"
  static let fastMTTMass = "fast-mtt/mass"
  /// Where logarithms stop, in GeV.
  static let leastMass = 0.1
  static let largestMass = 1e6

  /// How many numbers a network reads of a row in addition to the embedding.
  static func featureCount(_ estimators: [MassEstimator], _ rows: HeadRows) -> Int {
    guard !estimators.isEmpty else { return 0 }
    if rows == .jets { return estimators.count + 1 }
    return TauPairNumbers.featureCount + (estimators.contains(.fastMTT) ? 1 : 0)
  }

  /// The estimators in GeV, `[rows × estimators]`, and the numbers that a network reads in addition to the
  /// embedding, `[rows × featureCount]`.
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
    let groomed = estimators.contains(.softDrop) ? inputs.observable(softDropMass) : []
    func logarithm(_ x: Double) -> Float { Float(log(min(max(x, leastMass), largestMass) / scale)) }
    for jet in 0..<inputs.jetCount {
      for estimator in estimators {
        // A jet has no number if soft drop leaves nothing of it.
        let mass = max(0, estimator == .softDrop ? groomed[jet].orZero : momenta[jet].mass)
        masses.append(Float(mass))
        features.append(logarithm(mass))
      }
      features.append(logarithm(momenta[jet].pt))
    }
    return (masses, features)
  }

  private static func estimateEvents(
    _ estimators: [MassEstimator], _ inputs: HeadInputs, scale: Double
  ) -> (masses: [Float], features: [Float]) {
    var (masses, features): ([Float], [Float]) = ([], [])
    let pairs = TauPairNumbers(inputs)
    let fastMTT = estimators.contains(.fastMTT) ? inputs.observable(fastMTTMass) : []
    for event in 0..<inputs.eventCount {
      for estimator in estimators {
        let mass =
          switch estimator {
          case .collinear: pairs.collinearMass[event]
          case .fastMTT: fastMTT[event]
          default: pairs.visibleMass[event]
          }
        masses.append(Float(mass.orZero))
      }
      features += pairs.features(ofEvent: event, scale: scale).map { Float($0) }
      if let mass = fastMTT.isEmpty ? nil : fastMTT[event] {
        // As the visible mass, an event without an estimate has 0.
        features.append(mass.isNaN ? 0 : Float(log(min(max(mass, leastMass), largestMass) / scale)))
      }
    }
    return (masses, features)
  }
}

extension Double {
  /// 0 for a number that is not there.
  fileprivate var orZero: Double { isNaN ? 0 : self }
}
