// SPDX-License-Identifier: GPL-3.0-or-later

import ONNX
import PluginKit

/// Where the numbers of events are measured from, in a graph: see ``EventFrame``.
///
/// Particles are inputs of the graph if something is asked that needs them.
final class GraphFrame {
  private let inputs: GraphInputs
  private let isOwn: Bool

  init(_ inputs: GraphInputs, isOwn: Bool) {
    self.inputs = inputs
    self.isOwn = isOwn
  }

  private var graph: Graph { inputs.graph }

  private func sums(_ values: GraphValue) -> GraphValue { inputs.particlesOfEvent.sums(values) }

  /// The transverse momentum that is missing, −Σ pT, in GeV: `[events]`.
  private(set) lazy var missingX = -sums(inputs.particles.px)
  private(set) lazy var missingY = -sums(inputs.particles.py)
  private(set) lazy var missingPt = (missingX * missingX + missingY * missingY).squareRoot()
  /// Σ pT in GeV: `[events]`.
  private(set) lazy var scalarSum = sums(inputs.particles.pt)

  /// The direction that azimuths are measured from, the side of the transverse plane and the direction of the beam:
  /// `[events]` each.
  private lazy var axes: (x: GraphValue, y: GraphValue, side: GraphValue, hemisphere: GraphValue) = {
    let p = inputs.particles
    let events = inputs.particlesOfEvent
    let pt = p.pt
    let hasNone = pt.isGreater(than: 0).not()
    func total(_ values: GraphValue) -> GraphValue { sums(values.replaced(where: hasNone, by: 0)) }
    let along = total(pt * p.pz / (p.pt2 + p.pz * p.pz).squareRoot())
    let cosines = total((p.px * p.px - p.py * p.py) / pt)
    let sines = total(2 * p.px * p.py / pt)
    // The first of the hardest particles.
    let largest = events.maxima(pt, atLeast: 0)
    let number = graph.range(before: pt.rowCount)
    let first = events.minima(
      number.replaced(where: pt.isEqual(to: largest.gathered(events.ofRow)).not(), by: 1e15), atMost: 1e15)
    let isOther = number.isEqual(to: first.gathered(events.ofRow)).not()
    func ofHardest(_ component: GraphValue) -> GraphValue {
      sums(component.replaced(where: isOther, by: 0)) / largest
    }
    let isMissing = missingPt.isGreater(than: 1e-9 * scalarSum)
    let hasMomentum = scalarSum.isGreater(than: 0)
    func axis(_ missing: GraphValue, _ component: GraphValue, otherwise: Double) -> GraphValue {
      let hardest = ofHardest(component).replaced(where: hasMomentum.not(), by: otherwise)
      return GraphValue.choice(isMissing, missing / missingPt, hardest)
    }
    let x = axis(missingX, p.px, otherwise: 1)
    let y = axis(missingY, p.py, otherwise: 0)
    let tilt = sines * (x * x - y * y) - cosines * (2 * x) * y
    func sign(_ value: GraphValue) -> GraphValue {
      graph.filled(1, .double, shape: value.rowCount).replaced(where: value.isLess(than: 0), by: -1)
    }
    return (x, y, sign(tilt), sign(along))
  }()

  /// The cosine and the sine of the azimuths of momenta of some events, both 0 along the beam: `[rows]`.
  func direction(
    of p: GraphMomenta, _ event: GraphValue
  ) -> (cosine: GraphValue, sine: GraphValue) {
    let pt = p.pt
    let hasNone = pt.isGreater(than: 0).not()
    func part(_ value: GraphValue) -> GraphValue { (value / pt).replaced(where: hasNone, by: 0) }
    guard isOwn else { return (part(p.px), part(p.py)) }
    let (x, y, side) = (axes.x.gathered(event), axes.y.gathered(event), axes.side.gathered(event))
    return (part(p.px * x + p.py * y), side * part(p.py * x - p.px * y))
  }

  /// The pseudorapidities of momenta of some events, within ±10: `[rows]`.
  func pseudorapidity(of p: GraphMomenta, _ event: GraphValue) -> GraphValue {
    let eta = p.pseudorapidity(within: FourMomentum.largestPseudorapidity)
    return isOwn ? axes.hemisphere.gathered(event) * eta : eta
  }
}
