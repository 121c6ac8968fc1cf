// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A small, fast random number generator with a seed: xoshiro256** of Blackman and Vigna,
/// ACM TOMS 47 (2021) 36, its state filled by SplitMix64.
///
/// The same seed gives the same numbers on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
  private var state: [UInt64]

  /// A generator whose sequence is fixed by `seed`.
  public init(seed: UInt64) {
    var x = seed
    state = (0..<4).map { _ in
      x &+= 0x9E37_79B9_7F4A_7C15
      var z = x
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let scrambled = state[1] &* 5
    let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
    let shifted = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << 45) | (state[3] >> 19)
    return result
  }
}

extension SeededGenerator {
  /// A number of a normal distribution of mean 0 and width 1, by the method of Box and Muller.
  package mutating func normal() -> Double {
    // 1 − x is never 0.
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
  }
}

extension SeededGenerator: Codable {
  private enum CodingKeys: String, CodingKey {
    case state
  }

  /// Reads the state: four numbers, not all zero, since only zeros would follow from those.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    state = try container.decode([UInt64].self, forKey: .state)
    guard state.count == 4, state.contains(where: { $0 != 0 }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .state, in: container, debugDescription: "the state is four numbers, not all zero")
    }
  }
}
