// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Which particles of the events take part; the same for every format.
public struct ParticleSelection: Sendable, Equatable {
  /// Whether neutrinos and other invisible particles take part; they are known where particles have identifiers.
  public var keepsInvisible: Bool

  /// A selection, by default of all visible particles.
  public init(keepsInvisible: Bool = false) {
    self.keepsInvisible = keepsInvisible
  }

  /// Leaves out the particles of `batch` that do not take part.
  func apply(to batch: inout EventBatch) {
    guard !keepsInvisible, batch.pdgID.contains(where: InvisibleParticles.contains) else { return }
    batch.keepParticles(batch.pdgID.map { !InvisibleParticles.contains($0) })
  }
}

extension EventBatch {
  /// Leaves out the particles for which `takesPart` `[particles]` is false.
  mutating func keepParticles(_ takesPart: [Bool]) {
    var kept = 0
    var places: [Int] = []
    var offsets = [0]
    offsets.reserveCapacity(self.offsets.count)
    places.reserveCapacity(particleCount)
    for event in 0..<eventCount {
      for particle in particles(ofEvent: event) where takesPart[particle] {
        places.append(particle)
        kept += 1
      }
      offsets.append(kept)
    }
    self.offsets = offsets
    px = places.map { px[$0] }
    py = places.map { py[$0] }
    pz = places.map { pz[$0] }
    energy = places.map { energy[$0] }
    if !pdgID.isEmpty { pdgID = places.map { pdgID[$0] } }
    for (name, values) in particleColumns { particleColumns[name] = places.map { values[$0] } }
  }
}
