// SPDX-License-Identifier: GPL-3.0-or-later

/// A plugin that turns embeddings into predictions: a tagger, a classifier, a regression.
///
/// A head is a value without numbers of its own: its layers name parameters in the network's one flat array,
/// so that all heads of a network train, are saved and are loaded together. A head has a row for each jet, or one
/// for each event.
public protocol Head: Sendable {
  /// What a user writes in YAML under `configuration`, and what a model stores.
  ///
  /// Unknown keys are refused; give defaults in `init(from:)` or by optional properties.
  associatedtype Configuration: Codable & Sendable
  /// What the head learns from the training sample before the first step, such as the scaling of its target, and what a
  /// model stores of it; nothing unless given.
  associatedtype Preparation: Codable & Sendable = NoPreparation
  /// What the head learns from the validation sample when its training is done, and what a model stores of it.
  associatedtype Calibration: Codable & Sendable = NoCalibration

  /// The name by which configurations and models ask for this plugin, such as `jet-tagger`.
  static var identifier: String { get }
  /// The version of the plugin, which a model stores.
  static var version: PluginVersion { get }
  /// One sentence that says what the plugin does.
  static var summary: String { get }
  /// A configuration to show to users and to test the head with, and truth that it can learn from.
  static var example: HeadExample<Configuration> { get }
  /// A head whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` where the configuration makes no sense.
  init(configuration: Configuration, builder: inout HeadBuilder) throws

  /// The configuration that the head was made from, defaults filled in.
  var configuration: Configuration { get }
  /// What the head has a row for.
  var rows: HeadRows { get }
  /// What the head reads; the network has no more for it.
  var inputs: Set<HeadInput> { get }
  /// The columns of particles that the head reads of constituents; none unless given.
  var particleColumns: Set<String> { get }
  /// The numbers of observables that the head reads, such as `soft-drop/mass`; none unless given.
  var observables: Set<String> { get }
  /// Throws if the numbers of `observables`, which a configuration may declare as it likes, are not what the head needs,
  /// such as ones of jets. Anything will do unless given.
  ///
  /// - Throws: ``PluginError`` that names the number.
  func check(observables columns: [ObservableColumn]) throws
  /// The truth columns that `loss`, `check` and `evaluate` need: columns of events, or of particles for a head on
  /// constituents, and those that the head derives.
  var truthColumns: [String] { get }
  /// Those of `truthColumns` that no file has, as the head derives them from events and jets; none unless given.
  var derivedTruthColumns: Set<String> { get }
  /// Those of `truthColumns` that rows may lack, which are learnt from all the same and have NaN there in `evaluate`; none unless
  /// given.
  var optionalTruthColumns: Set<String> { get }
  /// What the head predicts, in the order of the columns of `outputs`.
  var outputs: [HeadOutput] { get }

  /// Throws where truth cannot be learnt from, such as a class that does not exist.
  ///
  /// - Throws: ``PluginError`` that names the row.
  func check(_ truth: HeadTruth) throws

  /// The truth of `derivedTruthColumns`, computed once when events are read and never in a forward pass.
  ///
  /// It is called with batches of any number of events, on several threads: what it gives for an event must not depend on
  /// the other events of its batch. From then on it is like truth of a file: a row of NaN has no truth and the weight 0.
  ///
  /// - Parameters:
  ///   - events: the events, with all their columns, and the columns of particles in `particleColumns`.
  ///   - jets: their jets, with the columns of the observables that the head names, and with trees if the network reads
  ///     trees; a head that needs them names `trees` among its inputs, or has rows of splittings.
  /// - Returns: the values of each derived column by its name: `[rows]` each.
  /// - Throws: ``PluginError`` that names the row, counted within the batch, if truth cannot be derived.
  func derivedTruth(of events: Events, jets: Jets) throws -> [String: [Float]]

  /// What is to be learnt from the training sample before the first step; validation events take no part.
  ///
  /// - Parameters:
  ///   - truth: the true values of all rows to learn from; a row without truth has some value, and the weight 0.
  ///   - weights: the weight of each row: `[rows]`.
  ///   - inputs: the plain numbers that the head names among its inputs and observables, of all events to learn from;
  ///     there are no embeddings and no scaled inputs of events yet.
  /// - Returns: what `prepare` then takes over.
  /// - Throws: ``MetricError`` if there is too little to learn from.
  func preparation(fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs) throws -> Preparation

  /// Takes over what was learnt from the training sample, before the first step or when a model is read.
  ///
  /// - Throws: ``PluginError`` if it does not fit the head, as a model's file may hold anything.
  mutating func prepare(by preparation: Preparation) throws

  /// The differentiable forward pass, in whatever form the loss needs, such as logits: `[rows × anything]`.
  func callAsFunction(_ inputs: HeadInputs) -> Variable

  /// The loss of each row: `[rows × 1]`. Weights and means are the trainer's.
  func loss(of result: Variable, truth: HeadTruth) -> Variable

  /// What groups of parameters are trained for; the first has no parameters of its own. A single one unless given.
  var objectives: [Objective] { get }

  /// The loss of each objective, in their order: `[rows × 1]`, or `[1 × 1]` for one of the whole batch. The one of
  /// ``loss(of:truth:)`` unless given.
  func losses(of result: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable]

  /// The predictions from what the forward pass gave: `[rows × sum of the outputs' widths]`.
  func outputs(of result: Variable) -> Variable

  /// What was learnt from the validation sample; nil before. `outputs` applies it.
  var calibration: Calibration? { get }

  /// Takes over what was learnt from the validation sample.
  ///
  /// - Throws: ``PluginError`` where it does not fit the head, as a model's file may hold anything.
  mutating func calibrate(by calibration: Calibration) throws

  /// What is to be learnt from the validation sample, once the weights are those of the best epoch.
  ///
  /// - Parameters:
  ///   - results: what the forward pass gave: `[rows × anything]`.
  ///   - truth: the true values of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Returns: the calibration; nil for a head that needs none.
  /// - Throws: ``MetricError`` where there is too little to learn from.
  func calibration(fitting results: Matrix, truth: HeadTruth, weights: [Double]) throws -> Calibration?

  /// What the predictions are worth.
  ///
  /// - Parameters:
  ///   - outputs: `[rows × sum of the outputs' widths]`.
  ///   - truth: the true values of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  /// A metric that the rows cannot tell, such as one of a class that is not among them, has no estimate.
  ///
  /// - Returns: metrics, curves, figures and tables.
  /// - Throws: ``MetricError`` if the rows tell nothing at all.
  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation
}

/// A configuration of a head and truth that goes with it.
public struct HeadExample<Configuration: Codable & Sendable>: Sendable {
  /// A configuration that serves in any network with the inputs that the head reads.
  public var configuration: Configuration
  /// Values of each truth column that files have, and of each column of events that truth is derived from, which rows and
  /// events take in turn.
  public var truth: [String: [Float]]

  /// An example, with truth such as `["label": [0, 1]]`.
  public init(configuration: Configuration, truth: [String: [Float]]) {
    self.configuration = configuration
    self.truth = truth
  }
}

/// The preparation of heads that learn nothing before the first step.
public struct NoPreparation: Codable, Sendable {
  /// Nothing.
  public init() {}
}

extension Head where Preparation == NoPreparation {
  /// Nothing.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> NoPreparation { NoPreparation() }

  /// Does nothing.
  public mutating func prepare(by preparation: NoPreparation) {}
}

/// The calibration of heads that learn nothing beside their weights.
public struct NoCalibration: Codable, Sendable {}

extension Head where Calibration == NoCalibration {
  /// None.
  public var calibration: NoCalibration? { nil }

  /// Does nothing.
  public mutating func calibrate(by calibration: NoCalibration) {}

  /// None.
  public func calibration(
    fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> NoCalibration? { nil }
}

extension Head {
  /// None.
  public var particleColumns: Set<String> { [] }

  /// None.
  public var observables: Set<String> { [] }

  /// Anything will do.
  public func check(observables columns: [ObservableColumn]) throws {}

  /// Whether anything is learnt from the training sample before the first step.
  public static var prepares: Bool { Preparation.self != NoPreparation.self }

  /// Whether anything is learnt from the validation sample.
  public static var calibrates: Bool { Calibration.self != NoCalibration.self }
}

/// What a head makes a prediction for.
public enum HeadRows: String, Sendable, Hashable, Codable, CaseIterable {
  /// A row for each jet.
  case jets
  /// A row for each event.
  case events
  /// A row for each constituent of each jet, in the order of `Jets.constituents`; truth comes from columns of particles.
  case constituents
  /// A row for each splitting of each jet's tree, in the order of `JetTrees`, children before parents; truth is derived.
  case splittings
}

extension Jets {
  /// The number of rows of a kind that the jets and their events have.
  func count(of rows: HeadRows) -> Int {
    switch rows {
    case .events: eventCount
    case .jets: jetCount
    case .constituents: constituents.content.count
    case .splittings: splittings(ofJets: 0..<jetCount).count
    }
  }

  /// The rows of a kind that an event has, counted from the first of all events.
  package func rows(_ rows: HeadRows, ofEvent event: Int) -> Range<Int> {
    switch rows {
    case .events: event..<event + 1
    case .jets: jets(ofEvent: event)
    case .constituents: constituents(ofJets: jets(ofEvent: event))
    case .splittings: splittings(ofJets: jets(ofEvent: event))
    }
  }
}

extension HeadRows {
  /// What the core needs of events to count the rows.
  public var input: HeadInput? {
    switch self {
    case .jets, .events: nil
    case .constituents: .constituentRows
    case .splittings: .trees
    }
  }
}

/// One named quantity that a head predicts for each row.
public struct HeadOutput: Sendable, Hashable, Codable {
  /// The name, such as `score`.
  public let name: String
  /// How many numbers the quantity has.
  public let width: Int
  /// The unit, such as `GeV`; nil for a pure number.
  public let unit: String?

  /// An output; `width` numbers of `unit`.
  public init(_ name: String, width: Int = 1, unit: String? = nil) {
    self.name = name
    self.width = width
    self.unit = unit
  }
}
