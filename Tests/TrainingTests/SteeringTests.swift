// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetTaggers
import NeuralEngine
import PluginKit
import RecurrentEncoder
import TestFiles
import Testing
import Training

/// What a user says of the course of a training: when it ends, what its model is, how it steps.
@Suite struct SteeringTests {
  private func trainer(
    _ dataset: EventDataset, _ training: String, network: Network? = nil,
    resuming checkpoint: Checkpoint? = nil
  ) throws -> Trainer {
    let network = try network ?? ToyJets.network()
    var split = EventSplit(dataset, validationFraction: 0.5, seed: 1)
    split.training = (0..<dataset.eventCount).filter { $0 % 5 != 4 }
    split.validation = (0..<dataset.eventCount).filter { $0 % 5 == 4 }
    return Trainer(
      network, headWeights: network.heads.map { _ in 1 }, section: try ToyJets.section(training),
      dataset: dataset, split: split, resuming: checkpoint)
  }

  private func train(_ trainer: Trainer, epochs: Int = .max) throws {
    while !trainer.isFinished, trainer.epochs.count < epochs { _ = try trainer.trainEpoch { _, _ in } }
  }

  private func numbers(_ parameters: Parameters) -> [Float] { Array(parameters.values) }

  /// A network whose tagger leaves out numbers of its hidden layer, and that may have a stage of events.
  private func networkWithDropout(_ dropout: Double? = 0.3, events: Bool = false) throws -> Network {
    let tagger = JetTagger.Configuration(
      truth: "label", classes: ["one", "two"], hidden: [4], eventContext: events, dropout: dropout)
    return try Network(
      embedding: ToyJets.embedding(.gated), events: events ? encoder() : nil,
      heads: [("label", JetTagger.self, try JSONValue(encoding: tagger))])
  }

  private func encoder() throws -> StageChoice {
    StageChoice(EventEncoder.self, try EventEncoderDescription(width: 3))
  }

  // MARK: - Bits

  static let sections = [
    "keep: average, average-decay: 0.9", "keep: last",
    "optimiser: lion, learning-rate: 3e-4, weight-decay: 0.1",
    "schedule: cosine, warm-up: 1.5", "label-smoothing: 0.1", "rates: {embedding: 0.1, heads.label: 2}",
    "criterion: loss, early-stopping: 3", "dropout: {embedding: 0.2}",
  ]

  /// The same bits from the same seed and from a checkpoint, with dropout too.
  @Test(arguments: sections) func aResumedTrainingGivesTheSameBits(keys: String) throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(80))
    let section = "{epochs: 5, batch-size: 16, threads: 2, \(keys)}"
    let network = try networkWithDropout()
    let whole = try trainer(dataset, section, network: network)
    try train(whole)
    let folder = try TemporaryFolder()
    for epochs in 1..<whole.epochs.count {
      let part = try trainer(dataset, section, network: network)
      try train(part, epochs: epochs)
      let file = folder.url.appendingPathComponent(Checkpoint.file)
      try Checkpoint(part, configuration: "").write(to: file)
      let checkpoint = try Checkpoint(contentsOf: file, layout: network.layout)
      let rest = try trainer(dataset, section, network: network, resuming: checkpoint)
      try train(rest)
      #expect(numbers(rest.parameters) == numbers(whole.parameters))
      #expect(numbers(rest.keptParameters) == numbers(whole.keptParameters))
      #expect(rest.keptEpoch == whole.keptEpoch && rest.epochs.map(\.metrics) == whole.epochs.map(\.metrics))
    }
  }

  @Test func defaultsAreWhatATrainingDidBefore() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(80))
    let plain = try trainer(dataset, "{epochs: 3, batch-size: 16, threads: 2}")
    try train(plain)
    let explicit = try trainer(
      dataset,
      """
      {epochs: 3, batch-size: 16, threads: 2, optimiser: adamw, warm-up: 0, label-smoothing: 0, keep: best,
       rates: {embedding: 1}, early-stopping: 3, criterion: AUC, criterion-best: largest}
      """)
    try train(explicit)
    #expect(numbers(plain.parameters) == numbers(explicit.parameters))
    #expect(numbers(plain.keptParameters) == numbers(explicit.keptParameters))
  }

  // MARK: - The end and the best epoch

  /// As heads.NAME, and as NAME under heads.
  @Test func aShareThatIsGivenTwiceIsAnError() {
    let error = #expect(throws: (any Error).self) {
      try ToyJets.section("{rates: {heads: {label: 1}, heads.label: 2}}")
    }
    #expect("\(error!)".contains("gives heads.label a second time; give it once"))
  }

  @Test(arguments: [1, 2, 4]) func aTrainingStopsEarly(patience: Int) throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let section = "epochs: 40, batch-size: 10, learning-rate: 0.1, schedule: constant, threads: 1"
    let trainer = try trainer(dataset, "{\(section), early-stopping: \(patience)}")
    try train(trainer)
    let all = try self.trainer(dataset, "{\(section)}")
    try train(all)
    // The first epoch that so many epochs without a better one end with.
    let end = try #require(
      all.epochs.first { epoch in
        epoch.epoch - all.epochs[..<epoch.epoch].last { $0.isBest }!.epoch >= patience
      })
    #expect(end.epoch < 40 && trainer.epochs.count == end.epoch)
    #expect(trainer.epochs.map(\.metrics) == all.epochs.prefix(end.epoch).map(\.metrics))
    #expect(trainer.bestEpoch == end.epoch - patience)
  }

  @Test func theLossMayDecide() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let section = "epochs: 12, batch-size: 10, learning-rate: 0.1, schedule: constant, threads: 1"
    let byLoss = try trainer(dataset, "{\(section), criterion: loss}")
    try train(byLoss)
    #expect(byLoss.bestEpoch == byLoss.epochs.min { $0.validationLoss! < $1.validationLoss! }?.epoch)
    let worst = try trainer(dataset, "{\(section), criterion: AUC, criterion-best: smallest}")
    try train(worst)
    let least = try #require(worst.epochs.map { $0.metrics[0].value }.min())
    #expect(worst.epochs[worst.bestEpoch - 1].metrics[0].value == least)
    #expect(least < byLoss.epochs.map { $0.metrics[0].value }.max()!)
  }

  @Test func anotherHeadMayDecide() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let network = try ToyJets.network(["label", "flavour"])
    let trainer = try trainer(
      dataset, "{epochs: 8, batch-size: 10, learning-rate: 0.05, threads: 1, criterion: flavour accuracy}",
      network: network)
    try train(trainer)
    let values = trainer.epochs.map { epoch in epoch.metrics.first { $0.name == "flavour accuracy" }!.value }
    #expect(values[trainer.bestEpoch - 1] == values.max())
  }

  @Test(arguments: [("AUCC", "AUC, loss; did you mean AUC?"), ("skill", "AUC, loss.")])
  func anUnknownCriterionIsAnErrorBeforeTheFirstEpoch(name: String, end: String) throws {
    let trainer = try trainer(
      ToyJets.dataset(ToyJets.lines(40)), "{epochs: 1, threads: 1, criterion: \(name)}")
    let start = numbers(trainer.parameters)
    let error = #expect(throws: TrainingError.self) { try train(trainer) }
    #expect(error?.description == "training.criterion is \(name), but what is measured is \(end)")
    #expect(error?.fault == .input && numbers(trainer.parameters) == start)
  }

  // MARK: - What the model is

  @Test func theLastEpochMayBeKept() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let trainer = try trainer(
      dataset,
      "{epochs: 10, batch-size: 10, learning-rate: 0.1, schedule: constant, threads: 1, keep: last}")
    try train(trainer)
    #expect(trainer.bestEpoch < 10 && trainer.keptEpoch == 10)
    #expect(numbers(trainer.keptParameters) == numbers(trainer.parameters))
    #expect(numbers(trainer.bestParameters) != numbers(trainer.parameters))
  }

  /// With one step an epoch the average can be worked out of the weights after each epoch.
  @Test func theAverageIsTheMovingAverageOfTheWeights() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let trainer = try trainer(
      dataset,
      """
      {epochs: 20, batch-size: 1000, learning-rate: 0.03, schedule: constant, threads: 1, keep: average,
       average-decay: 0.6}
      """)
    var average = numbers(trainer.parameters).map { Double($0) }
    var kept: [Double] = []
    while !trainer.isFinished {
      let summary = try trainer.trainEpoch { _, _ in }
      let step = Double(summary.epoch)
      let decay = min(0.6, (1 + step) / (10 + step))
      average = zip(average, trainer.parameters.values).map { decay * $0 + (1 - decay) * Double($1) }
      if summary.isBest { kept = average }
      #expect(zip(kept, trainer.keptParameters.values).allSatisfy { abs($0 - Double($1)) < 1e-5 })
      // What is validated is a network of these weights.
      let probe = try self.trainer(dataset, "{epochs: 1, learning-rate: 1e-30, threads: 1}")
      _ = probe.parameters.values.update(from: average.map { Float($0) })
      let expected = try probe.trainEpoch { _, _ in }
      #expect(abs(summary.validationLoss! - expected.validationLoss!) < 1e-5)
      #expect(summary.trainingLoss != expected.trainingLoss)
    }
    #expect(numbers(trainer.keptParameters) != numbers(trainer.parameters))
  }

  // MARK: - Steps

  @Test func theRateWarmsUp() throws {
    // Four steps an epoch, 16 in all, of which six warm up.
    let trainer = try trainer(
      ToyJets.dataset(ToyJets.lines(80)),
      "{epochs: 4, batch-size: 16, learning-rate: 0.012, schedule: constant, warm-up: 1.5, threads: 1}")
    try train(trainer)
    for (rate, expected) in zip(trainer.epochs.map(\.learningRate), [0.008, 0.012, 0.012, 0.012]) {
      #expect(abs(rate - expected) < 1e-8)
    }
  }

  /// A first step of Lion is as long as the rate for each number that has a gradient.
  @Test func sectionsHaveRatesOfTheirOwn() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(30))
    let network = try ToyJets.network(["label", "flavour"])
    let trainer = try trainer(
      dataset,
      """
      {epochs: 1, batch-size: 1000, schedule: constant, learning-rate: 0.01, optimiser: lion, threads: 1,
       rates: {embedding: 0.5, heads: {flavour: 0}}}
      """, network: network)
    let start = numbers(trainer.parameters)
    try train(trainer)
    let steps = zip(start, trainer.parameters.values).map { abs($0 - $1) }
    for entry in network.layout.entries {
      let expected: Float =
        entry.name.hasPrefix("embedding.") ? 0.005 : entry.name.hasPrefix("heads.label.") ? 0.01 : 0
      let own = steps[entry.offset..<entry.offset + entry.count]
      #expect(own.allSatisfy { $0 == 0 || abs($0 - expected) < 1e-7 }, "\(entry.name)")
      #expect((own.max()! > 0) == (expected > 0), "\(entry.name)")
    }
  }

  @Test func aFrozenSectionTakesNoPartInClipping() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(30))
    func gradient(_ rates: String) throws -> (numbers: [Float], layout: ParameterLayout) {
      let trainer = try trainer(dataset, "{epochs: 1, batch-size: 1000, threads: 1, rates: \(rates)}")
      try train(trainer)
      return (numbers(Checkpoint(trainer, configuration: "").firstMoment), trainer.network.layout)
    }
    let (all, layout) = try gradient("{}")
    let frozen = try gradient("{heads: 0}").numbers
    for entry in layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      let isFrozen = entry.name.hasPrefix("heads.")
      #expect(isFrozen ? frozen[range].allSatisfy { $0 == 0 } : frozen[range] == all[range])
    }
  }

  @Test(arguments: [
    ("{embeding: 1}", "training.rates names embeding, but the network has embedding, heads, heads.label"),
    ("{heads.labels: 1}", "; did you mean heads.label?"), ("{events: 0}", "training.rates names events"),
  ])
  func unknownSectionsAreErrors(rates: String, fragment: String) throws {
    let section = try ToyJets.section("{rates: \(rates)}")
    let error = #expect(throws: TrainingError.self) { try section.rates.check(ToyJets.network()) }
    #expect(error?.description.contains(fragment) == true, "\(error?.description ?? "")")
  }

  @Test func aNameMayBeginLikeAnother() throws {
    let configuration = try JSONValue(
      encoding: JetTagger.Configuration(truth: "label", classes: ["one", "two"], hidden: [4]))
    let network = try Network(
      embedding: ToyJets.embedding(.gated),
      heads: ["a", "a.b"].map { ($0, JetTagger.self, configuration) })
    #expect(network.parameters(ofHead: "a").map { network.layout[$0].name }.contains("heads.a.last.bias"))
    let both = Set(network.parameters(ofHead: "a")).intersection(network.parameters(ofHead: "a.b"))
    #expect(both.isEmpty && network.parameters(ofHead: "a.b").count == 4)
  }

  /// Labels are smoothed where the network learns, and nowhere else.
  @Test func smoothingLeavesTheValidationAsItIs() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(40))
    let network = try ToyJets.network(["label", "flavour"])
    let epochs = try [0, 0.2].map { share in
      try trainer(
        dataset, "{epochs: 1, batch-size: 100, learning-rate: 1e-30, threads: 1, label-smoothing: \(share)}",
        network: network
      ).trainEpoch { _, _ in }
    }
    #expect(epochs[0].validationLoss == epochs[1].validationLoss)
    #expect(epochs[0].trainingLoss != epochs[1].trainingLoss)
  }

  /// The cross entropy against targets of which a share is spread over the classes, in double precision.
  @Test func theSmoothedLossIsThatOfSmoothedTargets() throws {
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let logits: [Float] = [0.3, -1.2, 2.5, 0, 0.7, -0.4]
    func expect(_ classes: [String], _ labels: [Float]) throws {
      var classification = try Classification(name: "t", truth: "label", classes: classes)
      classification.labelSmoothing = 0.3
      let width = classification.logitCount
      let loss = classification.loss(
        of: tape.constant(logits, rows: labels.count, columns: width),
        truth: HeadTruth(rows: labels.count, columns: ["label": labels]))
      for (row, label) in labels.enumerated() {
        let own = logits[row * width..<(row + 1) * width].map { Double($0) }
        let x = classes.count == 2 ? [0, own[0]] : own
        let sum = x.reduce(0) { $0 + exp($1) }
        let expected = x.indices.reduce(0.0) { total, k in
          let target = (k == Int(label) ? 0.7 : 0) + 0.3 / Double(classes.count)
          return total - target * log(exp(x[k]) / sum)
        }
        #expect(abs(Double(loss.values[row]) - expected) < 1e-6)
      }
    }
    try expect(["a", "b"], [0, 1, 1, 0, 1, 0])
    try expect(["a", "b", "c"], [2, 0])
  }

  /// What is left out differs from step to step, and nothing is in a validation.
  @Test(arguments: ["embedding", "events", "head"]) func dropoutIsForLearningOnly(place: String) throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(40), events: encoder())
    let section = "epochs: 2, batch-size: 100, learning-rate: 1e-30, threads: 1"
    let trainers = try [
      trainer(dataset, "{\(section)}", network: networkWithDropout(nil, events: true)),
      place == "head"
        ? trainer(dataset, "{\(section)}", network: networkWithDropout(events: true))
        : trainer(
          dataset, "{\(section), dropout: {\(place): 0.3}}", network: networkWithDropout(nil, events: true)),
    ]
    for trainer in trainers { try train(trainer) }
    let (plain, dropped) = (trainers[0].epochs, trainers[1].epochs)
    #expect(plain.map(\.validationLoss) == dropped.map(\.validationLoss))
    #expect(abs(plain[0].trainingLoss - plain[1].trainingLoss) < 1e-6)
    #expect(abs(dropped[0].trainingLoss - dropped[1].trainingLoss) > 1e-4)
  }

  /// A number of the embedding is zero, or that of no dropout divided by 0.7.
  @Test func dropoutLeavesOutNumbersOfTheEmbedding() throws {
    let dataset = try ToyJets.dataset(ToyJets.lines(200))
    let network = try ToyJets.network()
    var generator = SeededGenerator(seed: 2)
    let parameters = Parameters(layout: network.layout, using: &generator)
    let batch = NetworkBatch()
    batch.fill(dataset.sample, 0..<dataset.eventCount)
    func embedding(_ dropout: [StagePlace: Double], step: Int = 0) -> [Float] {
      let tape = Tape(parameters: parameters, gradients: Parameters(layout: network.layout))
      let phase = { TrainingPhase(epoch: 1, step: step, trainingSeed: 1, head: $0, thread: 0) }
      return network(batch, NetworkWeights(network, parameters), on: tape, phase: phase, dropout: dropout)
        .jetEmbedding!.matrix.values
    }
    let (plain, dropped) = (embedding([:]), embedding([.embedding: 0.3]))
    var (leftOut, count) = (0, 0)
    for (number, found) in zip(plain, dropped) where number != 0 {
      count += 1
      if found == 0 { leftOut += 1 } else { #expect(abs(found - number / 0.7) <= 1e-6 * abs(found)) }
    }
    // Five standard deviations of the binomial distribution.
    let width = 5 * (0.21 / Double(count)).squareRoot()
    #expect(abs(Double(leftOut) / Double(count) - 0.3) < width)
    #expect(embedding([.embedding: 0.3]) == dropped && embedding([.embedding: 0.3], step: 1) != dropped)
    #expect(embedding([.events: 0.3]) == plain)
  }

  @Test func dropoutOfAStageThatIsNotThereIsAnError() throws {
    let folder = try TemporaryFolder()
    let sample = try folder.write(ToyJets.lines(4).joined(), to: "toys.jsonl")
    let yaml = ToyJets.configuration(sample, training: "dropout: {events: 0.1}")
    let configuration = try TrainingConfiguration(
      contentsOf: URL(fileURLWithPath: folder.write(yaml, to: "c.yaml")), plugins: ToyJets.plugins)
    let error = #expect(throws: TrainingError.self) {
      try TrainingRun(configuration, plugins: ToyJets.plugins).testRates(observer: ToyJets.Log())
    }
    #expect(
      "\(error!)" == "training.dropout names events, but there is no section events; leave it out.")
  }

  @Test(arguments: [-0.1, 1, 0.99999999]) func aDropoutIsAProbability(dropout: Double) throws {
    let configuration = JetTagger.Configuration(truth: "label", classes: ["one", "two"], dropout: dropout)
    let error = #expect(throws: ModelError.self) {
      try Network(
        embedding: ToyJets.embedding(.gated),
        heads: [("label", JetTagger.self, try JSONValue(encoding: configuration))])
    }
    #expect(
      "\(error!)".contains(
        dropout < 0 || dropout == 1
          ? "dropout: must lie from 0 to less than 1"
          : "dropout: must lie from 0 to less than 1, also when it is rounded to single precision"))
  }
}
