// SPDX-License-Identifier: GPL-3.0-or-later

import Settings
import Testing
import Training

/// The points of a scan.
@Suite struct ScanSectionTests {
  private func section(_ yaml: String) throws -> ScanSection {
    try ConfigurationNode(yaml: yaml, source: "c.yaml").decode(ScanSection.self)
  }

  @Test func aGridHasAllCombinations() throws {
    let scan = try section(#"{grid: {a.b: [1e-3, 2], c: [x, "3", {d: 4}, null], e: [true]}}"#)
    #expect(scan.keys == ["a.b", "c", "e"])
    let expected = ["0.001", "2"].flatMap { first in
      [#""x""#, #""3""#, #"{"d":4}"#, "null"].map { [first, $0, "true"] }
    }
    #expect(scan.points == expected)
  }

  /// Logarithms are even in a range: as many numbers below its geometric mean as above, and none outside.
  @Test func rangesAreDrawnFrom() throws {
    let scan = try section(
      "{random: 2000, seed: 3, values: {log: {from: 1e-4, to: 1, scale: log}, even: {from: -2, to: 6}}}")
    let points = scan.points.map { $0.map { Double($0)! } }
    #expect(points.count == 2000)
    for (axis, low, middle, high) in [(0, 1e-4, 1e-2, 1.0), (1, -2, 2, 6)] {
      let numbers = points.map { $0[axis] }
      #expect(numbers.allSatisfy { low <= $0 && $0 <= high })
      // Five standard deviations.
      #expect(abs(numbers.count { $0 < middle } - 1000) < 112)
    }
    #expect(try section("{random: 50, seed: 3, values: {even: {from: -2, to: 6}}}").points.count == 50)
    #expect(
      scan.points.prefix(20).elementsEqual(
        try section(
          "{random: 20, seed: 3, values: {log: {from: 1e-4, to: 1, scale: log}, even: {from: -2, to: 6}}}"
        ).points))
  }

  @Test func pointsDiffer() throws {
    let scan = try section("{random: 100, values: {a: {from: 0.6, to: 4.4, whole: true}, b: [x, y]}}")
    #expect(Set(scan.points).count == 8 && scan.points.count == 8)
    #expect(Set(scan.points.map { $0[0] }) == ["1", "2", "3", "4"])
  }
}
