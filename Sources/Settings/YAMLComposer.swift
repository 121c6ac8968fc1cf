// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Makes a configuration of the events of a YAML text, within the limits of a document.
///
/// Each value is counted before it is kept, and the value of an alias each time that the alias is used, so
/// that no text takes more memory than ``DocumentLimits`` allow.
struct YAMLComposer {
  private let events: YAMLEvents
  private var anchors: [String: ConfigurationNode] = [:]
  private var valuesLeft = DocumentLimits.values
  private var lengthLeft = DocumentLimits.totalLength

  /// A composer of `text`; `source` names the file in messages.
  init(_ text: String, source: String) { events = YAMLEvents(text, source: source) }

  /// The value of the text, or nil if it has none.
  ///
  /// - Parameter keys: the keys that lead to it.
  /// - Returns: the value; nil if the text has none.
  /// - Throws: ``ConfigurationError`` if the text is not YAML or is beyond a limit.
  mutating func root(at keys: [String] = []) throws -> ConfigurationNode? {
    guard case .streamStart = try events.next().content, case .documentStart = try events.next().content
    else {
      return nil
    }
    let root = try value(events.next(), path: keys.joined(separator: "."), depth: keys.count)
    guard case .documentEnd = try events.next().content else { return root }
    let end = try events.next()
    guard case .streamEnd = end.content else {
      throw ConfigurationError(end.position, "this is not YAML: a second document begins, but one is read")
    }
    return root
  }

  private mutating func value(_ event: YAMLEvent, path: String, depth: Int) throws -> ConfigurationNode {
    let content: ConfigurationNode.Content
    let name: String?
    switch event.content {
    case .alias(let name):
      return try copy(target(of: name, event), path: path, depth: depth)
    case .scalar(let text, let isPlain, let tag, let anchor):
      try spend(text, event.position, path: path, depth: depth)
      try refuse(tag, unless: "str", event.position, path)
      content = .scalar(text, isPlain: isPlain)
      name = anchor
    case .sequenceStart(let tag, let anchor):
      try spend("", event.position, path: path, depth: depth)
      try refuse(tag, unless: "seq", event.position, path)
      content = .sequence(try elements(path: path, depth: depth))
      name = anchor
    case .mappingStart(let tag, let anchor):
      try spend("", event.position, path: path, depth: depth)
      try refuse(tag, unless: "map", event.position, path)
      content = .mapping(try members(event.position, path: path, depth: depth))
      name = anchor
    case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      preconditionFailure("libyaml balances its events")
    }
    let node = ConfigurationNode(position: event.position, path: path, content: content)
    if let name { anchors[name] = node }
    return node
  }

  private mutating func elements(path: String, depth: Int) throws -> [ConfigurationNode] {
    var elements: [ConfigurationNode] = []
    while true {
      let event = try events.next()
      if case .sequenceEnd = event.content { return elements }
      elements.append(try value(event, path: "\(path)[\(elements.count)]", depth: depth + 1))
    }
  }

  private mutating func members(
    _ start: ConfigurationPosition, path: String, depth: Int
  ) throws -> [ConfigurationNode.Member] {
    var members: [ConfigurationNode.Member] = []
    var keys: Set<String> = []
    while true {
      let event = try events.next()
      let key: String
      switch event.content {
      case .mappingEnd: return members
      case .scalar(let text, _, _, let anchor):
        key = text
        if let anchor {
          anchors[anchor] = ConfigurationNode(
            position: event.position, path: path, content: .scalar(text, isPlain: false))
        }
      case .alias(let name):
        guard case .scalar(let text, _) = try target(of: name, event).content else { fallthrough }
        key = text
      default: throw error(start, path, "has a list or a mapping for a key; use a name")
      }
      guard key.utf8.count <= DocumentLimits.keyLength else {
        throw error(
          event.position, path, "has a key of more than \(DocumentLimits.keyLength) bytes; use a name")
      }
      guard keys.insert(key).inserted else {
        throw ConfigurationError(event.position, "the key '\(key)' is given twice; remove one")
      }
      let value = try value(events.next(), path: path.isEmpty ? key : "\(path).\(key)", depth: depth + 1)
      members.append(ConfigurationNode.Member(key: key, position: event.position, value: value))
    }
  }

  private func target(of alias: String, _ event: YAMLEvent) throws -> ConfigurationNode {
    guard let target = anchors[alias] else {
      throw ConfigurationError(
        event.position, "this is not YAML: the alias *\(alias) stands for no value that ends before it")
    }
    return target
  }

  /// What an alias stands for, under the keys of the alias.
  private mutating func copy(_ node: ConfigurationNode, path: String, depth: Int) throws -> ConfigurationNode
  {
    let content: ConfigurationNode.Content
    switch node.content {
    case .scalar(let text, _):
      try spend(text, node.position, path: path, depth: depth)
      content = node.content
    case .sequence(let elements):
      try spend("", node.position, path: path, depth: depth)
      var copies: [ConfigurationNode] = []
      for element in elements {
        copies.append(try copy(element, path: "\(path)[\(copies.count)]", depth: depth + 1))
      }
      content = .sequence(copies)
    case .mapping(var members):
      try spend("", node.position, path: path, depth: depth)
      for index in members.indices {
        let key = members[index].key
        members[index].value = try copy(
          members[index].value, path: path.isEmpty ? key : "\(path).\(key)", depth: depth + 1)
      }
      content = .mapping(members)
    }
    return ConfigurationNode(position: node.position, path: path, content: content)
  }

  /// Counts a value.
  private mutating func spend(
    _ text: String, _ position: ConfigurationPosition, path: String, depth: Int
  ) throws {
    guard depth <= DocumentLimits.depth else {
      throw error(
        position, path, "lies in more than \(DocumentLimits.depth) lists and mappings; nest them less")
    }
    guard text.utf8.count <= DocumentLimits.valueLength else {
      throw error(
        position, path, "is longer than the \(DocumentLimits.valueLength) bytes that are read of a value")
    }
    valuesLeft -= 1
    guard valuesLeft >= 0 else {
      throw error(
        position, path,
        "is more than the \(DocumentLimits.values) values that are read, those of aliases included; write fewer"
      )
    }
    lengthLeft -= text.utf8.count + path.utf8.count
    guard lengthLeft >= 0 else {
      throw error(
        position, path,
        "is beyond the \(DocumentLimits.totalLength) bytes of keys and values that are read, those of aliases "
          + "included; write less")
    }
  }

  private func refuse(
    _ tag: String?, unless name: String, _ position: ConfigurationPosition, _ path: String
  ) throws {
    guard let tag, tag != "tag:yaml.org,2002:\(name)" else { return }
    throw error(position, path, "has the tag \(tag); remove it, tags are not read")
  }

  private func error(
    _ position: ConfigurationPosition, _ path: String, _ problem: String
  ) -> ConfigurationError {
    ConfigurationError(position, "\(path.isEmpty ? "the configuration" : path) \(problem)")
  }
}
