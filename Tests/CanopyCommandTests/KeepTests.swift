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
