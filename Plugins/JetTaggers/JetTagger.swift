// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells classes of jets apart: two hidden ReLU layers on the jet's embedding, as in arXiv:1702.00748.
///
/// Two classes share one logit, and the output `score` is the probability of class 1, the signal. More classes
/// have a logit each, and an output for each class is its probability.
public struct JetTagger: Head {
  /// The configuration of a tagger.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The truth column that holds the number of the class, from 0.
    public var truth: String
    /// The names of the classes in the order of their numbers; with two, the second is the signal.
    public var classes: [String]
    /// The widths of the hidden layers; two of the embedding's width unless given.
    public var hidden: [Int]?

    /// A configuration; `hidden` is two layers of the embedding's width unless given.
    public init(truth: String, classes: [String], hidden: [Int]? = nil) {
      self.truth = truth
      self.classes = classes
      self.hidden = hidden
    }
  }

  /// `jet-tagger`.
  public static let identifier = "jet-tagger"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Tells two or more classes of jets apart from the jet's embedding."
  /// The embedding of each jet.
  public static let inputs: Set<HeadInput> = [.jetEmbedding]

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  let name: String
  private let hidden: [Dense]
  private let last: Dense

  /// A tagger whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` where there are fewer than two classes, two share a name or a size is out of range.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    let widths = configuration.hidden ?? [builder.jetEmbeddingWidth, builder.jetEmbeddingWidth]
    configuration.hidden = widths
    let classes = configuration.classes
    guard classes.count >= 2 else {
      throw PluginError("A jet tagger needs at least two classes, and was given \(classes.count).")
    }
    guard Set(classes).count == classes.count else {
      throw PluginError(
        "The classes of a jet tagger need different names: \(classes.joined(separator: ", ")).")
    }
    if let name = classes.first(where: { $0.isEmpty || $0.contains("/") }) {
      throw PluginError("The class name “\(name)” is no name: leave out slashes and do not leave it empty.")
    }
    guard classes.count <= 1000, widths.count <= 20, widths.allSatisfy({ (1...4096).contains($0) }) else {
      throw PluginError(
        "A jet tagger has up to 1000 classes and up to 20 hidden layers, each from 1 to 4096 wide.")
    }
    self.configuration = configuration
    name = builder.headName
    var layers: [Dense] = []
    var inputs = builder.jetEmbeddingWidth
    for (index, width) in widths.enumerated() {
      layers.append(builder.dense("hidden\(index + 1)", inputs: inputs, outputs: width))
      inputs = width
    }
    hidden = layers
    last = builder.dense(
      "last", inputs: inputs, outputs: classes.count == 2 ? 1 : classes.count, initialisation: .glorot)
  }

  private var isBinary: Bool { configuration.classes.count == 2 }

  /// The column that holds the number of the class.
  public var truthColumns: [String] { [configuration.truth] }

  /// `score` for two classes, else the probability of each class under its name.
  public var outputs: [HeadOutput] {
    isBinary ? [HeadOutput("score")] : configuration.classes.map { HeadOutput($0) }
  }

  /// Throws where a label is not the number of a class.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    let classes = configuration.classes
    for (row, label) in truth[configuration.truth].enumerated() {
      guard let number = Int(exactly: label), classes.indices.contains(number) else {
        throw PluginError(
          "\(configuration.truth) is \(label), but the classes \(classes.joined(separator: ", ")) have the "
            + "numbers 0 to \(classes.count - 1).",
          row: row)
      }
    }
  }

  /// The logits: `[jets × 1]` for two classes, else `[jets × classes]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    var x = inputs.jetEmbedding
    for layer in hidden.indices { x = hidden[layer](x).relu() }
    return last(x)
  }

  /// The cross entropy of each jet: `[jets × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let labels = truth[configuration.truth]
    return isBinary
      ? result.binaryCrossEntropy(targets: labels) : result.crossEntropy(classes: labels.map { Int32($0) })
  }

  /// The probabilities: `[jets × outputs]`.
  public func outputs(of result: Variable) -> Variable {
    isBinary ? result.sigmoid() : result.softmax()
  }
}
