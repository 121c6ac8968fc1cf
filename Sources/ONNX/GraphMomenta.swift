// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import PluginKit

/// Four-momenta in a graph, in double precision, with the formulas of `FourMomentum`.
package struct GraphMomenta {
  /// In GeV: `[rows]` each.
  package let px, py, pz, energy: GraphValue

  /// Momenta of components `[rows]`.
  package init(px: GraphValue, py: GraphValue, pz: GraphValue, energy: GraphValue) {
    self.px = px
    self.py = py
    self.pz = pz
    self.energy = energy
  }

  /// Momenta of a matrix `[rows × 4]`.
  package init(_ matrix: GraphValue) {
    self.init(
      px: matrix.column(0), py: matrix.column(1), pz: matrix.column(2), energy: matrix.column(3))
  }

  /// Some of the momenta, by their rows.
  package func gathered(_ rows: GraphValue) -> GraphMomenta {
    GraphMomenta(
      px: px.gathered(rows), py: py.gathered(rows), pz: pz.gathered(rows), energy: energy.gathered(rows))
  }

  package static func + (a: GraphMomenta, b: GraphMomenta) -> GraphMomenta {
    GraphMomenta(px: a.px + b.px, py: a.py + b.py, pz: a.pz + b.pz, energy: a.energy + b.energy)
  }

  package var pt2: GraphValue { px * px + py * py }
  package var pt: GraphValue { pt2.squareRoot() }
  package var mass2: GraphValue { (energy + pz) * (energy - pz) - pt2 }

  /// Whether there is no transverse momentum.
  private var isAlongBeam: GraphValue { pt2.isEqual(to: 0) }

  /// The direction in the transverse plane, that of the azimuth 0 along the beam.
  private var transverse: (x: GraphValue, y: GraphValue) {
    (px.replaced(where: isAlongBeam, by: 1), py)
  }

  /// m, or −√(−m²).
  package var mass: GraphValue {
    let root = mass2.absolute().squareRoot()
    return GraphValue.choice(mass2.isLess(than: 0), -root, root)
  }

  /// The pseudorapidity, within ±`limit`, which momenta along the beam have.
  package func pseudorapidity(within limit: Double) -> GraphValue {
    let eta = (pz / pt).inverseHyperbolicSine().bounded(-limit, limit)
    let beam = GraphValue.choice(
      pz.isLess(than: 0), px.graph.scalar(-limit, .double), px.graph.scalar(limit, .double))
    return GraphValue.choice(isAlongBeam, beam, eta)
  }

  /// The rapidity; ±(10⁵ + |pz|) if it would be infinite.
  package var rapidity: GraphValue {
    let cone = energy + pz.absolute()
    let magnitude = -0.5 * ((pt2 + mass2.maximum(0)) / (cone * cone)).logarithm()
    // No for NaN too.
    let isFinite = magnitude.absolute().isAtMost(.greatestFiniteMagnitude)
    let isMasslessBeam = isAlongBeam.and(energy.isEqual(to: pz.absolute()))
    let isRegular = isFinite.and(isMasslessBeam.not())
    let limit = pz.absolute() + 1e5
    return GraphValue.choice(
      isRegular, GraphValue.choice(pz.isGreater(than: 0), magnitude, -magnitude),
      GraphValue.choice(pz.isLess(than: 0), -limit, limit))
  }

  /// The azimuth in [0, 2π), in single precision.
  package var phi: GraphValue {
    let angle = GraphValue.angle(x: transverse.x, y: transverse.y)
    return GraphValue.choice(angle.isLess(than: 0), angle + 2 * .pi, angle)
  }

  /// The polar angle to the beam in [0, π], in single precision.
  package var theta: GraphValue { GraphValue.angle(x: pz, y: pt) }

  /// The azimuth less that of others, in [−π, π]; small differences keep their precision.
  package func azimuth(from other: GraphMomenta) -> GraphValue {
    let ((x, y), (a, b)) = (transverse, other.transverse)
    return GraphValue.angle(x: a * x + b * y, y: a * y - b * x)
  }
}
