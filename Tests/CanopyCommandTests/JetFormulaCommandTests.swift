// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// Formulas over jets on the command line, against selections that are made by hand of what `cluster` finds.
@Suite struct JetFormulaCommandTests {
  private let folder: TemporaryFolder
  private let file = Samples.path("w-vs-qcd-small.h5")

  init() throws { folder = try TemporaryFolder() }

  private struct Event: Decodable, Equatable {
    struct Jet: Decodable, Equatable {
      var pt: Double
      var mass: Double
    }
    var event: Int
    var jets: [Jet]
  }

  private func events(_ arguments: [String]) throws -> [Event] {
    let outcome = try Program.run(arguments + ["--format", "jsonl"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try outcome.text.split(separator: "\n").map {
      try JSONDecoder().decode(Event.self, from: Data($0.utf8))
    }
  }

  @Test func clusterKeepsTheEventsThatItsJetsMeet() throws {
    let cluster = ["cluster", file, "--radius", "0.4", "--min-pt", "15", "--max-events", "150"]
    let all = try events(cluster)
    #expect(all.count == 150)
    func ht(_ event: Event) -> Double { event.jets.reduce(0) { $0 + $1.pt } }
    let median = all.map(ht).sorted()[75]
    let chosen = try events(
      cluster + ["--define", "n = count(jet)", "--define", "ht = sum(jet.pt)"]
        + ["--where", "ht > \(median) or n == 1", "--where", "number % 3 != 0"])
    // Results are in single precision.
    let expected = all.filter { $0.event % 3 != 0 && (ht($0) > median || $0.jets.count == 1) }
    let doubtful = all.count { abs(ht($0) - median) < 1e-3 }
    #expect(chosen.count > 20 && chosen.count < 100 && abs(chosen.count - expected.count) <= doubtful)
    #expect(Set(chosen.map(\.event)).symmetricDifference(expected.map(\.event)).count <= doubtful)
    for event in chosen { #expect(event == all[event.event]) }
    // Jets of formulas meet the cuts.
    let cut = cluster + ["--cut", "kinematics/constituents > 4", "--where", "any(jet.constituents <= 4)"]
    let none = try Program.run(cut)
    #expect(
      none.status == 0 && none.errors.contains("none of 150 meets what --where asks for"), "\(none.errors)")
  }

  @Test func classifyKeepsColumnsOfJets() throws {
    let scores = folder.path("scores.h5")
    let outcome = try Program.run([
      "classify", file, "--model", try TinyModel.folder(), "--max-events", "60", "--define",
      "lead = max(jet.pt)",
      "--define", "groomed = jet[0].soft-drop/mass", "--where", "lead > 0", "--keep", "lead,groomed",
      "--observable", "soft-drop", "-o", scores,
    ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    // The model keeps one jet of each event.
    let (leads, momenta) = try (hdf5Array(scores, "event/lead"), hdf5Array(scores, "jet/pt"))
    #expect(leads.count > 50 && leads.map { Float($0) } == momenta.map { Float($0) })
    #expect(try hdf5Array(scores, "event/groomed") == hdf5Array(scores, "jet/soft-drop/mass"))
    let all = try Program.run([
      "classify", file, "--model", try TinyModel.folder(), "--max-events", "5", "--define",
      "lead = max(jet.pt)",
      "--keep", "all", "-o", folder.path("all.h5"),
    ])
    try #require(all.status == 0, "\(all.errors)")
    #expect(try hdf5Array(folder.path("all.h5"), "event/lead").count == 5)
  }

  /// Columns and selections of jets are those of the same events with the columns written, in every command.
  @Test func twoStepsComeToTheSame() throws {
    let model = try TinyModel.folder()
    let define = ["--define", "lead = max(jet.pt)", "--define", "wide = max(jet.mass) > 60"]
    let select = ["--where", "lead > 270 and label in [0, 1]"]
    let menu = try folder.write("paths: [{name: all}]", to: "menu.yaml")
    let trigger = ["trigger", file, "--max-events", "400", "--model", model, "--menu", menu]
    let two = folder.path("two.h5")
    let run = try Program.run(trigger + define + select + ["-o", two, "--weight", "1 + count(jet)"])
    try #require(run.status == 0, "\(run.errors)")
    let leads = try hdf5Array(two, "event/lead")
    #expect(leads.count > 50 && leads.count < 350 && leads.allSatisfy { $0 > 270 })
    #expect(run.text.contains("\(leads.count)"), "\(run.text)")
    func evaluate(_ arguments: [String]) throws -> Substring {
      let outcome = try Program.run(
        ["evaluate"] + arguments + ["--model", model, "--in", "wide", "--compare", "lead"])
      try #require(outcome.status == 0, "\(outcome.errors)")
      return outcome.text[...]
    }
    let own = try evaluate([file, "--max-events", "400", "--weight", "lead"] + define + select)
    #expect(own == (try evaluate([two, "--weight", "lead"])))
    #expect(own.contains("events  \(leads.count)\n"), "\(own)")
  }

  /// `evaluate` without files reads the events that the training's conditions on jets left out.
  @Test func testEventsMayBeChosenByJets() throws {
    let configuration = try folder.write(
      TinyModel.configuration().replacingOccurrences(
        of: "  validation-fraction",
        with:
          "  define: {groomed: max(jet.tight/mass)}\n  where: count(jet) > 0\n  test: groomed > 60\n  validation-fraction"
      ) + "\nobservables: {tight: {plugin: soft-drop, z-cut: 0.3}}\n", to: "c.yaml")
    let model = folder.path("model")
    let training = try Program.run(["train", configuration, "-o", model])
    try #require(training.status == 0, "\(training.errors)")
    #expect(!training.errors.contains("has no effect"), "\(training.errors)")
    let own = try Program.run(["evaluate", "--model", model])
    let same = try Program.run([
      "classify", file, "--max-events", "200", "--model", model, "--observable",
      "tight: {plugin: soft-drop, z-cut: 0.3}",
      "-o", folder.path("scores.h5"),
    ])
    try #require(own.status == 0 && same.status == 0, "\(own.errors) \(same.errors)")
    let masses = try hdf5Array(folder.path("scores.h5"), "jet/tight/mass")
    let count = masses.count { $0 > 60 }
    #expect(count > 10 && own.text.hasPrefix("events  \(count)\n"), "\(count) \(own.text)")
    #expect(training.errors.contains("\(masses.count - count) jets"), "\(training.errors)")
  }
}
