// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// A line of JSON lines from `canopy cluster`.
private struct Line: Decodable {
  struct Jet: Decodable {
    var pt: Double
    var rapidity: Double
    var phi: Double
    var mass: Double
    var constituents: [Int32]?
    var tree: [[Int32]]?
  }

  var event: Int
  var jets: [Jet]

  static func read(_ data: Data) throws -> [Line] {
    try data.split(separator: 0x0A).map { try JSONDecoder().decode(Line.self, from: $0) }
  }
}

@Suite struct ClusterTests {
  /// Constituents are counted as the input has the particles, whichever of them take part.
  @Test func constituentsAreParticlesOfTheInput() throws {
    let folder = try TemporaryFolder()
    // A neutrino, two pions at π in azimuth, and a soft one beside the second.
    let momenta = [[30, 0, 0, 30], [0, 40, 0, 40], [0, -60, 0, 60], [0.1, -1, 0, 2]]
    let event = "{\"particles\": \(momenta), \"pdgid\": [12, 211, -211, 211]}\n"
    let input = try folder.write(event + "{\"particles\": [], \"pdgid\": []}\n" + event, to: "events.jsonl")
    for (options, expected) in [
      ([], [[2, 3], [1]]), (["--keep-invisible"], [[2, 3], [1], [0]]),
      (["--particles", "pt > 5"], [[2], [1]]),
    ] as [([String], [[Int32]])] {
      let arguments = ["cluster", input, "--constituents", "--min-pt", "3", "--format", "jsonl"] + options
      let lines = try Line.read(try Program.run(arguments).output)
      let found = lines.map { $0.jets.map { $0.constituents!.sorted() } }
      #expect(found == [expected, [], expected], "\(options)")
      #expect(try Program.run(arguments + ["--threads", "2"]).output == Program.run(arguments).output)
    }
  }

  /// Particles without weight are left out before jets are found, and the others are multiplied by theirs.
  @Test func weightsAreApplied() throws {
    let folder = try TemporaryFolder()
    // Tracks of the leading vertex and of another, a neutral particle beside each, and a track of the leading one nearer to the other.
    let momenta = [[30, 0, 0, 30], [-20, 0, 0, 20], [10, 1, 0, 11], [-10, 1, 0, 11], [-5, -2, 0, 6]]
    let event = "{\"particles\": \(momenta), \"vertex\": [1, -1, 0, 0, 1]}\n"
    let input = try folder.write(event + "{\"particles\": [], \"vertex\": []}\n" + event, to: "events.jsonl")
    let arguments = [
      "cluster", input, "--constituents", "--format", "jsonl", "--observable",
      "strict: {plugin: puppi, central-pt: 10.1}",
    ]
    for (name, expected) in [
      // Half of the cells are empty, so that SoftKiller keeps all that has no track.
      ("softkiller", [[0, 2], [3], [4]]), ("puppi", [[0, 2], [4]]), ("strict", [[0], [4]]),
    ] as [(String, [[Int32]])] {
      let outcome = try Program.run(arguments + ["--apply", name])
      let found = try Line.read(outcome.output).map { $0.jets.map { $0.constituents!.sorted() } }
      #expect(found == [expected, [], expected], "\(name): \(outcome.errors)")
      #expect(try Program.run(arguments + ["--apply", name, "--threads", "2"]).output == outcome.output)
    }
    for (name, words) in [
      ("pupi", "no observable and no model"), ("isolation", "no number “weight”"),
      ("", "no observable and no model"),
    ] {
      let outcome = try Program.run(arguments + ["--apply", name])
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(name): \(outcome.errors)")
    }
    let twice = try Program.run(arguments + ["--apply", "puppi", "--apply", "softkiller"])
    #expect(twice.status == 64 && twice.errors.contains("--apply is given 2 times"), "\(twice.errors)")
    let model = try Program.run(arguments + ["--apply", TinyModel.folder()])
    #expect(model.status != 0 && model.errors.contains("no head of the model"), "\(model.errors)")
    let bare = try folder.write("{\"particles\": \(momenta)}\n", to: "bare.jsonl")
    let outcome = try Program.run("cluster", bare, "--apply", "puppi")
    #expect(
      outcome.status == 65 && outcome.errors.contains("bare.jsonl")
        && outcome.errors.contains("no column vertex"),
      "\(outcome.errors)")
  }

  /// Observables are in each format under the names of their rows, and cuts leave jets out.
  @Test func observablesAreWritten() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "cluster", Samples.path("w-events.jsonl"), "--radius", "1", "--observable", "soft-drop", "--observable",
      "tight: {plugin: soft-drop, z-cut: 0.3}", "--observable", "lund", "--observable", "isolation",
      "--observable", "missing-momentum",
    ]
    let path = folder.path("jets.h5")
    let outcome = try Program.run(arguments + ["-o", path])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let pt = try hdf5Array(path, "/jet/pt")
    let mass = try hdf5Array(path, "/jet/soft-drop/mass")
    let tight = try hdf5Array(path, "/jet/tight/mass")
    #expect(mass.count == pt.count && mass != tight)
    #expect(try hdf5Array(path, "/event/missing-momentum/pt").count == hdf5Array(path, "/event/number").count)
    let constituents = try hdf5Array(path, "/constituent/isolation/isolation").count
    #expect(try hdf5Array(path, "/splitting/lund/kt").count == constituents - pt.count)
    #expect(constituents > 500)

    let cut = try Program.run(
      arguments + ["--cut", "soft-drop/mass > 60", "--cut", "tight/dropped < 3", "--format", "jsonl"])
    let dropped = try hdf5Array(path, "/jet/tight/dropped")
    let kept = mass.indices.filter { mass[$0] > 60 && dropped[$0] < 3 }
    let lines = try Line.read(cut.output)
    #expect(lines.flatMap { $0.jets.map(\.mass) }.count == kept.count && kept.count < mass.count)
    #expect(cut.text.contains(#""soft-drop":{"mass":"#))
    #expect(
      try Program.run(arguments + ["--threads", "3", "--format", "jsonl"]).output
        == Program.run(arguments + ["--threads", "1", "--format", "jsonl"]).output)
  }

  @Test(arguments: [
    (["--observable", "soft-dorp"], "did you mean soft-drop?"),
    (["--observable", "jets: {plugin: soft-drop}"], "An observable cannot be called jets"),
    (["--observable", "a: {plugin: soft-drop, zcut: 1}"], "unknown key 'zcut' in a; did you mean 'z-cut'?"),
    (["--observable", "lund", "--observable", "lund"], "asked for twice"),
    (["--observable", "a/b"], "must be a mapping"),
    (["--cut", "soft-drop/mass >"], "a number is missing"),
    (["--cut", "soft-drop/mas > 3"], "did you mean soft-drop/mass?"),
    (["--cut", "lund/kt > 3"], "cuts choose among jets"),
    (["--cut", "abs(eta) < 2 and soft-drop/mas > 3"], "did you mean soft-drop/mass?"),
    (["--cut", "abs(eta) < 2 and"], "is wrong at character 17"),
  ]) func observablesThatAreNotThereAreRefused(options: [String], problem: String) throws {
    let outcome = try Program.run(["cluster", Samples.path("w-events.jsonl")] + options)
    #expect(outcome.status == 64 && outcome.errors.contains(problem), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  /// The place in the inputs and the number in the event's own file, which need not be there.
  @Test func resultsNameTheEventsOfTheInput() throws {
    let folder = try TemporaryFolder()
    let particles = #""particles": [[30, 0, 0, 40]]"#
    let numbered = try folder.write(
      [4711, 4712, 4711].map { "{\"number\": \($0), \(particles)}\n" }.joined(), to: "numbered.jsonl")
    let plain = try folder.write("{\(particles)}\n", to: "plain.jsonl")
    let path = folder.path("jets.h5")
    let outcome = try Program.run("cluster", numbered, plain, "-o", path)
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(try hdf5Array(path, "/event/number") == [0, 1, 2, 3])
    let numbers = try hdf5Array(path, "/event/input_number")
    #expect(numbers.prefix(3) == [4711, 4712, 4711] && numbers[3].isNaN)
    let lines = try Program.run("cluster", numbered, plain, "--format", "jsonl").text.split(separator: "\n")
    #expect(lines.count == 4 && lines[1].hasPrefix("{\"event\":1,\"input_number\":4712"))
    #expect(lines[3].hasPrefix("{\"event\":3,\"input_number\":null,"))
    #expect(try !Program.run("cluster", plain, "--format", "jsonl").text.contains("input_number"))
  }

  /// Options, and the finder that they stand for.
  private static let finders: [([String], @Sendable () throws -> JetFinder)] = [
    (
      [],
      {
        try JetFinder(
          JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 5)))
      }
    ),
    (
      ["--algorithm", "cambridge", "--radius", "1", "--min-pt", "20", "--max-abs-rapidity", "2.5"],
      {
        try JetFinder(
          JetDefinition(.cambridge, radius: 1),
          selection: JetSelection(.inclusive(minimumPt: 20), maximumAbsRapidity: 2.5))
      }
    ),
    (
      ["--algorithm", "genkt", "--power", "0.5", "--recombination", "WTA-pt", "--recluster", "kt"],
      {
        try JetFinder(
          JetDefinition(.genkt, radius: 0.4, power: 0.5, recombination: .wtaPt),
          selection: JetSelection(.inclusive(minimumPt: 5)), recluster: .kt)
      }
    ),
    (
      ["--algorithm", "kt", "--exclusive-dcut", "400", "--radius", "0.7"],
      { try JetFinder(JetDefinition(.kt, radius: 0.7), selection: JetSelection(.exclusiveCut(400))) }
    ),
    (
      ["--algorithm", "ee-kt", "--exclusive-jets", "3"],
      { try JetFinder(JetDefinition(.eeKt), selection: JetSelection(.exclusiveJets(3))) }
    ),
    (
      ["--algorithm", "ee-genkt", "--power", "-1", "--recombination", "E"],
      { try JetFinder(JetDefinition(.eeGenkt, radius: 0.4, power: -1)) }
    ),
  ]

  @Test(arguments: finders.indices)
  func jsonLinesAreTheJetsOfTheLibrary(index: Int) throws {
    let (options, makeFinder) = Self.finders[index]
    let input = Samples.path("w-events.jsonl")
    let outcome = try Program.run(
      ["cluster", input, "--format", "jsonl", "--constituents", "--tree"] + options)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let lines = try Line.read(outcome.output)

    let events = try #require(try EventStream(inputs: [input]).next(upTo: 100))
    let jets = try JetClusterer(try makeFinder()).jets(in: events)
    #expect(lines.map(\.event) == Array(0..<20))
    #expect(lines.flatMap(\.jets).count == jets.jetCount && jets.jetCount > 20)
    for (event, line) in lines.enumerated() {
      for (jet, found) in zip(jets.jets(ofEvent: event), line.jets) {
        let momentum = jets.momentum(ofJet: jet)
        #expect(found.pt == momentum.pt && found.rapidity == momentum.rapidity)
        #expect(found.phi == momentum.phi && found.mass == momentum.mass)
        #expect(found.constituents == Array(jets.constituents[jet]))
        let splittings = jets.trees.nodes(ofTree: jet).filter { jets.trees.left[$0] >= 0 }
        #expect(found.tree == splittings.map { [jets.trees.left[$0], jets.trees.right[$0]] })
      }
    }
  }

  @Test func formatsAgree() throws {
    let folder = try TemporaryFolder()
    let input = Samples.path("w-events.txt")
    let lines = try Line.read(try Program.run("cluster", input, "--format", "jsonl").output)
    // The ending of the name tells the format.
    for name in ["jets.h5", "jets.npz"] {
      #expect(try Program.run("cluster", input, "-o", folder.path(name)).status == 0)
    }
    for (name, path) in [("pt", \Line.Jet.pt), ("mass", \.mass), ("phi", \.phi), ("rapidity", \.rapidity)] {
      let expected = lines.flatMap(\.jets).map { $0[keyPath: path] }
      #expect(try hdf5Array(folder.path("jets.h5"), "jet/\(name)") == expected)
      #expect(try npzArray(folder.path("jets.npz"), "jet/\(name)") == expected)
    }
    let table = try Program.run("cluster", input).text.split(separator: "\n")
    #expect(table.count == 1 + lines.flatMap(\.jets).count)
    #expect(table[0].contains("pt [GeV]"))
    #expect(try folder.content == ["jets.h5", "jets.npz"])
  }

  @Test func theNumberOfThreadsChangesNothing() throws {
    let input = Samples.path("w-vs-qcd-small.h5")
    let options = ["--format", "jsonl", "--tree", "--constituents", "--max-events", "1100"]
    let outcomes = try ["1", "4"].map { try Program.run(["cluster", input, "--threads", $0] + options) }
    #expect(outcomes[0].status == 0 && outcomes[0].output.count > 100_000)
    #expect(outcomes[0].output == outcomes[1].output)
  }

  @Test func inputsFollowEachOther() throws {
    let text = try Samples.data("w-events.txt")
    let inputs = [Samples.path("w-events.jsonl"), "-", Samples.path("w-events-v2.hepmc.gz")]
    let options = ["--format", "jsonl", "--skip-events", "5", "--max-events", "40"]
    let outcome = try Program.run(["cluster"] + inputs + options, input: text)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = try Line.read(outcome.output)
    #expect(lines.map(\.event) == Array(5..<45))
    // The same events in three formats, of which the first two have the same digits.
    for event in 5..<20 {
      #expect(lines[event - 5].jets.map(\.pt) == lines[event + 15].jets.map(\.pt))
    }
    for event in 0..<5 {
      #expect(abs(lines[35 + event].jets[0].pt - lines[15 + event].jets[0].pt) < 0.01)
    }
  }

  @Test func compressedInputIsReadFromStandardInput() throws {
    let hepMC = try Program.run(
      "cluster", "-", "--max-events", "20", "--format", "jsonl", input: Samples.data("w-events.hepmc.zst"))
    let version2 = try Program.run(
      "cluster", "-", "--format", "jsonl", input: Samples.data("w-events-v2.hepmc.gz"))
    #expect(hepMC.status == 0 && version2.status == 0)
    let (lines, others) = (try Line.read(hepMC.output), try Line.read(version2.output))
    #expect(lines.count == 20 && others.count == 20)
    for (line, other) in zip(lines, others) {
      #expect(abs(line.jets[0].pt - other.jets[0].pt) < 0.01)
    }
  }

  @Test func invisibleParticlesTakePartWhenAsked() throws {
    let input = Samples.path("w-events-v2.hepmc.gz")
    let options = ["--format", "jsonl", "--constituents", "--min-pt", "0"]
    let visible = try Line.read(try Program.run(["cluster", input] + options).output)
    let all = try Line.read(try Program.run(["cluster", input, "--keep-invisible"] + options).output)
    let count = { (lines: [Line]) in lines.flatMap(\.jets).reduce(0) { $0 + $1.constituents!.count } }
    // Each Z of the sample goes into two neutrinos.
    #expect(count(all) >= count(visible) + 40)
  }

  @Test func eventsWithoutOrWithOneParticleAreValid() throws {
    let input = Data(#"{"particles": []}\#n{"particles": [[10, 0, 5, 20]]}\#n"#.utf8)
    let lines = try Line.read(
      try Program.run("cluster", "-", "--format", "jsonl", "--tree", "--constituents", input: input).output)
    #expect(lines.map(\.jets.count) == [0, 1])
    #expect(lines[1].jets[0].constituents == [0] && lines[1].jets[0].tree == [])
  }

  @Test func badEventsAreLeftOutWhenAsked() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write(
      "1 0 0 2\n#END\nnan 0 0 2\n#END\n3 0 0 -4\n#END\n4 0 0 5\n", to: "events.txt")
    let outcome = try Program.run("cluster", input, "--skip-bad-events", "--min-pt", "0", "--format", "jsonl")
    #expect(outcome.status == 0)
    #expect(try Line.read(outcome.output).map(\.event) == [0, 3])
    let report = outcome.errors.split(separator: "\n")
    #expect(report.count == 3 && report[0] == "canopy: 2 bad events were left out:")
    #expect(report[1].contains("event 1") && report[1].contains("px"))
    #expect(report[2].contains("event 2") && report[2].contains("E"))
  }
}
