// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What stands under `configuration` of a head `particle-identification`.
public struct IdentificationSettings: SettingsSection, Encodable, Equatable {
  /// The column of particles that has the number of the class, from 0, or its name as text, or a column for each class.
  public var truth = ClassTruth("")
  /// The names of the classes in the order of their numbers; with two, the second is the signal.
  public var classes: [String] = []
  /// What the layers read of each constituent.
  public var inputs: [IdentificationInput] = []
  /// Whether they also read the embedding of its jet.
  public var embedding = true
  /// The class whose probability is the output `weight`; nil for none.
  public var weight: String?
  /// The power of the constituent's pT by which its loss counts.
  public var ptPower = 0.0
  /// The widths of the hidden layers.
  public var hidden = [32, 32]
  /// The background efficiencies for which thresholds are fixed on the validation sample.
  public var workingPoints: [Double] = []
  /// How likely each number of a hidden layer is left out in a step of the training; nil if none is.
  public var dropout: Double?
  /// The columns in whose intervals the head is evaluated.
  public var bins: [IdentificationBins] = []

  /// No classes yet.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<IdentificationSettings>] = [
    Setting(
      "truth", \.truth,
      "the column of particles with the number of the class, from 0, or its name as text, or a list of columns, one for each class, "
        + "of which one is 1", isRequired: true),
    Setting(
      "classes", \.classes, "the classes in the order of their numbers; of two, the second is the signal",
      isRequired: true, range: "2 to 1000 names"),
    Setting(
      "inputs", \.inputs, "a list of what is read of each constituent: the keys below, or the name alone",
      default: "nothing"),
    Setting(
      "embedding", \.embedding,
      "whether the embedding of the constituent's jet is read too; needs the section `embedding`"),
    Setting(
      "weight", \.weight,
      "a class, whose probability is the output `weight`, by which `--apply` multiplies particles (<doc:MitigatingPileup>)"
    ),
    Setting(
      "pt-power", \.ptPower, .closed(0...4),
      "the power of a constituent's pT by which its loss counts, beside the weight of its event"),
    Setting(
      "hidden", \.hidden, "a list of the widths of the hidden layers", default: "`[32, 32]`",
      range: "up to 20, each 1 to 4096"),
    Setting(
      "working-points", \.workingPoints,
      "background efficiencies for which thresholds are fixed on the validation sample: see <doc:TheNetwork>",
      default: "none", range: "up to 20, between 0 and 1"),
    Setting(
      "dropout", \.dropout, .halfOpen(0..<1),
      "how likely each number of a hidden layer is left out in a step of the training"),
    Setting(
      "bins", \.bins,
      "a list of columns in whose intervals `canopy evaluate` has a table of efficiencies: the keys below",
      default: "none"),
  ]

  /// Makes sure that there is something to read, that names differ and that the weight is that of a class.
  public func check(given: Set<String>) throws {
    guard embedding || !inputs.isEmpty else {
      throw SettingProblem("inputs", "is empty, and the embedding is not read either; name some")
    }
    if let column = inputs.compactMap(\.particleColumn).first(where: truth.columns.contains) {
      throw SettingProblem("inputs", "has particle.\(column), which is the truth; leave it out")
    }
    guard Set(inputs.map(\.of)).count == inputs.count else {
      throw SettingProblem("inputs", "has a name twice; name it once")
    }
    guard Set(bins.map(\.title)).count == bins.count else {
      throw SettingProblem("bins", "has a column twice; name it once")
    }
    if let weight, !classes.contains(weight) {
      throw SettingProblem(
        "weight", "is \(weight), but the classes are \(classes.joined(separator: ", ")); choose one")
    }
    if classes.contains(Self.weightOutput), weight != nil {
      throw SettingProblem("classes", "has one called weight, as an output is; give it another name")
    }
    if let dropout, Float(dropout) == 1 {
      throw SettingProblem("dropout", "is 1 in single precision; choose less")
    }
  }

  /// The output by which `--apply` multiplies particles.
  static let weightOutput = "weight"
}

/// A number of constituents that a head reads.
public struct IdentificationInput: SettingsSection, Encodable, Equatable {
  /// How the size of the number is measured.
  public enum Scale: String, Codable, Sendable, CaseIterable {
    /// By itself.
    case plain
    /// By its natural logarithm.
    case log
  }

  /// A number of an observable of constituents, such as `puppi/alpha`, or a column of particles, such as `particle.vertex`.
  public var of = ""
  /// Whether it is read as it is or as its logarithm.
  public var scale = Scale.plain

  /// No number yet.
  public init() {}

  /// A number, read as it is unless a scale is given.
  public init(_ of: String, scale: Scale = .plain) {
    self.of = of
    self.scale = scale
  }

  /// The name alone may stand for the section.
  public static let shorthand: String? = "of"

  /// The settings, in the order of tables.
  public static let settings: [Setting<IdentificationInput>] = [
    Setting(
      "of", \.of,
      "a number of an observable of constituents, such as `puppi/alpha`, or a column of particles, such as `particle.vertex`",
      isRequired: true),
    Setting("scale", \.scale, "whether it is read as it is or as its natural logarithm, of at least 0.001"),
  ]

  /// Makes sure that the name is one of either kind.
  public func check(given: Set<String>) throws {
    guard particleColumn?.isEmpty == false || of.contains("/") else {
      throw SettingProblem(
        "of",
        "is “\(of)”; write OBSERVABLE/QUANTITY for an observable, or particle.NAME for a column of particles")
    }
  }

  /// The column of particles that it is; nil for a number of an observable.
  var particleColumn: String? {
    of.hasPrefix("particle.") ? String(of.dropFirst("particle.".count)) : nil
  }
}

/// A column in whose intervals a head is evaluated.
public struct IdentificationBins: SettingsSection, Encodable, Equatable {
  /// A number of an observable of constituents, or a column of particles by its name alone.
  public var of = ""
  /// The edges of the intervals, rising.
  public var edges: [Double] = []

  /// No column yet.
  public init() {}

  /// The intervals of a column.
  public init(_ of: String, edges: [Double]) {
    self.of = of
    self.edges = edges
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<IdentificationBins>] = [
    Setting(
      "of", \.of, "a number of an observable of constituents, or a column of particles by its name alone",
      isRequired: true),
    Setting("edges", \.edges, "a list of the edges of the intervals, rising", isRequired: true),
  ]

  /// Makes sure that the edges rise.
  public func check(given: Set<String>) throws {
    guard edges.count >= 2, edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy(<) else {
      throw SettingProblem("edges", "needs two numbers or more that rise")
    }
  }

  /// The column as the part of a name, without slashes.
  var title: String { of.split(separator: "/").joined(separator: "-") }
}
