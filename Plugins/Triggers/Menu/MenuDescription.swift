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
public struct MenuDescription: Decodable, Sendable {
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
  /// The observables that conditions may name.
  public var observables: [ObservableChoice]
  /// The paths, in the order of their bits.
  public var paths: [PathDescription]

  /// The observables that could not be decoded.
  let refusedObservables: RefusedObservables
  /// What could not be decoded.
  let problems: [DecodingError.Context]

  enum CodingKeys: String, CodingKey {
    case rate, observables, paths
    case timeBudget = "time-budget"
  }

  /// Reads what can be read of a menu.
  ///
  /// - Throws: what the decoder throws if the menu is not a mapping.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    var problems = MenuProblems(decoder.codingPath)
    let rate = problems.decodeIfPresent(RateDescription.self, .rate, container)
    inputRate = rate?.input
    budget = rate?.budget
    luminosity = rate?.luminosity
    timeBudget = problems.decodeIfPresent(Double.self, .timeBudget, container)
    let declared = problems.decodeIfPresent(
      OrderedMapping<Attempt<ObservableSection>>.self, .observables, container)
    var refused: Set<String> = []
    observables = (declared ?? OrderedMapping()).compactMap { entry in
      let section = problems.value(of: entry.value)
      if section == nil { refused.insert(entry.key) }
      return section?.choice
    }
    refusedObservables = declared == nil && container.contains(.observables) ? .all : .named(refused)
    let attempts = problems.decode([Attempt<PathDescription>].self, .paths, container) ?? []
    paths = attempts.compactMap { problems.value(of: $0) }
    self.problems = problems.found + (rate?.problems ?? []) + paths.flatMap(\.problems)
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
struct RateDescription: Decodable {
  let input: Double?
  let budget: Double?
  let luminosity: Double?
  let problems: [DecodingError.Context]

  enum CodingKeys: String, CodingKey {
    case input, budget, luminosity
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    var problems = MenuProblems(decoder.codingPath)
    input = problems.decodeIfPresent(Double.self, .input, container)
    budget = problems.decodeIfPresent(Double.self, .budget, container)
    luminosity = problems.decodeIfPresent(Double.self, .luminosity, container)
    self.problems = problems.found
  }
}

/// A path of a menu as a user writes it: conditions that an event must all meet.
public struct PathDescription: Decodable, Sendable {
  /// The name, under which results are found; nil if it could not be read.
  public var name: String?
  /// What an event must meet; without conditions every event does.
  public var conditions: [ConditionDescription]
  /// The prescale N: the path accepts the N-th, 2N-th, … of the events that meet its conditions; 1 unless
  /// given.
  public var prescale: Int
  /// The path that must have accepted an event before this one looks at it; none unless given.
  public var seed: String?
  /// Whether the path is only a seed of others, so that an event is not accepted for it alone; false unless
  /// given.
  public var isSeedOnly: Bool
  /// How many microseconds the path's own conditions may take of an event on average; nil for any number.
  public var timeBudget: Double?

  /// Where the path stands in its file.
  let codingPath: [any CodingKey]
  let problems: [DecodingError.Context]

  enum CodingKeys: String, CodingKey {
    case name, conditions, prescale, seed
    case isSeedOnly = "seed-only"
    case timeBudget = "time-budget"
  }

  /// Reads what can be read of a path.
  ///
  /// - Throws: what the decoder throws if the path is not a mapping.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    var problems = MenuProblems(decoder.codingPath)
    codingPath = decoder.codingPath
    name = problems.decode(String.self, .name, container)
    let attempts = problems.decodeIfPresent([Attempt<ConditionDescription>].self, .conditions, container)
    conditions = (attempts ?? []).compactMap { problems.value(of: $0) }
    prescale = problems.decodeIfPresent(Int.self, .prescale, container) ?? 1
    seed = problems.decodeIfPresent(String.self, .seed, container)
    isSeedOnly = problems.decodeIfPresent(Bool.self, .isSeedOnly, container) ?? false
    timeBudget = problems.decodeIfPresent(Double.self, .timeBudget, container)
    self.problems = problems.found + conditions.flatMap(\.problems)
  }
}
