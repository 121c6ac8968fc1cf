// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// Samples among the arguments, the events that a training left out, and models of folds.
@Suite struct SampleTests {
  private let folder: TemporaryFolder
  private let jets = Samples.path("w-vs-qcd-small.h5")

  init() throws { folder = try TemporaryFolder() }

  private func evaluate(_ arguments: [String]) throws -> Outcome {
    try Program.run(["evaluate"] + arguments)
  }

  /// The lines of a table that have numbers of events, jets and the area.
  private func numbers(_ outcome: Outcome) throws -> [Substring] {
    try #require(outcome.status == 0, "\(outcome.errors)")
    return outcome.text.split(separator: "\n").filter { line in
      ["events", "jets", "  AUC"].contains { line.hasPrefix($0) }
    }
  }

  @Test func samplesAreFilesWithWhatIsSaidOfThem() throws {
    let model = try TinyModel.folder()
    let plain = try numbers(evaluate([jets, "--model", model, "--max-events", "100"]))
    let sample = "{file: \"\(jets.dropLast(4))*.h5\", weight: 3, max-events: 100}"
    #expect(try numbers(evaluate([sample, "--model", model])) == plain)
    let list = try folder.write("inputs:\n  - \(sample)\n", to: "list.yaml")
    #expect(try numbers(evaluate([list, "--model", model])) == plain)
    // The label of the sample takes the place of the file's.
    let one = try evaluate(["{file: \(jets), label: 1, max-events: 100}", "--model", model])
    #expect(one.status == 0 && one.text.contains("AUC") && one.text.contains("-"), "\(one.errors)")
    let jetsOfSample = try Program.run(["cluster", sample, "--radius", "1"])
    #expect(jetsOfSample.status == 0, "\(jetsOfSample.errors)")
    for (argument, status, problem) in [
      ("{file: \(jets), lable: 1}", 64, "unknown key 'lable'; did you mean 'label'?"),
      ("{file: \(folder.path("none-*"))}", 64, "no file is called"),
      ("{file: none.h5}", 65, "does not exist"),
      ("{file: [a]", 64, "the argument:"),
      (try folder.write("- {files: a}\n", to: "bad.yaml"), 65, "bad.yaml:1:"),
      (try folder.write("[]", to: "empty.yaml"), 65, "names no sample"),
      (folder.path("no.yaml"), 65, "no.yaml"),
    ] as [(String, Int32, String)] {
      let outcome = try evaluate([argument, "--model", model])
      #expect(outcome.status == status && outcome.errors.contains(problem), "\(argument): \(outcome.errors)")
    }
    let total = try Program.run([
      "trigger", "{file: \(jets), total-weight: 2}", "--model", model, "-o", folder.path("accepted.h5"),
      "--menu",
      try folder.write("paths: [{name: all}]", to: "menu.yaml"),
    ])
    #expect(total.status == 65 && total.errors.contains("total-weight needs all events"), "\(total.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("accepted.h5.journal")))
    let kept = try Program.run(["classify", sample, "--model", model, "--keep", "all"])
    #expect(kept.status == 0, "\(kept.errors)")
    let huge = try evaluate(["{file: \(jets), total-weight: 1e99}", "--model", model])
    #expect(huge.status == 65 && huge.errors.contains("give another total"), "\(huge.errors)")
    let numbersOfRuns = try evaluate(
      [jets, "--model", model, "--define", "run = 362000001 + label", "--in", "run"])
    #expect(
      numbersOfRuns.status == 65 && numbersOfRuns.errors.contains("single precision rounds"),
      "\(numbersOfRuns.errors)")
    let unweighted = try evaluate([jets, "--model", model, "--negative-weights", "absolute"])
    #expect(unweighted.status == 64 && unweighted.errors.contains("name one by --weight"))
  }

  @Test func theEventsThatATrainingLeftOut() throws {
    let configuration = try folder.write(
      TinyModel.configuration().replacingOccurrences(
        of: "  validation-fraction",
        with: "  define: {ht: sum(particle.pt)}\n  test: number % 4 == 1 and ht > 0\n  validation-fraction"),
      to: "c.yaml")
    let model = folder.path("model")
    let training = try Program.run(["train", configuration, "-o", model])
    try #require(training.status == 0, "\(training.errors)")
    let own = try evaluate(["--model", model])
    #expect(try numbers(own).first == "events  50")
    #expect(!own.errors.contains("was trained on"))
    let report = try evaluate(["--model", model, "--report", jets])
    #expect(report.status == 64, "\(report.errors)")
    let same = try evaluate([jets, "--model", model, "--max-events", "200", "--where", "number % 4 == 1"])
    #expect(try numbers(own) == numbers(same))
    let signal = ["--where", "label == 1"]
    #expect(
      try numbers(evaluate(["--model", model] + signal))
        == numbers(
          evaluate([jets, "--model", model, "--max-events", "200", "--where", "number % 4 == 1"] + signal)))
    let none = try evaluate(["--model", TinyModel.folder()])
    #expect(none.status == 64 && none.errors.contains("names none under data.test or data.test-inputs"))
  }

  @Test func aModelOfFolds() throws {
    let configuration = try folder.write(
      TinyModel.configuration().replacingOccurrences(
        of: "  validation-fraction", with: "  folds: 2\n  validation-fraction"),
      to: "c.yaml")
    let model = folder.path("model")
    let training = try Program.run(["train", configuration, "-o", model])
    try #require(training.status == 0, "\(training.errors)")
    #expect(training.errors.contains("without fold 2 of 2: "))
    let again = try Program.run(["train", configuration, "-o", model])
    #expect(again.status == 64 && again.errors.contains("holds a training already"))
    #expect(try numbers(evaluate([jets, "--max-events", "200", "--model", model])).first == "events  200")
    let inspected = try Program.run(["inspect", model])
    #expect(inspected.text.contains("folds       2, by the momenta of the particles"), "\(inspected.text)")
    let embedded = try Program.run(["embed", jets, "--model", model])
    #expect(embedded.status == 65 && embedded.errors.contains("name one of them, such as \(model)/fold-1"))
    // What belongs to a member is no place for an output.
    for file in ["fold-1/weights.safetensors", "fold-2/model.json"] {
      let lost = try Program.run([
        "classify", jets, "--model", model, "-o", "\(model)/\(file)", "--format", "jsonl",
      ])
      #expect(lost.status == 64 && lost.errors.contains("which would be lost"), "\(lost.errors)")
    }
    let menu = try folder.write("paths: [{name: all}]", to: "menu.yaml")
    let accepted = folder.path("accepted.h5")
    let trigger = ["trigger", jets, "--max-events", "50", "--menu", menu, "--model", model, "-o", accepted]
    #expect(try Program.run(trigger).status == 0)
    let particles = try evaluate([jets, "--model", model, "--particles", "pt > 1"])
    #expect(particles.status == 64 && particles.errors.contains("data.folds.by"), "\(particles.errors)")
    let own = try evaluate(["--model", model])
    #expect(try numbers(own).first == "events  200")
    let importance = try evaluate([jets, "--max-events", "50", "--model", model, "--importance", "1"])
    #expect(importance.status == 65 && importance.errors.contains("one of folds"), "\(importance.errors)")
    #expect(try numbers(evaluate([jets, "--max-events", "50", "--model", "\(model)/fold-1"])).count == 3)
    let frozen = try Program.run([
      "train", configuration, "-o", folder.path("other"), "--set", "embedding={from: \(model)}",
    ])
    #expect(frozen.status == 65 && frozen.errors.contains("is a model of folds"), "\(frozen.errors)")
  }
}
