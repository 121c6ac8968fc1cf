// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Settings
import Support
import TestFiles
import Testing

@testable import Training

/// Trainings on samples: a file per class, splits, weights and folds.
@Suite struct SampleTrainingTests {
  private let folder: TemporaryFolder
  /// The particles of each event, of one prong and two in turn.
  private let jets: [String]

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 11)
    jets = (0..<120).map { event in
      ToyJets.line(
        ToyJets.particles(prongs: 1 + event % 2, using: &generator), "\"number\": \(event)",
        "\"w\": \(event % 5 == 0 ? -1 : 2)")
    }
  }

  /// Writes some of the events, with further members if there are any.
  private func write(
    _ events: [Int], to name: String, _ members: (Int) -> String = { _ in "" }
  ) throws -> String {
    try folder.write(
      events.map { jets[$0].replacingOccurrences(of: "\"w\"", with: "\(members($0))\"w\"") }.joined(),
      to: name)
  }

  private final class Log: TrainingRun.Observer {
    var summaries: [TrainingRun.Summary] = []
    var afterEpoch: (EpochSummary) throws -> Void = { _ in }
    func begin(_ summary: TrainingRun.Summary) { summaries.append(summary) }
    func step(epoch: Int, eventsDone: Int, loss: Double) {}
    func finish(_ epoch: EpochSummary) {}
  }

  private func configuration(_ data: String, epochs: Int = 2) throws -> TrainingConfiguration {
    let yaml = ToyJets.configuration(
      "x", training: "epochs: \(epochs), batch-size: 10, learning-rate: 0.02, seed: 3, threads: 2"
    ).replacingOccurrences(of: "  inputs: [x]\n  validation-fraction: 0.3", with: data)
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    return try TrainingConfiguration(contentsOf: file, plugins: ToyJets.plugins)
  }

  @discardableResult
  private func train(
    _ data: String, into name: String, epochs: Int = 2, resuming: Bool = false, log: Log = Log()
  ) throws -> Model {
    try TrainingRun(configuration(data, epochs: epochs), plugins: ToyJets.plugins).run(
      into: folder.url.appendingPathComponent(name), resuming: resuming, observer: log)
  }

  private func read(_ name: String) throws -> Model {
    try Model(contentsOf: folder.url.appendingPathComponent(name), plugins: ToyJets.plugins)
  }

  private let odd = Array(stride(from: 1, to: 120, by: 2))
  private let even = Array(stride(from: 0, to: 120, by: 2))

  @Test func aFilePerClassIsOneFileWithAColumn() throws {
    let one = try write(even, to: "one-a.jsonl")
    let two = try write(odd, to: "two.jsonl")
    let both = try write(even + odd, to: "both.jsonl") { "\"label\": \($0 % 2), " }
    let files = try train(
      """
        inputs:
          - {file: "\(one.replacingOccurrences(of: "one-a", with: "one-*"))", label: 0}
          - {file: \(two), label: 1, name: two prongs}
      """, into: "files")
    let column = try train("  inputs: [\(both)]", into: "column")
    #expect(files.parameters.values.elementsEqual(column.parameters.values))
    #expect(files.description.training?.files == ["one-a.jsonl", "two.jsonl"])
    let weighted = try train(
      """
        inputs:
          - {file: \(one), label: 0, total-weight: 180}
          - {file: \(two), label: 1, total-weight: 180}
      """, into: "weighted")
    let mixed = #expect(throws: SampleError.self) {
      try train(
        """
          inputs:
            - {file: \(one), label: 0, weight: 3}
            - {file: \(two), label: 1, total-weight: 180, name: two}
        """, into: "mixed")
    }
    #expect(mixed?.description.contains("two has a total-weight and") == true)
    // Three times the 60 events of each.
    let scaled = try train("  inputs: [\(both)]\n  weight: 2 + (label in [0, 1])", into: "scaled")
    #expect(weighted.parameters.values.elementsEqual(scaled.parameters.values))
    #expect(!weighted.parameters.values.elementsEqual(files.parameters.values))
  }

  @Test func samplesToValidateOn() throws {
    let learnt = try write(Array(0..<80), to: "learnt.jsonl") { "\"label\": \($0 % 2), " }
    let other = try write(Array(80..<120), to: "other.jsonl") { "\"label\": \($0 % 2), " }
    let whole = try write(Array(0..<120), to: "whole.jsonl") { "\"label\": \($0 % 2), " }
    let files = try train("  inputs: [\(learnt)]\n  validation-inputs: [\(other)]", into: "files")
    let formula = try train("  inputs: [\(whole)]\n  validation: number >= 80", into: "formula")
    #expect(files.parameters.values.elementsEqual(formula.parameters.values))
    #expect(
      files.description.training?.trainingEvents == 80 && files.description.training?.validationEvents == 40)
    // Test events have no part.
    let test = try train(
      "  inputs: [\(whole)]\n  validation: number >= 80\n  test: number % 4 == 3", into: "test")
    #expect(
      test.description.training?.trainingEvents == 60 && test.description.training?.validationEvents == 30)
    for (data, problem) in [
      ("  inputs: [\(learnt)]\n  validation-inputs: [\(other)]\n  max-events: 3", "data.max-events"),
      ("  inputs: [\(learnt)]\n  validation-inputs: [\(other)]\n  stratify: label", "data.stratify"),
      ("  inputs: [\(learnt)]\n  test: number > 3\n  test-inputs: [\(other)]", "data.test"),
      (
        "  inputs: [{file: \(learnt), max-events: 0}]",
        "data.inputs[0].max-events is refused: must be 1 or more"
      ),
      ("  inputs: [{file: \(folder.path("no-*"))}]", "no file is called"),
    ] {
      let error = #expect(throws: ConfigurationError.self) { try configuration(data) }
      #expect(error?.description.contains(problem) == true, "\(problem): \(error?.description ?? "")")
    }
    let twice = #expect(throws: TrainingError.self) {
      try train("  inputs: [\(learnt)]\n  validation-inputs: [\(learnt)]", into: "twice")
    }
    #expect(twice?.description.contains("names \(learnt) twice") == true)
  }

  @Test func splitsAreDisjointAndComplete() throws {
    let lines = (0..<300).map { event in
      jets[event % jets.count].replacingOccurrences(of: "\"w\"", with: "\"kind\": \(event % 7 % 3), \"w\"")
    }
    let dataset = try ToyJets.dataset(lines, truth: ["kind"])
    let kinds = dataset.column("kind")
    for fraction in [0.01, 0.3, 0.5, 0.9] {
      for seed in 1...5 as ClosedRange<UInt64> {
        for column in [nil, "kind"] {
          let split = EventSplit(dataset, validationFraction: fraction, stratifyingBy: column, seed: seed)
          #expect((split.training + split.validation).sorted() == Array(0..<300))
          #expect(split.training == split.training.sorted() && split.validation == split.validation.sorted())
          guard column != nil else { continue }
          for kind in [0, 1, 2] as [Float] {
            let all = kinds.count { $0 == kind }
            #expect(
              split.validation.count { kinds[$0] == kind } == Int((fraction * Double(all)).rounded()))
          }
        }
      }
    }
  }

  @Test(arguments: ["5", "{count: 5, by: number}"]) func everyEventIsJudgedByTheModelThatHasNotSeenIt(
    folds: String
  ) throws {
    let events = try write(Array(0..<120), to: "events.jsonl") { "\"label\": \($0 % 2), " }
    let log = Log()
    let model = try train(
      "  inputs: [\(events)]\n  validation-fraction: 0.3\n  folds: \(folds)", into: "model", log: log)
    let assignment = try #require(model.folds)
    #expect(model.members.count == 5 && log.summaries.map { $0.fold?.fold } == [0, 1, 2, 3, 4])
    let stream = try EventStream(inputs: [events])
    var batch = Events()
    while let next = try stream.next(upTo: 50) { batch.append(next) }
    let foldOfEach = try assignment.folds(of: batch, jets: Jets())
    #expect(Set(foldOfEach) == Set(0..<5))
    if folds != "5" { #expect(foldOfEach == (0..<120).map { $0 % 5 }) }
    for (fold, member) in model.members.enumerated() {
      let training = try #require(member.description.training)
      #expect(training.trainingEvents + training.validationEvents == foldOfEach.count { $0 != fold })
      #expect(training.fold == TrainingFold(fold, of: assignment))
    }

    // The share of each class among the events to validate on holds in each fold.
    let stratified = try train(
      "  inputs: [\(events)]\n  validation-fraction: 0.3\n  stratify: label\n  folds: \(folds)",
      into: "stratified", epochs: 1)
    for (fold, member) in stratified.members.enumerated() {
      let expected = [0, 1].reduce(0) { sum, label in
        sum + Int((0.3 * Double((0..<120).count { $0 % 2 == label && foldOfEach[$0] != fold })).rounded())
      }
      #expect(member.description.training?.validationEvents == expected)
    }

    // Whatever the batch, what is said of an event is what its own model says of it alone.
    let copy = try read("model")
    let together = try Predictor(copy).predict(batch)
    let width = together.heads[0].width
    let members = try model.members.map { try Predictor($0) }
    for event in 0..<120 {
      let alone = try members[foldOfEach[event]].predict(batch.events(at: [event]))
      let jets = together.jets.jets(ofEvent: event)
      #expect(jets.count == alone.jets.jetCount)
      #expect(
        Array(together.heads[0].values[jets.lowerBound * width..<jets.upperBound * width])
          == alone.heads[0].values)
    }
    // The order of the particles is of no account.
    var turned = Events()
    for event in [7, 3, 90] {
      let particles = batch.particles(ofEvent: event).reversed().map { batch.momentum(ofParticle: $0) }
      try turned.append(particles, columns: ["number": [Double(event)]])
    }
    #expect(try assignment.folds(of: turned, jets: Jets()) == [7, 3, 90].map { foldOfEach[$0] })
    let evaluation = try Evaluation(of: copy, on: EventStream(inputs: [events]), threads: 2)
    #expect(evaluation.eventCount == 120 && !evaluation.remarks.contains { $0.contains("was trained on") })
  }

  /// As in the description of a model of one training.
  @Test(arguments: ["", "folds."]) func membersThatAreNotKnown(part: String) throws {
    let events = try write(Array(0..<60), to: "events.jsonl") { "\"label\": \($0 % 2), " }
    try train(
      "  inputs: [\(events)]\n  validation-fraction: 0.3\n  folds: 2", into: "model",
      epochs: 1)
    let file = "model/\(Model.descriptionFile)"
    let text = String(decoding: try folder.data(file), as: UTF8.self)
    let place = part.isEmpty ? "\"formatVersion\"" : "\"count\""
    #expect(text.contains(place))
    try folder.write(text.replacingOccurrences(of: place, with: "\"novelty\" : 1, " + place), to: file)
    let error = #expect(throws: ModelError.self) { try read("model") }
    #expect(
      error?.description.contains("model.json: \(part)novelty is nothing that this version") == true,
      "\(error?.description ?? "")")
  }

  @Test func foldsGoOnAfterAnInterruption() throws {
    struct Stop: Error {}
    let events = try write(Array(0..<120), to: "events.jsonl") { "\"label\": \($0 % 2), " }
    let data = "  inputs: [\(events)]\n  validation-fraction: 0.3\n  folds: 3"
    let whole = try train(data, into: "whole", epochs: 3)
    try train(data, into: "model", epochs: 1)
    #expect(throws: OutputPlaceError.self) { try train(data, into: "model", epochs: 1) }
    // As after a training that was killed when its first fold was done.
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("model/model.json"))
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("model/fold-3"))
    #expect(throws: ModelError.self) { try read("model") }
    let resumed = try train(data, into: "model", epochs: 3, resuming: true)
    for (own, other) in zip(resumed.members, whole.members) {
      #expect(own.parameters.values.count == other.parameters.values.count)
    }
    #expect(try read("model").members.count == 3)
    #expect(
      resumed.members[2].parameters.values.elementsEqual(whole.members[2].parameters.values))
  }

  @Test func foldsThatCannotBe() throws {
    let events = try write(Array(0..<40), to: "events.jsonl") { "\"label\": \($0 % 2), " }
    for (folds, problem) in [
      ("1", "data.folds is refused: must lie between 2 and 100"),
      ("{count: 3, by: numbr}", "did you mean number"),
      ("{count: 3, by: number / 2}", "a whole number is needed"), ("{counts: 3}", "did you mean 'count'?"),
    ] {
      var text = ""
      do {
        try train("  inputs: [\(events)]\n  folds: \(folds)", into: "none")
      } catch { text = "\(error)" }
      #expect(text.contains(problem), "\(text)")
    }
    for (folds, problem) in [
      ("{count: 3, by: number * 3}", "none is in fold 2 of 3"),
      ("{count: 3, by: 0 * number + 1}", "none is in fold 1 of 3"),
    ] {
      let error = #expect(throws: TrainingError.self) {
        try train("  inputs: [\(events)]\n  folds: \(folds)", into: "none")
      }
      #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }
    let test = #expect(throws: TrainingError.self) {
      try train("  inputs: [\(events)]\n  test-inputs: [\(events)]", into: "none")
    }
    #expect(test?.description.contains("names \(events) twice") == true)
    let unnumbered = try folder.write(ToyJets.lines(40).joined(), to: "unnumbered.jsonl")
    let error = #expect(throws: SampleError.self) {
      try train("  inputs: [\(unnumbered)]\n  folds: {count: 3, by: number}", into: "none")
    }
    #expect(error?.description.contains("reads number, which the events lack") == true)

    // The models of other folds do not make one model.
    try train("  inputs: [\(events)]\n  validation-fraction: 0.4\n  folds: 3", into: "three", epochs: 1)
    let model = try read("three")
    #expect(throws: ModelError.self) {
      try Model(members: model.members.reversed(), folds: model.folds!)
    }
    #expect(throws: ModelError.self) { try Model(members: Array(model.members[..<2]), folds: model.folds!) }
    let other = folder.url.appendingPathComponent("three/fold-2")
    try FileManager.default.removeItem(at: other)
    try FileManager.default.copyItem(at: folder.url.appendingPathComponent("three/fold-1"), to: other)
    let mixed = #expect(throws: ModelError.self) { try read("three") }
    #expect(mixed?.description.contains("fold-2 was not trained without fold 2 of 3") == true)
  }

  @Test func negativeWeights() throws {
    let events = try write(Array(0..<120), to: "events.jsonl") { "\"label\": \($0 % 2), " }
    func remarks(_ choice: String) throws -> [String] {
      let log = Log()
      let model = try train(
        "  inputs: [\(events)]\n  weight: w\n  negative-weights: \(choice)", into: choice, epochs: 1, log: log
      )
      #expect(
        model.description.training!.trainingEvents + model.description.training!.validationEvents
          == (choice == "left-out" ? 96 : 120))
      return log.summaries[0].remarks
    }
    #expect(try remarks("as-they-are").allSatisfy { !$0.contains("negative") })
    #expect(
      try remarks("absolute").contains { $0.hasPrefix("24 events have a negative weight and count by") })
    #expect(
      try remarks("left-out").contains { $0.hasPrefix("24 events have a negative weight and are left out") })
  }
}
