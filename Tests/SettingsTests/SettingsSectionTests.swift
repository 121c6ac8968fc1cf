// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Settings
import Testing

private enum Edge: String, Codable, CaseIterable {
  case rising
  case falling
}

private struct Clock: SettingsSection, Encodable, Equatable {
  var period = 25.0
  var edge = Edge.rising
  var count: Int?
  var source: String?

  static let settings: [Setting<Clock>] = [
    Setting("period", \.period, .positive, unit: "ns", "the time between two bunch crossings"),
    Setting("edge", \.edge, "the edge that counts"),
    Setting("count", \.count, .closed(1...8), "how many crossings are read out", default: "all"),
    Setting("source", \.source, "where the clock comes from, left|right"),
  ]

  func check(given: Set<String>) throws {
    if count != nil, !given.contains("source") { throw SettingProblem("count", "needs a source") }
  }
}

/// Sections whose reading, checks, writing and tables follow from one declaration.
@Suite struct SettingsSectionTests {
  private func read(_ yaml: String, settings: [String] = []) throws -> Clock {
    try settings.reduce(ConfigurationNode(yaml: yaml, source: "c.yaml")) { try $0.setting($1) }
      .decode([String: Clock].self)["clock"]!
  }

  private func complaint(_ yaml: String, settings: [String] = []) -> String {
    do {
      return "no error, but \(try read(yaml, settings: settings))"
    } catch {
      return "\(error)"
    }
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    #expect(try read("clock: {edge: falling}") == Clock(edge: .falling))
    #expect(
      try read("clock: {period: 12.5, count: 3, source: gps}") == Clock(period: 12.5, count: 3, source: "gps")
    )
    #expect(try read("clock: {period: null, count: ~}") == Clock())
  }

  @Test func errorsNameKeyAndOrigin() {
    #expect(complaint("clock:\n  period: 0") == "c.yaml:2:11: clock.period is refused: must be positive.")
    #expect(
      complaint("clock: {source: a}", settings: ["clock.count=9"])
        == "--set clock.count=9: clock.count is refused: must lie between 1 and 8.")
    #expect(complaint("clock:\n  count: 3") == "c.yaml:2:10: clock.count is refused: needs a source.")
    #expect(
      complaint("clock: {edge: rasing}").hasSuffix(
        "clock.edge must be one of rising, falling, not 'rasing'; did you mean 'rising'?"))
    #expect(complaint("clock: {perid: 3}").contains("did you mean 'period'?"))
  }

  /// A key that is known stands for itself, however like the missing one it is.
  @Test func aKnownKeyIsNoMisspelling() throws {
    struct Cells: SettingsSection {
      var ecal = 0
      var hcal = 0

      static let settings: [Setting<Cells>] = [
        Setting("ecal", \.ecal, "the first", isRequired: true), Setting("hcal", \.hcal, "the second"),
      ]
    }
    func complaint(_ yaml: String) -> String {
      do { return "\(try ConfigurationNode(yaml: yaml, source: "c.yaml").decode(Cells.self))" } catch {
        return "\(error)"
      }
    }
    #expect(complaint("hcal: 1").hasSuffix("lacks the key 'ecal'; add it."))
    #expect(complaint("{hcal: 1, eal: 2}").hasSuffix("is 'eal' a misspelling of it?"))
  }

  @Test func numbersAreInRangeInSinglePrecisionToo() {
    struct Rate: SettingsSection {
      var rate = 1.0
      var share = 0.5

      static let settings: [Setting<Rate>] = [
        Setting("rate", \.rate, .positive.inSinglePrecision, "a rate"),
        Setting("share", \.share, .halfOpen(0..<1).inSinglePrecision, "a share"),
      ]
    }
    func complaint(_ rate: Double, _ share: Double = 0) -> String? {
      var section = Rate()
      (section.rate, section.share) = (rate, share)
      return section.firstProblem?.problem
    }
    #expect(complaint(1e38) == nil && complaint(1e-45) == nil)
    for rate in [1e39, 1e-46] {
      #expect(complaint(rate) == "must be positive and finite, also when it is rounded to single precision")
    }
    #expect(complaint(.infinity) == "must be positive and finite" && complaint(-1) == "must be positive")
    #expect(complaint(1, 0.9999999) == nil)
    #expect(
      complaint(1, 0.99999999)
        == "must lie from 0 to less than 1, also when it is rounded to single precision")
    #expect(complaint(1, 1) == "must lie from 0 to less than 1")
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let clock = Clock(period: 50, edge: .falling, count: 2, source: "gps")
    let data = try JSONEncoder().encode(clock)
    #expect(try JSONDecoder().decode(Clock.self, from: data) == clock)
    let keys = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
    #expect(Set(keys) == Set(Clock.settings.map(\.key)))
  }

  @Test func tablesSayWhatIsDeclared() {
    #expect(
      Clock.table == #"""
        | Key | Default | Range | Meaning |
        |---|---|---|---|
        | `period` | 25 | positive | the time between two bunch crossings, in ns |
        | `edge` | rising | rising, falling | the edge that counts |
        | `count` | all | 1 to 8 | how many crossings are read out |
        | `source` | none |  | where the clock comes from, left\|right |
        """#)
  }
}

/// The settings of jets and the finder that they describe.
@Suite struct JetSettingsTests {
  @Test func settingsAndFinderStandForEachOther() throws {
    for definition in [
      try JetDefinition(.antikt), try JetDefinition(.cambridge, radius: 0.8, recombination: .wtaPt),
      try JetDefinition(.eeGenkt, radius: 1, power: -1),
    ] {
      for selection in [
        try JetSelection(.inclusive(minimumPt: 20), maximumAbsRapidity: 2.5, leading: 3),
        try JetSelection(.exclusiveJets(2)), try JetSelection(.exclusiveCut(5)),
      ] {
        let finder = try JetFinder(definition, selection: selection, recluster: .kt)
        let data = try JSONEncoder().encode(JetSettings(finder))
        #expect(try JSONDecoder().decode(JetSettings.self, from: data).finder() == finder)
      }
    }
  }

  /// The least pT has the same default wherever the settings come from.
  @Test func defaultsAreThoseOfTheTable() throws {
    let finder = try JetSettings().finder()
    #expect(finder.definition == (try JetDefinition(.antikt, radius: 0.4)))
    #expect(finder.selection == (try JetSelection(.inclusive(minimumPt: 5))))
    var lepton = JetSettings()
    lepton.algorithm = .eeGenkt
    lepton.power = 1
    #expect(try lepton.finder().selection == JetSelection(.inclusive(minimumPt: 0)))
  }

  @Test(arguments: [
    (
      "algorithm: ee-kt\n  radius: 1\n  exclusive-jets: 3",
      "3:11: jets.radius is refused: means nothing for ee-kt"
    ),
    ("power: 2", "2:10: jets.power is refused: means nothing for antikt"),
    ("algorithm: genkt", "2:14: jets.algorithm is refused: is genkt, which needs a power"),
    ("recluster: ee-genkt", "2:14: jets.recluster is refused: is ee-genkt, which needs a power"),
    (
      "exclusive-jets: 3\n  exclusive-dcut: 1",
      "3:19: jets.exclusive-dcut is refused: excludes exclusive-jets"
    ),
    ("exclusive-jets: 3\n  min-pt: 1", "3:11: jets.min-pt is refused: is for inclusive jets"),
    ("algorithm: ee-kt", "2:14: jets.algorithm is refused: is ee-kt, which joins all particles"),
    ("radius: 1e-7", "2:11: jets.radius is refused: must lie between 1e-6 and 1000"),
    ("leading: 0", "2:12: jets.leading is refused: must be 1 or more"),
    ("max-abs-rapidity: -1", "jets.max-abs-rapidity is refused: must not be negative"),
  ]) func whatDoesNotGoTogether(jets: String, complaint: String) throws {
    let node = try ConfigurationNode(yaml: "jets:\n  \(jets)", source: "c.yaml")
    let error = #expect(throws: ConfigurationError.self) { try node.decode([String: JetSettings].self) }
    #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
  }
}
