// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// Columns of the input that `canopy classify --keep` writes with its results.
@Suite struct KeepTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: String...) throws -> Outcome {
    try Program.run(["classify"] + arguments + ["--model", try TinyModel.folder()])
  }

  /// Three events of one jet each, with columns of events and of particles.
  private func events(_ label: String = "1") throws -> String {
    try folder.write(
      (0..<3).map { i in
        "{\"particles\": [[\(300 + i), 0, 1, \(310 + i)], [1, 0, 300, 301], [4, 3, 0, 6]], \"label\": \(label), "
          + "\"weight\": \(i).5, \"pair\": [\(i), -1], \"d0\": [\(i).25, 7, -\(i)]}"
      }.joined(separator: "\n"))
  }

  @Test func columnsOfEventsAndParticlesAreKept() throws {
    let file = folder.path("scores.h5")
    let outcome = try run(
      try events(), "--keep", "label,particle.d0", "--keep", "weight, hard", "--define",
      "hard = max(particle.pt) > 301",
      "-o", file)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try hdf5Array(file, "event/label") == [1, 1, 1])
    #expect(try hdf5Array(file, "event/weight") == [0.5, 1.5, 2.5])
    #expect(try hdf5Array(file, "event/hard") == [0, 0, 1])
    // The particle along the beam is in no jet.
    #expect(try hdf5Array(file, "constituent/d0") == [0.25, 0, 1.25, -1, 2.25, -2])

    let lines = try run(try events(), "--keep", "label,pair", "--format", "jsonl")
    #expect(lines.status == 0, "\(lines.errors)")
    struct Line: Decodable {
      var label: Double
      var pair: [Double]
    }
    let decoded = try lines.text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(decoded.map(\.label) == [1, 1, 1] && decoded.map(\.pair) == [[0, -1], [1, -1], [2, -1]])
    let table = try run(try events(), "--keep", "weight")
    #expect(table.status == 0 && table.text.contains("weight") && table.text.contains("2.5"), "\(table.text)")
    #expect(try run(try events(), "--keep", "weight", "-o", folder.path("scores.npz")).status == 0)
  }

  @Test func allColumnsAreThoseOfTheFile() throws {
    let file = folder.path("all.h5")
    let outcome = try run(
      Samples.path("w-vs-qcd-small.h5"), "--keep", "all", "--max-events", "20", "-o", file)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let labels = try hdf5Array(Samples.path("w-vs-qcd-small.h5"), "event/label")
    #expect(try hdf5Array(file, "event/label") == Array(labels.prefix(20)))
    let own = folder.path("own.h5")
    #expect(try run(try events(), "--keep", "all", "-o", own).status == 0)
    #expect(try hdf5Array(own, "event/pair") == [0, -1, 1, -1, 2, -1])
    #expect(try hdf5Array(own, "constituent/d0").count == 6)
  }

  /// Events of one jet at φ = 0, two of which have a given jet nearby; the second has none, and no text.
  private func texts() throws -> String {
    try folder.write(
      (0..<3).map { i in
        "{\"particles\": [[\(300 + i), 0, 1, \(310 + i)], [300, 1, 0, 301]], \"process\": \(["\"w\"", "null", "\"qcd\""][i]), "
          + "\"jets\": [{\"eta\": 0, \"phi\": \(i == 1 ? "2" : "6.2"), \"flavour\": \"b\", \"tag\": \(i)}]}"
      }.joined(separator: "\n"), to: "texts.jsonl")
  }

  @Test func textsAndColumnsOfGivenJetsAreKept() throws {
    struct Line: Decodable {
      struct Jet: Decodable {
        struct Given: Decodable {
          var flavour: String?
          var tag: Double?
        }
        var given: Given
      }
      var process: String?
      var jets: [Jet]
    }
    let names = ["--keep", "process,jet/flavour,jet/tag"]
    let outcome = try Program.run(
      ["classify", try texts(), "--model", try TinyModel.folder(), "--format", "jsonl"] + names)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = try outcome.text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.process) == ["w", nil, "qcd"])
    #expect(lines.flatMap(\.jets).map(\.given.flavour) == ["b", nil, "b"])
    #expect(lines.flatMap(\.jets).map(\.given.tag) == [0, nil, 2])
    let file = folder.path("texts.h5")
    #expect(try run(try texts(), "--keep", "process,jet/flavour,jet/tag", "-o", file).status == 0)
    let tags = try hdf5Array(file, "jet/given/tag")
    #expect(tags[0] == 0 && tags[1].isNaN && tags[2] == 2)
    let table = try run(try texts(), "--keep", "process,jet/flavour")
    #expect(table.text.contains("given/flavour") && table.text.contains("qcd"), "\(table.text)")
    let missing = try run(try texts(), "--keep", "jet/colour", "-o", folder.path("none"))
    #expect(
      missing.status == 65
        && missing.errors.contains("the given jets have no column colour; their columns are: eta, "))
  }

  /// With given jets, `all` has those that can be matched, and says what it has not.
  @Test func allColumnsHaveThoseOfGivenJets() throws {
    let file = folder.path("given.h5")
    let all = try run(try texts(), "--keep", "all", "-o", file)
    #expect(all.status == 0 && all.errors.isEmpty, "\(all.errors)")
    let tags = try hdf5Array(file, "jet/given/tag")
    #expect(tags[0] == 0 && tags[1].isNaN && tags[2] == 2)
    let ordered = try run(try texts(), "--keep", "all", "--jet-truth", "order", "-o", file)
    #expect(ordered.status == 0, "\(ordered.errors)")
    #expect(try hdf5Array(file, "jet/given/tag") == [0, 1, 2])
    let far = try run(
      try texts(), "--keep", "jet/tag", "--jet-truth", "{match: delta-r, radius: 0.01}", "-o", file)
    #expect(far.status == 0, "\(far.errors)")
    #expect(try hdf5Array(file, "jet/given/tag").allSatisfy(\.isNaN))
    let unplaced = try folder.write(
      #"{"particles": [[300, 0, 1, 310]], "x": 1, "odd": {}, "jets": [{"phi": "a", "eta": 1}]}"#,
      to: "u.jsonl")
    let part = try run(unplaced, "--keep", "all", "-o", file)
    #expect(part.status == 0, "\(part.errors)")
    for problem in ["odd cannot be read", "jet/phi is text, but given jets are matched by its numbers"] {
      #expect(
        part.errors.contains("canopy: --keep all leaves out what results cannot have: ")
          && part.errors.contains(problem))
    }
    #expect(try hdf5Array(file, "event/x") == [1])
    for (arguments, problem) in [
      (["--jet-truth", "ordr"], "--jet-truth: the value must be one of delta-r, order, index, not 'ordr'"),
      (["--jet-truth", "order"], "keep one, as in --keep jet/NAME"),
    ] {
      let refused = try Program.run(["classify", try texts(), "--model", try TinyModel.folder()] + arguments)
      #expect(refused.status == 64 && refused.errors.contains(problem), "\(refused.errors)")
    }
    let evaluated = try Program.run(
      "evaluate", try texts(), "--model", try TinyModel.folder(), "--jet-truth", "order")
    #expect(evaluated.status == 64 && evaluated.errors.contains("which no head of the model has"))
  }

  /// Given jets and texts are listed, and events that a trigger accepts have them again.
  @Test func textsAndGivenJetsAreListedAndWrittenAgain() throws {
    let menu = try folder.write("paths: [{name: all, prescale: 1}]", to: "menu.yaml")
    for name in ["accepted.h5", "accepted.jsonl"] {
      let outcome = try Program.run(
        "trigger", try texts(), "--menu", menu, "--model", try TinyModel.folder(), "-o", folder.path(name))
      #expect(outcome.status == 0, "\(outcome.errors)")
      for path in [try texts(), folder.path(name)] {
        let listing = try Program.run("inspect", path)
        #expect(
          listing.text.contains("texts of process") && listing.text.contains("w, qcd"), "\(listing.text)")
        #expect(listing.text.contains("given jets") && listing.text.contains("3; an event has 1 to 1"))
        #expect(!listing.text.contains("cannot be read"), "\(listing.text)")
      }
    }
  }

  @Test func columnsThatCannotBeKept() throws {
    let out = folder.path("none.h5")
    for (names, label, status, fragment) in [
      ("lable", "1", 65, "the events have no column lable; their columns are: "),
      ("particle.d1", "1", 65, "the particles have no column d1"),
      ("label", "16777217", 65, "event 0: label is 16777217, a whole number that results would round"),
      ("number", "1", 64, "--keep number"), ("all,label", "1", 64, "--keep all"),
    ] {
      let outcome = try run(try events(label), "--keep", names, "-o", out)
      #expect(outcome.status == status && outcome.errors.contains(fragment), "\(names): \(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: out))
    }
    // A second file has other numbers of the same name.
    let other = try folder.write("{\"particles\": [[300, 0, 1, 310]], \"pair\": 1}\n", to: "other")
    let mixed = try run(try events(), other, "--keep", "pair", "-o", out)
    #expect(
      mixed.status == 65
        && mixed.errors.contains("From event 3 on, pair has one number where it had 2 numbers before"),
      "\(mixed.errors)")
    // Powers of two are exact, and measured numbers are rounded as all results are.
    #expect(try run(try events("16777216"), "--keep", "label", "-o", out).status == 0)
    #expect(try run("-", "--keep", "all", "-o", out).status == 64)
  }
}
