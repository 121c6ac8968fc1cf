// SPDX-License-Identifier: GPL-3.0-or-later

import EventClassifiers
import PluginKit
import Testing

@Suite struct EventClassifierTests {
  typealias Configuration = EventClassifier.Configuration

  private func make(_ configuration: Configuration, eventWidth: Int? = 3) throws -> EventClassifier {
    var builder = HeadBuilder(
      headName: "h", eventEmbeddingWidth: eventWidth, eventInputNames: ["missing pT"],
      layout: ParameterLayout())
    return try EventClassifier(configuration: configuration, builder: &builder)
  }

  @Test func configurationsThatMakeNoSense() throws {
    func complaint(_ configuration: Configuration, eventWidth: Int? = 3) -> String? {
      #expect(throws: PluginError.self) { try make(configuration, eventWidth: eventWidth) }?.description
    }
    #expect(complaint(Configuration(truth: "y", classes: ["a"]))?.contains("two classes") == true)
    #expect(
      complaint(Configuration(truth: "y", classes: ["a", "b"], hidden: [0]))?.contains("1 to 4096") == true)
    #expect(
      complaint(Configuration(truth: "y", classes: ["a", "b"]), eventWidth: nil)?.contains("section events")
        == true)
  }

  @Test func aClassifierHasARowForEachEvent() throws {
    let two = try make(Configuration(truth: "y", classes: ["a", "b"]))
    #expect(two.rows == .events && two.outputs == [HeadOutput("score")] && two.truthColumns == ["y"])
    let three = try make(Configuration(truth: "y", classes: ["a", "b", "c"]))
    #expect(three.rows == .events && three.outputs.map(\.name) == ["a", "b", "c"])
  }
}
