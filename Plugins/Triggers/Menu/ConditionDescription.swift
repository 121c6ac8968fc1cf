// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A condition of a path as a user writes it: a decision by its identifier, with its configuration, and the least and
/// the largest value of its first quantity.
///
/// A text is short for the decision `formula` with that text.
public struct ConditionDescription: Decodable, Sendable {
  /// A bound on a quantity.
  public enum Bound: Sendable, Equatable {
    /// A fixed bound.
    case value(Double)
    /// A bound that is to be found: `tune`.
    case tuned
  }

  /// The identifier of the decision; nil if there is none.
  public var identifier: String?
  /// The least value of the decision's first quantity.
  public var minimum: Bound?
  /// The largest value of the decision's first quantity.
  public var maximum: Bound?

  /// Makes the decision; nil if it could not be read.
  let make: (@Sendable (DecisionSources) throws -> any Decision)?
  /// Where the condition stands in its file.
  let codingPath: [any CodingKey]
  /// Where the configuration of its decision stands; that of the condition if it is a text, or if there is none.
  let decisionPath: [any CodingKey]
  let problems: [DecodingError.Context]

  /// Reads what can be read of a condition.
  ///
  /// - Throws: what the decoder throws if the condition is neither a mapping nor a text.
  public init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer(), (try? text.decode(String.self)) != nil {
      var problems = MenuProblems(decoder.codingPath)
      (codingPath, decisionPath) = (decoder.codingPath, decoder.codingPath)
      identifier = FormulaCondition.identifier
      make = problems.collect([]) {
        try Self.prototype(FormulaCondition.identifier, text, decoder)
      }
      self.problems = problems.found
      return
    }
    let container = try decoder.container(keyedBy: MenuKey.self)
    var problems = MenuProblems(decoder.codingPath)
    codingPath = decoder.codingPath
    var bounds = ConditionBounds()
    try problems.read(&bounds, from: decoder)
    (minimum, maximum) = (bounds.minimum, bounds.maximum)
    let keys = container.allKeys.filter { key in
      !ConditionBounds.settings.contains { $0.key == key.stringValue }
    }
    if keys.count == 1 {
      identifier = keys[0].stringValue
      decisionPath = codingPath + keys
      make = problems.collect(keys) {
        try Self.prototype(
          keys[0].stringValue, container.superDecoder(forKey: keys[0]).singleValueContainer(), decoder)
      }
    } else {
      decisionPath = codingPath
      make = nil
      let names = keys.map(\.stringValue).joined(separator: " and ")
      problems.add(
        keys.isEmpty
          ? "names no decision, such as jet-count, in addition to min and max"
          : "names \(names), but one is needed: make them conditions of their own")
    }
    self.problems = problems.found
  }

  private static func prototype(
    _ identifier: String, _ container: any SingleValueDecodingContainer, _ decoder: any Decoder
  ) throws -> @Sendable (DecisionSources) throws -> any Decision {
    func read<D: Decision>(_ type: D.Type) throws -> @Sendable (DecisionSources) throws -> any Decision {
      let configuration = try container.decode(D.Configuration.self)
      return { try D(configuration: configuration, sources: $0) }
    }
    guard let plugins = decoder.userInfo[.plugins] as? PluginRegistry else {
      preconditionFailure("a menu cannot be decoded without the plugins in the decoder's userInfo")
    }
    return try read(plugins.decision(identifier))
  }
}

/// The bounds of a condition.
struct ConditionBounds: SettingsSection {
  var minimum: ConditionDescription.Bound?
  var maximum: ConditionDescription.Bound?

  static let settings: [Setting<ConditionBounds>] = [
    Setting(
      "min", \.minimum, from: { (bound: ConditionDescription.Bound) in bound },
      "the least value of the decision's first quantity", default: "none", range: "a number or `tune`"),
    Setting(
      "max", \.maximum, from: { (bound: ConditionDescription.Bound) in bound },
      "the largest value of the decision's first quantity", default: "none", range: "a number or `tune`"),
  ]
}

extension ConditionDescription.Bound: Decodable {
  /// Reads a number or `tune`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Double.self) {
      self = .value(value)
    } else if let text = try? container.decode(String.self), text == "tune" {
      self = .tuned
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "write a number, or tune")
    }
  }
}
