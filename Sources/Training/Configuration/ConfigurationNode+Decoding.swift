// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension ConfigurationNode {
  /// Decodes the part strictly.
  ///
  /// A key that the type does not ask for is an error, as are a missing key and a value of another type. Any
  /// `Decodable` type will do; the keys it knows are those that its `init(from:)` asks for.
  ///
  /// - Throws: ``ConfigurationError``, with all unknown keys at once.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    let decoder = ConfigurationDecoder(node: self, codingPath: [], askedKeys: AskedKeys())
    let value = try decoder.decode(type, self, codingPath: [])
    let messages = decoder.askedKeys.unknownKeys()
    guard messages.isEmpty else { throw ConfigurationError(messages: messages) }
    return value
  }
}

extension ConfigurationNode: Decodable {
  /// Captures a part undecoded, to be decoded later.
  public init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? ConfigurationDecoder else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "only a configuration file has nodes"))
    }
    self = decoder.node
  }
}

/// The keys that the types decoded so far have asked for, by the path of the mapping.
final class AskedKeys {
  private struct Mapping {
    var node: ConfigurationNode
    var keys: Set<String>
  }

  private var mappings: [String: Mapping] = [:]

  func ask(_ node: ConfigurationNode, for keys: some Sequence<String> = []) {
    mappings[node.path, default: Mapping(node: node, keys: [])].keys.formUnion(keys)
  }

  /// Adds what a value asked for that was decoded successfully.
  func formUnion(_ other: AskedKeys) {
    for mapping in other.mappings.values { ask(mapping.node, for: mapping.keys) }
  }

  /// The keys of a mapping that nothing has asked for yet.
  func notAsked(_ node: ConfigurationNode) -> [String] {
    node.keys.filter { mappings[node.path]?.keys.contains($0) != true }
  }

  /// One message for each key that no type asked for, in the order of the file.
  func unknownKeys() -> [String] {
    var found: [(position: ConfigurationPosition, message: String)] = []
    for mapping in mappings.values {
      let known = mapping.keys.sorted()
      for member in mapping.node.members where !mapping.keys.contains(member.key) {
        let place = mapping.node.path.isEmpty ? "" : " in \(mapping.node.path)"
        let remedy: String
        if let nearest = member.key.nearest(among: known) {
          remedy = "did you mean '\(nearest)'?"
        } else if known.isEmpty {
          remedy = "remove it, no key is known there."
        } else {
          remedy = "the keys known there are \(known.joined(separator: ", "))."
        }
        found.append((member.position, "\(member.position): unknown key '\(member.key)'\(place); \(remedy)"))
      }
    }
    return found.sorted { ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column) }
      .map(\.message)
  }
}
