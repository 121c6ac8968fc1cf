// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The constituents of a jet by falling pT, those of equal pT in the order of the input.
struct ConstituentOrder {
  /// The particles, counted from the first of all events.
  private(set) var particles: [Int] = []
  private var heap = HardestFirst()

  /// Replaces the content by the constituents of a jet, and keeps the storage.
  mutating func replace<O: Observable>(withConstituentsOf jet: Int, of sample: ObservableInputs<O>) {
    heap.removeAll()
    for constituent in sample.jets.constituents(ofJet: jet) {
      let particle = sample.particle(ofConstituent: constituent, ofJet: jet)
      heap.insert(particle, pt: sample.events.momentum(ofParticle: particle).pt)
    }
    particles.removeAll(keepingCapacity: true)
    while let particle = heap.popFirst() { particles.append(particle) }
  }
}
