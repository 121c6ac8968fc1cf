// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

/// How observables are declared, computed and cut on.
@Suite struct ObservableTests {
  /// Counts up rows of any kind; `pad` numbers too many, and NaN or an error in event `missing`.
  struct Counter: Observable {
    struct Configuration: Codable, Sendable {
      var rows: HeadRows?
      var pad: Int?
      var missing: Int?
      var name: String?
    }

    static let identifier = "counter"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Counts rows."
    static let example = Configuration()
    let configuration: Configuration
    init(configuration: Configuration) { self.configuration = configuration }
    var rows: HeadRows { configuration.rows ?? .jets }
    var quantities: [ObservableQuantity] {
      [
        ObservableQuantity(configuration.name ?? "place", "the place"),
        ObservableQuantity("pt", "pT", unit: "GeV"),
      ]
    }

    func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
      if let missing = configuration.missing {
        throw PluginError("There is no number; give one.", row: missing)
      }
      let count =
        switch rows {
        case .events: sample.events.eventCount
        case .jets: sample.jets.jetCount
        case .constituents: sample.jets.constituents.content.count
        case .splittings: sample.jets.constituents.content.count - sample.jets.jetCount
        }
      for row in 0..<count {
        values.append(Double(row))
        values.append(rows == .jets ? sample.jets.momentum(ofJet: row).pt : 0)
      }
      for _ in 0..<(configuration.pad ?? 0) { values.append(0) }
    }
  }

  /// A second observable with a required setting.
  struct Demanding: Observable {
    struct Configuration: Codable, Sendable { var radius: Double }
    static let identifier = "demanding"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Needs a radius."
    static let example = Configuration(radius: 1)
    let configuration: Configuration
    init(configuration: Configuration) { self.configuration = configuration }
    var rows: HeadRows { .events }
    var quantities: [ObservableQuantity] { [ObservableQuantity("one", "1")] }
    func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
      for _ in 0..<sample.events.eventCount { values.append(1) }
    }
  }

  private static let plugins: PluginRegistry = {
    var plugins = PluginRegistry()
    try! plugins.register(Counter.self)
    try! plugins.register(Demanding.self)
    return plugins
  }()

  private static let finder = Result { try JetFinder(JetDefinition(.antikt, radius: 0.4)) }

  /// Events of 3, 0 and 2 jets of one or two particles each.
  private static func events() throws -> Events {
    var events = Events(source: "some.h5")
    func jet(_ pt: Double, _ phi: Double) -> [FourMomentum] {
      [0, 0.1].map { FourMomentum(pt: pt / 2, rapidity: $0, phi: phi, mass: 0) }
    }
    try events.append(jet(30, 0) + jet(50, 2) + [FourMomentum(pt: 20, rapidity: 0, phi: 4, mass: 0)])
    try events.append([FourMomentum]())
    try events.append(jet(80, 1) + jet(10, 3))
    return events
  }

  private static func set(
    _ configuration: Counter.Configuration, _ name: String = "n"
  ) throws -> ObservableSet {
    try ObservableSet([ObservableChoice(name, Counter.self, configuration)])
  }

  @Test(arguments: HeadRows.allCases) func eachRowHasItsNumbers(rows: HeadRows) throws {
    let reconstruction = try JetReconstruction(Self.finder.get(), observables: Self.set(.init(rows: rows)))
    let expected = [HeadRows.events: 3, .jets: 5, .constituents: 9, .splittings: 4][rows]!
    // Twice, so that storage of before is used.
    var jets = Jets()
    for _ in 0..<2 {
      try reconstruction.findJets(in: Self.events(), into: &jets)
      #expect(jets.columns[rows]["n/place"]?.values == (0..<expected).map(Double.init))
      #expect(jets.columns[rows]["n/pt"]?.unit == "GeV" && jets.columns.count == 2)
    }
    // Another reconstruction leaves none of these columns.
    try JetReconstruction(Self.finder.get()).findJets(in: Self.events(), into: &jets)
    #expect(jets.columns.count == 0)
  }

  @Test func cutsLeaveJetsOut() throws {
    let plain = try JetClusterer(Self.finder.get()).jets(in: Self.events())
    let set = try Self.set(.init())
    let cuts = try ["n/pt > 25", "n/place != 1"].map { try ObservableCut($0) }
    var all = set
    try all.add(ObservableChoice("after", Counter.self, .init(rows: .constituents)))
    let reconstruction = try JetReconstruction(Self.finder.get(), observables: all, cuts: cuts)
    var jets = Jets()
    for _ in 0..<2 { try reconstruction.findJets(in: Self.events(), into: &jets) }
    // By falling pT: 50, 30 and 20, then 80 and 10; the first cut takes 20 and 10, the second the one of 30.
    #expect(jets.pt.map { $0.rounded() } == [50, 80] && jets.offsets == [0, 1, 1, 2])
    #expect(jets.columns.jets["n/place"]!.values == [0, 3])
    // What is no part of a cut is computed of the jets that are left.
    #expect(jets.columns.constituents["after/place"]!.values == [0, 1, 2, 3])
    #expect(jets.constituents.offsets == [0, 2, 4] && plain.jetCount == 5)
  }

  @Test func jetsWithoutTheNumberDoNotMeetACut() throws {
    #expect(try ObservableCut("a/b != 3").condition?.isMet(by: .nan) == false)
    #expect(try ObservableCut("abs(a/b) in 1, 2").condition?.isMet(by: -2) == true)
    let cut = try ObservableCut(" abs(a/b)>=1.5 ")
    #expect(cut.description == "abs(a/b) >= 1.5" && cut.columns == ["a/b"])
    #expect(try JSONDecoder().decode([ObservableCut].self, from: JSONEncoder().encode([cut])) == [cut])
  }

  @Test func cutsMayBeFormulas() throws {
    let plain = try JetClusterer(Self.finder.get()).jets(in: Self.events())
    let cut = try ObservableCut("n/pt>25 and (n/place != 1 or pt > 100)")
    #expect(
      cut.description == "n/pt > 25 and (n/place != 1 or pt > 100)" && cut.columns == ["n/pt", "n/place"])
    #expect(
      String(decoding: try JSONEncoder().encode([cut]), as: UTF8.self)
        == "[\"\(cut.description.replacing("/", with: "\\/"))\"]")
    #expect(try JSONDecoder().decode([ObservableCut].self, from: JSONEncoder().encode([cut])) == [cut])
    // As the two cuts of the test above.
    let reconstruction = try JetReconstruction(Self.finder.get(), observables: Self.set(.init()), cuts: [cut])
    var jets = Jets()
    for _ in 0..<2 { try reconstruction.findJets(in: Self.events(), into: &jets) }
    #expect(jets.pt.map { $0.rounded() } == [50, 80] && jets.columns.jets["n/place"]!.values == [0, 3])
    // A jet's own numbers and its constituents need no observable.
    let hard = try JetReconstruction(
      Self.finder.get(), cuts: [ObservableCut("pt > 15"), ObservableCut("max(constituent.pt) < 1e3")])
    #expect(try hard.jets(in: Self.events()).pt == plain.pt.filter { $0 > 15 })
    // Constituents of observables are worked out before jets are left out.
    let few = try JetReconstruction(
      Self.finder.get(), observables: Self.set(.init(rows: .constituents)),
      cuts: [ObservableCut("max(constituent.n/place) < 3")])
    #expect(try few.jets(in: Self.events()).jetCount == 1)
  }

  @Test func whatIsWrongNamesTheObservable() throws {
    func message(_ configuration: Counter.Configuration) throws -> String {
      let reconstruction = try JetReconstruction(Self.finder.get(), observables: Self.set(configuration))
      do {
        _ = try reconstruction.jets(in: Self.events())
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(
      try message(.init(pad: 3))
        == "The observable n gives 13 numbers for 5 jets, but 2 for each are 10: mend the plugin counter.")
    #expect(try message(.init(missing: 2)) == "There is no number; give one.")
    let error = try #require(
      throws: ObservableError.self,
      performing: {
        _ = try JetReconstruction(Self.finder.get(), observables: Self.set(.init(missing: 2))).jets(
          in: Self.events())
      })
    #expect(error.event == 2 && error.predicate == "n: There is no number; give one")
  }

  @Test func cutsThatCannotBeMadeAreRefused() throws {
    func message(_ text: String, _ rows: HeadRows) -> String {
      do {
        _ = try JetReconstruction(
          Self.finder.get(), observables: Self.set(.init(rows: rows)), cuts: [ObservableCut(text)])
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(message("n/plaec > 3", .jets) == "There is no observable number n/plaec; did you mean n/place?")
    #expect(message("n/pt > 3", .constituents).contains("is on a number of constituents"))
    #expect(message("n/pt", .jets).contains("a comparison is missing"))
    #expect(
      message("n/pt > 3 and etaa < 2", .jets)
        == "The cut \"n/pt > 3 and etaa < 2\" is wrong at character 14: jets have no column etaa; did you mean eta?"
    )
    #expect(message("n/pt > 3 andd pt < 2", .jets).contains("andd"))
    #expect(message("n/pt > 3 and (pt < 2", .jets).hasSuffix("is wrong at character 21: ) is missing."))
    #expect(message("pt - 3", .jets).contains("this is a number, and a condition is needed"))
    #expect(
      message("n/pt > 3 and pt > 2", .constituents).contains("constituents have one: write constituent.n/pt"))
    #expect(message("n/pt > 3", .jets) == "")
  }

  @Test func namesAndQuantitiesMustServe() {
    func message(_ name: String, _ quantity: String = "place") -> String {
      do {
        _ = try Self.set(.init(name: quantity), name)
        return ""
      } catch {
        return "\(error)"
      }
    }
    for name in ["", "a/b", "1a", "jets", "mass", "splitting", "input_number", "näme", "a b"] {
      #expect(message(name) != "", "\(name)")
    }
    for name in ["a", "soft-drop", "a_1"] { #expect(message(name) == "", "\(name)") }
    #expect(message("a", "x/y").contains("mend the plugin") && message("a", "pt").contains("mend the plugin"))
  }

  @Test func theCatalogueFindsWhatIsDeclaredAndWhatIsNot() throws {
    let declared = ObservableChoice("mine", Counter.self, .init(rows: .events))
    let catalogue = ObservableCatalogue([declared], plugins: Self.plugins)
    let set = try catalogue.observables(for: ["mine/place", "mine/pt", "counter/pt"])
    #expect(set.members.map(\.name) == ["counter", "mine"])
    #expect(set.columns.map(\.rows) == [.jets, .jets, .events, .events])
    func message(_ column: String) -> String {
      do {
        _ = try catalogue.observables(for: [column])
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(message("mine") == "“mine” names no number of an observable: write OBSERVABLE/QUANTITY.")
    #expect(message("contuer/pt") == "There is no observable contuer; did you mean counter?")
    #expect(message("mine/pd") == "There is no observable number mine/pd; did you mean mine/pt?")
    #expect(message("demanding/one").contains("give them under observables"))
    // The same one twice is one, another of the same name is refused.
    var twice = set
    try twice.formUnion(set)
    #expect(twice.members.count == 2)
    #expect(throws: PluginError.self) {
      try twice.add(ObservableChoice("mine", Counter.self, .init(rows: .jets)))
    }
  }

  /// Batches take the rows of their events and jets.
  @Test func batchesHaveTheirRows() throws {
    var set = ObservableSet()
    for rows in HeadRows.allCases {
      try set.add(
        ObservableChoice(
          rows.rawValue == "jets" ? "jet" : "of-\(rows.rawValue)", Counter.self, .init(rows: rows)))
    }
    let events = try Self.events()
    let jets = try JetReconstruction(Self.finder.get(), observables: set).jets(in: events)
    let names = ["jet/place", "of-events/place", "of-constituents/place", "of-splittings/place"]
    var sample = Kinematics(observables: Set(names))
    #expect(names.allSatisfy { sample.observable($0) == [] } && sample.observable("jet/pt") == nil)
    sample.replace(with: events, jets: jets)
    sample.append(sample)
    var batch = Kinematics(observables: Set(names))
    for _ in 0..<2 {
      // The third event, the first of the second half, and the second one, which has no jets.
      batch.fill(sample, events: [2, 3, 1], jets: [3, 4, 5, 6, 7])
      #expect(batch.observable("of-events/place") == [2, 0, 1])
      #expect(batch.observable("jet/place") == [3, 4, 0, 1, 2])
      #expect(batch.observable("of-constituents/place") == [5, 6, 7, 8, 0, 1, 2, 3, 4])
      #expect(batch.observable("of-splittings/place") == [2, 3, 0, 1])
    }
  }
}
