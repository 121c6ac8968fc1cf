// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension LikelihoodRatio {
  /// The configuration of a likelihood ratio.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that has the number of the hypothesis, 0 or 1, or its name as text, or a column for each.
    public var truth = ClassTruth("")
    /// The names of the hypotheses of denominator and numerator.
    public var classes: [String] = []
    /// A column with the ratio of the joint densities of events and of what generated them, if that is known.
    public var ratio: String?
    /// The numbers of events that are expected of denominator and numerator, if these are background and signal.
    public var yields: [Double]?
    /// The widths of the hidden layers; two of 64 unless given.
    public var hidden: [Int]?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A ratio of no hypotheses yet.
    public init() {}

    /// A ratio of two hypotheses.
    public init(truth: ClassTruth, classes: [String], ratio: String? = nil, yields: [Double]? = nil) {
      self.truth = truth
      self.classes = classes
      self.ratio = ratio
      self.yields = yields
    }

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "truth", \.truth,
        "the column with the number of the hypothesis, 0 or 1, or its name as text, or a list of two columns, of which one is 1",
        isRequired: true),
      Setting(
        "classes", \.classes, "the names of the hypotheses, that of the denominator first", isRequired: true,
        range: "2 names"),
      Setting(
        "ratio", \.ratio,
        "a column with the ratio of the densities of the event and all that its generator has drawn, numerator over denominator"
      ),
      Setting(
        "yields", \.yields,
        "the numbers of events that are expected of the denominator, a background, and of the numerator, a signal",
        range: "2 positive numbers"),
      Setting(
        "hidden", \.hidden, "the widths of the hidden layers", default: "`[64, 64]`",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1),
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]

    /// Makes sure that there are two hypotheses.
    public func check(given: Set<String>) throws {
      guard classes.count == 2 else {
        throw SettingProblem("classes", "needs two names, of denominator and numerator")
      }
      guard ratio != "" else { throw SettingProblem("ratio", "needs the name of a column") }
      if let yields, yields.count != 2 || !yields.allSatisfy((1e-100...1e100).contains) {
        throw SettingProblem("yields", "needs two positive numbers up to 1e100, of denominator and numerator")
      }
      if let dropout, Float(dropout) == 1 {
        throw SettingProblem("dropout", "is 1 in single precision; choose less")
      }
    }
  }
}
