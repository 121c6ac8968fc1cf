// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import TestFiles
import Testing

/// Events that are drawn on conditions, from the model that comes with Canopy.
@Suite struct EventGeneratorTests {
  private let model: Model
  private let jets: FormulaJets

  init() throws {
    model = try Model(contentsOf: Models.folder("jet-likelihood"), plugins: .builtIn)
    jets = try model.formulaJets(.builtIn)
  }

  private func generator(where conditions: String...) throws -> EventGenerator {
    try EventGenerator(model, class: "W", where: conditions.map { try Formula($0) }, jets: jets)
  }

  private func constituents(_ events: Events) -> [Int] {
    (0..<events.eventCount).map { events.particles(ofEvent: $0).count }
  }

  /// What meets a condition is what is left of the events that are drawn without it.
  @Test func conditionsChooseAmongWhatIsDrawnWithoutThem() throws {
    let all = try generator().events(0..<48, seed: 2)
    let wanted = (0..<48).filter { all.particles(ofEvent: $0).count > 45 }
    try #require((4...44).contains(wanted.count))
    let drawn = try generator(where: "count(particle) > 45").events(0..<wanted.count, seed: 2)
    #expect(drawn.momenta == all.events(at: wanted).momenta)
    #expect(drawn.eventNumbers == Array(0..<wanted.count))
    #expect(drawn.columns["label"]?.values == Array(repeating: 1, count: wanted.count))
  }

  /// Conditions on jets are on those of the model, found among the drawn particles.
  @Test func conditionsReadJets() throws {
    let drawn = try generator(where: "75 < jet[0].mass < 90", "jet[0].pt > 260").events(0..<16, seed: 1)
    let found = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1.0))).jets(in: drawn)
    for event in 0..<16 {
      let jet = found.momentum(ofJet: found.jets(ofEvent: event).lowerBound)
      #expect((75..<90).contains(jet.mass) && jet.pt > 260)
    }
  }

  /// An event depends on its number and the seed, and not on the range that it is drawn in.
  @Test func eventsDoNotDependOnTheRange() throws {
    let generator = try generator(where: "count(particle) > 45")
    let both = try generator.events(250..<262, seed: 4)
    #expect(both.eventNumbers == Array(250..<262))
    let first = try generator.events(250..<256, seed: 4)
    let second = try generator.events(256..<262, seed: 4)
    #expect(
      both.momenta
        == {
          var joined = first; joined.append(second); return joined
        }().momenta)
    #expect(constituents(both).allSatisfy { $0 > 45 })
  }

  /// Events that are kept get their numbers afterwards.
  @Test func conditionsOnNumbersAreRefused() throws {
    let error = #expect(throws: ModelError.self) { try generator(where: "number >= 200") }
    #expect(error?.description.contains("“number >= 200” reads the number of an event") == true)
  }

  @Test func conditionsThatNameNothingAreRefused() throws {
    let generator = try generator(where: "jet[0].mas > 3")
    let error = #expect(throws: EventInputError.self) { try generator.events(0..<1, seed: 1) }
    #expect(error?.description.contains("drawn events, where \"jet[0].mas > 3\" is wrong") == true)
  }
}
