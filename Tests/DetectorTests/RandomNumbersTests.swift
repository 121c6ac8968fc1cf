// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Detector

@Suite struct RandomNumbersTests {
  /// The known answers that come with the authors' Random123, `kat_vectors`, for philox4x32 of 10 rounds.
  @Test func theBitsAreThoseOfTheirAuthors() {
    let ones = UInt32.max
    #expect(
      RandomNumbers.philox((0, 0, 0, 0), key: (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      RandomNumbers.philox((ones, ones, ones, ones), key: (ones, ones))
        == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      RandomNumbers.philox(
        (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func normalNumbersHaveTheMomentsOfTheirDistribution() {
    let random = RandomNumbers(seed: 3)
    let count = 100_000
    var moments = [0.0, 0, 0, 0]
    for element in 0..<count {
      let (first, second) = random.normal(.momentum, event: 7, element: element)
      for x in [first, second] {
        moments[0] += x
        moments[1] += x * x
        moments[2] += x * x * x * x
      }
      moments[3] += first * second
    }
    let n = 2 * Double(count)
    #expect(abs(moments[0] / n) < 5 / n.squareRoot())
    #expect(abs(moments[1] / n - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(moments[2] / n - 3) < 5 * (96 / n).squareRoot())
    #expect(abs(moments[3] / Double(count)) < 5 / Double(count).squareRoot())
  }
}
