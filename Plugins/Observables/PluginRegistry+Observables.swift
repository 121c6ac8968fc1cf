// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension PluginRegistry {
  /// Registers the observables that come with Canopy.
  ///
  /// - Throws: `PluginError` if an identifier is taken.
  public mutating func registerObservables() throws {
    try register(Angularities.self)
    try register(BottomUpSoftDrop.self)
    try register(ConstituentKinematics.self)
    try register(EnergyCorrelations.self)
    try register(FastMTTMass.self)
    try register(Filtering.self)
    try register(JetArea.self)
    try register(JetCharge.self)
    try register(JetKinematics.self)
    try register(LeptonicW.self)
    try register(LundCoordinates.self)
    try register(MissingTransverseMomentum.self)
    try register(NSubjettiness.self)
    try register(ParticleIsolation.self)
    try register(PlanarFlow.self)
    try register(Pruning.self)
    try register(Puppi.self)
    try register(RankedJets.self)
    try register(RecursiveSoftDrop.self)
    try register(SoftDropGrooming.self)
    try register(SoftKiller.self)
    try register(TauPairMasses.self)
    try register(Trimming.self)
    try register(VertexSurroundings.self)
  }
}
