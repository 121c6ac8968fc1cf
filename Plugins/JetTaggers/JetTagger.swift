// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells classes of jets apart: hidden ReLU layers on the jet's embedding, two as in arXiv:1702.00748.
///
/// Two classes share one logit, and the output `score` is the probability of class 1, the signal. More classes
/// have a logit each, and an output for each class is its probability.
public struct JetTagger: ClassifyingHead {
  /// The configuration of a tagger.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that has the number of the class, from 0, or its name as text, or a column for each class.
    public var truth = ClassTruth("")
    /// The names of the classes in the order of their numbers; with two, the second is the signal.
    public var classes: [String] = []
    /// The widths of the hidden layers; two of the embedding's width unless given.
    public var hidden: [Int]?
    /// Whether the tagger also reads the jet's event: its embedding and the event inputs.
    public var eventContext: Bool?
    /// The background efficiencies for which thresholds are fixed on the validation sample; none unless given.
    public var workingPoints: [Double]?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A configuration; `hidden` is two layers of the embedding's width unless given.
    public init(
      truth: ClassTruth, classes: [String], hidden: [Int]? = nil, eventContext: Bool? = nil,
      workingPoints: [Double]? = nil, dropout: Double? = nil
    ) {
      self.truth = truth
      self.classes = classes
      self.hidden = hidden
      self.eventContext = eventContext
      self.workingPoints = workingPoints
      self.dropout = dropout
    }

    /// A tagger of no classes yet.
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
        "hidden", \.hidden, "the widths of the hidden layers", default: "two layers of the embedding's width",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "event-context", \.eventContext,
        "whether the tagger reads the jet's event too, its embedding and inputs; needs the section `events`",
        default: "false"),
      Setting(
        "working-points", \.workingPoints,
        "background efficiencies for which thresholds are fixed on the validation sample: see <doc:TheNetwork>",
        range: "up to 20, between 0 and 1"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1).inSinglePrecision,
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]
  }

  /// `jet-tagger`.
  public static let identifier = "jet-tagger"
  /// The version that models store.
  public static let version = PluginVersion(1, 2, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Tells two or more classes of jets apart from the jet's embedding."

  /// Two classes.
  public static let example = HeadExample(
    configuration: Configuration(truth: "label", classes: ["QCD", "W"]), truth: ["label": [0, 1]])

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  /// The classes, and what was learnt of their probabilities.
  public var classification: Classification
  private let layers: Perceptron

  /// A tagger whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if there are fewer than two classes, two share a name, there are several truth columns but not
  ///   one for each class, a size or the dropout is out of range
  ///   or the network has no events to give context.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes,
      workingPoints: configuration.workingPoints ?? [])
    try builder.check(dropout: configuration.dropout)
    let width = try builder.jetEmbeddingWidth
    let widths = configuration.hidden ?? [width, width]
    configuration.hidden = widths
    self.configuration = configuration
    let context =
      configuration.eventContext == true
      ? try builder.eventEmbeddingWidth + builder.eventInputNames.count : 0
    layers = try builder.perceptron(
      inputs: width + context, hidden: widths, outputs: classification.logitCount)
  }

  private var readsEvent: Bool { configuration.eventContext == true }

  /// A row for each jet.
  public var rows: HeadRows { .jets }
  /// The embedding of each jet and, with context, all that is known of its event.
  public var inputs: Set<HeadInput> {
    readsEvent ? [.jetEmbedding, .eventEmbedding, .eventInputs] : [.jetEmbedding]
  }

  /// The logits: `[jets × 1]` for two classes, else `[jets × classes]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    var read = inputs.jetEmbedding
    if readsEvent {
      let event = inputs.eventEmbedding.concatenated(with: inputs.eventInputs)
      read = read.concatenated(with: event.gatheringRows(inputs.eventOfJet))
    }
    return inputs.outputs(of: layers, on: read, dropout: configuration.dropout)
  }
}
