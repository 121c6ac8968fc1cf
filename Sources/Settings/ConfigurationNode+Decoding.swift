// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension ConfigurationNode {
  /// Decodes the part strictly.
  ///
  /// A key that the type does not ask for is an error, as are a missing key and a value of another type. Any
  /// `Decodable` type will do; the keys it knows are those that its `init(from:)` asks for.
  ///
  /// - Throws: ``ConfigurationError``, with all unknown keys at once.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    try decode(type, userInfo: [:]) { _ in [] }
  }

  /// Decodes the part strictly, and finds what else is wrong with the value, such as names that mean nothing.
  ///
  /// - Parameters:
  ///   - type: the type.
  ///   - userInfo: what `init(from:)` finds in its decoder.
  ///   - check: finds further problems. The coding path of a problem leads to its place, and its text
  ///     continues a sentence that begins with that path; if its underlying error is a
  ///     ``ConfigurationError``, that is reported instead.
  /// - Returns: the value.
  /// - Throws: ``ConfigurationError``, with all unknown keys and all that `check` finds at once.
  public func decode<T: Decodable>(
    _ type: T.Type, userInfo: [CodingUserInfoKey: Any], check: (T) -> [DecodingError.Context]
  ) throws -> T {
    let decoder = ConfigurationDecoder(node: self, codingPath: [], askedKeys: AskedKeys(), userInfo: userInfo)
    let value = try decoder.decode(type, self, codingPath: [])
    let problems =
      decoder.askedKeys.unknownKeys()
      + check(value).flatMap { problem in
        (problem.underlyingError as? ConfigurationError
          ?? part(at: problem.codingPath).error(problem.debugDescription))
          .problems
      }
    guard problems.isEmpty else { throw ConfigurationError(problems) }
    return value
  }

  /// The part that a coding path leads to, or as far as the file has it.
  public func part(at codingPath: [any CodingKey]) -> ConfigurationNode {
    var part = self
    for key in codingPath {
      if let index = key.intValue, case .sequence(let elements) = part.content,
        elements.indices.contains(index)
      {
        part = elements[index]
      } else if let value = part[key.stringValue] {
        part = value
      } else {
        break
      }
    }
    return part
  }
}

extension ConfigurationNode: Decodable {
  /// Captures a part undecoded, to be decoded later; of what is no configuration file, such as a model, it has no place.
  public init(from decoder: any Decoder) throws {
    guard let written = decoder as? ConfigurationDecoder else {
      self = try Self(readBy: decoder)
      return
    }
    self = written.node
  }

  /// A node that says what a value is encoded as, without a place.
  ///
  /// - Throws: `EncodingError` if the value cannot be written as JSON.
  public init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(Self.self, from: JSONEncoder().encode(value))
  }

  private init(readBy decoder: any Decoder) throws {
    guard decoder.codingPath.count <= DocumentLimits.depth else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the value lies in more than \(DocumentLimits.depth) lists and mappings"))
    }
    let position = ConfigurationPosition(file: "", line: 0, column: 0)
    let path = decoder.codingPath.reduce("") { path, key in
      key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? "" : "\(path).") + key.stringValue
    }
    let container = try decoder.singleValueContainer()
    let content: Content
    if container.decodeNil() {
      content = .scalar("", isPlain: true)
    } else if let value = try? container.decode(Bool.self) {
      content = .scalar("\(value)", isPlain: true)
    } else if let value = try? container.decode(Int.self) {
      content = .scalar("\(value)", isPlain: true)
    } else if let value = try? container.decode(Double.self) {
      content = .scalar("\(value)", isPlain: true)
    } else if let value = try? container.decode(String.self) {
      content = .scalar(value, isPlain: false)
    } else if let elements = try? container.decode([ConfigurationNode].self) {
      content = .sequence(elements)
    } else {
      let members = try container.decode([String: ConfigurationNode].self)
      content = .mapping(
        members.sorted { $0.key < $1.key }.map { Member(key: $0.key, position: position, value: $0.value) })
    }
    self.init(position: position, path: path, content: content)
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

  /// A problem for each key that no type asked for.
  func unknownKeys() -> [ConfigurationError.Problem] {
    var found: [ConfigurationError.Problem] = []
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
        found.append(
          ConfigurationError.Problem(
            position: member.position, sentence: "unknown key '\(member.key)'\(place); \(remedy)"))
      }
    }
    return found
  }
}
