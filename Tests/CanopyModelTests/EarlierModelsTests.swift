// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing

/// Models as earlier versions wrote them, in `Fixtures/Models-VERSION`, and what these versions predicted for
/// the shipped events.
@Suite struct EarlierModelsTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/Models-0.1")

  @Test(arguments: SameBitsTests.Case.all)
  func readAndPredictAsBefore(_ sample: SameBitsTests.Case) throws {
    let expected = try JSONDecoder().decode(
      [String: [Float]].self, from: Data(contentsOf: Self.folder.appendingPathComponent("expected.json")))
    let model = try Model(contentsOf: Self.folder.appendingPathComponent(sample.model), plugins: .shipped)
    let events = try #require(try EventStream(inputs: [Samples.path(sample.sample)]).next(upTo: 12))
    let head = try Predictor(model).predict(events).heads[0]
    let values = stride(from: 0, to: head.values.count, by: head.width).map { head.values[$0] }
    let numbers = try #require(expected[sample.model])
    #expect(values.count == numbers.count)
    // Instruction sets differ in the last digits.
    for (value, number) in zip(values, numbers) { #expect(abs(value - number) <= 1e-4 * max(1, abs(number))) }
  }

  /// A description that was read from earlier keys is written with the keys of a configuration, and stays the
  /// same.
  @Test func theirJetsAreWrittenAsAConfigurationHasThem() throws {
    let model = try Model(contentsOf: Self.folder.appendingPathComponent("w-tagger"), plugins: .shipped)
    let data = try JSONEncoder().encode(model.description)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let jets = try #require(object["jets"] as? [String: Any])
    #expect(
      jets["min-pt"] as? Double == 200 && jets["leading"] as? Int == 1 && jets["radius"] as? Double == 1)
    #expect(
      jets["recluster"] as? String == "kt" && jets["trees"] as? Bool == true && jets["definition"] == nil)
    #expect(try JSONDecoder().decode(ModelDescription.self, from: data) == model.description)
  }
}
