// SPDX-License-Identifier: GPL-3.0-or-later

import AdversarialTagger
import PluginKit
import PluginTesting
import Testing

@Suite struct AdversarialTaggerTests {
  @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
    try HeadConformance(AdversarialTagger.self).run(check)
  }

  /// The adversary has its own parameters and no others.
  @Test func objectives() throws {
    var builder = HeadBuilder(headName: "tagger", eventEmbeddingWidth: 8, layout: ParameterLayout())
    let head = try AdversarialTagger(
      configuration: AdversarialTagger.example.configuration, builder: &builder)
    #expect(head.objectives.map(\.name) == ["main", "adversary"])
    #expect(
      head.objectives[1].parameters!.map { builder.layout[$0].name } == [
        "heads.tagger.adversary1.weight", "heads.tagger.adversary1.bias", "heads.tagger.adversary2.weight",
        "heads.tagger.adversary2.bias",
      ])
  }
}
