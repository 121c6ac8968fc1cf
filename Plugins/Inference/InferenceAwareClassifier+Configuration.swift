// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension InferenceAwareClassifier {
  /// The configuration of a classifier that knows the measurement.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that has the number of the class, from 0, or its name as text, or a column for each class.
    public var truth = ClassTruth("")
    /// The names of background and signal.
    public var classes: [String] = []
    /// The number of events that are expected of each class.
    public var yields: [Double] = []
    /// The number of bins into which events are put.
    public var bins = 10
    /// The temperature of the softmax that stands for the bin of an event in the training.
    public var temperature = 1.0
    /// Columns that say of which sample a row is: of the nominal one (0), or of one with a source of uncertainty one standard
    /// deviation up (1) or down (−1).
    public var variations: [String] = []
    /// For each further source of uncertainty the columns of factors by which weights change if it is one standard deviation up
    /// and down.
    public var weights: [String: [String]] = [:]
    /// Classes whose number of events has an uncertainty of its own, which is relative.
    public var rates: [String: Double] = [:]
    /// The widths of the hidden layers; two of 64 unless given.
    public var hidden: [Int]?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A classifier of no classes yet.
    public init() {}

    /// A configuration without sources of uncertainty.
    public init(truth: ClassTruth, classes: [String], yields: [Double]) {
      self.truth = truth
      self.classes = classes
      self.yields = yields
    }

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "truth", \.truth,
        "the column with the number of the class, from 0, or its name as text, or a list of columns, one for each class, of which "
          + "one is 1 (<doc:TruthPerJet>)", isRequired: true),
      Setting("classes", \.classes, "the names of background and signal", isRequired: true, range: "2 names"),
      Setting(
        "yields", \.yields, "the numbers of events that are expected of background and signal",
        isRequired: true, range: "2 positive numbers"),
      Setting("bins", \.bins, .closed(2...100), "the number of bins into which events are put"),
      Setting(
        "temperature", \.temperature, .positive.inSinglePrecision,
        "the temperature of the softmax that stands for the bin of an event in the training"),
      Setting(
        "variations", \.variations,
        "a list of columns, each of which says of a source of uncertainty that a row is nominal (0), or of a sample with the source "
          + "one standard deviation up (1) or down (-1)", default: "none"),
      Setting(
        "weights", \.weights,
        "a mapping from further sources to lists of two columns: the factors by which the weight of a row changes if the source is "
          + "one standard deviation up, and down", default: "none"),
      Setting(
        "rates", \.rates,
        "a mapping from classes to relative uncertainties of their numbers of events, such as `{ttbar: 0.1}`",
        default: "none"),
      Setting(
        "hidden", \.hidden, "the widths of the hidden layers", default: "`[64, 64]`",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1),
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]

    /// Makes sure that there are yields, and that sources of uncertainty are what they have to be.
    public func check(given: Set<String>) throws {
      guard classes.count == 2 else {
        throw SettingProblem("classes", "needs two names, of background and signal")
      }
      guard yields.count == 2, yields.allSatisfy((1e-100...1e100).contains) else {
        throw SettingProblem(
          "yields", "needs two positive numbers up to 1e100, of background and signal events")
      }
      guard !variations.contains(""), Set(variations).count == variations.count else {
        throw SettingProblem("variations", "needs different names of columns")
      }
      guard weights[""] == nil else { throw SettingProblem("weights", "has a source without a name") }
      let rates = self.rates.keys.map { "rate of \($0)" }
      let columns = ["bin"] + classes + (variations + weights.keys.sorted() + rates).map { "change by \($0)" }
      if let name = columns.indices.first(where: { columns[..<$0].contains(columns[$0]) }).map({ columns[$0] }
      ) {
        throw SettingProblem(
          columns.firstIndex(of: name)! <= 2 ? "classes" : "weights",
          "would give the table of bins two columns “\(name)”; give classes and sources other names")
      }
      if let (name, columns) = weights.sorted(by: { $0.key < $1.key }).first(where: {
        $0.value.count != 2 || $0.value.contains("")
      }) {
        throw SettingProblem(
          "weights", "has \(columns.count) columns for \(name); give two, of the factors up and down")
      }
      if let name = self.rates.keys.sorted().first(where: { !classes.contains($0) }) {
        throw SettingProblem(
          "rates", "names \(name), which is none of the classes \(classes.joined(separator: ", "))")
      }
      if let (name, rate) = self.rates.sorted(by: { $0.key < $1.key }).first(where: {
        !($0.value > 0 && $0.value.isFinite)
      }) {
        throw SettingProblem("rates", "has \(rate) for \(name); give a positive share, such as 0.1")
      }
      if let dropout, Float(dropout) == 1 {
        throw SettingProblem("dropout", "is 1 in single precision; choose less")
      }
    }
  }
}
