// SPDX-License-Identifier: GPL-3.0-or-later

/// Electric charges by Particle Data Group identifier.
///
/// The digits of an identifier say what quarks a hadron is made of, and its protons in the case of a nucleus. Source:
/// Review of Particle Physics, "Monte Carlo Particle Numbering Scheme".
public enum ParticleCharge {
  /// The charge of a particle in units of the positron's; nil if the identifier says nothing of it.
  public static func ofParticle(_ pdgID: Int32) -> Double? {
    timesThree(ofParticle: pdgID.magnitude).map { (pdgID < 0 ? -Double($0) : Double($0)) / 3 }
  }

  /// Three times the charge of a particle, which is a whole number.
  private static func timesThree(ofParticle identifier: UInt32) -> Int? {
    let number = Int(identifier)
    // A nucleus: 10LZZZAAAI.
    if number >= 1_000_000_000 { return number / 100_000_000 == 10 ? 3 * (number / 10_000 % 1000) : nil }
    guard number > 0, number < 10_000_000 else { return nil }
    let digits = Digits(number)
    if digits.n == 9, digits.nr > 0, digits.nl > 0, digits.q1 > 0, digits.q2 > 0, digits.q3 > 0 {
      return digits.pentaquark
    }
    // Hidden valleys have mesons and quarks without charge; states of coloured quarkonium are numbered otherwise.
    if number / 100_000 == 49, number % 10_000 >= 100 { return 0 }
    if number / 10_000 == 994 || number / 10_000 == 995 { return 0 }
    if number % 10_000 < 100 { return ofFundamental(number) }
    return digits.hadron
  }

  private static func ofFundamental(_ number: Int) -> Int? {
    // Supersymmetry and other models number their particles like those that they are partners of.
    switch number % 10_000 {
    case 1...8: number % 2 == 0 ? 2 : -1  // quarks
    case 11...18: number % 2 == 0 ? 0 : -3  // leptons
    case 24, 34, 37: 3  // W, W′, charged Higgs boson
    case 38: number == 38 ? 6 : 0  // doubly charged Higgs boson
    case 41 where number >= 9_900_000, 42 where number >= 9_900_000: 6  // doubly charged Higgs bosons
    case 42: -1  // leptoquark
    case 56, 57: 3  // charged mediators of dark matter
    case 59: 6
    case 20...60, 90, 99: 0
    default: nil
    }
  }

  /// The digits ±n n_r n_L n_q1 n_q2 n_q3 n_J of an identifier.
  private struct Digits {
    let n: Int
    let nr: Int
    let nl: Int
    let q1: Int
    let q2: Int
    let q3: Int

    init(_ number: Int) {
      func digit(_ place: Int) -> Int { number / place % 10 }
      n = digit(1_000_000)
      nr = digit(100_000)
      nl = digit(10_000)
      q1 = digit(1000)
      q2 = digit(100)
      q3 = digit(10)
    }

    /// Of four quarks and an antiquark.
    var pentaquark: Int {
      Self.quark(nr) + Self.quark(nl) + Self.quark(q1) + Self.quark(q2) - Self.quark(q3)
    }

    var hadron: Int {
      // Gluinos stand as a ninth quark before the others.
      guard q1 == 0 || q1 == 9, 1...8 ~= q2, 1...8 ~= q3 else {
        // A baryon, or a diquark.
        return Self.quark(q1) + Self.quark(q2) + Self.quark(q3)
      }
      // The heavier of the two comes first; it is the antiquark if it is of the down type. Squarks come first
      // as they are.
      let isQuarkFirst = q2 % 2 == 0 || (n == 1 || n == 2) && q1 == 0
      return isQuarkFirst ? Self.quark(q2) - Self.quark(q3) : Self.quark(q3) - Self.quark(q2)
    }

    /// Three times the charge of a quark; 0 for a digit that is none.
    static func quark(_ digit: Int) -> Int { digit == 9 || digit == 0 ? 0 : digit % 2 == 0 ? 2 : -1 }
  }
}
