// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestPlugins
import Testing
import Triggering
import Triggers

@Suite struct LatencyHistogramTests {
  @Test func quantilesAreThoseOfTheSortedTimesToOnePerCent() throws {
    var random = SeededGenerator(seed: 3)
    var (first, second) = (LatencyHistogram(), LatencyHistogram())
    var seconds: [Double] = []
    for index in 0..<5000 {
      let value =
        1e-4 * Double.random(in: 0.01...1, using: &random) / Double.random(in: 0.01...1, using: &random)
      seconds.append(value)
      if index % 3 == 0 { first.add(value) } else { second.add(value) }
    }
    first.add(second)
    seconds.sort()
    for fraction in [0.001, 0.5, 0.99, 0.999, 1] {
      let exact = seconds[Int((fraction * 5000).rounded(.up)) - 1]
      let found = try #require(first.quantile(fraction))
      #expect(found >= exact * (1 - 1e-12) && found <= 1.0101 * exact)
    }
    #expect(first.count == 5000 && first.longest == seconds.last && first.quantile(1) == seconds.last)
  }

  @Test func whatIsKeptIsReadAgain() throws {
    var histogram = LatencyHistogram()
    for index in 0..<300 { histogram.add(1e-6 * Double(index * index)) }
    let total = (0..<300).reduce(0.0) { $0 + 1e-6 * Double($1 * $1) }
    let mean = try #require(histogram.mean)
    #expect(abs(histogram.total - total) < 1e-9 && abs(mean - total / 300) < 1e-12)
    let data = try JSONEncoder().encode(histogram)
    #expect(try JSONDecoder().decode(LatencyHistogram.self, from: data) == histogram)
    // As journals had it: the total to half a bin.
    var old = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    old["total"] = nil
    let read = try JSONDecoder().decode(
      LatencyHistogram.self, from: JSONSerialization.data(withJSONObject: old))
    #expect(abs(read.total / total - 1) < 0.005 && read.total != total)
    for text in [
      #"{"bins":[1],"counts":[1],"longest":1,"total":-1}"#,
      #"{"bins":[1],"counts":[],"longest":1}"#, #"{"bins":[-1],"counts":[1],"longest":1}"#,
      #"{"bins":[2450],"counts":[1],"longest":1}"#, #"{"bins":[1],"counts":[0],"longest":1}"#,
      #"{"bins":[1,1],"counts":[9223372036854775807,1],"longest":1}"#,
      #"{"bins":[1],"counts":[1],"longest":-1}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(LatencyHistogram.self, from: Data(text.utf8))
      }
    }
  }

  @Test func anyTimeIsCounted() {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil && histogram.mean == nil)
    for seconds in [0, 1e-300, -1, 1e9] { histogram.add(seconds) }
    #expect(histogram.count == 4 && histogram.quantile(1) == 1e9)
  }
}
