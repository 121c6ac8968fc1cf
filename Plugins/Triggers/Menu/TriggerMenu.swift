// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The paths of a trigger, ready to look at events.
///
/// A menu does not change and can be shared between threads. Looking at events has two stages:
///
/// 1. ``evaluate(_:into:)`` evaluates the conditions of all paths. It depends on nothing but the event, so
///    that threads can do this for different events.
/// 2. ``decide(_:_:)`` goes through the events in their order, with the counters of a ``TriggerState``:
///    seeds, decisions with a state, prescales and counts. It gives the same results however the events were
///    divided into batches.
public struct TriggerMenu: Sendable {
  /// One path.
  public struct Path: Sendable {
    /// The name.
    public let name: String
    /// The prescale N: the path accepts the N-th, 2N-th, … of the events that meet its conditions and its
    /// seed.
    public let prescale: Int
    /// The path that must have accepted the event, prescale included.
    public let seed: Int?
    /// Whether no event is accepted for this path alone.
    public let isSeedOnly: Bool
    /// How many microseconds its own conditions may take of an event on average; nil for any number.
    public let timeBudget: Double?
    /// The keys that lead to its name in the menu.
    package let nameKeys: [any CodingKey]
  }

  /// A number that a condition of a path writes.
  public struct Quantity: Sendable, Equatable {
    /// `PATH/QUANTITY`, different for each.
    public let name: String
    /// The unit, such as `GeV`; nil for a pure number.
    public let unit: String?
    /// The path.
    public let path: Int
  }

  /// A bound on a quantity that is to be found.
  public struct Threshold: Sendable {
    /// The quantity that is bounded.
    public let quantity: Int
    /// The path.
    public let path: Int
    /// Whether it is the least value, and not the largest.
    public let isMinimum: Bool
    /// The keys that lead to it in the menu.
    public let codingPath: [any CodingKey]
  }

  /// A condition whose decision has a state.
  public struct StatefulCondition: Sendable {
    /// `PATH/IDENTIFIER`.
    public let name: String
    /// The path.
    public let path: Int
    /// The keys that lead to it in the menu.
    public let codingPath: [any CodingKey]
    /// The number of the condition among all of the menu.
    let condition: Int
    /// The decision with the state before the first event.
    let start: any DecisionWithState
  }

  struct Condition: Sendable {
    let decision: any Decision
    let path: Int
    /// The number of quantities, and the first of them.
    let width: Int
    let quantity: Int
    /// −∞ and ∞ if the first quantity is not bounded; nil if the decision has none.
    var bounds: (least: Double, largest: Double)?
    let hasState: Bool
  }

  /// What the conditions may know of an event: the sources that the menu was made for, and its own
  /// observables.
  public let sources: DecisionSources
  /// The observables that the menu declares, which are computed for it.
  public let observables: ObservableSet
  /// The name of what the momenta of particles are multiplied by before jets are found; nil for what the model was trained with.
  public let apply: String?
  /// The paths, in the order of the menu.
  public let paths: [Path]
  /// The numbers that the conditions of the paths write: those of one path stand together.
  public let quantities: [Quantity]
  /// The bounds that are to be found; until then they cut nothing.
  public private(set) var thresholds: [Threshold]
  /// How many events per second reach the menu, at ``luminosity``; nil if that is not known.
  public let inputRate: Double?
  /// The instantaneous luminosity of the rates, in the unit of the menu; nil if that is not known.
  public let luminosity: Double?
  /// What the menu's input rate was multiplied by to hold at ``luminosity``.
  public let luminosityScale: Double
  /// How many microseconds a decision may take on average; nil for any number.
  public let timeBudget: Double?
  /// How many events per second the menu may accept; nil for any number.
  public let budget: Double?

  /// The conditions whose decisions have a state: those of one path stand together, in the order of the path.
  public let statefulConditions: [StatefulCondition]

  /// What is no mistake, but hardly meant, with its place and the end of a sentence about it, as in ``MenuError/problems``.
  public let remarks: [DecodingError.Context]

  private(set) var conditions: [Condition]
  /// The places in ``statefulConditions`` of each path's: `[paths]`.
  let statefulOfPath: [Range<Int>]
  /// All paths, each after its seed.
  let order: [Int]

  /// The menu of a description, for events about which `sources` are known.
  ///
  /// - Throws: ``MenuError`` with all problems.
  public init(_ description: MenuDescription, sources: DecisionSources) throws(MenuError) {
    var builder = MenuBuilder(description, sources)
    builder.build()
    guard builder.problems.isEmpty else { throw MenuError(problems: builder.problems) }
    self.sources = builder.sources
    observables = builder.observables
    apply = description.apply
    paths = builder.paths
    quantities = builder.quantities
    thresholds = builder.thresholds
    inputRate = description.scaledInputRate
    luminosity = description.targetLuminosity ?? description.luminosity
    luminosityScale = description.luminosityScale
    timeBudget = description.timeBudget
    budget = description.budget
    conditions = builder.conditions
    statefulConditions = builder.statefulConditions
    statefulOfPath = paths.indices.map { [statefulConditions] path in
      let first = statefulConditions.firstIndex { $0.path >= path } ?? statefulConditions.count
      return first..<first + statefulConditions.count { $0.path == path }
    }
    order = builder.order
    remarks = builder.remarks
  }

  /// The menu with numbers for its thresholds.
  public func tuned(_ values: [Double]) -> TriggerMenu {
    precondition(values.count == thresholds.count, "a number for each threshold")
    var menu = self
    menu.thresholds = []
    for (threshold, value) in zip(thresholds, values) {
      let condition = condition(of: threshold)
      if threshold.isMinimum {
        menu.conditions[condition].bounds!.least = value
      } else {
        menu.conditions[condition].bounds!.largest = value
      }
    }
    return menu
  }

  /// The tightest value of a threshold at which its other bound leaves something, with the opposite sign for
  /// a largest value.
  func tightest(_ threshold: Threshold) -> Double {
    let bounds = conditions[condition(of: threshold)].bounds!
    return threshold.isMinimum ? bounds.largest : -bounds.least
  }

  private func condition(of threshold: Threshold) -> Int {
    conditions.firstIndex { $0.quantity == threshold.quantity && $0.bounds != nil }!
  }
}
