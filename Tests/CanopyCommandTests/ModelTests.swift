// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// `canopy train`, `classify`, `embed` and `evaluate`.
@Suite struct ModelTests {
  private let sample = Samples.path("w-vs-qcd-small.h5")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A line of JSON lines from `canopy classify` or `embed`.
  private struct Line: Decodable {
    struct Jet: Decodable {
      var pt: Double
      var tagger: [String: Float]?
      var embedding: [Float]?

      enum CodingKeys: String, CodingKey {
        case pt, embedding
        case tagger = "w-tagger"
      }
    }

    var event: Int
    var jets: [Jet]
  }

  private func lines(_ data: Data) throws -> [Line] {
    try data.split(separator: 0x0A).map { try JSONDecoder().decode(Line.self, from: $0) }
  }

  @Test func scoresAreThoseOfTheLibraryInEveryFormat() throws {
    let tiny = try TinyModel.folder()
    let arguments = ["classify", sample, "--model", tiny, "--skip-events", "100", "--max-events", "150"]
    let outcome = try Program.run(arguments + ["--format", "jsonl"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let lines = try lines(outcome.output)
    let scores = lines.flatMap(\.jets).map { $0.tagger!["score"]! }
    #expect(lines.map(\.event) == Array(100..<250) && scores.count == 150)
    #expect(lines.allSatisfy { $0.jets.allSatisfy { $0.embedding == nil } })

    let model = try Model(contentsOf: URL(fileURLWithPath: tiny), plugins: .builtIn)
    let stream = try EventStream(
      inputs: [sample], options: EventReadingOptions(maximumEvents: 150, skipEvents: 100))
    let events = try #require(try stream.next(upTo: 150))
    #expect(try Predictor(model).predict(events).heads[0].values == scores)

    for name in ["scores.h5", "scores.npz"] {
      #expect(try Program.run(arguments + ["-o", folder.path(name)]).status == 0)
    }
    #expect(try hdf5Array(folder.path("scores.h5"), "jet/w-tagger/score") == scores.map(Double.init))
    #expect(try npzArray(folder.path("scores.npz"), "jet/w-tagger/score") == scores.map(Double.init))
    #expect(
      try hdf5Array(folder.path("scores.h5"), "jet/pt") == lines.flatMap(\.jets).map(\.pt))
    #expect(try Program.run(arguments).text.contains("w-tagger/score"))
  }

  @Test func embeddingsAreThoseOfTheLibrary() throws {
    let tiny = try TinyModel.folder()
    let arguments = ["embed", sample, "--model", tiny, "--max-events", "50"]
    let lines = try lines(try Program.run(arguments + ["--format", "jsonl"]).output)
    let embedding = lines.flatMap(\.jets).flatMap { $0.embedding! }
    let model = try Model(contentsOf: URL(fileURLWithPath: tiny), plugins: .builtIn)
    let events = try #require(try EventStream(inputs: [sample]).next(upTo: 50))
    let prediction = try Predictor(model).predict(events, heads: false)
    #expect(prediction.embeddingWidth == 4 && embedding.count == 200 && prediction.embedding == embedding)
    #expect(lines.allSatisfy { $0.jets.allSatisfy { $0.tagger == nil } })
    #expect(try Program.run(arguments + ["-o", folder.path("embedding.npz")]).status == 0)
    #expect(try npzArray(folder.path("embedding.npz"), "jet/embedding") == embedding.map(Double.init))
  }

  @Test func theNumberOfThreadsChangesNothing() throws {
    let tiny = try TinyModel.folder()
    for threads in ["1", "4"] {
      let outcome = try Program.run(
        "classify", sample, "--model", tiny, "--max-events", "600", "--threads", threads, "-o",
        folder.path("\(threads).h5"))
      #expect(outcome.status == 0)
    }
    #expect(try folder.data("1.h5") == folder.data("4.h5"))
  }

  @Test func evaluationIsThatOfTheScores() throws {
    let tiny = try TinyModel.folder()
    let arguments = ["evaluate", sample, "--model", tiny, "--skip-events", "200", "--max-events", "300"]
    let outcome = try Program.run(
      arguments + ["--report", folder.path("report"), "--format", "json", "--threads", "3"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")

    struct Numbers: Decodable {
      struct Head: Decodable {
        struct Classifier: Decodable {
          var signal: String
          var background: String
          var signalCount: Int
          var backgroundCount: Int
          var auc: Estimate
          var rejections: [BackgroundRejection]
        }

        var name: String
        var metrics: [String: Estimate]
        var classifiers: [Classifier]
      }

      var events: Int
      var jets: Int
      var heads: [Head]
    }
    let numbers = try JSONDecoder().decode(Numbers.self, from: outcome.output)
    #expect(numbers.events == 300 && numbers.jets == 300 && numbers.heads.map(\.name) == ["w-tagger"])
    let classifier = try #require(numbers.heads[0].classifiers.first)
    #expect(classifier.signal == "W" && classifier.background == "QCD")
    #expect(classifier.rejections.map(\.signalEfficiency) == [0.3, 0.5, 0.8])

    // The area is the share of pairs in the right order.
    let scores = try lines(
      try Program.run(
        "classify", sample, "--model", tiny, "--skip-events", "200", "--max-events", "300", "--format",
        "jsonl"
      ).output
    ).flatMap(\.jets).map { $0.tagger!["score"]! }
    let labels = try hdf5Array(sample, "event/label")[200..<500].map { $0 == 1 }
    let signal = zip(scores, labels).filter(\.1).map(\.0)
    let background = zip(scores, labels).filter { !$0.1 }.map(\.0)
    #expect(classifier.signalCount == signal.count && classifier.backgroundCount == background.count)
    var area = 0.0
    for s in signal { for b in background { area += s > b ? 1 : s == b ? 0.5 : 0 } }
    area /= Double(signal.count * background.count)
    #expect(abs(classifier.auc.value - area) < 1e-9)
    #expect(numbers.heads[0].metrics["AUC"] == classifier.auc)

    let report = try FileManager.default.contentsOfDirectory(atPath: folder.path("report")).sorted()
    let figures = ["calibration", "learning-curves", "rejection", "roc", "scores"].flatMap {
      ["\($0).png", "\($0).svg"]
    }
    let tables = [
      "calibration.csv", "figures.gnuplot", "learning-curves.csv", "report.json", "roc.csv", "scores.csv",
    ]
    #expect(report == (figures + tables).sorted())

    let table = try Program.run(arguments)
    #expect(table.status == 0)
    for text in [
      "AUC", "1/ε_B at ε_S = 30 %", "1/ε_B at ε_S = 80 %", "\(signal.count) jets: W",
      "\(background.count) jets: QCD",
    ] {
      #expect(table.text.contains(text), "\(table.text)")
    }
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    let configuration = try folder.write(TinyModel.configuration(), to: "tiny.yaml")
    #expect(try Program.run("train", configuration, "-o", folder.path("model")).status == 0)
    let shared = URL(fileURLWithPath: try TinyModel.folder()).appendingPathComponent("weights.safetensors")
    #expect(try folder.data("model/weights.safetensors") == Data(contentsOf: shared))
    // With the checkpoint from which more epochs could follow.
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("model")).sorted()
    #expect(files == ["checkpoint.safetensors", "learning-curve.csv", "model.json", "weights.safetensors"])
  }

  @Test func aResumedTrainingGivesTheSameBytes() throws {
    let configuration = try folder.write(TinyModel.configuration(epochs: 6, events: 300), to: "tiny.yaml")
    let whole = try Program.run("train", configuration, "-o", folder.path("whole"))
    #expect(whole.status == 0)
    #expect(whole.errors.split(separator: "\n").filter { $0.hasPrefix("epoch ") }.count == 6)

    let output = try TemporaryFolder()
    let process = try Program.start(["train", configuration, "-o", folder.path("parts")], folder: output)
    let checkpoint = folder.path("parts/checkpoint.safetensors")
    while process.isRunning, !FileManager.default.fileExists(atPath: checkpoint) { usleep(1000) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try #require(process.terminationReason == .uncaughtSignal, "the training ended before it was stopped")

    let refused = try Program.run("train", configuration, "-o", folder.path("parts"))
    #expect(refused.status == 64 && refused.errors.contains("--resume"))
    let resumed = try Program.run("train", configuration, "-o", folder.path("parts"), "--resume")
    #expect(resumed.status == 0 && resumed.errors.contains("resuming after epoch"), "\(resumed.errors)")
    #expect(
      try folder.data("parts/weights.safetensors") == folder.data("whole/weights.safetensors"))
  }
}
