// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Decodes one value from a node and records the keys that its type asks for.
struct ConfigurationDecoder: Decoder {
  let node: ConfigurationNode
  let codingPath: [any CodingKey]
  let askedKeys: AskedKeys
  let userInfo: [CodingUserInfoKey: Any]

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .mapping = node.content else {
      throw node.error("must be a mapping with keys, not \(node.summary)")
    }
    askedKeys.ask(node)
    return KeyedDecodingContainer(KeyedContainer(decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .sequence(let elements) = node.content else {
      throw node.error("must be a list, not \(node.summary)")
    }
    return UnkeyedContainer(decoder: self, elements: elements)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SingleValueContainer(decoder: self) }

  /// A decoder of a part of this value.
  func child(_ node: ConfigurationNode, _ key: some CodingKey) -> ConfigurationDecoder {
    ConfigurationDecoder(
      node: node, codingPath: codingPath + [key], askedKeys: askedKeys, userInfo: userInfo)
  }

  /// This decoder, or, if the value is no mapping, one of a mapping in which it is the value of `key`.
  func orMapping(from key: String) -> ConfigurationDecoder {
    guard !node.isMapping else { return self }
    let mapping = ConfigurationNode(
      position: node.position, path: node.path,
      content: .mapping([ConfigurationNode.Member(key: key, position: node.position, value: node)]))
    return ConfigurationDecoder(
      node: mapping, codingPath: codingPath, askedKeys: askedKeys, userInfo: userInfo)
  }

  /// Decodes a value.
  ///
  /// The keys that it asked for count only if it succeeds, so that a type may try several.
  func decode<T: Decodable>(
    _ type: T.Type, _ node: ConfigurationNode, codingPath: [any CodingKey]
  ) throws -> T {
    if let scalar = type as? any ConfigurationScalar.Type, let value = try scalar.init(node) as? T {
      return value
    }
    let decoder = ConfigurationDecoder(
      node: node, codingPath: codingPath, askedKeys: AskedKeys(), userInfo: userInfo)
    let value: T
    do {
      value = try T(from: decoder)
    } catch let error as ConfigurationError {
      throw error
    } catch let error as DecodingError {
      throw decoder.located(error, type)
    } catch {
      throw node.error("is refused: \(error)")
    }
    askedKeys.formUnion(decoder.askedKeys)
    return value
  }

  /// The error of a type's own `init(from:)` with its place in the file.
  private func located<T>(_ error: DecodingError, _ type: T.Type) -> ConfigurationError {
    let context: DecodingError.Context
    switch error {
    case .dataCorrupted(let its), .keyNotFound(_, let its), .typeMismatch(_, let its),
      .valueNotFound(_, let its):
      context = its
    @unknown default: return node.error("is refused: \(error)")
    }
    if let type = type as? any CaseIterable.Type, case .scalar(let text, _) = node.content,
      case let allowed = rawValues(type), !allowed.isEmpty
    {
      let suggestion = text.nearest(among: allowed).map { "; did you mean '\($0)'?" } ?? ""
      return node.error("must be one of \(allowed.joined(separator: ", ")), not \(node.summary)\(suggestion)")
    }
    var place = node
    if context.codingPath.count > codingPath.count {
      place = node[context.codingPath[codingPath.count].stringValue] ?? node
    }
    return place.error("is refused: \(context.debugDescription)")
  }

  private func rawValues<T: CaseIterable>(_ type: T.Type) -> [String] {
    type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
  }
}

extension ConfigurationDecoder {
  private struct KeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ConfigurationDecoder
    /// The values by their keys: a mapping may have many, and each is looked up.
    private let values: [String: ConfigurationNode]
    var codingPath: [any CodingKey] { decoder.codingPath }

    init(decoder: ConfigurationDecoder) {
      self.decoder = decoder
      values = Dictionary(uniqueKeysWithValues: decoder.node.members.map { ($0.key, $0.value) })
    }

    var allKeys: [Key] {
      let keys = decoder.node.keys.compactMap(Key.init(stringValue:))
      decoder.askedKeys.ask(decoder.node, for: keys.map(\.stringValue))
      return keys
    }

    func contains(_ key: Key) -> Bool {
      decoder.askedKeys.ask(decoder.node, for: [key.stringValue])
      return values[key.stringValue] != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool { try node(key).isNull }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
      try decoder.decode(type, node(key), codingPath: codingPath + [key])
    }

    func nestedContainer<NestedKey: CodingKey>(
      keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
      try decoder.child(node(key), key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try decoder.child(node(key), key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { decoder }

    func superDecoder(forKey key: Key) throws -> any Decoder { decoder.child(try node(key), key) }

    private func node(_ key: Key) throws -> ConfigurationNode {
      decoder.askedKeys.ask(decoder.node, for: [key.stringValue])
      if let node = values[key.stringValue] { return node }
      let name = key.stringValue
      let suspects = decoder.askedKeys.notAsked(decoder.node)
      let hint = name.nearest(among: suspects).map { "; is '\($0)' a misspelling of it?" } ?? "; add it"
      throw decoder.node.error("lacks the key '\(name)'\(hint)")
    }
  }

  private struct UnkeyedContainer: UnkeyedDecodingContainer {
    let decoder: ConfigurationDecoder
    let elements: [ConfigurationNode]
    var currentIndex = 0

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
      guard try current().isNull else { return false }
      currentIndex += 1
      return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
      let key = ConfigurationKey(index: currentIndex)
      let value = try decoder.decode(type, current(), codingPath: codingPath + [key])
      currentIndex += 1
      return value
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
      keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
      let container = try child().container(keyedBy: type)
      currentIndex += 1
      return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      let container = try child().unkeyedContainer()
      currentIndex += 1
      return container
    }

    mutating func superDecoder() throws -> any Decoder {
      let decoder = try child()
      currentIndex += 1
      return decoder
    }

    private func current() throws -> ConfigurationNode {
      guard !isAtEnd else { throw decoder.node.error("must have more than \(elements.count) elements") }
      return elements[currentIndex]
    }

    private func child() throws -> ConfigurationDecoder {
      decoder.child(try current(), ConfigurationKey(index: currentIndex))
    }
  }

  private struct SingleValueContainer: SingleValueDecodingContainer {
    let decoder: ConfigurationDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.node.isNull }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
      try decoder.decode(type, decoder.node, codingPath: codingPath)
    }
  }
}
