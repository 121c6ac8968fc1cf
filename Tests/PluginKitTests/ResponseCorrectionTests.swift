// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Testing

/// The correction of a response on a tape, compared with that of plain numbers.
@Suite struct ResponseCorrectionTests {
  @Test func tapesAgreeWithNumbers() throws {
    let truth = (0..<1500).map { Double($0) / 1500 }
    let predictions = truth.enumerated().map { 0.5 * $1 + 0.3 + 0.2 * Double($0 * 7919 % 101) / 101 }
    let map = try #require(
      ResponseCorrection(fitting: predictions, truth: truth, weights: truth.map { _ in 1 }))
    let places = stride(from: -2.0, through: 3, by: 0.01).map { $0 }
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let onTape = map(tape.constant(places.map { Float($0) }, rows: places.count, columns: 1)).values
    for (place, other) in zip(places, onTape) { #expect(abs(map(place) - Double(other)) < 1e-4) }
  }
}
