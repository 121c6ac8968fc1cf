// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Formulas
import JetPhysics
import PluginKit
import TestFiles
import Testing

/// Formulas over the jets of events that are read: of particles so far apart that each is a jet of its own.
@Suite struct JetFormulaTests {
  private let folder: TemporaryFolder
  private let file: String

  /// The transverse momenta of the particles of each event; jets have 20 GeV or more.
  private static let momenta: [[Double]] = [
    [100, 50, 10], [30, 25, 20.5], [15, 5], [], [400, 300, 21], [60, 19], [500], [22, 21, 20.25, 8],
  ]

  init() throws {
    folder = try TemporaryFolder()
    let lines = Self.momenta.enumerated().map { event, momenta in
      let particles = momenta.enumerated().map { place, pt in
        let momentum = FourMomentum(pt: pt, rapidity: 0, phi: 0.3 + 1.5 * Double(place), mass: 0)
        return "[\(momentum.px), \(momentum.py), \(momentum.pz), \(momentum.energy)]"
      }
      return "{\"particles\": [\(particles.joined(separator: ", "))], \"label\": \(event % 2), \"run\": 7}\n"
    }
    file = try folder.write(lines.joined(), to: "apart.jsonl")
  }

  /// Refuses events with a jet of more than 450 GeV, and says how hard the others are.
  private struct Hardness: Observable {
    static let identifier = "hardness"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "says how hard jets are"
    static let example = Configuration()
    struct Configuration: Codable, Sendable {}
    let configuration: Configuration
    let rows = HeadRows.jets
    let quantities = [ObservableQuantity("twice", "twice the transverse momentum", unit: "GeV")]

    init(configuration: Configuration) { self.configuration = configuration }

    func callAsFunction(_ inputs: ObservableInputs<Hardness>, _ values: inout [Double]) throws {
      for jet in 0..<inputs.jets.jetCount {
        let pt = inputs.jets.momentum(ofJet: jet).pt
        if pt > 450 {
          let event = (0..<inputs.jets.eventCount).first { inputs.jets.jets(ofEvent: $0).contains(jet) }
          throw PluginError("The jet is too hard.", row: event)
        }
        values.append(2 * pt)
      }
    }
  }

  private func options(
    _ selection: [String] = [], _ definitions: KeyValuePairs<String, String> = [:], cuts: [String] = []
  ) throws -> EventReadingOptions {
    var plugins = PluginRegistry()
    try plugins.register(Hardness.self)
    return EventReadingOptions(
      selection: try selection.map { try Formula($0) },
      definitions: try definitions.map { ColumnDefinition($0.key, try Formula($0.value)) },
      jets: FormulaJets(
        try JetFinder(
          JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 20))),
        observables: ObservableCatalogue(plugins: plugins), cuts: try cuts.map { try ObservableCut($0) }))
  }

  /// The transverse momenta of the jets of an event.
  private func jets(_ event: Int) -> [Double] { Self.momenta[event].filter { $0 >= 20 } }

  private func expectClose(
    _ values: [Double]?, _ expected: [Double], _ location: SourceLocation = #_sourceLocation
  ) {
    let values = values ?? []
    #expect(
      values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-9 },
      "\(values) \(expected)", sourceLocation: location)
  }

  @Test func columnsAndSelectionsReadJets() throws {
    let options = try options(
      ["label == 0 or n > 1", "ht > 60"],
      [
        "all": "sum(particle.pt)", "ht": "sum(jet.pt)", "n": "count(jet)", "soft": "all - ht",
        "twice": "2 * n",
      ])
    let chosen = Self.momenta.indices.filter {
      ($0 % 2 == 0 || jets($0).count > 1) && jets($0).reduce(0, +) > 60
    }
    #expect(chosen == [0, 1, 4, 6, 7])
    for threads in [1, 3] {
      let stream = try EventStream(inputs: [file], options: options)
      var read = Events()
      try EventPipeline.run(
        stream: stream, eventsPerBatch: 3, threads: threads, makeWorker: { { $0 } },
        consume: { (events: Events) in
          if read.eventCount == 0 { read = events } else { read.append(events) }
        })
      #expect(read.eventNumbers == chosen && stream.goodEventCount == 8 && stream.wantedEventCount == 5)
      #expect(read.columns.names == ["all", "ht", "label", "n", "run", "soft", "twice"])
      expectClose(read.columns["ht"]?.values, chosen.map { jets($0).reduce(0, +) })
      expectClose(read.columns["n"]?.values, chosen.map { Double(jets($0).count) })
      expectClose(
        read.columns["soft"]?.values, chosen.map { Self.momenta[$0].filter { $0 < 20 }.reduce(0, +) })
      expectClose(read.columns["twice"]?.values, chosen.map { 2 * Double(jets($0).count) })
      #expect(read.columns["label"]?.values == chosen.map { Double($0 % 2) })
      #expect(read.particleCount == chosen.reduce(0) { $0 + Self.momenta[$1].count })
    }
  }

  /// What is left out is left out before jets are found, and of the rest all particles stay that the events are to keep.
  @Test func jetsAreOfTheParticlesThatTakePart() throws {
    var options = try options(["count(particle) > 1", "count(jet) >= 1"], ["n": "count(jet)"])
    options.particles.conditions = [try ParticleCondition("pt < 200")]
    options.leavesOutParticles = false
    let batch = try #require(try EventStream(inputs: [file], options: options).next(upTo: 10))
    // Of event 4 one particle takes part.
    #expect(batch.eventNumbers == [0, 1, 5, 7] && batch.columns["n"]?.values == [2, 3, 1, 3])
    #expect(batch.particleCount == 3 + 3 + 2 + 4)
  }

  @Test func eventsThatOtherFormulasLeaveOutHaveNoJets() throws {
    var options = try options(["max(jet.hardness/twice) > 150"])
    let error = #expect(throws: EventInputError.self) {
      try EventStream(inputs: [file], options: options).next(upTo: 10)
    }
    #expect(error?.source == file && error?.event == 6, "\(error?.description ?? "")")
    options.selection.append(try Formula("max(particle.pt) < 450"))
    let batch = try #require(try EventStream(inputs: [file], options: options).next(upTo: 10))
    #expect(batch.eventNumbers == [0, 4])
  }

  @Test func jetsMeetCuts() throws {
    let options = try options([], ["n": "count(jet)"], cuts: ["pt > 24"])
    let batch = try #require(try EventStream(inputs: [file], options: options).next(upTo: 10))
    #expect(batch.columns["n"]?.values == Self.momenta.map { Double($0.count { $0 > 24 }) })
  }

  /// The weight may be a column of jets or a formula over them, also if jets decide which events there are.
  @Test(arguments: ["ht - 100", "sum(jet.pt) - 100", "w"], [[], ["count(jet) < 3"]])
  func weightsReadJets(weight: String, selection: [String]) throws {
    var options = try options(selection, ["ht": "sum(jet.pt)", "w": "ht - 100"])
    options.weight = EventWeight(weight)
    options.negativeWeights = .leftOut
    let stream = try EventStream(
      samples: [InputSample(files: [file], weight: 3)], options: options)
    let batch = try #require(try stream.next(upTo: 10))
    let chosen = Self.momenta.indices.filter { selection.isEmpty || jets($0).count < 3 }
    let expected = chosen.map { 3 * (jets($0).reduce(0, +) - 100) }
    #expect(batch.eventNumbers == zip(chosen, expected).filter { $1 >= 0 }.map(\.0))
    expectClose(batch.weights, expected.filter { $0 >= 0 })
    #expect(stream.negativeWeightCount == expected.count { $0 < 0 })
    // A formula alone asks for jets too.
    options = try self.options()
    options.weight = EventWeight("1 + count(jet)")
    let weights = try #require(try EventStream(inputs: [file], options: options).next(upTo: 10)).weights
    #expect(weights == Self.momenta.indices.map { 1 + Double(jets($0).count) })
  }

  @Test func columnsOfTheFileComeFirst() throws {
    let named = try folder.write(
      "{\"particles\": [[30, 0, 0, 30]], \"jet.pt\": 3}\n{\"particles\": [[40, 0, 0, 40]], \"jet.pt\": 5}\n",
      to: "named.jsonl")
    let options = try options(["jet.pt > 4"], ["a": "jet.pt + 1", "b": "sum(jet.energy)"])
    let batch = try #require(try EventStream(inputs: [named], options: options).next(upTo: 10))
    #expect(batch.columns["a"]?.values == [6])
    expectClose(batch.columns["b"]?.values, [40])
  }

  @Test func mistakesNameTheCharacter() throws {
    for (selection, definitions, problem) in [
      (["jet.pt > 3"], [:], "where \"jet.pt > 3\" is wrong at character 1: there is a value for each jet"),
      (["2 < max(jet.ptt)"], [:], "character 9: jets have no column ptt; did you mean pt?"),
      (
        ["max(particle.pt) < 450", "max(jet.hardness/twic) > 3"], [:],
        "character 5: jets have no column hardness/twic; did you mean"
      ),
      ([], ["a": "b + count(jet)", "b": "1"], "define.a \"b + count(jet)\" is wrong at character 1"),
      ([], ["a": "b + count(jet)", "b": "a"], "define.a \"b + count(jet)\" is wrong at character 1"),
      ([], ["run": "count(jet)"], "define.run has the name of a column of the events"),
      (["max(jet.pt)"], [:], "a condition is needed"),
      // No event is left to find jets in.
      (["label == 5", "max(jet.ptt) > 3"], [:], "jets have no column ptt"),
    ] as [([String], KeyValuePairs<String, String>, String)] {
      let text = refusal(file, options: try options(selection, definitions))
      #expect(text.contains(problem), "\(text)")
    }
    var none = try options(["count(jet) > 1"])
    none.jets = nil
    #expect(refusal(file, options: none).contains("there are no jets here; there are particles"))
  }

  /// Columns of particles are read if a formula names them of constituents.
  @Test func constituentsHaveTheColumnsOfParticles() throws {
    var options = try options([], ["q": "max(max(constituent.charge2))"])
    options.particleColumns = []
    let columned = try folder.write(
      "{\"particles\": [[30, 0, 0, 30], [0, 40, 0, 40]], \"charge2\": [4, 9], \"other\": [1, 1]}\n",
      to: "q.jsonl")
    let batch = try #require(try EventStream(inputs: [columned], options: options).next(upTo: 10))
    #expect(batch.columns["q"]?.values == [9] && batch.particles.content.columns.names == ["charge2"])
  }
}
