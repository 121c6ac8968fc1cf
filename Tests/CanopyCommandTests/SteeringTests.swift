// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// What `canopy train` is told of the course of a training.
@Suite struct SteeringTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = try folder.write(TinyModel.configuration(epochs: 30, events: 150), to: "tiny.yaml")
  }

  @Test func aTrainingThatStopsEarlySaysSo() throws {
    let arguments = [
      "train", file, "-o", folder.path("model"), "--set", "training.early-stopping=2", "--set",
      "training.learning-rate=0.2", "--set", "training.schedule=constant",
    ]
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let match = try #require(
      outcome.errors.firstMatch(
        of: #/\nstopped after epoch (\d+), as training.early-stopping says: epoch (\d+) is the best\n$/#))
    #expect(Int(match.1)! == Int(match.2)! + 2 && Int(match.1)! < 30)
    let weights = try folder.data("model/weights.safetensors")
    let again = try Program.run(arguments + ["--resume"])
    #expect(again.status == 0 && again.errors.hasSuffix(match.0), "\(again.errors)")
    #expect(try folder.data("model/weights.safetensors") == weights)
    // More patience goes on.
    let more = try Program.run(
      ["train", file, "-o", folder.path("model"), "--resume"] + arguments[6...]
        + ["--set", "training.early-stopping=4"])
    #expect(more.status == 0 && more.errors.contains("training.early-stopping is '4' now, and was '2'"))
    #expect(
      more.errors.contains("\nepoch \(Int(match.1)! < 9 ? " " : "")\(Int(match.1)! + 1)/30"), "\(more.errors)"
    )
  }

  @Test func anUnknownCriterionLeavesNothing() throws {
    let outcome = try Program.run(
      "train", file, "-o", folder.path("model"), "--set", "training.criterion=accuracy")
    #expect(outcome.status == 65)
    #expect(
      outcome.errors.hasSuffix(
        "canopy: training.criterion is accuracy, but what is measured is AUC, loss.\n"),
      "\(outcome.errors)")
    #expect(try folder.content == ["tiny.yaml"])
  }

  @Test func ratesAreTried() throws {
    let outcome = try Program.run(
      "train", file, "--find-rate", "--set", "training.batch-size=8", "--set", "data.max-events=600")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.text.split(separator: "\n")
    let rows = lines.dropFirst().prefix { !$0.hasPrefix("the loss") }.map {
      $0.split(separator: " ").map { Double($0)! }
    }
    #expect(
      rows.count >= 10 && rows[0][0] == 1e-5 && zip(rows, rows.dropFirst()).allSatisfy { $0[0] < $1[0] })
    let match = try #require(
      lines.last?.firstMatch(
        of:
          #/^the loss is least at (\S+); a tenth of that is a rate to begin with: --set training.learning-rate=(\S+)$/#
      ),
      "\(outcome.text)")
    #expect(abs(Double(match.2)! / Double(match.1)! - 0.1) < 0.01)
    #expect(try folder.content == ["tiny.yaml"])
    let few = try Program.run("train", file, "--find-rate", "--set", "training.batch-size=100")
    #expect(few.status == 65 && few.errors.contains("make training.batch-size smaller"), "\(few.errors)")
    for extra in [["-o", folder.path("model")], ["--resume"]] {
      #expect(try Program.run(["train", file, "--find-rate"] + extra).status == 64)
    }
  }

  @Test func aTrainingBeginsWithAModel() throws {
    let first = try TinyModel.folder()
    let arguments = [
      "train", file, "-o", folder.path("model"), "--from", first, "--set", "training.epochs=1", "--set",
      "training.learning-rate=1e-30",
    ]
    let outcome = try Program.run(arguments + ["--tensorboard", folder.path("runs")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    // Steps that are too small to be seen.
    let weights = try Data(contentsOf: URL(fileURLWithPath: first + "/weights.safetensors"))
    #expect(try folder.data("model/weights.safetensors") == weights)
    #expect(try folder.data("runs/events.out.tfevents.canopy").count > 100)
    let other = try Program.run(
      "train", file, "-o", folder.path("other"), "--from", first, "--set", "embedding.width=5")
    #expect(other.status == 65 && other.errors.contains("embedding.width is '5' here and '4' there"))
    let lost = try Program.run("train", file, "-o", first, "--from", first)
    #expect(lost.status == 64 && lost.errors.contains("which would be lost"), "\(lost.errors)")
  }

  @Test func theLastEpochIsNotCalledTheBest() throws {
    for (keep, label) in [("best", "best epoch"), ("last", "epoch")] {
      let model = folder.path(keep)
      let outcome = try Program.run(
        "train", file, "-o", model, "--set", "training.keep=\(keep)", "--set", "training.epochs=6", "--set",
        "training.learning-rate=0.3", "--set", "training.schedule=constant")
      try #require(outcome.status == 0, "\(outcome.errors)")
      let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("epoch ") }
      try #require(lines.count == 6 && !lines[5].hasSuffix("best"), "the last epoch is not the best")
      let best = try #require(lines.lastIndex { $0.hasSuffix("best") }) + 1
      let listing = try Program.run("inspect", model).text
      let lineOfEpoch = try #require(listing.split(separator: "\n").first { $0.hasPrefix("  \(label) ") })
      #expect(lineOfEpoch.hasSuffix(" \(keep == "last" ? 6 : best) of 6"), "\(listing)")
    }
  }
}
