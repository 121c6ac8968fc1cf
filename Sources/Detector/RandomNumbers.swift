// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Random numbers that are a function of where they are used: seed, event, purpose, and the particle or cell.
///
/// The generator is Philox4x32 with 10 rounds, of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
/// As it has no state, numbers do not depend on how events are divided into batches or among threads, and those of a particle not on the
/// other particles: a study that changes the cells alone changes the tracks in nothing.
struct RandomNumbers: Sendable {
  /// What a number is drawn for.
  enum Purpose: UInt32 {
    /// Whether a particle has a track.
    case efficiency
    /// The transverse momentum of a track.
    case momentum
    /// The impact parameters of a track.
    case impactParameters
    /// The energy of a cell, electromagnetic and hadronic.
    case electromagneticEnergy, hadronicEnergy
    /// The place in a cell, electromagnetic and hadronic.
    case electromagneticPlace, hadronicPlace
  }

  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// Two numbers from 0 to less than 1.
  ///
  /// - Parameters:
  ///   - purpose: what they are drawn for.
  ///   - event: the number of the event, counted through all inputs.
  ///   - element: the particle or cell.
  /// - Returns: the numbers, multiples of 2⁻⁵³.
  func uniform(_ purpose: Purpose, event: Int, element: Int) -> (Double, Double) {
    let (a, b, c, d) = bits(purpose, event, element)
    func number(_ high: UInt32, _ low: UInt32) -> Double {
      Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
    }
    return (number(a, b), number(c, d))
  }

  /// Two numbers of a normal distribution of mean 0 and width 1, by the method of Box and Muller.
  func normal(_ purpose: Purpose, event: Int, element: Int) -> (Double, Double) {
    let (first, second) = uniform(purpose, event: event, element: element)
    let radius = (-2 * log(1 - first)).squareRoot()
    return (radius * cos(2 * .pi * second), radius * sin(2 * .pi * second))
  }

  private func bits(_ purpose: Purpose, _ event: Int, _ element: Int) -> (UInt32, UInt32, UInt32, UInt32) {
    let event = UInt64(bitPattern: Int64(event))
    return Self.philox(
      (
        purpose.rawValue, UInt32(truncatingIfNeeded: element), UInt32(truncatingIfNeeded: event),
        UInt32(truncatingIfNeeded: event >> 32)
      ),
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
  }

  /// The bits that stand for a counter.
  static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (a, b, c, d) = counter
    var (low, high) = key
    for _ in 0..<10 {
      let first = UInt64(a) &* 0xD251_1F53
      let second = UInt64(c) &* 0xCD9E_8D57
      (a, b, c, d) = (
        UInt32(truncatingIfNeeded: second >> 32) ^ b ^ low, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ d ^ high, UInt32(truncatingIfNeeded: first)
      )
      low &+= 0x9E37_79B9
      high &+= 0xBB67_AE85
    }
    return (a, b, c, d)
  }
}
