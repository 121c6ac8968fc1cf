// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells two classes of jets apart from their embedding and, beside it, from their shapes.
public struct JetShapeTagger: ClassifyingHead {
  /// What stands under `configuration` in YAML.
  public struct Configuration: Codable, Sendable {
    /// The truth column, which is 0 for the first class and 1 for the second, the signal, or has their names as text.
    public var truth: ClassTruth
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
  public var classification: Classification
  private let layers: Perceptron

  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes)
    let hidden = configuration.hidden ?? [32]
    self.configuration.hidden = hidden
    layers = try builder.perceptron(
      inputs: builder.jetEmbeddingWidth + JetShapes.count, hidden: hidden,
      outputs: classification.logitCount)
  }

  public var rows: HeadRows { .jets }
  public var inputs: Set<HeadInput> { [.jetEmbedding, .jetMomenta, .constituents] }

  /// The logits: `[jets × logits]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let shapes = (0..<inputs.jetCount).flatMap { JetShapes(ofJet: $0, inputs).features }
    return layers(
      inputs.jetEmbedding.concatenated(
        with: inputs.constant(shapes, rows: inputs.jetCount, columns: JetShapes.count)))
  }
}
