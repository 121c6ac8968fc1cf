// SPDX-License-Identifier: GPL-3.0-or-later

/// Stable particles that cross a detector unseen, by Particle Data Group identifier.
///
/// They have neither electric charge nor strong interaction. Numbering: Review of Particle Physics, "Monte Carlo
/// Particle Numbering Scheme". Like Pythia's `isVisible`, the list has candidates for dark matter of several
/// models; unlike it, it leaves out Z and Higgs bosons, which are invisible only where nobody let them decay.
enum InvisibleParticles {
  /// Whether a particle, or its antiparticle, is invisible.
  static func contains(_ pdgID: Int32) -> Bool {
    switch pdgID.magnitude {
    case 12, 14, 16, 18: true  // neutrinos
    case 39: true  // graviton
    case 51...60: true  // dark matter
    case 1_000_012, 1_000_014, 1_000_016: true  // sneutrinos
    case 2_000_012, 2_000_014, 2_000_016: true
    case 1_000_022, 1_000_023, 1_000_025, 1_000_035, 1_000_045: true  // neutralinos
    case 1_000_039: true  // gravitino
    case 4_900_012, 4_900_014, 4_900_016, 4_900_021, 4_900_022: true  // hidden valley
    case 4_900_101...4_900_108, 4_900_111, 4_900_113, 4_900_211, 4_900_213, 4_900_991: true
    case 5_000_039: true  // Kaluza–Klein graviton
    case 9_900_012, 9_900_014, 9_900_016: true  // right-handed neutrinos
    default: false
    }
  }
}
