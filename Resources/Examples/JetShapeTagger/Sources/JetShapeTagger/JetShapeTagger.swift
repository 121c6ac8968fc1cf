// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells two classes of jets apart from their embedding and, beside it, from their shapes.
public struct JetShapeTagger: Head {
  /// What stands under `configuration` in YAML.
  public struct Configuration: Codable, Sendable {
    /// The truth column, which is 0 for the first class and 1 for the second, the signal.
    public var truth: String
    /// The names of the classes.
    public var classes: [String]
    /// The widths of the hidden layers; one of 32 unless given.
    public var hidden: [Int]?
  }

  public static let identifier = "jet-shape-tagger"
  public static let version = PluginVersion(1, 0, 0)
  public static let summary = "Tells classes of jets apart from the embedding, multiplicity, pTD and width."
  public static let example = HeadExample(
    configuration: Configuration(truth: "label", classes: ["quark", "gluon"]), truth: ["label": [0, 1]])

  public private(set) var configuration: Configuration
  private let name: String
  private let classification: Classification
  private let layers: Perceptron

  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    name = builder.headName
    classification = try Classification(truth: configuration.truth, classes: configuration.classes)
    let hidden = configuration.hidden ?? [32]
    self.configuration.hidden = hidden
    layers = try builder.perceptron(
      inputs: builder.jetEmbeddingWidth + JetShapes.count, hidden: hidden,
      outputs: classification.logitCount)
  }

  public var rows: HeadRows { .jets }
  public var inputs: Set<HeadInput> { [.jetEmbedding, .jetMomenta, .constituents] }
  public var truthColumns: [String] { [configuration.truth] }
  public var outputs: [HeadOutput] { classification.outputs }

  public func check(_ truth: HeadTruth) throws { try classification.check(truth) }

  /// The logits: `[jets × logits]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let shapes = (0..<inputs.jetCount).flatMap { JetShapes(ofJet: $0, inputs).features }
    return layers(
      inputs.jetEmbedding.concatenated(
        with: inputs.constant(shapes, rows: inputs.jetCount, columns: JetShapes.count)))
  }

  /// The cross entropy of each jet: `[jets × 1]`.
  public func loss(of logits: Variable, truth: HeadTruth) -> Variable {
    classification.loss(of: logits, truth: truth)
  }

  /// The probabilities: `[jets × outputs]`.
  public func outputs(of logits: Variable) -> Variable { classification.outputs(of: logits) }

  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    try classification.evaluate(outputs, name: name, truth: truth, weights: weights)
  }
}
