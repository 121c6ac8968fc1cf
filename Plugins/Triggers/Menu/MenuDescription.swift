// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A menu of a trigger as a user writes it.
///
/// ```yaml
/// rate:
///   input: 100000        # events per second
///   budget: 1000
/// paths:
///   - name: boosted-w
///     conditions:
///       - jet: {quantity: w-tagger/score, min-pt: 250}
///         min: 0.98
///     prescale: 1
/// ```
///
/// A decoder must know the plugins: `decoder.userInfo[.plugins] = registry`. A part that cannot be decoded
/// does not keep the rest from being read; ``TriggerMenu`` reports all problems together.
public struct MenuDescription: SettingsSection {
  /// How many events per second reach the menu; nil if that is not known.
  public var inputRate: Double?
  /// How many events per second the menu may accept; nil for any number.
  public var budget: Double?
  /// The instantaneous luminosity at which ``inputRate`` holds, in any unit; nil if that is not known.
  public var luminosity: Double?
  /// The luminosity at which the menu is to run, in the same unit; nil if that is ``luminosity``.
  public var targetLuminosity: Double?
  /// How many microseconds a decision may take on average; nil for any number.
  public var timeBudget: Double?
  /// The name of what the momenta of particles are multiplied by before jets are found; nil for what the model was trained with.
  public var apply: String?
  /// The observables that conditions may name.
  public var observables: [ObservableChoice] = []
  /// The paths, in the order of their bits.
  public var paths: [PathDescription] = []

  /// The observables that could not be decoded.
  private(set) var refusedObservables = RefusedObservables.named([])
  /// What could not be decoded.
  private(set) var problems: [DecodingError.Context] = []

  /// A menu without paths.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<MenuDescription>] = [
    Setting(
      "rate", \.rate, from: { (rate: RateDescription) in rate },
      "how many events come in, and how many may be accepted: the keys below", default: "none"),
    Setting(
      "time-budget", \.timeBudget, .positive, unit: "µs", "how long a decision may take on average",
      default: "any"),
    Setting(
      "apply", \.apply,
      "multiply the momenta of particles by their weights before jets are found: `puppi`, `softkiller`, an observable of the menu, or the "
        + "name or folder of a model such as `pileup`, or `none` (<doc:MitigatingPileup>)",
      default: "what the model was trained with"),
    Setting(
      "observables", \.declared, from: { (sections: OrderedMapping<Attempt<ObservableSection>>) in sections },
      "the observables that conditions may name, each under a name of your own (<doc:Observables>)",
      default: "none"),
    Setting(
      "paths", \.attempts, from: { (paths: [Attempt<PathDescription>]) in paths },
      "a list of paths, in the order of their bits", default: nil, range: "at least one"),
  ]

  /// Reads what can be read of a menu.
  ///
  /// - Throws: what the decoder throws if the menu is not a mapping.
  public init(from decoder: any Decoder) throws {
    var found = MenuProblems(decoder.codingPath)
    let refused = try found.read(&self, from: decoder)
    if refused.contains("observables") { refusedObservables = .all }
    problems += found.found + paths.flatMap(\.problems)
  }

  /// The rates, as they are written.
  private(set) var rate: RateDescription {
    get { RateDescription(input: inputRate, budget: budget, luminosity: luminosity) }
    set {
      (inputRate, budget, luminosity) = (newValue.input, newValue.budget, newValue.luminosity)
      problems += newValue.problems
    }
  }

  /// The observables, as they are written.
  private var declared: OrderedMapping<Attempt<ObservableSection>> {
    get { OrderedMapping() }
    set {
      var found = MenuProblems([])
      let sections = newValue.map { ($0.key, found.value(of: $0.value)) }
      observables = sections.compactMap { $1?.choice }
      refusedObservables = .named(Set(sections.filter { $1 == nil }.map(\.0)))
      problems += found.found
    }
  }

  /// The paths, as they are written.
  private var attempts: [Attempt<PathDescription>] {
    get { [] }
    set {
      var found = MenuProblems([])
      paths = newValue.compactMap { found.value(of: $0) }
      problems += found.found
    }
  }
}

extension MenuDescription {
  /// What rates at the luminosity at which the menu is to run are to those at ``luminosity``: proportional to it.
  var luminosityScale: Double {
    guard let luminosity, let targetLuminosity else { return 1 }
    return targetLuminosity / luminosity
  }

  /// How many events per second reach the menu at the luminosity at which it is to run; nil if that is not known.
  var scaledInputRate: Double? { inputRate.map { $0 * luminosityScale } }
}

/// The rates of a menu.
struct RateDescription: SettingsSection {
  var input: Double?
  var budget: Double?
  var luminosity: Double?
  private(set) var problems: [DecodingError.Context] = []

  init() {}

  init(input: Double?, budget: Double?, luminosity: Double?) {
    (self.input, self.budget, self.luminosity) = (input, budget, luminosity)
  }

  static let settings: [Setting<RateDescription>] = [
    Setting(
      "input", \.input, .positive, unit: "Hz", "the events that reach the menu, for rates in the report"),
    Setting("budget", \.budget, .positive, unit: "Hz", "the events that may be accepted", default: "any"),
    Setting(
      "luminosity", \.luminosity, .positive,
      "the instantaneous luminosity, in any unit, at which `input` holds (<doc:RatesOfTriggers>)"),
  ]

  init(from decoder: any Decoder) throws {
    var found = MenuProblems(decoder.codingPath)
    try found.read(&self, from: decoder)
    problems = found.found
  }
}

/// A path of a menu as a user writes it: conditions that an event must all meet.
public struct PathDescription: SettingsSection {
  /// The name, under which results are found; nil if it could not be read.
  public var name: String?
  /// What an event must meet; without conditions every event does.
  public var conditions: [ConditionDescription] = []
  /// The prescale N: the path accepts the N-th, 2N-th, … of the events that meet its conditions; 1 unless
  /// given.
  public var prescale = 1
  /// The path that must have accepted an event before this one looks at it; none unless given.
  public var seed: String?
  /// Whether the path is only a seed of others, so that an event is not accepted for it alone; false unless
  /// given.
  public var isSeedOnly = false
  /// How many microseconds the path's own conditions may take of an event on average; nil for any number.
  public var timeBudget: Double?

  /// Where the path stands in its file.
  private(set) var codingPath: [any CodingKey] = []
  private(set) var problems: [DecodingError.Context] = []

  /// A path without a name.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<PathDescription>] = [
    Setting(
      "name", \.name, from: { (name: String) in name }, "under which results are found; no slashes",
      default: nil),
    Setting(
      "conditions", \.attempts, from: { (conditions: [Attempt<ConditionDescription>]) in conditions },
      "a list, all of which an event must meet", default: "none: every event does"),
    Setting(
      "prescale", \.prescale, .positive,
      "N: of the events that meet conditions and seed the N-th, 2N-th, … are accepted"),
    Setting("seed", \.seed, "the path that must have accepted the event, its prescale included"),
    Setting(
      "seed-only", \.isSeedOnly, "whether the path is but a seed: no event is accepted for it alone"),
    Setting(
      "time-budget", \.timeBudget, .positive, unit: "µs",
      "how long its own conditions may take of an event on average", default: "any"),
  ]

  /// Reads what can be read of a path.
  ///
  /// - Throws: what the decoder throws if the path is not a mapping.
  public init(from decoder: any Decoder) throws {
    codingPath = decoder.codingPath
    var found = MenuProblems(decoder.codingPath)
    try found.read(&self, from: decoder)
    problems += found.found + conditions.flatMap(\.problems)
  }

  /// The conditions, as they are written.
  private var attempts: [Attempt<ConditionDescription>] {
    get { [] }
    set {
      var found = MenuProblems([])
      conditions = newValue.compactMap { found.value(of: $0) }
      problems += found.found
    }
  }
}

// MARK: - Documentation

extension MenuDescription {
  /// The settings of a menu as tables in Markdown: its own, those of paths and conditions, and those of each decision that
  /// declares its settings.
  ///
  /// - Parameter plugins: the decisions that there are.
  /// - Returns: the tables, with a line before each that names what has the keys.
  public static func tables(_ plugins: PluginRegistry) -> String {
    func own<D: Decision>(_ type: D.Type) -> String? {
      settingsTables(of: D.Configuration.self, "the decision `\(D.identifier)`")
    }
    let decisions = plugins.decisionIdentifiers.compactMap { try? plugins.decision($0) }
    return
      ([
        tables, "The keys of each of `paths`:\n\n\(PathDescription.table)",
        "The keys of each of `conditions` beside that of its decision, or a formula alone:\n\n\(ConditionBounds.table)",
      ] + decisions.compactMap { own($0) }).joined(separator: "\n\n")
  }
}
