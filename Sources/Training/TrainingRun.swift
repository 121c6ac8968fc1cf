// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Formulas
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Settings

/// A whole training from a configuration to a model's folder.
///
/// After every epoch the folder holds the model of the epochs so far, of the best one unless another is to be kept, a
/// checkpoint from which the training goes on, and its learning curve.
public struct TrainingRun {
  /// What the training tells while it runs; what a function throws stops it, and is thrown on.
  public protocol Observer: AnyObject {
    /// A batch of events is read.
    func read(_ place: EventPipeline.Progress) throws
    /// The events are read; the training begins.
    func begin(_ summary: Summary)
    /// A step is done: `eventsDone` events of the epoch, at this mean loss so far.
    func step(epoch: Int, eventsDone: Int, loss: Double) throws
    /// An epoch is done and its model and checkpoint are written.
    func finish(_ epoch: EpochSummary)
  }

  /// What a training is about to do.
  public struct Summary: Sendable {
    /// The fold that is left out; nil if there are none.
    public let fold: TrainingFold?
    /// The number of events read.
    public let events: Int
    /// The number of their jets.
    public let jets: Int
    /// The number of events to learn from.
    public let trainingEvents: Int
    /// The number of events to validate on.
    public let validationEvents: Int
    /// How many numbers are learnt.
    public let parameterCount: Int
    /// The number of epochs in all.
    public let epochs: Int
    /// The number of epochs that a checkpoint has done.
    public let epochsDone: Int
    /// The number of threads.
    public let threads: Int
    /// What is hardly wanted of the settings or the events, such as a feature that is the same in all of them: a
    /// sentence each.
    public let remarks: [String]
    /// What a training that goes on does differently from before, in words.
    public let changes: [String]
  }

  /// The file of a model's folder with the weight of each class in each bin before and after reweighting.
  public static let reweightingFile = "reweighting.csv"

  /// The file of a model's folder with the learning curve: a line for each epoch, whose metrics have their names for
  /// columns.
  public static let learningCurveFile = "learning-curve.csv"

  /// What to train.
  public let configuration: TrainingConfiguration
  /// The plugins that heads may come from.
  public let plugins: PluginRegistry

  /// A training of `configuration`.
  public init(_ configuration: TrainingConfiguration, plugins: PluginRegistry) {
    self.configuration = configuration
    self.plugins = plugins
  }

  /// Trains and writes the model into `folder`.
  ///
  /// - Parameters:
  ///   - folder: where the model is written; must not hold a model yet unless the training is resumed.
  ///   - resuming: whether to go on from the folder's checkpoint; if it has none and no model, the training begins.
  ///   - tensorBoard: the folder of the file of events for TensorBoard; that of the model, if the configuration asks for
  ///     one, unless given.
  ///   - observer: is told how the training gets on.
  /// - Returns: the model.
  /// - Throws: ``TrainingError``, `ConfigurationError`, `EventInputError`, `ModelError`, `SafetensorsError`,
  ///   `FileOutputError` or `FolderLockError`, each in one sentence.
  public func run(
    into folder: URL, resuming: Bool, tensorBoard: URL? = nil, observer: any Observer
  ) throws -> Model {
    let plan = try makePlan()
    var dataset: EventDataset?
    guard let folds = configuration.data.folds else {
      return try train(
        plan, without: nil, &dataset, into: folder, resuming: resuming, tensorBoard: tensorBoard, observer)
    }
    let whole = try TrainingFolder(folder, tensorBoard: nil)
    defer { whole.release() }
    try whole.checkIsOfFolds()
    let members = try (0..<folds.count).map { fold in
      let name = Model.folder(ofFold: fold)
      return try train(
        plan, without: TrainingFold(fold, of: folds), &dataset, into: folder.appendingPathComponent(name),
        resuming: resuming, tensorBoard: tensorBoard?.appendingPathComponent(name), observer)
    }
    do {
      let model = try Model(members: members, folds: folds)
      try Model.write(folds, to: folder)
      return model
    } catch let error as ModelError {
      throw TrainingError(
        "\(folder.relativePath): the models of the folds do not go together: \(error.sentence)")
    }
  }

  /// Trains on all events but those of a fold, and writes the model into `folder`; events that are not there yet are read.
  private func train(
    _ plan: Plan, without fold: TrainingFold?, _ dataset: inout EventDataset?, into folder: URL,
    resuming: Bool,
    tensorBoard: URL?, _ observer: any Observer
  ) throws -> Model {
    let folder = try TrainingFolder(
      folder, tensorBoard: tensorBoard ?? (configuration.training.writesTensorBoard ? folder : nil))
    defer { folder.release() }
    let found = try folder.checkpoint(resuming: resuming, configuration, plan.network.layout)
    let course = try begin(plan, without: fold, &dataset, in: folder, from: found, observer)
    let trainer = course.trainer
    while !trainer.isFinished {
      let epoch = trainer.epochs.count + 1
      let summary = try trainer.trainEpoch { try observer.step(epoch: epoch, eventsDone: $0, loss: $1) }
      try folder.write(
        Checkpoint(trainer, configuration: configuration.text, events: course.fingerprints), model(course))
      observer.finish(summary)
    }
    let finished = try model(course)
    // What was stopped between the last checkpoint and its model has none yet.
    try folder.write(finished)
    return finished
  }

  /// Tries learning rates from 10⁻⁵ to 1, each for a step, and writes nothing.
  ///
  /// - Parameter observer: is told when the events are read.
  /// - Returns: the loss at each rate.
  /// - Throws: what ``run(into:resuming:tensorBoard:observer:)`` throws before the first epoch, and ``TrainingError`` if an
  ///   epoch has too few steps.
  public func testRates(observer: any Observer) throws -> RateTest {
    var dataset: EventDataset?
    return try begin(makePlan(), without: nil, &dataset, in: nil, from: nil, observer).trainer.testRates(
      1e-5...1, steps: 200)
  }

  /// What is to be trained, before any event is read.
  private struct Plan {
    let network: Network
    let weighting: AppliedWeighting?
    let section: TrainingSection
    let review: TrainingReview
    let embedding: PretrainedEmbedding?
    let model: PretrainedModel?
  }

  /// A training that has begun.
  private struct Course {
    let trainer: Trainer
    let weighting: AppliedWeighting?
    let scaling: SampleScaling
    let split: EventSplit
    let fold: TrainingFold?
    let ranges: [InputRange]?
    let inputs: [InputDistribution]
    /// Fingerprints of the events as a checkpoint keeps them.
    let fingerprints: [String: String]
    /// The fingerprint of the events as a model keeps it.
    let sample: SampleFingerprint
    /// The spectra that weights have changed; nil if they have changed none.
    let spectra: [ReweightedSpectrum]?
  }

  private func makePlan() throws -> Plan {
    let embedding = try configuration.embedding?.source.model.map {
      try PretrainedEmbedding(contentsOf: URL(fileURLWithPath: $0), plugins: plugins)
    }
    var network = try makeNetwork(embedding)
    network.jetMatching = configuration.data.jetTruth
    let model = try configuration.training.model.map {
      try PretrainedModel(contentsOf: URL(fileURLWithPath: $0), plugins: plugins)
    }
    try model?.check(network)
    let review = TrainingReview(configuration: configuration, network: network)
    try review.checkSettings()
    try configuration.data.folds?.check(
      network, ObservableCatalogue(configuration.observables, plugins: plugins))
    return Plan(
      network: network, weighting: try weighting(), section: try section(for: network), review: review,
      embedding: embedding, model: model)
  }

  /// What the momenta of particles are multiplied by.
  private func weighting() throws -> AppliedWeighting? {
    do {
      return try configuration.data.weighting.choice(configuration.observables, plugins)
    } catch {
      throw TrainingError("data.apply is \(configuration.data.weighting.apply ?? ""): \(error)")
    }
  }

  private func begin(
    _ plan: Plan, without fold: TrainingFold?, _ read: inout EventDataset?, in folder: TrainingFolder?,
    from found: (checkpoint: Checkpoint, changes: [String])?, _ observer: any Observer
  ) throws -> Course {
    var network = plan.network
    let review = plan.review
    var dataset = try read ?? readEvents(network, plan.weighting, observer)
    read = dataset
    try review.checkFolds(dataset)
    let split = split(dataset, without: fold)
    try review.check(dataset, split)
    let fingerprints = dataset.fingerprints(split)
    try folder?.check(fingerprints, against: found?.checkpoint)
    try dataset.reweighting.map { try folder?.write($0) }
    let extents = try dataset.extents(ofEvents: split.training)
    let remarks =
      review.remarks(dataset, extents, plan.embedding, plan.weighting)
      + plan.section.remarks(on: network)
      + review.remarks(
        dataset,
        beginningWith: [
          ("training.from", plan.model?.fingerprint), ("embedding.from", plan.embedding?.fingerprint),
        ])
      + [plan.model?.remark(onJets: configuration.jets, cuts: configuration.cuts, plan.weighting)].compactMap(
        \.self)
    let ranges = try review.inputRanges(dataset, training: split.training, extents)
    let inputs = try review.inputDistributions(dataset, training: split.training)
    network = try network.prepared(
      on: dataset, split.training, resuming: found?.checkpoint, taking: plan.model?.preparations ?? [:])
    let scaling =
      try plan.model?.scaling
      ?? dataset.scaling(
        fitting: split.training, nodes: plan.embedding?.scaling, seed: configuration.training.seed)
    dataset.scale(by: scaling)

    let trainer = Trainer(
      network, headWeights: configuration.heads.map(\.value.weight), section: plan.section,
      dataset: dataset, split: split, pretrained: plan.model?.weights ?? plan.embedding?.weights,
      resuming: found?.checkpoint)
    observer.begin(
      Summary(
        fold: fold, events: dataset.eventCount, jets: dataset.jetCount, trainingEvents: split.training.count,
        validationEvents: split.validation.count,
        parameterCount: network.layout.parameterCount, epochs: configuration.training.epochs,
        epochsDone: trainer.epochs.count, threads: configuration.training.threads, remarks: remarks,
        changes: found?.changes ?? []))
    return Course(
      trainer: trainer, weighting: plan.weighting, scaling: scaling, split: split, fold: fold, ranges: ranges,
      inputs: inputs,
      fingerprints: fingerprints,
      sample: dataset.fingerprint, spectra: dataset.reweighting?.spectra)
  }

  /// The section `training` with the embedding frozen if that is asked for.
  ///
  /// - Throws: ``TrainingError`` if rates are given of sections that the network does not have, or of a frozen one.
  private func section(for network: Network) throws -> TrainingSection {
    var section = configuration.training
    try section.rates.check(network)
    try section.dropout.check(network)
    if configuration.embedding?.source.isFrozen == true {
      section.rates = try section.rates.freezing("embedding")
    }
    return section
  }

  /// Which of the events are learnt from, as the settings say.
  private func split(_ dataset: EventDataset, without fold: TrainingFold?) -> EventSplit {
    let whole = wholeSplit(dataset, without: fold)
    return fold.map { whole.without(fold: $0.fold, of: dataset) } ?? whole
  }

  private func wholeSplit(_ dataset: EventDataset, without fold: TrainingFold?) -> EventSplit {
    let data = configuration.data
    if data.validation != nil { return EventSplit(dataset, validatingWhere: Self.validationColumn) }
    if !data.validationInputs.isEmpty { return EventSplit(dataset, validatingFromSample: data.inputs.count) }
    return EventSplit(
      dataset, validationFraction: data.validationFraction, stratifyingBy: data.stratify,
      leavingOutFold: fold?.fold, seed: configuration.training.seed)
  }

  private func makeNetwork(_ pretrained: PretrainedEmbedding?) throws -> Network {
    do {
      let embeddingObservables = try pretrained.map { pretrained in
        for choice in configuration.observables where !pretrained.agrees(with: choice) {
          throw TrainingError(
            "observables.\(choice.name) differs from the observable of that name that the embedding under "
              + "embedding.from reads: give it another name.")
        }
        return ObservableCatalogue(
          pretrained.observables.members.map(ObservableChoice.init), plugins: plugins)
      }
      return try Network(
        embedding: pretrained?.choice ?? configuration.embedding?.choice,
        events: configuration.events?.choice,
        heads: configuration.heads.map { entry in
          do {
            return (entry.key, try plugins.head(entry.value.plugin), entry.value.configuration)
          } catch let error as PluginError {
            throw ConfigurationError(entry.value.pluginPosition, error.description)
          }
        },
        observables: ObservableCatalogue(configuration.observables, plugins: plugins),
        embeddingObservables: embeddingObservables, cuts: configuration.cuts)
    } catch let error as ModelError {
      throw TrainingError("The network cannot be made: \(error.sentence)")
    }
  }

  /// How jets are found; trees only where they are read.
  private func jets(for network: Network) -> JetFinder {
    configuration.jets.withTrees(network.readsTrees)
  }

  /// The column that says which events to validate on; no column of a file has a slash at both ends of its name.
  private static let validationColumn = "/validation/"
  /// The same of the events that have no part.
  private static let testColumn = "/test/"

  private func readEvents(
    _ network: Network, _ weighting: AppliedWeighting?, _ observer: any Observer
  ) throws -> EventDataset {
    let data = configuration.data
    var options = data.reading
    options.weighting = weighting?.weighting
    let catalogue = ObservableCatalogue(configuration.observables, plugins: plugins)
    options.particleColumns = network.particleColumns.union(
      try data.reweight?.particleColumns(catalogue) ?? [])
    options.formats = plugins.eventFormats
    options.jets = FormulaJets(configuration.jets, observables: catalogue, cuts: configuration.cuts)
    options.demandSelection()
    if let validation = data.validation {
      options.definitions.append(
        ColumnDefinition(Self.validationColumn, validation, isCondition: true, origin: "validation"))
    }
    if let test = data.test {
      options.definitions.append(
        ColumnDefinition(Self.testColumn, test, isCondition: true, origin: "test"))
      options.selection.append(Formula(column: Self.testColumn, isEqualTo: 0))
    }
    return try EventDataset(
      EventStream(samples: data.samples, options: options), jets: jets(for: network), for: network,
      keeping: Set([data.validation.map { _ in Self.validationColumn }, data.stratify].compactMap(\.self)),
      reweight: data.reweight, balance: data.balance, balanceInterval: data.balanceInterval,
      redrawConditions: data.redrawConditions, folds: data.folds, cache: data.cache,
      seed: configuration.training.seed,
      threads: configuration.training.threads, progress: observer.read)
  }

  /// The model of the epochs so far.
  private func model(_ course: Course) throws -> Model {
    let (trainer, split) = (course.trainer, course.split)
    let network = try trainer.calibratedNetwork()
    let particles = configuration.data.reading.particles
    let description = ModelDescription(
      particles: particles == ParticleSelection() ? nil : particles, weighting: course.weighting?.description,
      jets: jets(for: network),
      observables: try network.allObservables.members.map(ObservableDescription.init), cuts: network.cuts,
      embedding: network.embedding?.description, events: network.events?.description, scaling: course.scaling,
      heads: try network.heads.map { try $0.description() },
      jetMatching: network.readsGivenJets ? network.jetMatching : nil,
      training: TrainingProvenance(
        canopyVersion: CanopyVersion.current, configuration: configuration.text,
        files: configuration.data.files.map { URL(fileURLWithPath: $0).lastPathComponent },
        trainingEvents: split.training.count, validationEvents: split.validation.count,
        seed: configuration.training.seed, threads: configuration.training.threads,
        bestEpoch: trainer.keptEpoch, epochs: trainer.epochs, ranges: course.ranges, inputs: course.inputs,
        fingerprint: course.sample, fold: course.fold, spectra: course.spectra))
    return Model(
      description: description, network: network, parameters: trainer.keptParameters,
      weighting: course.weighting)
  }
}

extension TrainingRun.Observer {
  /// Nothing is done.
  public func read(_ place: EventPipeline.Progress) throws {}
}
