// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A direction in rapidity and azimuth.
struct Direction {
  var rapidity: Double
  var phi: Double

  init(rapidity: Double, phi: Double) {
    self.rapidity = rapidity
    self.phi = phi
  }

  init(_ momentum: FourMomentum) { self.init(rapidity: momentum.rapidity, phi: momentum.phi) }

  /// The square Δy² + Δφ² of the distance.
  func distance2(to other: Direction) -> Double {
    let (deltaY, deltaPhi) = (other.rapidity - rapidity, deltaPhi(to: other))
    return deltaY * deltaY + deltaPhi * deltaPhi
  }

  /// The azimuth of `other` less this one's, in [−π, π].
  func deltaPhi(to other: Direction) -> Double {
    let difference = other.phi - phi
    if difference > .pi { return difference - 2 * .pi }
    if difference < -.pi { return difference + 2 * .pi }
    return difference
  }
}

/// The transverse momenta and directions of the constituents of one jet, which keeps its storage from jet to jet.
struct ConstituentDirections {
  /// The transverse momenta in GeV, in the order of the constituents: `[constituents]`.
  private(set) var pt: [Double] = []
  /// The directions: `[constituents]`.
  private(set) var directions: [Direction] = []
  /// The scalar sum of the transverse momenta in GeV.
  private(set) var sumPt = 0.0

  /// The number of constituents.
  var count: Int { pt.count }

  /// Replaces the content by the constituents of a jet.
  mutating func replace<O: Observable>(withConstituentsOf jet: Int, of sample: ObservableInputs<O>) {
    removeAll()
    for place in sample.jets.constituents(ofJet: jet) {
      append(sample.momentum(ofConstituent: place, ofJet: jet))
    }
  }

  /// Forgets all.
  mutating func removeAll() {
    pt.removeAll(keepingCapacity: true)
    directions.removeAll(keepingCapacity: true)
    sumPt = 0
  }

  /// Adds a constituent.
  mutating func append(_ momentum: FourMomentum) {
    pt.append(momentum.pt)
    directions.append(Direction(momentum))
    sumPt += pt[count - 1]
  }
}
