// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import PluginKit
import Settings

/// The section `reweight`: weights by which the spectra of some numbers become what the training is to see.
///
/// The numbers are of events or of jets. They span bins in as many dimensions, and each class gets a factor for each bin; or
/// a classifier tells the classes apart, and each event or jet gets a factor of its own.
public struct ReweightingSection: SettingsSection {
  /// What gets further weights.
  public enum Rows: String, Sendable, CaseIterable, Codable {
    /// Events; each jet has the weight of its event.
    case events
    /// Jets, each by its own numbers, in addition to the weight of its event.
    case jets
  }

  /// What factors are worked out by.
  public enum Method: String, Sendable, CaseIterable, Codable {
    /// Bins, in each of which a class has one factor.
    case bins
    /// A network that learns to tell the classes apart.
    case classifier
  }

  /// What spectra become.
  public enum Target: String, Sendable, CaseIterable, Codable {
    /// Every bin that a class has events in gets the same part of its weight.
    case flat
    /// Every class gets the mean of the spectra of all, or that of one, where all have events.
    case equal
    /// What the weights with their signs give; the weights themselves become positive.
    case signed
  }

  /// How the values of a number are divided.
  public enum Binning: Sendable, Equatable, Decodable {
    /// Into so many intervals with equally many events.
    case count(Int)
    /// At rising edges, each of which belongs to the interval above it; the last one to the one below too.
    case edges([Double])

    /// Reads a number of bins, or a list of edges.
    public init(from decoder: any Decoder) throws {
      func refusal(_ problem: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
      }
      if (try? decoder.unkeyedContainer()) != nil {
        let edges = try [Double](from: decoder)
        guard edges.count > 1, edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy(<)
        else {
          throw refusal("needs two edges or more, rising")
        }
        self = .edges(edges)
      } else {
        let count = try Int(from: decoder)
        guard (1...1000).contains(count) else { throw refusal("must lie between 1 and 1000 bins") }
        self = .count(count)
      }
    }
  }

  /// The event columns, or formulas over a jet, whose spectra are changed, with their bins.
  public var variables = OrderedMapping<Binning>()
  /// What gets the weights.
  public var rows = Rows.events
  /// What the factors are worked out by.
  public var method = Method.bins
  /// What the spectra become.
  public var target = Target.flat
  /// The event column, or the formula over a jet, whose values are classes; nil if all are of one.
  public var classes: String?
  /// The class whose spectrum all get with ``Target/equal``; nil for the mean of all.
  public var reference: Double?

  /// No variables.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<ReweightingSection>] = [
    Setting(
      "in", \.variables, from: { (variables: OrderedMapping<Binning>) in variables },
      "a mapping from event columns, of the file or of `define`, to a number of bins of equally many events, or to a list of "
        + "edges, such as `{ht: 20}`; with `of: jets`, from formulas over a jet, such as `{pt: 20, soft-drop/mass: 10}`",
      default: nil),
    Setting(
      "of", \.rows,
      "`events`: a jet has the weight of its event; `jets`: each jet has a weight of its own, in addition to that of its event"
    ),
    Setting(
      "by", \.method,
      "`bins`: a factor for each bin; `classifier`: factors of a network that learns to tell the classes apart, for many columns at "
        + "once; bins are those of the tables and figures then"),
    Setting(
      "to", \.target,
      "`flat`: the same weight in every bin; `equal`: the mean spectrum of all classes; `signed`: what weights with their "
        + "signs give, for weights of absolute value"),
    Setting(
      "classes", \.classes,
      "the event column, such as the label, or the formula over a jet, each value of which is a class",
      default: "one class"),
    Setting(
      "reference", \.reference, "with `to: equal`: the class whose spectrum all get",
      default: "the mean of all"),
  ]

  /// Makes sure that there is something to do.
  public func check(given: Set<String>) throws {
    if variables.isEmpty { throw SettingProblem("in", "is empty; give a column and its bins") }
    if method == .classifier, target != .equal {
      throw SettingProblem("by", "is classifier, which makes classes alike: it needs to: equal")
    }
    if target == .equal, classes == nil {
      throw SettingProblem("to", "is equal, which needs classes: name a column under classes")
    }
    if reference != nil, target != .equal {
      throw SettingProblem("reference", "is the class that others become equal to; it needs to: equal")
    }
    guard rows == .jets else { return }
    for (key, texts) in [("in", variables.keys), ("classes", [classes].compactMap(\.self))] {
      for text in texts {
        do {
          _ = try Formula(text)
        } catch {
          throw SettingProblem(key, "has a formula over a jet that is none: \(error)")
        }
      }
    }
  }

  /// The names of all numbers that are read, classes included.
  private var names: [String] { variables.keys + [classes].compactMap(\.self) }

  /// The event columns that are read.
  var columns: Set<String> { rows == .events ? Set(names) : [] }

  /// The formulas over a jet that are read, under their names.
  var formulas: [(name: String, formula: Formula)] {
    guard rows == .jets else { return [] }
    return names.compactMap { name in (try? Formula(name)).map { (name, $0) } }
  }

  /// The columns of particles that formulas over jets read, of constituents and of observables.
  ///
  /// - Throws: `PluginError` if an observable has settings without defaults.
  func particleColumns(_ catalogue: ObservableCatalogue) throws -> Set<String> {
    let ofObservables = try observables(catalogue).particleColumns
    return formulas.reduce(into: ofObservables) { columns, entry in
      columns.formUnion(entry.formula.columns(of: .constituent).filter { !catalogue.knows($0) })
      columns.formUnion(entry.formula.columns(of: .particle))
    }
  }

  /// The observables that formulas over jets name.
  ///
  /// - Throws: `PluginError` if an observable has settings without defaults.
  func observables(_ catalogue: ObservableCatalogue) throws -> ObservableSet {
    try catalogue.observables(
      knownOf: formulas.reduce(into: []) { $0.formUnion($1.formula.columnsWithSlash) })
  }
}
