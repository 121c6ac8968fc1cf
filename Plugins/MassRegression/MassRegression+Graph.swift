// SPDX-License-Identifier: GPL-3.0-or-later

import ONNX
import PluginKit

extension MassRegression: GraphHead {
  package func numbers(_ inputs: GraphInputs) -> [(value: GraphValue, columns: Int)] {
    guard !estimators.isEmpty else { return [] }
    let (masses, features) =
      rows == .jets
      ? MassEstimator.ofJets(estimators, inputs, scale: Double(scale))
      : MassEstimator.ofEvents(estimators, inputs, scale: Double(scale))
    return [features, masses].map { columns in
      (GraphValue.matrix(columns: columns).cast(to: .float), columns.count)
    }
  }
}

extension MassEstimator {
  /// The estimators, and what a network reads of them, in a graph: `[jets]` each.
  fileprivate static func ofJets(
    _ estimators: [MassEstimator], _ inputs: GraphInputs, scale: Double
  ) -> (masses: [GraphValue], features: [GraphValue]) {
    let masses = estimators.map { estimator in
      let mass =
        estimator == .softDrop ? inputs.observable(softDropMass, rows: .jets).orZero : inputs.jets.mass
      return mass.maximum(0)
    }
    return (masses, (masses + [inputs.jets.pt]).map { $0.logarithm(relativeTo: scale) })
  }

  /// The estimators, and what a network reads of pairs, in a graph: `[events]` each.
  fileprivate static func ofEvents(
    _ estimators: [MassEstimator], _ inputs: GraphInputs, scale: Double
  ) -> (masses: [GraphValue], features: [GraphValue]) {
    let pair = GraphTauPair(inputs)
    let fastMTT = estimators.contains(.fastMTT) ? inputs.observable(fastMTTMass, rows: .events) : nil
    let masses = estimators.map { estimator in
      let mass =
        switch estimator {
        case .collinear: pair.collinearMass
        case .fastMTT: fastMTT!
        default: pair.visibleMass
        }
      return mass.orZero
    }
    let logarithm = fastMTT.map { mass in
      mass.logarithm(relativeTo: scale).replaced(where: mass.isNotANumber(), by: 0)
    }
    return (masses, pair.features(scale: scale) + [logarithm].compactMap(\.self))
  }
}

/// What the observable `tau-pair` says of events, in a graph: see ``TauPairNumbers``.
private struct GraphTauPair {
  private let inputs: GraphInputs
  let visibleMass, collinearMass: GraphValue

  init(_ inputs: GraphInputs) {
    self.inputs = inputs
    visibleMass = inputs.observable("tau-pair/visible-mass", rows: .events)
    collinearMass = inputs.observable("tau-pair/collinear-mass", rows: .events)
  }

  private func column(_ name: String) -> GraphValue {
    inputs.observable("tau-pair/\(name)", rows: .events)
  }

  private func momentum(_ rank: Int) -> GraphMomenta {
    GraphMomenta(
      px: column("px-\(rank)"), py: column("py-\(rank)"), pz: column("pz-\(rank)"),
      energy: column("energy-\(rank)"))
  }

  /// The features of `TauPairNumbers.features`: `[events]` each.
  func features(scale: Double) -> [GraphValue] {
    let graph = inputs.graph
    let hasPair = visibleMass.isNotANumber().not()
    let (a, b) = (momentum(1), momentum(2))
    let (all, particles) = (inputs.particlesOfEvent, inputs.particles)
    let (x, y) = (-all.sums(particles.px), -all.sums(particles.py))
    let zero = graph.filled(0, .double, shape: hasPair.rowCount)
    let missing = GraphMomenta(px: x, py: y, pz: zero, energy: (x * x + y * y).squareRoot())
    let hasNoCollinear = collinearMass.isNotANumber()
    let collinear = GraphValue.choice(hasNoCollinear, visibleMass, collinearMass)
    let (first, second) = (column("neutrinos-1"), column("neutrinos-2"))
    let hasNoShares = first.isNotANumber()
    func share(_ value: GraphValue) -> GraphValue {
      value.replaced(where: hasNoShares, by: 0).inverseHyperbolicSine()
    }
    func cosine(_ p: GraphMomenta, _ q: GraphMomenta) -> GraphValue {
      let product = p.pt * q.pt
      return ((p.px * q.px + p.py * q.py) / product).replaced(
        where: product.isGreater(than: 0).not(), by: 0)
    }
    func flag(_ condition: GraphValue) -> GraphValue { condition.cast(to: .double) }
    func features(ofTau rank: Int, _ p: GraphMomenta) -> [GraphValue] {
      [
        p.pt.logarithm(relativeTo: scale), p.pseudorapidity(within: 10).absolute(),
        column("lepton-\(rank)"), column("identified-\(rank)"), column("isolation-\(rank)"),
        p.mass.logarithm(atLeast: MassEstimator.leastMass), cosine(p, missing),
      ]
    }
    let charges = column("charge-1") * column("charge-2")
    let numbers =
      [
        flag(hasPair), visibleMass.logarithm(relativeTo: scale), collinear.logarithm(relativeTo: scale),
        flag(hasNoCollinear.not()), share(first), share(second), cosine(a, b),
        flag(charges.isLess(than: 0)), (a + b).pt.logarithm(relativeTo: scale),
        (a + b + missing).pt.logarithm(relativeTo: scale),
      ] + features(ofTau: 1, a) + features(ofTau: 2, b)
    return numbers.map { $0.replaced(where: hasPair.not(), by: 0) }
  }
}

extension GraphValue {
  /// 0 for a number that is not there.
  fileprivate var orZero: GraphValue { replaced(where: isNotANumber(), by: 0) }

  /// ln(x / scale) for x in GeV within the range of masses.
  fileprivate func logarithm(relativeTo scale: Double) -> GraphValue {
    (bounded(MassEstimator.leastMass, MassEstimator.largestMass) / scale).logarithm()
  }
}
