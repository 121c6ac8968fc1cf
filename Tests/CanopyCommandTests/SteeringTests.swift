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
}
