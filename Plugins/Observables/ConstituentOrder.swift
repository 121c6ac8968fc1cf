// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The constituents of a jet by falling pT, those of equal pT in the order of the input.
struct ConstituentOrder {
  /// The particles, counted from the first of all events.
  private(set) var particles: [Int] = []
  private var pt: [Double] = []

  /// Replaces the content by the constituents of a jet, and keeps the storage.
  mutating func replace<O: Observable>(withConstituentsOf jet: Int, of sample: ObservableInputs<O>) {
    particles.removeAll(keepingCapacity: true)
    pt.removeAll(keepingCapacity: true)
    let constituents = sample.jets.constituents(ofJet: jet)
    guard let start = constituents.first else { return }
    let first = sample.particle(ofConstituent: start, ofJet: jet)
    // Constituents are in rising order, so that places count from the first.
    for constituent in constituents {
      let particle = sample.particle(ofConstituent: constituent, ofJet: jet)
      particles.append(particle)
      while pt.count < particle - first { pt.append(0) }
      pt.append(sample.events.momentum(ofParticle: particle).pt)
    }
    particles.sort { (pt[$0 - first], $1) > (pt[$1 - first], $0) }
  }
}
