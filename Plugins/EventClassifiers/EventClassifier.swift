// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells classes of events apart: hidden ReLU layers on the event's embedding and what else is known of the event.
///
/// Two classes share one logit, and the output `score` is the probability of class 1, the signal. More classes
/// have a logit each, and an output for each class is its probability. A condition among the event inputs makes it
/// a parameterised classifier (arXiv:1601.07913).
public struct EventClassifier: ClassifyingHead {
  /// The configuration of a classifier.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that has the number of the class, from 0, or its name as text, or a column for each class.
    public var truth = ClassTruth("")
    /// The names of the classes in the order of their numbers; with two, the second is the signal.
    public var classes: [String] = []
    /// The widths of the hidden layers; two of 64 unless given.
    public var hidden: [Int]?
    /// The background efficiencies for which thresholds are fixed on the validation sample; none unless given.
    public var workingPoints: [Double]?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A configuration; `hidden` is two layers of 64 unless given.
    public init(
      truth: ClassTruth, classes: [String], hidden: [Int]? = nil, workingPoints: [Double]? = nil,
      dropout: Double? = nil
    ) {
      self.truth = truth
      self.classes = classes
      self.hidden = hidden
      self.workingPoints = workingPoints
      self.dropout = dropout
    }

    /// A classifier of no classes yet.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "truth", \.truth,
        "the column with the number of the class, from 0, or its name as text, or a list of columns, one for each class, of which "
          + "one is 1 (<doc:TruthPerJet>)", isRequired: true),
      Setting(
        "classes", \.classes, "the classes in the order of their numbers; of two, the second is the signal",
        isRequired: true, range: "2 to 1000 names"),
      Setting(
        "hidden", \.hidden, "the widths of the hidden layers", default: "`[64, 64]`",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "working-points", \.workingPoints,
        "background efficiencies for which thresholds are fixed on the validation sample: see <doc:TheNetwork>",
        range: "up to 20, between 0 and 1"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1).inSinglePrecision,
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]
  }

  /// `event-classifier`.
  public static let identifier = "event-classifier"
  /// The version that models store.
  public static let version = PluginVersion(1, 1, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Tells two or more classes of events apart from the event's embedding and inputs."

  /// Two classes.
  public static let example = HeadExample(
    configuration: Configuration(truth: "label", classes: ["background", "signal"]), truth: ["label": [0, 1]])

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  /// The classes, and what was learnt of their probabilities.
  public var classification: Classification
  private let layers: Perceptron

  /// A classifier whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if there are fewer than two classes, two share a name, there are several truth columns but not
  ///   one for each class, a size or the dropout is out of range
  ///   or the network does not embed events.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes,
      workingPoints: configuration.workingPoints ?? [])
    try builder.check(dropout: configuration.dropout)
    let widths = configuration.hidden ?? [64, 64]
    configuration.hidden = widths
    self.configuration = configuration
    layers = try builder.perceptron(
      inputs: builder.eventEmbeddingWidth + builder.eventInputNames.count, hidden: widths,
      outputs: classification.logitCount)
  }

  /// A row for each event.
  public var rows: HeadRows { .events }
  /// All that is known of the event.
  public var inputs: Set<HeadInput> { [.eventEmbedding, .eventInputs] }

  /// The logits: `[events × 1]` for two classes, else `[events × classes]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    inputs.outputs(
      of: layers, on: inputs.eventEmbedding.concatenated(with: inputs.eventInputs),
      dropout: configuration.dropout)
  }
}
