// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas

/// A plugin that uses the predictions of heads and has nothing to train: a condition of a trigger.
///
/// A decision looks at one event, writes the quantities that it is based on, and says yes or no. A menu can
/// bound its first quantity further, by `min` and `max`, and tune those bounds; a decision that only measures
/// says yes whenever there is something to measure.
///
/// ```swift
/// /// The distance of the two hardest jets in rapidity.
/// struct RapidityGap: Decision {
///   struct Configuration: Decodable, Sendable {}
///   static let identifier = "rapidity-gap"
///   static let version = PluginVersion(1, 0, 0)
///   static let summary = "The distance of the two hardest jets in rapidity."
///   static let example = DecisionExample("{}")
///   static let isMeasurement = true
///   init(configuration: Configuration, sources: DecisionSources) {}
///   var quantities: [HeadOutput] { [HeadOutput("gap")] }
///   func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
///     guard event.jetCount >= 2 else { return false }
///     values[0] = abs(event.rapidity(ofJet: 0) - event.rapidity(ofJet: 1))
///     return true
///   }
/// }
/// ```
///
/// A decision that depends on the events before has a ``State`` and a second step, ``decide(_:_:)``, such as every
/// second event of those that reach it:
///
/// ```swift
/// struct EverySecond: Decision {
///   …
///   struct State: Codable, Sendable { var count = 0 }
///   var initialState: State { State() }
///   var quantities: [HeadOutput] { [] }
///   func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool { true }
///   func decide(_ values: DecisionValues, _ state: inout State) -> Bool {
///     state.count += 1
///     return state.count % 2 == 0
///   }
/// }
/// ```
public protocol Decision: Sendable {
  /// What a user writes in a menu under the identifier.
  ///
  /// Unknown keys are refused; give defaults in `init(from:)` or by optional properties.
  associatedtype Configuration: Decodable & Sendable
  /// What the decision remembers of the events before; nothing unless given.
  ///
  /// A trigger's journal keeps it as JSON: what is decoded must be equal to what was encoded, and `init(from:)` must
  /// throw if no decision can have that state. It should not grow with the number of events.
  associatedtype State: Codable & Sendable = NoState

  /// The name by which menus ask for this plugin, such as `jet-count`.
  static var identifier: String { get }
  /// The version of the plugin.
  static var version: PluginVersion { get }
  /// One sentence that says what the plugin does.
  static var summary: String { get }
  /// A configuration to show to users and to test the decision with.
  static var example: DecisionExample { get }
  /// Whether the plugin only measures, so that a menu must bound its first quantity; false unless given.
  static var isMeasurement: Bool { get }

  /// A decision on events about which `sources` are known.
  ///
  /// - Throws: ``PluginError`` if the configuration makes no sense, or names a head or an output that is not
  ///   there.
  init(configuration: Configuration, sources: DecisionSources) throws

  /// What the decision is based on, in the order of the numbers that the call writes.
  var quantities: [HeadOutput] { get }

  /// The formulas that the decision works out, by `DecisionInputs.value(of:using:)`; none unless given.
  ///
  /// What they read of events is kept for them.
  var formulas: [CompiledFormula] { get }

  /// The state before the first event.
  var initialState: State { get }

  /// Decides on one event, without asking for memory; yes only if the quantities are numbers.
  ///
  /// It is called on several threads, for all events, in any order.
  ///
  /// - Parameters:
  ///   - event: what is known of the event.
  ///   - values: the quantities, NaN at first: `[sum of the quantities' widths]`.
  /// - Returns: whether the decision says yes.
  func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool

  /// Decides on one event from what the first step wrote and from the events before.
  ///
  /// It is called in the order of the events, whatever the number of threads, for exactly the events that reach it: the
  /// seed of the path accepts them, they meet all conditions before this one in the path, and this decision itself says
  /// yes in its first step, within the bounds of the menu. Conditions after it, the prescale of its path and other paths
  /// have no influence. An event that took too long reaches no decision.
  ///
  /// - Parameters:
  ///   - values: the quantities that the first step wrote: `[sum of the quantities' widths]`.
  ///   - state: what the decision remembers; each condition of a menu has its own.
  /// - Returns: whether the event meets the condition.
  func decide(_ values: DecisionValues, _ state: inout State) -> Bool
}

/// The state of a decision that depends on nothing but the event.
public struct NoState: Codable, Sendable, Equatable {
  /// Nothing.
  public init() {}
}

extension Decision where State == NoState {
  /// Nothing.
  public var initialState: NoState { NoState() }

  /// True: the first step has decided.
  public func decide(_ values: DecisionValues, _ state: inout NoState) -> Bool { true }
}

extension Decision {
  /// False: the decision means something without bounds.
  public static var isMeasurement: Bool { false }

  /// None.
  public var formulas: [CompiledFormula] { [] }
}

/// What a menu says of a decision, and events that it can be asked about.
public struct DecisionExample: Sendable, Equatable {
  /// What stands under the identifier in a menu, in YAML.
  public var configuration: String
  /// What is known of the events.
  public var sources: DecisionSources

  /// An example, such as `"{min-pt: 30}"`, with the heads and conditions that it names.
  public init(_ configuration: String, sources: DecisionSources = DecisionSources()) {
    self.configuration = configuration
    self.sources = sources
  }
}
