// SPDX-License-Identifier: GPL-3.0-or-later

extension EventBatch {
  /// The four-momentum of a particle, counted from the first of the batch.
  public func momentum(ofParticle particle: Int) -> FourMomentum {
    FourMomentum(px: px[particle], py: py[particle], pz: pz[particle], energy: energy[particle])
  }
}
