// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// The options by which every subcommand reads events.
@Suite struct ReadingTests {
  private let folder: TemporaryFolder
  private let events: String

  init() throws {
    folder = try TemporaryFolder()
    events = try folder.write(
      """
      {"particles": [[20, 0, 0, 20], [0, 30, 0, 30], [0, -8, 1, 9]], "pdgid": [211, -12, 22]}
      {"particles": [[500, 0, 0, 501]], "pdgid": [22]}

      """, to: "events.jsonl")
  }

  private func jets(_ options: String..., file: String? = nil) throws -> [Int] {
    let outcome = try Program.run(
      ["cluster", file ?? events, "--min-pt", "0", "--format", "jsonl"] + options)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.text.split(separator: "\n").map { $0.components(separatedBy: "\"pt\"").count - 1 }
  }

  @Test func particlesAreChosen() throws {
    #expect(try jets() == [2, 1])
    #expect(try jets("--keep-invisible") == [3, 1])
    #expect(try jets("--particles", "charge != 0") == [1, 0])
    #expect(try jets("--particles", "pdgid in 22", "--particles", "pt < 100") == [1, 0])
    #expect(try jets("--invisible", "22") == [2, 0])
    #expect(try jets("--invisible", "default,22") == [1, 0])
    #expect(try jets("--units", "MeV", "--particles", "pt > 0.1") == [0, 1])
  }

  @Test func optionsThatMakeNoSenseAreErrorsOfTheCommandLine() throws {
    for (options, fragment) in [
      (["--particles", "pt >> 3"], "at character 5"), (["--invisible", "nu"], "no particle identifier"),
      (["--status", "final"], "no status"),
      (
        ["--keep-invisible", "--invisible", "12"],
        "--invisible means nothing with keep-invisible; leave one out"
      ),
      (["--max-memory", "0"], "--max-memory"), (["--input-format", "lcio"], "--input-format"),
      (["--units", "eV"], "--units"), (["--max-events", "0"], "must be 1 or more"),
      (["--min-pt", "nan"], "--min-pt must be a number, not nan"),
    ] {
      let outcome = try Program.run(["cluster", events] + options)
      #expect(outcome.status == 64 && outcome.errors.contains(fragment), "\(outcome.errors)")
    }
  }

  @Test func whatIsNotThereIsAnError() throws {
    let outcome = try Program.run("cluster", events, "--particles", "puppiWeight > 0")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains(events) && outcome.errors.contains("puppiWeight"), "\(outcome.errors)")
  }

  /// An option that cannot apply to the input, as only the input tells.
  @Test func optionsThatDoNothingAreErrors() throws {
    let text = try folder.write("1 0 0 1\n#END\n", to: "events.txt")
    let record = try folder.write(
      "HepMC::Asciiv3-START_EVENT_LISTING\nE 1 0 1\nU GEV MM\nW 1\nP 1 0 211 1 0 0 1 0 1\n",
      to: "events.hepmc")
    for (file, options, fragment) in [
      (events, ["--status", "1"], "is JSON lines, whose particles have no status"),
      (record, ["--status", "99"], "has no particle of status 99, as --status asks for, in any of 1 event"),
      (text, ["--invisible", "12"], "has no identifiers of particles"),
      (text, ["--keep-invisible"], "leave out --keep-invisible"),
      (events, ["--particles", "pt > 1e6"], "of which none takes part"),
      (events, ["--invisible", "22,211,12"], "of which none takes part"),
    ] {
      for more in [[], ["--max-events", "1"], ["--threads", "1"]] {
        let outcome = try Program.run(["cluster", file] + options + more)
        #expect(
          outcome.status == 65 && outcome.errors.contains(file) && outcome.errors.contains(fragment),
          "\(outcome.errors)")
      }
    }
    for (file, options) in [(record, ["--status", "1"]), (events, ["--particles", "pt > 400"])] {
      #expect(try Program.run(["cluster", file] + options).status == 0)
    }
    // Of an event without particles nothing can be told.
    let empty = try folder.write("#END\n", to: "empty.txt")
    #expect(try Program.run("cluster", empty, "--invisible", "12", "--particles", "pt > 3").status == 0)
  }

  @Test func nothingReadIsSaid() throws {
    let skipped = try Program.run("cluster", events, "--skip-events", "7")
    #expect(skipped.status == 0 && skipped.errors.contains("--skip-events 7 passes over all 2"))
    let labelled = try folder.write("{\"particles\": [], \"label\": 1}\n", to: "labelled.jsonl")
    let passed = try Program.run("cluster", labelled, "--where", "label=0")
    #expect(
      passed.status == 0 && passed.errors.contains("none of 1 meets what --where asks for"),
      "\(passed.errors)")
    let empty = try folder.write("# nothing\n", to: "empty.txt")
    for command in ["cluster", "inspect"] {
      let outcome = try Program.run(command, empty)
      #expect(
        outcome.status == 65 && outcome.errors.contains("empty.txt holds no event"), "\(outcome.errors)")
    }
  }

  /// The reading options that a model was trained with apply whenever it is used, unless the user says
  /// otherwise.
  @Test func modelsKeepTheirSelection() throws {
    let text = TinyModel.configuration().replacingOccurrences(
      of: "  validation-fraction: 0.25",
      with: "  validation-fraction: 0.25\n  particles: [pt > 1, abs(eta) < 4]")
    let model = folder.path("model")
    let configuration = try folder.write(text, to: "tiny.yaml")
    let training = try Program.run("train", configuration, "-o", model)
    try #require(training.status == 0, "\(training.errors)")
    #expect(try Program.run("inspect", model).text.contains("visible particles with pt > 1 and abs(eta) < 4"))

    let sample = Samples.path("w-vs-qcd-small.h5")
    func classify(_ model: String, _ options: String...) throws -> Outcome {
      let outcome = try Program.run(
        ["classify", sample, "--model", model, "--max-events", "20", "--format", "jsonl"] + options)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome
    }
    let own = try classify(model)
    let same = try classify(model, "--particles", "pt > 1", "--particles", "abs(eta) < 4")
    let other = try classify(model, "--particles", "pt > 0")
    #expect(own.errors.isEmpty && same.errors.isEmpty && own.output == same.output)
    #expect(other.errors.contains("the model is for visible particles with pt > 1"), "\(other.errors)")
    #expect(own.output != other.output)

    let wrong = try folder.write(text.replacingOccurrences(of: "pt > 1", with: "pt >"), to: "wrong.yaml")
    let refusal = try Program.run("train", wrong, "-o", folder.path("none"))
    #expect(refusal.status == 65 && refusal.errors.contains("wrong.yaml:"), "\(refusal.errors)")
  }

  @Test func namesFromFilesAreSafeForTerminals() throws {
    let name = "\\u001b]0;mine\\u0007\\u202e"
    let file = try folder.write("{\"particles\": [], \"\(name)\": 1}\n", to: "names.jsonl")
    let listing = try Program.run("inspect", file).text
    #expect(listing.contains("\\u{1b}]0;mine\\u{7}\\u{202e}"), "\(listing)")
    let error = try Program.run("cluster", file, "--where", "x=1")
    #expect(error.status == 65)
    for text in [listing, error.errors] {
      #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{7}" || $0 == "\u{202E}" })
    }
  }
}
