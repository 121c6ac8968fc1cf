// SPDX-License-Identifier: GPL-3.0-or-later

/// A plugin that consumes what heads predict and has nothing to train: a condition of a trigger.
///
/// A decision looks at one event, writes the quantities that it is based on, and says yes or no. A menu can bound its
/// first quantity further, by `min` and `max`, and tune those bounds; a decision that only measures says yes wherever
/// there is something to measure.
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
public protocol Decision: Sendable {
  /// What a user writes in a menu under the identifier.
  ///
  /// Unknown keys are refused; give defaults in `init(from:)` or by optional properties.
  associatedtype Configuration: Decodable & Sendable

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
  /// - Throws: ``PluginError`` where the configuration makes no sense, or names a head or an output that is not there.
  init(configuration: Configuration, sources: DecisionSources) throws

  /// What the decision is based on, in the order of the numbers that the call writes.
  var quantities: [HeadOutput] { get }

  /// Decides on one event, without asking for memory; yes only where the quantities are numbers.
  ///
  /// - Parameters:
  ///   - event: what is known of the event.
  ///   - values: the quantities, NaN at first: `[sum of the quantities' widths]`.
  func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool
}

extension Decision {
  /// False: the decision means something without bounds.
  public static var isMeasurement: Bool { false }
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
