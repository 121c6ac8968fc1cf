// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What makes a score independent of some numbers.
public enum DecorrelationMethod: String, Codable, Sendable, CaseIterable {
  /// Nothing: the dependence is measured and no more.
  case none
  /// A network that is to guess the numbers from the score, and that the classifier learns to fool (arXiv:1611.01046).
  case adversarial
  /// A penalty on the distance correlation of scores and numbers (arXiv:2001.05310).
  case disco
  /// A map of the score at each value of the number, learnt from the validation sample after the training.
  case quantile
  /// The numbers as inputs of the classifier, whose probability is averaged over their distribution in the background.
  case conditional

  /// Whether numbers are read in a prediction, so that they must be those of observables.
  var readsNuisances: Bool { self == .quantile || self == .conditional }
}

/// What stands under `configuration` of a head `decorrelated`.
public struct DecorrelationSettings: SettingsSection, Encodable {
  /// The head whose score it is.
  public var head = DecorrelatedHeadSection()
  /// The version of its plugin, which models have; nil for the one that there is.
  public var headVersion: PluginVersion?
  /// The numbers that the score is not to tell: columns of events or of given jets, or numbers of observables.
  public var nuisances: [String] = []
  /// The classes in each of which the score is to be independent; nil for all but the signal, class 1.
  public var classes: [String]?
  /// What makes the score independent.
  public var by = Decorrelation()

  /// No head yet.
  public init() {}

  /// What the score of a head is to be independent of, and by what.
  public init(_ by: Decorrelation, of nuisances: [String], head: DecorrelatedHeadSection) {
    self.by = by
    self.nuisances = nuisances
    self.head = head
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<DecorrelationSettings>] = [
    Setting(
      "head", \.head,
      "the head that tells the classes apart, as it would stand under `heads`: the keys below",
      isRequired: true),
    Setting(
      "head-version", \.headVersion, "the version of that head's plugin, which models have; leave it out"),
    Setting(
      "nuisances", \.nuisances,
      "a list of the numbers that the score is not to tell, such as `[soft-drop/mass]`; with `quantile`, which takes one, and "
        + "`conditional` numbers of observables", isRequired: true),
    Setting(
      "classes", \.classes, "a list of the classes in each of which the score is to be independent",
      default: "all but the signal"),
    Setting(
      "by", \.by, "what makes the score independent: the keys below, or the method alone", isRequired: true),
  ]

  /// Makes sure that there are numbers.
  public func check(given: Set<String>) throws {
    guard !nuisances.isEmpty, !nuisances.contains(""), Set(nuisances).count == nuisances.count else {
      throw SettingProblem("nuisances", "needs different names of numbers, at least one")
    }
  }
}

/// What makes a score independent of some numbers.
public struct Decorrelation: SettingsSection, Encodable {
  /// The method.
  public var method = DecorrelationMethod.disco
  /// λ, how much the penalty counts beside the classification.
  public var strength = 1.0
  /// The epochs at the beginning in which the penalty does not count.
  public var warmUp = 0
  /// The adversary of the method `adversarial`.
  public var adversary = AdversarySettings()
  /// Over how many values of the numbers the method `conditional` averages.
  public var nodes = 12

  /// A penalty on the distance correlation.
  public init() {}

  /// A method with its defaults.
  public init(_ method: DecorrelationMethod) { self.method = method }

  /// The method alone may stand for the section.
  public static let shorthand: String? = "method"

  /// The settings, in the order of tables.
  public static let settings: [Setting<Decorrelation>] = [
    Setting("method", \.method, "the method", isRequired: true),
    Setting(
      "strength", \.strength, .notNegative.inSinglePrecision,
      "λ, how much the penalty of `disco` and `adversarial` counts beside the classification"),
    Setting(
      "warm-up", \.warmUp, .notNegative,
      "the epochs at the beginning in which the penalty does not count; the adversary learns in them"),
    Setting(
      "adversary", \.adversary, "the adversary of `adversarial`: the keys below", default: "the defaults"),
    Setting(
      "nodes", \.nodes, .closed(1...200), "over how many values of the numbers `conditional` averages"),
  ]

  /// Makes sure that settings go with the method.
  public func check(given: Set<String>) throws {
    func demand(_ key: String, _ methods: DecorrelationMethod...) throws {
      guard given.contains(key), !methods.contains(method) else { return }
      let names = methods.map(\.rawValue).joined(separator: " and ")
      throw SettingProblem(key, "is for \(names), and the method is \(method.rawValue); leave it out")
    }
    // What a model has written has all keys.
    guard given.count < Self.settings.count else { return }
    try demand("strength", .disco, .adversarial)
    try demand("warm-up", .disco, .adversarial)
    try demand("adversary", .adversarial)
    try demand("nodes", .conditional)
  }
}

/// The head inside, as a section of `heads`.
public struct DecorrelatedHeadSection: SettingsSection, Encodable {
  /// The identifier of the plugin.
  public var plugin = ""
  /// The plugin's own configuration.
  public var configuration = ConfigurationNode.none

  /// No plugin.
  public init() {}

  /// A plugin and its configuration.
  ///
  /// - Throws: `EncodingError` if the configuration cannot be written.
  public init<H: Head>(_ type: H.Type, _ configuration: H.Configuration) throws {
    plugin = H.identifier
    self.configuration = try ConfigurationNode(encoding: configuration)
  }

  /// That of a head that is made, defaults filled in.
  ///
  /// - Throws: `EncodingError` if its configuration cannot be written.
  init(_ head: any Head) throws {
    func section<H: Head>(_ head: H) throws -> DecorrelatedHeadSection {
      try DecorrelatedHeadSection(H.self, head.configuration)
    }
    self = try section(head)
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<DecorrelatedHeadSection>] = [
    Setting(
      "plugin", \.plugin, "the identifier of a plugin that tells classes apart, such as `jet-tagger`",
      isRequired: true),
    Setting("configuration", \.configuration, "the plugin's own keys", isRequired: true),
  ]
}

/// The adversary, a network that is to guess the numbers from the score.
public struct AdversarySettings: SettingsSection, Encodable {
  /// What is guessed of the distribution of the numbers.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// A mixture of Gaussians.
    case mixture
    /// The probabilities of bins of equally much background, for each number by itself.
    case bins
  }

  /// What is guessed.
  public var kind = Kind.mixture
  /// The number of Gaussians, or of bins.
  public var components = 5
  /// The widths of the hidden layers.
  public var hidden = [32, 32]
  /// The learning rate, which is constant.
  public var learningRate = 2e-3
  /// How many steps the adversary takes before each of the network.
  public var steps = 1

  /// Five Gaussians.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<AdversarySettings>] = [
    Setting("kind", \.kind, "what is guessed: a mixture of Gaussians, or the probabilities of bins"),
    Setting("components", \.components, .closed(1...100), "the number of Gaussians, or of bins"),
    Setting("hidden", \.hidden, "a list of the widths of the hidden layers", default: "`[32, 32]`"),
    Setting(
      "learning-rate", \.learningRate, .positive.inSinglePrecision,
      "the adversary's learning rate, which is constant"),
    Setting(
      "steps", \.steps, .closed(1...1000), "how many steps the adversary takes before each of the network"),
  ]

  /// Makes sure that layers have a size.
  public func check(given: Set<String>) throws {
    guard hidden.count <= 20, hidden.allSatisfy({ (1...4096).contains($0) }) else {
      throw SettingProblem("hidden", "needs up to 20 widths from 1 to 4096")
    }
    guard kind != .bins || components > 1 else {
      throw SettingProblem("components", "must be 2 or more for bins")
    }
  }
}
