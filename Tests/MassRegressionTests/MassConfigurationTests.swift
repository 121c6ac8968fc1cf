// SPDX-License-Identifier: GPL-3.0-or-later

import MassRegression
import PluginKit
import Testing

/// What a mass regression can be made of, and what it learns from.
@Suite struct MassConfigurationTests {
  typealias Configuration = MassRegression.Configuration

  private static let jets = Configuration(
    truth: "m", rows: .jets, estimators: [.ungroomed, .softDrop], hidden: [5])
  private static let plain = Configuration(truth: "m", rows: .events, hidden: [])

  @discardableResult
  private static func head(_ configuration: Configuration) throws -> MassRegression {
    var builder = HeadBuilder(
      headName: "mass", jetEmbeddingWidth: 4, eventEmbeddingWidth: 3, eventInputNames: ["a", "b"],
      layout: ParameterLayout())
    return try MassRegression(configuration: configuration, builder: &builder)
  }

  @Test func configurationsThatMakeNoSenseAreRefused() throws {
    for (scale, estimators, hidden) in [
      (0, [], [4]), (-80, [], [4]), (.nan, [], [4]), (1e300, [], [4]), (80, [MassEstimator.softDrop], [4]),
      (80, [.visible, .visible], [4]), (80, [], [0]),
    ] {
      #expect(throws: PluginError.self) {
        try Self.head(
          Configuration(truth: "m", rows: .events, scale: scale, estimators: estimators, hidden: hidden))
      }
    }
    var builder = HeadBuilder(headName: "mass", jetEmbeddingWidth: 4, layout: ParameterLayout())
    #expect(throws: PluginError.self) { try MassRegression(configuration: Self.plain, builder: &builder) }
    _ = try MassRegression(configuration: Self.jets, builder: &builder)
  }

  @Test func massesToLearnFromArePositive() throws {
    let head = try Self.head(Self.plain)
    try head.check(HeadTruth(rows: 3, columns: ["m": [70, 95, 120]]))
    for mass: Float in [0, -91, .nan, .infinity] {
      let error = #expect(throws: PluginError.self) {
        try head.check(HeadTruth(rows: 2, columns: ["m": [91, mass]]))
      }
      #expect(error?.row == 1)
    }
  }
}
