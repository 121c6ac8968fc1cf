// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventClassifiers
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import TestCells
import TestFiles
import Testing
import Training

/// Small networks learning from toy jets.
@Suite struct TrainerTests {
  /// A trainer on all of a dataset except every fifth jet, which validates.
  private func trainer(
    _ dataset: EventDataset, _ training: String, network: Network? = nil, headWeights: [Double]? = nil,
    resuming checkpoint: Checkpoint? = nil
  ) throws -> Trainer {
    let network = try network ?? ToyJets.network()
    var split = EventSplit(dataset, validationFraction: 0.5, seed: 1)
    split.training = (0..<dataset.eventCount).filter { $0 % 5 != 4 }
    split.validation = (0..<dataset.eventCount).filter { $0 % 5 == 4 }
    return Trainer(
      network, headWeights: headWeights ?? network.heads.map { _ in 1 },
      section: try ToyJets.section(training),
      dataset: dataset, split: split, resuming: checkpoint)
  }

  private func train(_ trainer: Trainer, epochs: Int = .max) throws {
    var done = 0
    while !trainer.isFinished, done < epochs {
      _ = try trainer.trainEpoch { _, _ in }
      done += 1
    }
  }

  private func numbers(_ parameters: Parameters) -> [Float] { Array(parameters.values) }

  @Test func theSameSeedGivesTheSameBits() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(80))
    let runs = try (0..<2).map { _ in
      let trainer = try trainer(dataset, "{epochs: 2, batch-size: 16, seed: 9, threads: 2}")
      try train(trainer)
      return trainer
    }
    #expect(numbers(runs[0].parameters) == numbers(runs[1].parameters))
    #expect(runs[0].epochs.map(\.trainingLoss) == runs[1].epochs.map(\.trainingLoss))
    let other = try trainer(dataset, "{epochs: 2, batch-size: 16, seed: 10, threads: 2}")
    try train(other)
    #expect(numbers(other.parameters) != numbers(runs[0].parameters))
  }

  @Test func theNumberOfThreadsMattersForTheLastBitsOnly() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(80))
    let results = try [1, 3].map { threads in
      let trainer = try trainer(dataset, "{epochs: 1, batch-size: 20, threads: \(threads)}")
      try train(trainer)
      return trainer
    }
    #expect(abs(results[0].epochs[0].trainingLoss - results[1].epochs[0].trainingLoss) < 1e-5)
    let moments = results.map { Array(Checkpoint($0, configuration: "").firstMoment.values) }
    let largest = moments[0].map(abs).max()!
    #expect(zip(moments[0], moments[1]).allSatisfy { abs($0 - $1) < 1e-3 * largest })
  }

  /// Events whose truth is missing are not learnt from, like events without a weight.
  @Test func missingTruthTeachesNothing() throws {
    let lines = ToyJets.lines(80)
    let missing = { (event: Int) in event % 7 == 3 }
    let without = lines.enumerated().map { event, line in
      line.replacingOccurrences(
        of: #"label": [01]"#, with: missing(event) ? "label\": null" : "$0", options: .regularExpression)
    }
    let weighted = lines.enumerated().map { event, line in
      line.replacingOccurrences(of: "\"label\"", with: "\"w\": \(missing(event) ? 0 : 1), \"label\"")
    }
    let trainers = try [(without, nil), (weighted, "w")].map { lines, weight in
      let trainer = try trainer(
        ToyJets.dataset(lines, weight: weight), "{epochs: 2, batch-size: 16, seed: 9, threads: 2}")
      try train(trainer)
      return trainer
    }
    #expect(numbers(trainers[0].parameters) == numbers(trainers[1].parameters))
    #expect(trainers[0].epochs.map(\.metrics) == trainers[1].epochs.map(\.metrics))
    #expect(trainers[0].epochs.map(\.validationLoss) == trainers[1].epochs.map(\.validationLoss))
  }

  /// The gradient of weights of either sign is that of the weighted sum over the sum of absolute weights.
  @Test func negativeWeightsPushTheOtherWay() throws {
    func gradient(_ weight: (Int) -> Int) throws -> [Float] {
      let lines = ToyJets.lines(20).enumerated().map {
        $1.replacingOccurrences(of: "\"label\"", with: "\"w\": \(weight($0)), \"label\"")
      }
      let trainer = try trainer(
        ToyJets.dataset(lines, weight: "w"), "{epochs: 1, batch-size: 20, seed: 9, threads: 1}")
      try trainer.learn((0..<20)[...].map(\.self)[...], 0)
      // After one step the first moment is a tenth of the gradient.
      return Array(Checkpoint(trainer, configuration: "").firstMoment.values)
    }
    let negative = { (event: Int) in event % 4 == 0 }
    let (plus, minus) = (try gradient { negative($0) ? 0 : 1 }, try gradient { negative($0) ? 1 : 0 })
    let both = try gradient { negative($0) ? -1 : 1 }
    // 15 events of weight 1 and 5 of −1, each of the first two by its own mean.
    let expected = zip(plus, minus).map { (15 * $0 - 5 * $1) / 20 }
    let largest = expected.map(abs).max()!
    #expect(largest > 0 && zip(both, expected).allSatisfy { abs($0 - $1) < 1e-5 * largest })
  }

  @Test(arguments: testedCells) func theLossFalls(cell: RecursiveNetwork.Cell) throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(240))
    let trainer = try trainer(
      dataset, "{epochs: 12, batch-size: 20, learning-rate: 0.01, threads: 2}",
      network: ToyJets.network(cell: cell))
    var done: [Int] = []
    while !trainer.isFinished {
      let summary = try trainer.trainEpoch { jets, loss in
        done.append(jets)
        #expect(loss > 0)
      }
      #expect(summary == trainer.epochs.last && summary.eventCount == 192)
    }
    #expect(done.prefix(10) == [20, 40, 60, 80, 100, 120, 140, 160, 180, 192])
    #expect(trainer.epochs.map(\.epoch) == Array(1...12))
    let (first, last) = (trainer.epochs[0], trainer.epochs[11])
    #expect(last.trainingLoss < 0.6 * first.trainingLoss)
    #expect(try #require(last.validationLoss) < 0.6 * #require(first.validationLoss))
    #expect(last.metrics.map(\.name) == ["AUC"] && last.metrics[0].value > 0.95)
  }

  @Test func theBestEpochIsKept() throws {
    // So fast that the validation gets better and worse.
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let trainer = try trainer(
      dataset, "{epochs: 10, batch-size: 10, learning-rate: 0.1, schedule: constant, threads: 1}")
    var kept: [Float] = []
    #expect(trainer.bestEpoch == 0)
    while !trainer.isFinished {
      let summary = try trainer.trainEpoch { _, _ in }
      if summary.isBest { kept = numbers(trainer.parameters) }
      #expect(numbers(trainer.bestParameters) == kept)
    }
    let best = trainer.epochs.max {
      ($0.metrics[0].value, -$0.validationLoss!) < ($1.metrics[0].value, -$1.validationLoss!)
    }
    #expect(trainer.bestEpoch == best?.epoch)
    #expect(trainer.epochs.contains { !$0.isBest } && numbers(trainer.parameters) != kept)
  }

  /// Jets that are easily told apart have an AUC of 1 early on; the loss still says which epoch is better.
  @Test func tiesAreBrokenByTheValidationLoss() throws {
    let trainer = try trainer(
      ToyJets.dataset(ToyJets.lines(240)), "{epochs: 12, batch-size: 20, learning-rate: 0.02, threads: 1}")
    try train(trainer)
    let largest = try #require(trainer.epochs.map { $0.metrics[0].value }.max())
    let tied = trainer.epochs.filter { $0.metrics[0].value == largest }
    try #require(tied.count > 1, "there is a tie")
    #expect(trainer.bestEpoch == tied.min { $0.validationLoss! < $1.validationLoss! }?.epoch)
    #expect(trainer.bestEpoch > tied[0].epoch)
  }

  @Test func aDivergenceSaysWhatWasSeen() throws {
    let trainer = try trainer(
      ToyJets.dataset(ToyJets.lines(60)), "{epochs: 2, batch-size: 10, learning-rate: 1e30, threads: 1}")
    let error = #expect(throws: TrainingError.self) { try train(trainer) }
    let text = error?.description ?? ""
    #expect(error?.fault == .work)
    #expect(
      text.contains(#/^In step \d of 5 of epoch 1, at a learning-rate of [\d.e+]+, /#)
        && text.contains("; the largest weight is ") && text.contains("; the largest scaled feature is "),
      "\(text)")
  }

  /// The gradient of a single step over all training jets, as the optimiser's first moment has it.
  private func gradient(
    _ dataset: EventDataset, network: Network? = nil, headWeights: [Double]? = nil, threads: Int = 1
  ) throws -> (numbers: [Float], loss: Double) {
    let network = try network ?? ToyJets.network()
    var split = EventSplit(dataset, validationFraction: 0, seed: 1)
    split.validation = [0, 1, 2]
    let trainer = Trainer(
      network, headWeights: headWeights ?? network.heads.map { _ in 1 },
      section: try ToyJets.section("{epochs: 1, batch-size: 1000, threads: \(threads)}"), dataset: dataset,
      split: split)
    let summary = try trainer.trainEpoch { _, _ in }
    return (numbers(Checkpoint(trainer, configuration: "").firstMoment), summary.trainingLoss)
  }

  private func expectEqual(_ a: [Float], _ b: [Float], sourceLocation: SourceLocation = #_sourceLocation) {
    let largest = a.map(abs).max()!
    #expect(largest > 1e-4, sourceLocation: sourceLocation)
    #expect(
      a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 * largest },
      sourceLocation: sourceLocation)
  }

  @Test func aWeightOfTwoCountsTwice() throws {
    func weighted(_ lines: [String], _ weight: (Int) -> Double) -> [String] {
      lines.enumerated().map {
        $1.replacingOccurrences(of: "\"label\"", with: "\"w\": \(weight($0)), \"label\"")
      }
    }
    let lines = ToyJets.lines(12)
    let plain = try gradient(ToyJets.dataset(lines))
    let twice = try gradient(ToyJets.dataset(lines + [lines[5]]))
    let weight = try gradient(ToyJets.dataset(weighted(lines) { $0 == 5 ? 2 : 1 }, weight: "w"))
    expectEqual(twice.numbers, weight.numbers)
    #expect(abs(twice.loss - weight.loss) < 1e-6 && abs(plain.loss - weight.loss) > 1e-6)
    // Only the relative size of weights matters, and an event without weight does not count.
    let scaled = try gradient(ToyJets.dataset(weighted(lines) { _ in 40 }, weight: "w"))
    expectEqual(scaled.numbers, plain.numbers)
    let without = try gradient(ToyJets.dataset(Array(lines.dropLast())))
    let zero = try gradient(ToyJets.dataset(weighted(lines) { $0 == 11 ? 0 : 1 }, weight: "w"))
    expectEqual(zero.numbers, without.numbers)
    #expect(abs(zero.loss - without.loss) < 1e-6)
  }

  @Test func headsShareTheEmbeddingByTheirWeights() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(30))
    let network = try ToyJets.network(["label", "flavour"])
    let both = try gradient(dataset, network: network, headWeights: [1, 3], threads: 2)
    let first = try gradient(dataset, network: network, headWeights: [1, 0])
    let second = try gradient(dataset, network: network, headWeights: [0, 1])
    expectEqual(both.numbers, zip(first.numbers, second.numbers).map { $0 + 3 * $1 })
    #expect(abs(both.loss - first.loss - 3 * second.loss) < 1e-5)

    let trainer = try trainer(dataset, "{epochs: 1, threads: 1}", network: network)
    let metrics = try trainer.trainEpoch { _, _ in }.metrics.map(\.name)
    #expect(metrics == ["label AUC", "flavour mean AUC", "flavour accuracy"])
  }

  /// If the condition alone tells background from signal, there is nothing to learn after the background's is
  /// drawn again.
  @Test func conditionsAreDrawnAnew() throws {
    let encoder = StageChoice(
      EventEncoder.self,
      try EventEncoderDescription(embedding: false, width: 3, inputs: EventInputs(conditions: ["mass"])))
    // Every event has the same particle, so that jets say nothing.
    let blind = (0..<200).map { event in
      ToyJets.line(
        [FourMomentum(px: 30, py: 0, pz: 0, energy: 30)], "\"label\": \(event % 2)", "\"flavour\": 0",
        "\"mass\": \(event % 2 == 1 ? event % 7 : 50)")
    }
    func loss(_ redraw: [String: Double]) throws -> Double {
      let dataset = try ToyJets.dataset(blind, redrawConditions: redraw, events: encoder)
      let network = try Network(
        embedding: nil, events: encoder,
        heads: [
          (
            "h", EventClassifier.self,
            try JSONValue(
              encoding: EventClassifier.Configuration(truth: "label", classes: ["b", "s"], hidden: [8]))
          )
        ])
      let trainer = try trainer(
        dataset, "{epochs: 6, batch-size: 20, learning-rate: 0.02, threads: 1}", network: network)
      try train(trainer)
      return trainer.epochs.last!.trainingLoss
    }
    #expect(try loss([:]) < 0.2)
    #expect(try loss(["label": 0]) > 0.6)
  }

  @Test func validationOnOneClassIsAnError() throws {
    let lines = ToyJets.lines(30).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let error = #expect(throws: TrainingError.self) {
      try train(trainer(ToyJets.dataset(lines), "{epochs: 1, threads: 1}"))
    }
    #expect(error?.description.contains("label cannot be validated") == true)
  }

  @Test(arguments: [1e30, 1e38]) func aTrainingThatDivergesIsAnError(rate: Double) throws {
    let trainer = try trainer(
      ToyJets.dataset(ToyJets.lines(40)), "{epochs: 3, batch-size: 8, learning-rate: \(rate), threads: 2}")
    let error = #expect(throws: TrainingError.self) { try train(trainer) }
    #expect(error?.fault == .work && error?.description.contains("learning-rate") == true)
    #expect(trainer.epochs.isEmpty)
  }

  // MARK: - Checkpoints

  @Test func aResumedTrainingGivesTheSameBits() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(80))
    let section = "{epochs: 4, batch-size: 16, gradient-clip: 1, weight-decay: 0.01, threads: 2}"
    let whole = try trainer(dataset, section)
    try train(whole)

    let part = try trainer(dataset, section)
    try train(part, epochs: 2)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent(Checkpoint.file)
    try Checkpoint(part, configuration: "the text").write(to: file)
    let checkpoint = try Checkpoint(contentsOf: file, layout: part.network.layout)
    #expect(checkpoint.configuration == "the text" && checkpoint.epochs == part.epochs)
    #expect(checkpoint.step == 8 && checkpoint.generator == Checkpoint(part, configuration: "").generator)
    let rest = try trainer(dataset, section, resuming: checkpoint)
    #expect(!rest.isFinished && rest.epochs.count == 2 && rest.bestEpoch == part.bestEpoch)
    try train(rest)
    #expect(numbers(rest.parameters) == numbers(whole.parameters))
    #expect(numbers(rest.bestParameters) == numbers(whole.bestParameters))
    #expect(rest.epochs.map(\.trainingLoss) == whole.epochs.map(\.trainingLoss))
    #expect(rest.epochs.map(\.metrics) == whole.epochs.map(\.metrics) && rest.bestEpoch == whole.bestEpoch)
  }

  static let damage: [(part: String, replacement: String)] = [
    (#"step":\d+"#, #"step":-1"#), (#"step":\d+"#, #"step":9223372036854775807"#),
    (#"state":\[\d+,"#, #"state":["#), (#"state":\[[\d,]+\]"#, #"state":[0,0,0,0]"#),
    (#"epochs":\["#, #"epochs":[1,"#), (#"^\{"#, "["), (#"configuration"#, "configurations"),
  ]

  @Test(arguments: damage) func damagedCheckpoints(part: String, replacement: String) throws {
    let trainer = try trainer(ToyJets.dataset(ToyJets.lines(40)), "{epochs: 2, threads: 1}")
    try train(trainer, epochs: 1)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent(Checkpoint.file)
    try Checkpoint(trainer, configuration: "").write(to: file)
    var content = try Safetensors(contentsOf: file)
    // Without its checksum, as in earlier versions.
    content.metadata["checksum"] = nil
    let state = try #require(content.metadata["state"])
    content.metadata["state"] = state.replacingOccurrences(
      of: part, with: replacement, options: .regularExpression)
    #expect(content.metadata["state"] != state)
    try content.write(to: file)
    let error = #expect(throws: TrainingError.self) {
      try Checkpoint(contentsOf: file, layout: trainer.network.layout)
    }
    #expect(
      error?.description.hasSuffix("checkpoint.safetensors: this is no checkpoint of a training.") == true)
    // Another network's parameters.
    try Checkpoint(trainer, configuration: "").write(to: file)
    #expect(throws: SafetensorsError.self) {
      try Checkpoint(contentsOf: file, layout: ToyJets.network(cell: .simple).layout.adding("more"))
    }
  }
}

extension ParameterLayout {
  fileprivate func adding(_ name: String) -> ParameterLayout {
    var layout = self
    _ = layout.add(name, rows: 1, columns: 1, initialisation: .zero)
    return layout
  }
}
