// SPDX-License-Identifier: GPL-3.0-or-later

/// Particles that cross a detector unseen, by Particle Data Group identifier; antiparticles are included.
///
/// By default they are those that have neither electric charge nor strong interaction. Numbering: Review of
/// Particle Physics, "Monte Carlo Particle Numbering Scheme". Like Pythia's `isVisible`, the list has
/// candidates for dark matter of several models; unlike it, it leaves out Z and Higgs bosons, which are
/// invisible only if they were not decayed.
public struct InvisibleParticles: Sendable, Equatable {
  /// Whether the particles of the built-in list are invisible.
  public var includesDefault: Bool
  /// Identifiers of further invisible particles; the sign does not matter.
  public var identifiers: [Int32]

  /// The built-in list, or a list of one's own, or both.
  public init(_ identifiers: [Int32] = [], includesDefault: Bool? = nil) {
    self.identifiers = identifiers
    self.includesDefault = includesDefault ?? identifiers.isEmpty
  }

  /// Whether a particle, or its antiparticle, is invisible.
  public func contains(_ pdgID: Int32) -> Bool {
    includesDefault && Self.isInvisibleByDefault(pdgID)
      || !identifiers.isEmpty && identifiers.contains { $0.magnitude == pdgID.magnitude }
  }

  private static func isInvisibleByDefault(_ pdgID: Int32) -> Bool {
    // Hadrons, which most particles are, lie between.
    guard pdgID.magnitude <= 60 || pdgID.magnitude >= 1_000_000 else { return false }
    return switch pdgID.magnitude {
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

extension InvisibleParticles {
  /// Reads identifiers that commas separate, as in `12, 14, 16`; `default` stands for those of the built-in list.
  ///
  /// - Throws: ``JetPhysicsError`` that names what is no identifier.
  public init(_ text: String) throws {
    self.init([], includesDefault: false)
    for part in text.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed) {
      if part == "default" {
        includesDefault = true
      } else if let identifier = Int32(part) {
        identifiers.append(identifier)
      } else {
        throw JetPhysicsError(
          field: "invisible",
          problem: "\"\(part)\" is no particle identifier: write identifiers with commas between them, as in "
            + "12, 14, 16; default stands for those of the built-in list.")
      }
    }
  }
}

extension InvisibleParticles: CustomStringConvertible {
  /// The list, as `init(_:)` reads it.
  public var description: String {
    ((includesDefault ? ["default"] : []) + identifiers.map(String.init)).joined(separator: ", ")
  }
}
