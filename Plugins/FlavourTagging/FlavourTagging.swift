// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells the flavours of jets apart, b, c, light (uds) and gluon: hidden ReLU layers on the jet's embedding.
///
/// Outputs are the probability of each flavour and the discriminants made of them, see ``FlavourDiscriminant``. The evaluation
/// has those of a classifier of four classes, and a ROC curve for each discriminant with the rejections at the efficiencies for
/// b jets that experiments quote, 50, 70 and 77 %.
public struct FlavourTagging: ClassifyingHead {
  /// The configuration of a tagger.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that has the number of the flavour, or its name as text, or a column for each flavour.
    public var truth = ClassTruth("")
    /// The flavours in the order of their numbers.
    public var classes = FlavourDiscriminant.flavours
    /// The widths of the hidden layers; two of the embedding's width unless given.
    public var hidden: [Int]?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A configuration; `hidden` is two layers of the embedding's width unless given.
    public init(
      truth: ClassTruth, classes: [String] = FlavourDiscriminant.flavours, hidden: [Int]? = nil,
      dropout: Double? = nil
    ) {
      self.truth = truth
      self.classes = classes
      self.hidden = hidden
      self.dropout = dropout
    }

    /// A tagger of no truth yet.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "truth", \.truth,
        "the column with the number of the flavour, from 0, or its name as text, or a list of columns, one for each flavour, of "
          + "which one is 1 (<doc:TruthPerJet>)", isRequired: true),
      Setting(
        "classes", \.classes, "the flavours in the order of their numbers", default: "`[b, c, uds, g]`",
        range: "b, c, uds and g in any order"),
      Setting(
        "hidden", \.hidden, "the widths of the hidden layers", default: "two layers of the embedding's width",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1),
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]

    /// Makes sure that each flavour is there once, and that a step leaves something of a hidden layer.
    public func check(given: Set<String>) throws {
      guard classes.sorted() == FlavourDiscriminant.flavours.sorted() else {
        throw SettingProblem(
          "classes", "are \(classes.joined(separator: ", ")); name b, c, uds and g, in any order")
      }
      if let dropout, Float(dropout) == 1 {
        throw SettingProblem("dropout", "is 1 in single precision; choose less")
      }
    }
  }

  /// `flavour-tagging`.
  public static let identifier = "flavour-tagging"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Tells b, c, light and gluon jets apart, with the discriminants of flavour tagging."

  /// A jet of each flavour.
  public static let example = HeadExample(
    configuration: Configuration(truth: "flavour"), truth: ["flavour": [0, 1, 2, 3]])

  /// The signal efficiencies at which rejections are told.
  static let efficiencies = [0.5, 0.7, 0.77]

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  /// The flavours, and what was learnt of their probabilities.
  public var classification: Classification
  private let layers: Perceptron

  /// A tagger whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if the flavours are not each there once, there are several truth columns but not one for each, a
  ///   size or the dropout is out of range, or the network does not embed jets.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    do { try configuration.check(given: []) } catch let error as SettingProblem {
      throw PluginError("\(error.key) \(error.problem).")
    }
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes)
    try builder.check(dropout: configuration.dropout)
    let width = try builder.jetEmbeddingWidth
    let widths = configuration.hidden ?? [width, width]
    configuration.hidden = widths
    self.configuration = configuration
    layers = try builder.perceptron(inputs: width, hidden: widths, outputs: classification.logitCount)
  }

  /// A row for each jet.
  public var rows: HeadRows { .jets }
  /// The embedding of each jet.
  public var inputs: Set<HeadInput> { [.jetEmbedding] }

  /// The logits: `[jets × 4]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    inputs.outputs(of: layers, on: inputs.jetEmbedding, dropout: configuration.dropout)
  }

  /// The probability of each flavour, and the discriminants.
  public var outputs: [HeadOutput] {
    classification.outputs + FlavourDiscriminant.allCases.map { HeadOutput($0.rawValue) }
  }

  /// The probabilities and the discriminants: `[jets × 9]`.
  public func outputs(of result: Variable) -> Variable {
    let probabilities = classification.outputs(of: result)
    return FlavourDiscriminant.allCases.reduce(probabilities) { outputs, discriminant in
      outputs.concatenated(with: discriminant.value(of: probabilities, classes: configuration.classes))
    }
  }

  /// The mean area under the curves of each flavour against the others, the share of jets that are classified correctly, and a
  /// ROC curve for each flavour and each discriminant; there is none for a discriminant between flavours that no jet has.
  ///
  /// - Throws: ``MetricError`` if an output is not finite or no jet has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    var evaluation = try classification.evaluate(outputs, truth: truth, weights: weights)
    let flavours = classification.labels(of: truth).map { configuration.classes[Int($0)] }
    for (place, discriminant) in FlavourDiscriminant.allCases.enumerated() {
      let (signal, background) = (discriminant.signal, discriminant.background)
      let jets = flavours.indices.filter {
        weights[$0] != 0 && (signal.contains(flavours[$0]) || background.contains(flavours[$0]))
      }
      guard !jets.isEmpty else { continue }
      evaluation.classifiers.append(
        try ClassifierEvaluation(
          name: "\(classification.name) \(discriminant.rawValue)",
          signalName: signal.joined(separator: " and "),
          backgroundName: background.joined(separator: " and "),
          scores: jets.map { outputs[$0, classification.classes.count + place] },
          isSignal: jets.map { signal.contains(flavours[$0]) }, weights: jets.map { weights[$0] },
          signalEfficiencies: Self.efficiencies))
    }
    return evaluation
  }
}
