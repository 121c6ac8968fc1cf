// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import PluginKit
import Triggers

/// A menu at work on the events of files or streams, on several threads.
///
/// Threads evaluate the conditions, each for one event at a time; seeds, prescales and counters follow in the
/// order of the input. What is decided does not depend on the number of threads.
public struct TriggerRun: Sendable {
  /// The model whose heads the menu names.
  public let model: Model
  /// The menu.
  public let menu: TriggerMenu
  /// How many seconds an event may take; nil if there is no limit.
  public let timeLimit: Double?
  /// The value of each condition of the model that is decided by whatever the events have.
  public let conditions: [String: Double]
  /// How many threads work.
  public let threads: Int
  /// What the momenta of particles are multiplied by before the menu decides: what it names, else what the model was trained with;
  /// nil for nothing.
  public let weighting: AppliedWeighting?
  /// What the weights of the events are multiplied by; nil if by nothing.
  public var reweighting: (any EventReweighting)?
  /// Whether the time is measured that each path takes, which costs the time of reading a clock for each.
  public let measuresPaths: Bool
  /// Of how many leading jets the embeddings are written with each accepted event, and that of the event; nil if of none.
  ///
  /// The columns are `trigger.event-embedding`, `[events × width]`, and `trigger.jet-embedding`, row-major
  /// `[events × (jets × width)]`, NaN for jets that an event does not have.
  public let keptJets: Int?
  /// Whether what the network reads of all events is compared with what it read in the training.
  public let watchesInputs: Bool
  /// What is written of the trigger with each accepted event.
  public let columns: TriggerColumns

  /// A run that has not begun, whose menu applies to particles what `plugins` or the models that come with Canopy have.
  ///
  /// - Throws: `PluginError` if the menu's names do not make columns, `MenuError` or `ModelError` if there is nothing of the name that
  /// it applies, ``TriggerError`` if embeddings are to be kept that the model
  /// does not have, or what it reads to be compared with what it does not know.
  public init(
    model: Model, menu: TriggerMenu, timeLimit: Double? = nil,
    conditions: [String: Double] = [:], threads: Int, reweighting: (any EventReweighting)? = nil,
    measuresPaths: Bool = false, keptJets: Int? = nil, watchesInputs: Bool = false,
    plugins: PluginRegistry = PluginRegistry()
  ) throws {
    self.model = model
    self.menu = menu
    weighting = try menu.weighting(for: model, plugins)
    self.timeLimit = timeLimit
    self.conditions = conditions
    self.threads = threads
    self.reweighting = reweighting
    self.measuresPaths = measuresPaths
    self.keptJets = keptJets
    self.watchesInputs = watchesInputs
    columns = try TriggerColumns(
      menu, with: keptJets == nil ? [] : [KeptEmbeddings.eventName, KeptEmbeddings.jetName])
    if watchesInputs, DriftMonitor(model) == nil {
      throw TriggerError(
        "The model does not say how what it reads was distributed in its training, with which it could be compared: train "
          + "it with this version of Canopy.")
    }
    if let keptJets, KeptEmbeddings(model, jetCount: keptJets).isEmpty {
      throw TriggerError(
        keptJets == 0
          ? "The model has no embedding of events; keep those of at least one jet."
          : "The model has no embeddings; keep none.")
    }
  }

  /// The outcome of a run.
  public struct Outcome: Sendable {
    /// The counters of the menu, over all events, those before an interruption included.
    public var state: TriggerState
    /// How long the decisions took, those before an interruption included.
    public var latency = LatencyHistogram()
    /// How long each path took, as long as `latency`; nil unless it was asked for.
    public var pathTimes: PathTimes?
    /// What the network has read; nil unless it was asked for.
    var inputCounts: [InputCounts]?
    /// How far what the network read is from what it read in its training, the farthest first; nil unless it was asked for.
    public var drift: [InputDrift]?
    /// How many bad events were left out, those before an interruption included.
    public var badEventCount = 0
    /// What was wrong with the first of them, a sentence for each.
    public var badEvents: [String] = []
    /// The columns of accepted events whose whole numbers the output rounds, as it has but doubles for them.
    public var roundedColumns: [String] = []
    /// How long the stages of prediction took, added over the threads, in seconds.
    public var stages = Predictor.Times()
    /// What the threads did with their time.
    public var times = EventPipeline.Times()
  }

  /// What a thread found for a batch.
  private struct Evaluation: Sendable {
    var events: Events
    var decisions: TriggerDecisions
    /// The latency of each event in seconds: `[events]`.
    var seconds: [Double]
    /// Those of the shared part and of each path: row-major `[events × (1 + paths)]`, or empty.
    var pathSeconds: [Double]
    /// Further columns of the events.
    var columns: Columns
    /// What the network read; none unless it is watched.
    var inputCounts: [InputCounts]
    var stages: Predictor.Times
  }

  /// Decides about all events of a stream.
  ///
  /// - Parameters:
  ///   - stream: the events, with all their particles if `EventReadingOptions.leavesOutParticles` is false.
  ///   - writer: gets the accepted events, with ``columns``; it is not finished.
  ///   - progress: hears after each batch how far the run is; what it throws stops the run.
  /// - Returns: the outcome.
  /// - Throws: what reading, predicting and writing throw.
  public func run(
    _ stream: EventStream, to writer: (any EventWriter)? = nil,
    progress: (EventPipeline.Progress) throws -> Void = { _ in }
  ) throws -> Outcome {
    var outcome = Outcome(state: TriggerState(menu, isWeighted: try isWeighted(stream)))
    try decide(stream, &outcome) { accepted, _, _, place in
      if let writer, accepted.eventCount > 0 { try writer.append(accepted) }
      try progress(place)
    }
    outcome.addBadEvents(stream.badEventCount, stream.badEvents)
    return outcome
  }

  /// What the conditions say of each event of a stream, without seeds and prescales, for efficiencies and for
  /// tuning.
  ///
  /// - Parameters:
  ///   - stream: the events, which count by their weights if it gives them any.
  ///   - consume: gets each event and what is said of it, in the order of the input; the time limit is left out.
  ///   - progress: hears after each batch how far the run is.
  /// - Throws: what reading, predicting, `consume` and `progress` throw.
  public func evaluate(
    _ stream: EventStream,
    consume: (DecisionInputs, TriggerDecisions) throws -> Void,
    progress: (EventPipeline.Progress) throws -> Void = { _ in }
  ) throws {
    let isWeighted = try stream.countsByWeight
    let options = stream.options
    try checkWeighting(options)
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        let evaluator = try EventEvaluator(
          model: model, menu: menu, weighting: weighting, timeLimit: nil, isWeighted: isWeighted)
        var event = Events()
        var takesPart: [Bool] = []
        return { events in
          let events = events.with(conditions, replacing: true)
          return try (0..<events.eventCount).map { place in
            event.replace(withEvent: place, of: events)
            if !options.leavesOutParticles { try options.leaveOutParticles(of: &event, using: &takesPart) }
            var decisions = TriggerDecisions()
            _ = try evaluator.evaluate(&event, into: &decisions)
            return (evaluator.inputs, decisions)
          }
        }
      },
      consume: { (found: [(DecisionInputs, TriggerDecisions)]) in
        for (inputs, decisions) in found { try consume(inputs, decisions) }
      }, progress: progress)
  }

  /// Makes sure that particles are not multiplied by weights twice.
  ///
  /// - Throws: ``TriggerError`` if the reader does what the run does.
  private func checkWeighting(_ options: EventReadingOptions) throws {
    guard options.weighting == nil || !options.leavesOutParticles else {
      throw TriggerError(
        "The events are read with weights of particles, which a trigger multiplies momenta by itself: read them with "
          + "leavesOutParticles = false.")
    }
  }

  /// Whether events of a stream count by their weights, rather than each as one.
  ///
  /// - Throws: ``TriggerError`` if the weights depend on events that are still to be read.
  func isWeighted(_ stream: EventStream) throws -> Bool { try stream.countsByWeight || reweighting != nil }

  /// What is measured of the decisions of a batch: how long they took, each path too if that is asked for, and what the network
  /// read if that is.
  struct Measurements {
    var latency = LatencyHistogram()
    var paths: PathTimes?
    var inputs: [InputCounts]?
  }

  /// Decides about all events of a stream, from the counters of `outcome` on.
  ///
  /// `consume` gets the accepted events of each batch, what all events up to its end came to, what was measured of the
  /// batch, and how far reading is there.
  func decide(
    _ stream: EventStream, _ outcome: inout Outcome,
    consume: (
      _ accepted: Events, _ outcome: Outcome, _ measured: Measurements,
      _ place: EventPipeline.Progress
    ) throws -> Void
  ) throws {
    var found = outcome
    var accepted = Events()
    var batch = Measurements()
    let options = stream.options
    try checkWeighting(options)
    let isWeighted = try isWeighted(stream)
    let times = try EventPipeline.run(
      stream: stream, threads: threads, makeWorker: { try makeWorker(options, isWeighted: isWeighted) },
      consume: { evaluation in
        var decisions = evaluation.decisions
        menu.decide(&decisions, &found.state)
        batch = Measurements()
        for seconds in evaluation.seconds { batch.latency.add(seconds) }
        found.latency.add(batch.latency)
        if measuresPaths {
          batch.paths = PathTimes(pathCount: menu.paths.count)
          batch.paths!.add(evaluation.pathSeconds)
          found.add(batch.paths!)
        }
        if watchesInputs {
          batch.inputs = evaluation.inputCounts
          found.add(evaluation.inputCounts)
        }
        found.stages.add(evaluation.stages)
        accepted = columns.accepted(of: evaluation.events, decisions, with: evaluation.columns)
      },
      progress: { try consume(accepted, found, batch, $0) })
    outcome = found
    outcome.drift = outcome.inputCounts.flatMap { DriftMonitor(model)?.drifts($0) }
    outcome.times = times
  }

  /// The decisions about the events of a batch; if their reader has not left out the particles that take no
  /// part, the decisions are made without them, but the particles are written.
  private func makeWorker(
    _ options: EventReadingOptions, isWeighted: Bool
  ) throws -> (Events) throws -> Evaluation {
    let evaluator = try EventEvaluator(
      model: model, menu: menu, weighting: weighting, timeLimit: timeLimit, isWeighted: isWeighted,
      measuresPaths: measuresPaths,
      watchesInputs: watchesInputs)
    var event = Events()
    var takesPart: [Bool] = []
    var decisions = TriggerDecisions()
    return { events in
      let before = evaluator.times
      var all = TriggerDecisions()
      var seconds: [Double] = []
      var pathSeconds: [Double] = []
      var embeddings = keptJets.map { KeptEmbeddings(model, jetCount: $0) }
      var conditioned = events.with(conditions, replacing: true)
      if let reweighting {
        conditioned.weights = zip(events.weightOfEach, try reweighting.factors(of: events)).map { $0 * $1 }
      }
      for place in 0..<events.eventCount {
        event.replace(withEvent: place, of: conditioned)
        if !options.leavesOutParticles { try options.leaveOutParticles(of: &event, using: &takesPart) }
        seconds.append(try evaluator.evaluate(&event, into: &decisions))
        pathSeconds += evaluator.pathSeconds
        embeddings?.append(evaluator.prediction)
        all.append(decisions)
      }
      return Evaluation(
        // What is written is what the input had.
        events: events.with(conditions, replacing: false), decisions: all, seconds: seconds,
        pathSeconds: pathSeconds,
        columns: embeddings?.columns ?? Columns(), inputCounts: evaluator.takeInputCounts(),
        stages: evaluator.times.since(before))
    }
  }
}

extension Events {
  /// The events with a column of one value for each condition; one that is there already stays unless it is replaced.
  fileprivate func with(_ conditions: [String: Double], replacing: Bool) -> Events {
    var events = self
    for (name, value) in conditions where replacing || columns[name] == nil {
      events.columns[name] = Column(values: Array(repeating: value, count: eventCount))
    }
    return events
  }
}

extension EventStream {
  /// Whether events count by their weights, rather than each as one.
  ///
  /// - Throws: ``TriggerError`` if the weights depend on events that are still to be read.
  var countsByWeight: Bool {
    get throws {
      if let sample = samples.first(where: { $0.totalWeight != nil }) {
        throw TriggerError(
          "\(sample.title): total-weight needs all events before the first decision; give the sample a weight."
        )
      }
      return isWeighted
    }
  }
}

extension TriggerRun.Outcome {
  /// Counts the times of paths after the earlier ones.
  mutating func add(_ times: PathTimes) {
    if pathTimes == nil { pathTimes = times } else { pathTimes!.add(times) }
  }

  /// Counts what the network read after the earlier events.
  mutating func add(_ counts: [InputCounts]) {
    inputCounts = inputCounts.map { zip($0, counts).map { $0.adding($1) } } ?? counts
  }

  /// Counts bad events after the earlier ones.
  mutating func addBadEvents(_ count: Int, _ errors: [EventInputError]) {
    badEventCount += count
    badEvents = Array((badEvents + errors.map(\.description)).prefix(EventStream.maximumBadEventsKept))
  }
}

extension Predictor.Times {
  fileprivate mutating func add(_ other: Predictor.Times) {
    clustering += other.clustering
    features += other.features
    network += other.network
    heads += other.heads
  }

  /// What was added since `earlier`.
  fileprivate func since(_ earlier: Predictor.Times) -> Predictor.Times {
    var times = self
    times.clustering -= earlier.clustering
    times.features -= earlier.features
    times.network -= earlier.network
    times.heads -= earlier.heads
    return times
  }
}

extension TriggerMenu {
  /// What the momenta of particles are multiplied by before the menu decides on what a model predicts.
  ///
  /// - Throws: `MenuError` if there is nothing of the name that the menu applies, `ModelError` if a model gives no weights.
  func weighting(for model: Model, _ plugins: PluginRegistry) throws -> AppliedWeighting? {
    var settings = WeightingSettings()
    settings.apply = apply
    do {
      return try settings.choice(observables.members.map(ObservableChoice.init), plugins, for: model)
    } catch let error as PluginError {
      throw MenuError(ofApply: error)
    }
  }
}
