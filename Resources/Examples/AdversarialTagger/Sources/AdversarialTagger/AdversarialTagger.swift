// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells two classes of events apart by a score from which an adversary cannot guess a nuisance, such as a mass
/// (G. Louppe, M. Kagan and K. Cranmer, arXiv:1611.01046).
public struct AdversarialTagger: ClassifyingHead {
  /// What stands under `configuration` in YAML.
  public struct Configuration: Codable, Sendable {
    /// The truth column, which is 0 for the first class and 1 for the second, the signal, or has their names as text.
    public var truth: ClassTruth
    /// The names of the classes.
    public var classes: [String]
    /// The event column that the score shall not tell.
    public var nuisance: String
    /// The smallest and the largest value of the nuisance.
    public var range: [Float]
    /// λ, how much the adversary's failure counts beside the classification; 1 unless given.
    public var strength: Float?
    /// How many steps the adversary takes before each of the network; 2 unless given.
    public var steps: Int?
    /// The adversary's learning rate; 0.005 unless given.
    public var learningRate: Double?

    private enum CodingKeys: String, CodingKey {
      case truth, classes, nuisance, range, strength, steps
      case learningRate = "learning-rate"
    }
  }

  public static let identifier = "adversarial-tagger"
  public static let version = PluginVersion(1, 0, 0)
  public static let summary = "Tells classes of events apart by a score that does not tell a nuisance."
  public static let example = HeadExample(
    configuration: Configuration(
      truth: "label", classes: ["background", "signal"], nuisance: "mass", range: [60, 200]),
    truth: ["label": [0, 1], "mass": [80, 100, 180]])

  public private(set) var configuration: Configuration
  public var classification: Classification
  private let tagger: Perceptron
  private let hidden: Dense
  private let guess: Dense

  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    guard configuration.classes.count == 2 else {
      throw PluginError("An adversarial tagger has two classes.")
    }
    guard configuration.range.count == 2, configuration.range[0] < configuration.range[1] else {
      throw PluginError("The range of a nuisance is its smallest and its largest value.")
    }
    self.configuration = configuration
    self.configuration.strength = configuration.strength ?? 1
    self.configuration.steps = configuration.steps ?? 2
    self.configuration.learningRate = configuration.learningRate ?? 0.005
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes)
    tagger = try builder.perceptron(inputs: builder.eventEmbeddingWidth, hidden: [16], outputs: 1)
    hidden = builder.dense("adversary1", inputs: 1, outputs: 16)
    guess = builder.dense("adversary2", inputs: 16, outputs: 1, initialisation: .glorot)
  }

  public var rows: HeadRows { .events }
  public var inputs: Set<HeadInput> { [.eventEmbedding] }
  public var truthColumns: [String] { configuration.truth.columns + [configuration.nuisance] }

  public var objectives: [Objective] {
    [
      .main,
      Objective(
        "adversary", parameters: hidden.parameters + guess.parameters,
        learningRate: configuration.learningRate!, schedule: .constant,
        alternation: .alternating(steps: configuration.steps!)),
    ]
  }

  /// The logit: `[events × 1]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable { tagger(inputs.eventEmbedding) }

  /// The cross entropy less λ times the adversary's loss: `[events × 1]`.
  public func loss(of logit: Variable, truth: HeadTruth) -> Variable {
    classification.loss(of: logit, truth: truth) - configuration.strength! * adversaryLoss(logit, truth)
  }

  /// The loss of the network, and that of the adversary: `[events × 1]` each.
  public func losses(of logit: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable] {
    [loss(of: logit, truth: truth), adversaryLoss(logit, truth)]
  }

  /// The square of how far the adversary misses the nuisance, of which the range goes from −1 to 1: `[events × 1]`.
  private func adversaryLoss(_ logit: Variable, _ truth: HeadTruth) -> Variable {
    let (low, high) = (configuration.range[0], configuration.range[1])
    let targets = truth[configuration.nuisance].map { 2 * ($0 - low) / (high - low) - 1 }
    return guess(hidden(logit).relu()).squaredError(targets: targets)
  }
}
