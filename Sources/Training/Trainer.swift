// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Dispatch
import Foundation
import NeuralEngine
import PluginKit
import Support

/// Trains a network on events and their jets, epoch by epoch, and keeps the best.
///
/// Each batch is divided over the threads in parts of equal work, and their gradients are added in the order of the
/// threads: the same seed, data and number of threads give the same bits.
public final class Trainer {
  /// The network that is trained.
  public let network: Network
  /// The weights as they are now.
  public let parameters: Parameters
  /// The weights of the best epoch so far; with `keep: average` their moving average.
  public let bestParameters: Parameters
  /// The moving average of the weights; nil unless the training keeps it.
  let average: Parameters?
  /// The optimiser's means of the gradients.
  let firstMoment: Parameters
  /// The optimiser's means of the squares of the gradients; zero for one that has none.
  let secondMoment: Parameters
  /// What was measured after each epoch so far.
  public private(set) var epochs: [EpochSummary] = []

  let section: TrainingSection
  /// The optimiser of all parameters that no objective claims.
  var optimiser: any Optimiser { groups[0].optimiser }
  private let criterion: Criterion
  private let groups: [ObjectiveGroup]
  private(set) var generator: SeededGenerator
  private var dataset: EventDataset
  private let trainingEvents: [Int]
  private let validationEvents: [Int]
  private let headWeights: [Float]
  private let workers: [TrainingWorker]
  /// Predict by the weights that are validated: the workers themselves unless these are averages.
  private let validators: [TrainingWorker]
  /// Computes objectives of the whole batch if several workers share it, and those of the validation.
  private let whole: WholeBatch
  private let validatedWhole: WholeBatch
  /// Parameters that learn nothing.
  private let frozen: [ParameterID]
  /// The network with its heads calibrated at the weights of an epoch.
  private var calibrated: (epoch: Int, network: Network)?
  /// Whether what the heads give was looked at, which is done once, before the first epoch.
  private var areHeadsChecked = false
  /// How many of the validation events the heads are tried on before the first epoch.
  private static let eventsOfCheck = 256

  /// A trainer that has not begun, or that goes on from a checkpoint.
  ///
  /// - Parameters:
  ///   - network: the network to train, with heads that have learnt what they learn before the first step: see
  ///     `Network.prepared(on:_:resuming:)`.
  ///   - headWeights: the weight of each head's loss.
  ///   - section: how the network learns.
  ///   - dataset: the events, with scaled features.
  ///   - split: which events are learnt from and which validate.
  ///   - pretrained: weights to begin with in place of random ones; nil for none.
  ///   - checkpoint: where to go on.
  public init(
    _ network: Network, headWeights: [Double], section: TrainingSection, dataset: EventDataset,
    split: EventSplit, pretrained: PretrainedWeights? = nil, resuming checkpoint: Checkpoint? = nil
  ) {
    self.network = network
    self.headWeights = headWeights.map { Float($0) }
    self.section = section
    self.dataset = dataset
    trainingEvents = split.training
    validationEvents = split.validation
    criterion = Criterion(section)
    if let checkpoint {
      generator = checkpoint.generator
      parameters = checkpoint.parameters
      bestParameters = checkpoint.bestParameters
      epochs = checkpoint.epochs
      (firstMoment, secondMoment) = (checkpoint.firstMoment, checkpoint.secondMoment)
      average = checkpoint.average
    } else {
      generator = SeededGenerator(seed: section.seed)
      parameters = Parameters(layout: network.layout, using: &generator)
      pretrained?.assign(to: parameters)
      bestParameters = Parameters(layout: network.layout)
      bestParameters.assign(parameters)
      (firstMoment, secondMoment) = (Parameters(layout: network.layout), Parameters(layout: network.layout))
      average = section.keep == .average ? Parameters(layout: network.layout) : nil
      average?.assign(parameters)
    }
    var steps = checkpoint?.objectiveSteps ?? [:]
    steps[""] = checkpoint?.step
    let rates = section.rates.shares(in: network)
    frozen = network.layout.ids.filter { rates[$0] == 0 }
    // Each parameter belongs to one group, so that all of them share the moments.
    groups = ObjectiveGroup.groups(of: network, rates: rates, steps: steps) {
      [firstMoment, secondMoment] rates, step in
      section.makeOptimiser(firstMoment, secondMoment, step: step, rates: rates)
    }
    func makeWorkers(_ parameters: Parameters) -> [TrainingWorker] {
      (0..<section.threads).map { thread in
        TrainingWorker(
          network, headWeights: headWeights.map { Float($0) }, section: section, parameters: parameters,
          thread: thread)
      }
    }
    workers = makeWorkers(parameters)
    validators = average.map(makeWorkers) ?? workers
    whole = WholeBatch(
      workers[0].learningHeads, headWeights: self.headWeights, parameters: parameters)
    validatedWhole = WholeBatch(
      network.heads.map(\.head), headWeights: self.headWeights, parameters: average ?? parameters)
  }

  /// The number of the epoch whose weights are the best so far; 0 before the first.
  public var bestEpoch: Int { epochs.last(where: \.isBest)?.epoch ?? 0 }

  /// The number of the epoch that the model has the weights of; 0 before the first.
  public var keptEpoch: Int { section.keep == .last ? epochs.count : bestEpoch }

  /// The weights of the model.
  public var keptParameters: Parameters { section.keep == .last ? parameters : bestParameters }

  /// Whether all epochs are done, or so many without a better one that the training stops early.
  public var isFinished: Bool { section.isFinished(after: epochs) }

  /// Trains one more epoch and validates it.
  ///
  /// - Parameter progress: called after each step with the number of events done and the mean loss so far.
  /// - Returns: what the epoch came to.
  /// - Throws: ``TrainingError`` if loss or gradient are no longer finite, a head cannot be validated, such as
  ///   on rows of one class, or was not prepared, or the criterion is nothing that is measured, or an event of a cache
  ///   cannot be read back; `PluginError` if a head gives other than it declares, which is looked at before the first step.
  public func trainEpoch(
    progress: (_ eventsDone: Int, _ loss: Double) throws -> Void
  ) throws -> EpochSummary {
    try checkHeads()
    let start = ProcessInfo.processInfo.systemUptime
    let epoch = epochs.count + 1
    var loss = MeanLoss(headWeights)
    var rate: Float = 0
    let batches = drawBatches()
    for (step, events) in batches.enumerated() {
      if step + 1 < batches.count { dataset.prefetch(batches[step + 1]) }
      rate = groups[0].rate(perEpoch: stepsPerEpoch, section)
      let result = try learn(events, rate)
      loss.add(result.lossSums, result.totalWeights)
      guard loss.value.isFinite, result.gradientNorm.isFinite else {
        throw try divergence(
          "step \(step + 1) of \(stepsPerEpoch) of epoch \(epoch), at a learning-rate of \(rate)",
          loss: loss, gradientNorm: result.gradientNorm, events: events)
      }
      try progress(events.endIndex, loss.value)
    }
    let validation = try validate()
    guard validation.loss.value.isFinite else {
      throw try divergence(
        "the validation after epoch \(epoch)", loss: validation.loss, gradientNorm: 0,
        events: validationEvents[...])
    }
    try criterion.check(validation.metrics.map(\.name))
    var summary = EpochSummary(
      epoch: epoch, trainingLoss: loss.value, validationLoss: validation.loss.value,
      metrics: validation.metrics,
      learningRate: Double(rate), eventCount: trainingEvents.count,
      seconds: ProcessInfo.processInfo.systemUptime - start, isBest: true)
    if let best = epochs.last(where: \.isBest) { summary.isBest = criterion.isBetter(summary, than: best) }
    if summary.isBest { bestParameters.assign(average ?? parameters) }
    epochs.append(summary)
    return summary
  }

  /// The loss of some events, before the step of a rate that is taken on them.
  private func loss(ofStepOn events: ArraySlice<Int>, rate: Float) throws -> Double {
    let result = try learn(events, rate)
    var loss = MeanLoss(headWeights)
    loss.add(result.lossSums, result.totalWeights)
    return loss.value
  }

  /// Takes steps of rising learning rates, each on other events, over one epoch at most; the weights are of no use after it.
  ///
  /// - Parameters:
  ///   - rates: the least and the largest rate; those between rise by a factor.
  ///   - limit: the largest number of steps.
  /// - Returns: the loss of each step, up to the rate at which it has grown fourfold.
  /// - Throws: ``TrainingError`` if an epoch has too few steps, and what ``trainEpoch(progress:)`` throws before its first.
  func testRates(_ rates: ClosedRange<Double>, steps limit: Int) throws -> RateTest {
    try checkHeads()
    let count = min(stepsPerEpoch, limit)
    guard count >= RateTest.leastStepCount else {
      throw TrainingError(
        "An epoch has \(stepsPerEpoch) \(stepsPerEpoch == 1 ? "step" : "steps"), and a curve of the loss against the rate "
          + "needs \(RateTest.leastStepCount); make training.batch-size smaller.")
    }
    var test = RateTest()
    for (step, events) in drawBatches().prefix(count).enumerated() {
      let rate =
        rates.lowerBound * pow(rates.upperBound / rates.lowerBound, Double(step) / Double(count - 1))
      guard try test.add(rate: rate, loss: loss(ofStepOn: events, rate: Float(rate))) else { break }
    }
    return test
  }

  /// The events of each step of an epoch, in an order that is drawn.
  private func drawBatches() -> [ArraySlice<Int>] {
    let order = trainingEvents.shuffled(using: &generator)
    dataset.redrawConditions(of: trainingEvents, using: &generator)
    return stride(from: 0, to: order.count, by: section.batchSize).map {
      order[$0..<min($0 + section.batchSize, order.count)]
    }
  }

  /// Throws unless the heads give what they declare and the criterion is among what they measure; only once.
  private func checkHeads() throws {
    guard !areHeadsChecked else { return }
    try checkPreparations()
    try checkObjectives()
    let metrics = try workers[0].checkHeads(dataset, validationEvents.prefix(Self.eventsOfCheck))
    if let metrics { try criterion.check(metrics) }
    areHeadsChecked = true
  }

  /// How many steps an epoch has.
  private var stepsPerEpoch: Int { (trainingEvents.count + section.batchSize - 1) / section.batchSize }

  /// How many steps each objective with parameters of its own has taken, by `HEAD/OBJECTIVE`.
  var objectiveSteps: [String: Int] {
    Dictionary(uniqueKeysWithValues: groups[1...].map { ($0.name, $0.optimiser.step) })
  }

  /// Throws unless all heads have learnt what they learn before the first step.
  private func checkPreparations() throws {
    guard let named = network.heads.first(where: { !$0.isPrepared }) else { return }
    throw TrainingError(
      "The head \(named.name) has not learnt what it learns before the first step; train "
        + "network.prepared(on:_:resuming:).", fault: .work)
  }

  /// Throws unless the objectives of the heads make sense together.
  private func checkObjectives() throws {
    var claimed: [ParameterID: String] = [:]
    for named in network.heads {
      try named.head.checkObjectives(in: network.layout, claimed: &claimed, name: named.name)
    }
  }

  /// What was seen when numbers stopped being finite at `place`.
  private func divergence(
    _ place: String, loss: MeanLoss, gradientNorm: Float, events: ArraySlice<Int>
  ) throws -> TrainingError {
    var seen = zip(network.heads, loss.means).filter { !$1.isFinite }.map {
      "the loss of \($0.name) became \($1.text)"
    }
    if seen.isEmpty {
      seen = ["the loss was \(loss.value.text) and the norm of the gradient became \(gradientNorm.text)"]
    }
    let weight = parameters.values.reduce(0) { max($0, abs($1)) }
    seen.append("the largest weight is \(weight.text)")
    let largest = try dataset.extents(ofEvents: events).compactMap { extent in
      extent.values.map { (extent.name, max(abs($0.lowerBound), abs($0.upperBound))) }
    }.max { $0.1 < $1.1 }
    if let (name, value) = largest { seen.append("the largest scaled feature is \(value) (\(name))") }
    return TrainingError("In \(place), " + seen.joined(separator: "; ") + ".", fault: .work)
  }

  /// One step; returns for each head what each thread's losses and the weights of all rows sum to, and the norm of the
  /// gradient.
  ///
  /// - Throws: ``TrainingError`` if an event of a cache cannot be read back.
  @discardableResult
  package func learn(
    _ events: ArraySlice<Int>, _ rate: Float
  ) throws -> (lossSums: [[Double]], totalWeights: [Double], gradientNorm: Float) {
    let totalWeights = totalWeights(of: events)
    // Rows without weight teach nothing.
    guard totalWeights.contains(where: { $0 > 0 }) else { return ([], totalWeights, 0) }
    let step = optimiser.step
    var isFinite = true
    let (others, steps) = (groups[1...], stepsPerEpoch)
    for group in others {
      for repetition in 0..<(group.stepsBefore ?? 0) {
        try differentiate(group, events, totalWeights, step: step, repetition: repetition + 1)
        let rate = group.rate(perEpoch: steps, section)
        isFinite = update(group, workers[0].gradients, rate).isFinite && isFinite
      }
    }
    for group in others where group.stepsBefore == nil {
      try differentiate(group, events, totalWeights, step: step)
      group.gradients!.assign(workers[0].gradients)
    }
    let active = try differentiate(groups[0], events, totalWeights, step: step)
    for group in others where group.stepsBefore == nil {
      isFinite = update(group, group.gradients!, group.rate(perEpoch: steps, section)).isFinite && isFinite
    }
    let norm = update(groups[0], workers[0].gradients, rate)
    // Sooner than the decay says at first, so that the weights of the beginning are soon forgotten.
    average?.average(
      with: parameters,
      decay: min(Float(section.averageDecay), Float(1 + optimiser.step) / Float(10 + optimiser.step)))
    return (workers[..<active].map(\.lossSums), totalWeights, isFinite ? norm : .nan)
  }

  /// Puts the gradient of the objectives of a group for its parameters, and no others, into that of the first worker.
  ///
  /// - Returns: how many workers had something to do, from the first.
  @discardableResult
  private func differentiate(
    _ group: ObjectiveGroup, _ events: ArraySlice<Int>, _ totalWeights: [Double], step: Int,
    repetition: Int = 0
  ) throws -> Int {
    let (epoch, seed) = (epochs.count + 1, section.seed)
    @Sendable func phase(_ name: String, _ thread: Int) -> TrainingPhase {
      TrainingPhase(
        epoch: epoch, step: step, trainingSeed: seed, head: name, thread: thread, repetition: repetition)
    }
    let isShared = min(workers.count, events.count) > 1
    let active = try Self.divide(events, of: dataset, over: workers) {
      [dataset, members = group.members] worker, part in
      try worker.learn(dataset, part, members, totalWeights: totalWeights, isPart: isShared) {
        phase($0, worker.thread)
      }
    }
    if isShared, group.members.contains(where: { $0.contains { $0.scope == .batch } }) {
      finish(group, events, active) { phase($0, 0) }
    }
    for worker in workers[1..<max(active, 1)] { workers[0].gradients.add(worker.gradients) }
    workers[0].gradients.clear(only: group.others)
    workers[0].gradients.clear(only: frozen)
    return active
  }

  /// Adds the gradients, and the losses, of the objectives of the whole batch that a group has, to those of the workers.
  private func finish(
    _ group: ObjectiveGroup, _ events: ArraySlice<Int>, _ active: Int, phase: (String) -> TrainingPhase
  ) {
    var gradients: [[Int: [Float]]] = Array(repeating: [:], count: active)
    whole.gradients.clear()
    for (index, named) in network.heads.enumerated() {
      let parts = workers[..<active].compactMap { $0.unfinishedResult(ofHead: index) }
      guard let columns = parts.first?.columns else { continue }
      let result = Matrix(
        rows: parts.reduce(0) { $0 + $1.rows }, columns: columns, values: parts.flatMap(\.values))
      let learnt = whole.learn(
        index, result, group.members[index].filter { $0.scope == .batch }, dataset, named, events,
        phase: phase(named.name))
      workers[0].add(lossSum: learnt.lossSum, ofHead: index)
      var first = 0
      for (thread, part) in parts.enumerated() {
        gradients[thread][index] = Array(learnt.gradient[first..<first + part.values.count])
        first += part.values.count
      }
    }
    DispatchQueue.concurrentPerform(iterations: active) { [workers, gradients] thread in
      workers[thread].finish(gradients[thread])
    }
    workers[0].gradients.add(whole.gradients)
  }

  private func update(_ group: ObjectiveGroup, _ gradients: Parameters, _ rate: Float) -> Float {
    group.optimiser.update(parameters, gradient: gradients, learningRate: rate)
  }

  /// For each head the sum of the absolute weights of its rows.
  private func totalWeights(of events: ArraySlice<Int>) -> [Double] {
    network.heads.map { dataset.totalWeight(for: $0, of: events) }
  }

  /// Gives each worker a part of `events` with its share of the work, each in its own thread, and waits for all.
  ///
  /// - Returns: how many workers had something to do, from the first.
  /// - Throws: what the first of them throws.
  private static func divide(
    _ events: ArraySlice<Int>, of dataset: EventDataset, over workers: [TrainingWorker],
    _ work: @Sendable (TrainingWorker, ArraySlice<Int>) throws -> Void
  ) throws -> Int {
    // The work that an event makes, in splittings of trees or so.
    func size(_ event: Int) -> Int { dataset.nodeCount(ofEvent: event) + 8 }
    let active = min(workers.count, events.count)
    var ends: [Int] = []
    let total = events.reduce(0) { $0 + size($1) }
    var done = 0
    for place in events.indices {
      done += size(events[place])
      // Every thread after this one needs an event too.
      let isLast = events.endIndex - place - 1 == active - 1 - ends.count
      if ends.count < active - 1, done * active >= total * (ends.count + 1) || isLast {
        ends.append(place + 1)
      }
    }
    ends.append(events.endIndex)
    DispatchQueue.concurrentPerform(iterations: active) { [ends] thread in
      let worker = workers[thread]
      do {
        worker.failure = nil
        try work(worker, events[(thread == 0 ? events.startIndex : ends[thread - 1])..<ends[thread]])
      } catch {
        worker.failure = error
      }
    }
    if let failure = workers[..<active].lazy.compactMap(\.failure).first { throw failure }
    return active
  }

  /// What the workers' networks make of the validation events.
  ///
  /// - Throws: ``TrainingError`` if an event of a cache cannot be read back.
  private func predictValidation(
    _ workers: [TrainingWorker]
  ) throws -> (results: [Matrix], outputs: [Matrix], loss: MeanLoss) {
    let eventsAtOnce = 64 * workers.count
    var results = Array(repeating: [Float](), count: network.heads.count)
    var outputs = results
    var loss = MeanLoss(headWeights)
    var first = 0
    while first < validationEvents.count {
      let events = validationEvents[first..<min(first + eventsAtOnce, validationEvents.count)]
      dataset.prefetch(validationEvents[events.endIndex...].prefix(eventsAtOnce))
      let active = try Self.divide(events, of: dataset, over: workers) { [dataset] worker, part in
        try worker.predict(dataset, part)
      }
      for worker in workers[..<active] {
        for index in network.heads.indices {
          results[index] += worker.results[index]
          outputs[index] += worker.outputs[index]
        }
      }
      loss.add(workers[..<active].map(\.lossSums), totalWeights(of: events))
      first = events.endIndex
    }
    func matrices(_ values: [[Float]]) -> [Matrix] {
      zip(network.heads, values).map { named, values in
        let rows = dataset.rowCount(of: named.head.rows, of: validationEvents)
        return Matrix(rows: rows, columns: rows > 0 ? values.count / rows : 0, values: values)
      }
    }
    return (matrices(results), matrices(outputs), loss)
  }

  /// Adds the losses of objectives of whole batches on the validation events, in batches as large as those of the training.
  private func addLossesOfBatches(of results: [Matrix], to loss: inout MeanLoss) {
    for (index, named) in network.heads.enumerated() {
      let members = named.head.objectives.enumerated().filter {
        $1.parameters == nil && $1.scope == .batch
      }.map { ObjectiveGroup.Member(index: $0.offset, scope: .batch) }
      guard !members.isEmpty else { continue }
      var (first, sum) = (0, 0.0)
      for start in stride(from: 0, to: validationEvents.count, by: section.batchSize) {
        let events = validationEvents[start..<min(start + section.batchSize, validationEvents.count)]
        let rows = dataset.rowCount(of: named.head.rows, of: events)
        let columns = results[index].columns
        let batch = Matrix(
          rows: rows, columns: columns,
          values: Array(results[index].values[first * columns..<(first + rows) * columns]))
        sum +=
          validatedWhole.learn(index, batch, members, dataset, named, events, phase: TrainingPhase()).lossSum
        first += rows
      }
      loss.add(sum, ofHead: index)
    }
  }

  /// The validation events as a head learns its calibration from them, or is judged by them.
  private func validationTruth(of named: Network.NamedHead) -> (truth: HeadTruth, weights: [Double]) {
    (
      dataset.truth(of: named, of: validationEvents),
      dataset.weights(for: named, of: validationEvents).map { Double($0) }
    )
  }

  /// The network with what the heads learn from the validation events at the weights of the model.
  ///
  /// - Throws: ``TrainingError`` where a head has too little to learn from, or an event of a cache cannot be read back.
  func calibratedNetwork() throws -> Network {
    guard self.network.heads.contains(where: { type(of: $0.head).calibrates }) else { return self.network }
    if let calibrated, calibrated.epoch == keptEpoch { return calibrated.network }
    let keptWorkers = workers.map {
      TrainingWorker(
        self.network, headWeights: headWeights, section: section, parameters: keptParameters,
        thread: $0.thread)
    }
    let results = try predictValidation(keptWorkers).results
    var network = self.network
    for (index, named) in network.heads.enumerated() {
      let (truth, weights) = validationTruth(of: named)
      do {
        try network.calibrateHead(index, fitting: results[index], truth: truth, weights: weights)
      } catch let error where error is MetricError || error is PluginError {
        throw TrainingError("\(named.name) cannot be calibrated on the validation events: \(error)")
      }
    }
    calibrated = (keptEpoch, network)
    return network
  }

  /// The heads' metrics and the mean loss on the validation events.
  private func validate() throws -> (metrics: [EpochSummary.Metric], loss: MeanLoss) {
    var (results, outputs, loss) = try predictValidation(validators)
    addLossesOfBatches(of: results, to: &loss)
    var metrics: [EpochSummary.Metric] = []
    for (named, outputs) in zip(network.heads, outputs) {
      let (truth, weights) = validationTruth(of: named)
      let evaluation: HeadEvaluation
      do {
        evaluation = try named.head.evaluate(outputs, truth: truth, weights: weights)
      } catch let error as MetricError {
        throw TrainingError("\(named.name) cannot be validated: \(error)")
      }
      try named.check(evaluation)
      for metric in evaluation.metrics {
        guard let estimate = metric.estimate else {
          throw TrainingError(
            "\(named.name) cannot be validated: the validation events do not tell its \(metric.name), as a class is "
              + "absent among them; validate on more of them.")
        }
        metrics.append(EpochSummary.Metric(name: network.label(of: metric, of: named), value: estimate.value))
      }
    }
    return (metrics, loss)
  }
}

/// The sum over the heads of their weight times the mean loss of their rows, by absolute weights.
private struct MeanLoss {
  private let headWeights: [Float]
  private var lossSums: [Double]
  private var rowWeights: [Double]

  init(_ headWeights: [Float]) {
    self.headWeights = headWeights
    lossSums = headWeights.map { _ in 0 }
    rowWeights = lossSums
  }

  /// Adds what each worker came to, for each head, and the weights of all rows.
  mutating func add(_ sums: [[Double]], _ weights: [Double]) {
    for index in headWeights.indices {
      for worker in sums { lossSums[index] += worker[index] }
      rowWeights[index] += weights[index]
    }
  }

  /// Adds to the sum of a head, whose rows are there already.
  mutating func add(_ sum: Double, ofHead index: Int) { lossSums[index] += sum }

  /// The mean loss of each head; 0 without rows of a weight.
  var means: [Double] { zip(lossSums, rowWeights).map { $1 > 0 ? $0 / $1 : 0 } }

  var value: Double {
    headWeights.indices.reduce(0) { sum, index in
      rowWeights[index] > 0 ? sum + Double(headWeights[index]) * lossSums[index] / rowWeights[index] : sum
    }
  }
}

extension Network {
  /// What a metric of a head is called in the validation.
  func label(of metric: Metric, of named: NamedHead) -> String {
    heads.count == 1 ? metric.name : "\(named.name) \(metric.name)"
  }
}

extension TrainingSection {
  /// The optimiser that goes on from earlier means.
  fileprivate func makeOptimiser(
    _ firstMoment: Parameters, _ secondMoment: Parameters, step: Int, rates: [ParameterID: Float]
  ) -> any Optimiser {
    switch optimiser {
    case .adamw:
      var settings = AdamW.Settings()
      settings.weightDecay = Float(weightDecay)
      settings.gradientClip = gradientClip.map { Float($0) }
      return AdamW(
        firstMoment: firstMoment, secondMoment: secondMoment, step: step, settings: settings, rates: rates)
    case .lion:
      var settings = Lion.Settings()
      settings.weightDecay = Float(weightDecay)
      settings.gradientClip = gradientClip.map { Float($0) }
      return Lion(moment: firstMoment, step: step, settings: settings, rates: rates)
    }
  }
}
