// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Settings
import Support

/// Any JSON value, for parts of a model whose Swift type only a plugin knows.
public enum JSONValue: Sendable, Equatable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number.
  case integer(Int)
  /// A whole number that is too large for `integer`.
  case unsigned(UInt64)
  /// Any other number; of a whole one all digits are kept.
  case number(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Members by name.
  case object([String: JSONValue])

  /// The value as which `value` is encoded.
  public init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as JSON on one line, with members by name.
  public var description: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Infinities and NaN have no JSON, and cannot come from it.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
      ?? "a number that JSON does not have"
  }
}

extension JSONValue: Codable {
  /// Reads any JSON value of up to 64 lists and objects in each other.
  ///
  /// - Throws: `DecodingError`, also if digits of a whole number beyond 64 bits would be lost.
  public init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= DocumentLimits.depth else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the value lies in more than \(DocumentLimits.depth) lists and objects"))
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? container.decode(Double.self) {
      try Self.checkDigits(of: value, in: container)
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else {
      do {
        self = .array(try container.decode([JSONValue].self))
      } catch DecodingError.typeMismatch {
        self = .object(try container.decode([String: JSONValue].self))
      }
    }
  }

  /// Makes sure that a number beyond 64 bits is written again as it was read, if it is a whole number of up to 165 digits:
  /// `Decimal` holds 38 of them, and knows how many more there are.
  private static func checkDigits(of value: Double, in container: some SingleValueDecodingContainer) throws {
    guard value.magnitude >= 0x1p63, let digits = try? container.decode(Decimal.self), digits.exponent >= 0,
      digits != Decimal(string: "\(value)")
    else { return }
    throw DecodingError.dataCorruptedError(
      in: container,
      debugDescription:
        "the whole number \(value.magnitude < 1e38 ? "\(digits)" : "near \(value)") has more digits than are kept; write one of "
        + "64 bits, or with an exponent")
  }

  /// Writes the value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

extension JSONValue {
  /// The first member that another value lacks, by the keys that lead to it, such as `heads[0].configuration.colour`; nil if there
  /// is none.
  ///
  /// Members that are null count as absent.
  func member(missingIn other: JSONValue, at path: String = "") -> String? {
    switch (self, other) {
    case (.object(let members), .object(let others)):
      for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
        let place = path.isEmpty ? key : "\(path).\(key)"
        guard let counterpart = others[key] else { return place }
        if let missing = value.member(missingIn: counterpart, at: place) { return missing }
      }
    case (.array(let elements), .array(let others)):
      for (index, (element, counterpart)) in zip(elements, others).enumerated() {
        if let missing = element.member(missingIn: counterpart, at: "\(path)[\(index)]") { return missing }
      }
    default: break
    }
    return nil
  }
}

extension JSONValue: HeadConfigurationSource {
  /// The configuration as a plugin's own type.
  public func decode<T: Decodable>(_ type: T.Type) throws -> T { try decode(type, plugins: PluginRegistry()) }

  /// The configuration as a plugin's own type, which may name other plugins.
  package func decode<T: Decodable>(_ type: T.Type, plugins: PluginRegistry) throws -> T {
    let decoder = JSONDecoder()
    decoder.userInfo[.plugins] = plugins
    return try decoder.decode(type, from: JSONEncoder().encode(self))
  }
}

extension ConfigurationNode: HeadConfigurationSource {}
