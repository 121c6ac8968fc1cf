// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// `canopy detector`, and cards in other subcommands.
@Suite struct DetectorTests {
  private func events(_ path: String) throws -> Events {
    try #require(try EventStream(inputs: [path]).next(upTo: 1000))
  }

  @Test func eventsAreMeasuredAndReadAgain() throws {
    let folder = try TemporaryFolder()
    func measure(_ name: String, _ options: String...) throws -> String {
      let path = folder.url.appendingPathComponent(name).path
      let outcome = try Program.run(
        ["detector", Samples.path("w-events.hepmc.zst"), "--max-events", "150", "--card", "cms", "-o", path]
          + options)
      #expect(outcome.status == 0, "\(outcome.errors)")
      // The sample has no vertices, of which only tracks know.
      #expect(outcome.errors.isEmpty == options.contains("--towers"), "\(outcome.errors)")
      return path
    }
    let flow = try measure("flow.h5", "--threads", "1", "--truth")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: flow))
        == Data(contentsOf: URL(fileURLWithPath: measure("again.h5", "--threads", "3", "--truth"))))
    let measured = try events(flow)
    #expect(measured.eventCount == 150)
    let kinds = try #require(measured.particles.content.columns["kind"]).values
    #expect(Set(kinds) == [0, 1, 2])
    #expect(measured.particles.content.columns["truth"] != nil)
    let towers = try events(measure("towers.h5", "--towers"))
    #expect(Set(towers.particles.content.columns["kind"]!.values) == [3, 4])
    #expect(towers.particleCount != measured.particleCount)
    #expect(towers.columns["weight"] == measured.columns["weight"])
    let jets = try events(measure("jets.h5", "--keep-truth-jets", "--radius", "1", "--min-pt", "100"))
    #expect(try #require(jets.givenJets).content.names == ["mass", "phi", "pt", "rapidity"])
    #expect(jets.givenJets!.content["pt"]!.values.allSatisfy { $0 > 100 })
    let lines = try Program.run(
      "detector", Samples.path("w-vs-qcd-small.h5"), "--max-events", "2", "--card", "ild", "--set",
      "tracker.efficiency=0")
    #expect(lines.status == 0)
    #expect(lines.text.split(separator: "\n").count == 2)
    #expect(lines.errors.contains("no production vertices"))
    // It is said of each input that has none, whatever others have.
    let displaced = try folder.write(
      #"{"particles": [[3, 0, 1, 3.2]], "pdgid": [211], "vertex_x": [1], "vertex_y": [2], "vertex_z": [0]}"#
        + "\n",
      to: "displaced.jsonl")
    let central = try folder.write(
      #"{"particles": [[3, 0, 1, 3.2]], "pdgid": [211]}"# + "\n", to: "central.jsonl")
    let both = try Program.run("detector", central, displaced, "--card", "cms", "-o", folder.path("both.h5"))
    #expect(both.status == 0 && both.errors.contains("central.jsonl: all particles"), "\(both.errors)")
    #expect(!both.errors.contains("displaced.jsonl: "))
    let powered = try Program.run(
      "detector", displaced, "--card", "cms", "--keep-truth-jets", "--algorithm", "genkt", "--power", "-1")
    #expect(powered.status == 0, "\(powered.errors)")
  }

  @Test func whatIsWrongIsSaidInOneSentence() throws {
    let sample = Samples.path("w-events.hepmc.zst")
    for (arguments, status, words) in [
      (
        ["--card", "lhcb"], 65,
        "\"lhcb\" of the card is not there; name a file in YAML, or one of atlas, cms, fcc, ild"
      ),
      (["--card", ""], 65, "is not there; name a file"),
      (["--card", "cms", "--set", "ecal.celscale=2"], 64, "did you mean"),
      (["--card", "cms", "--set", "tracker.efficiency=pz"], 64, "tracker.efficiency is refused"),
      (["--card", "cms", "--set", "ecal=null"], 65, "lacks the key 'ecal'; add it"),
      (["--card", "cms", "--towers", "--set", "objects=particle-flow"], 64, "leave one out"),
      (
        ["--card", "cms", "--keep-truth-jets", "--min-pt", "inf"], 64, "--min-pt must be 0 or more and finite"
      ),
      (
        ["--card", "cms", "-o", "x.root"], 64,
        "ends in none of .h5, .hdf5, .jsonl; name a file that does, or give"
      ),
      (["--card", "cms", "--radius", "1"], 64, "--keep-truth-jets"),
      (["--card", "cms", "--output-format", "hdf5"], 64, "-o"),
    ] as [([String], Int32, String)] {
      let outcome = try Program.run(["detector", sample] + arguments)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
    let folder = try TemporaryFolder()
    let training = try folder.write(TinyModel.configuration(events: 10), to: "tiny.yaml")
    for (detector, words) in [
      ("cmss", "data.detector is not there; name a file in YAML, or one of atlas, cms, fcc, ild"),
      // The card is found by its name.
      ("{card: cms, ecal: {cell-scal: 2}}", "did you mean 'cell-scale'"),
    ] {
      let outcome = try Program.run(
        "train", training, "-o", folder.path("none"), "--set", "data.detector=\(detector)")
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
    let text = try Program.run("detector", Samples.path("w-events.txt"), "--card", "cms")
    #expect(text.status == 65)
    #expect(text.errors.contains("w-events.txt, event 0") && text.errors.contains("pdgid"))
  }

  @Test func cardsAreInspectedAndTheirSettingsPrinted() throws {
    for name in ["cms", "atlas", "fcc", "ild"] {
      let outcome = try Program.run("inspect", name)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.text.contains("-like") && outcome.text.contains("hcal"))
    }
    let settings = try Program.run("settings", "detector")
    #expect(settings.text.contains("| `cell-scale` | 1 |"))
    #expect(!(try Program.run("settings")).text.contains("| `cell-scale` |"))
  }
}
