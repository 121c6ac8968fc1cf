// SPDX-License-Identifier: GPL-3.0-or-later

/// A part of a configuration file that remembers where it stands.
///
/// A type that is to be decoded holds a `ConfigurationNode` if the type of a section is known only later: the
/// configuration of a plugin is captured in this way, and decoded with ``decode(_:)`` once the plugin is
/// found.
public struct ConfigurationNode: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    case scalar(String, isPlain: Bool)
    case sequence([ConfigurationNode])
    /// In the order of the file.
    case mapping([Member])
  }

  struct Member: Sendable, Equatable {
    var key: String
    var position: ConfigurationPosition
    var value: ConfigurationNode
  }

  /// Where the part begins.
  public let position: ConfigurationPosition
  /// The keys that lead here, such as `heads.tagger.layers[1]`; empty for the whole file.
  public let path: String
  let content: Content

  /// Nothing, nowhere.
  package static let none = ConfigurationNode(
    position: ConfigurationPosition(file: "", line: 0, column: 0), path: "",
    content: .scalar("", isPlain: true))

  /// A problem with this part, to be thrown; `problem` continues the sentence that its path begins and has no
  /// full stop: `node.error("must not be negative")`.
  public func error(_ problem: String) -> ConfigurationError {
    let whole = position.isInOption ? "the value" : "the configuration"
    return ConfigurationError(position, "\(path.isEmpty ? whole : path) \(problem)")
  }

  /// The keys of a mapping in the order of the file; empty for anything else.
  public var keys: [String] { members.map(\.key) }

  /// Whether the part is a mapping of keys to values.
  public var isMapping: Bool { if case .mapping = content { true } else { false } }

  /// Whether the part is a list.
  public var isList: Bool { if case .sequence = content { true } else { false } }

  /// The value of a key of a mapping, or nil.
  public subscript(key: String) -> ConfigurationNode? { members.first { $0.key == key }?.value }

  var members: [Member] {
    if case .mapping(let members) = content { members } else { [] }
  }

  /// Whether the value is left empty or is `null` or `~`.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The content in a few words, for messages.
  var summary: String {
    switch content {
    case .scalar where isNull: "empty"
    case .scalar(let text, _): "'\(text.count > 40 ? "\(text.prefix(40))…" : text)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

// Programs that read the configuration back get it as JSON: `JSONEncoder().encode(node)`.
extension ConfigurationNode: Encodable {
  /// Encodes the part as the numbers, texts, lists and mappings that YAML sees in it.
  public func encode(to encoder: any Encoder) throws {
    switch content {
    case .scalar(let text, let isPlain):
      var container = encoder.singleValueContainer()
      if isNull {
        try container.encodeNil()
      } else if !isPlain {
        try container.encode(text)
      } else if let value = Bool(plain: text) {
        try container.encode(value)
      } else if let value = Int(plain: text) {
        try container.encode(value)
      } else if let value = Double(plain: text), value.isFinite {
        try container.encode(value)
      } else {
        try container.encode(text)
      }
    case .sequence(let nodes):
      try nodes.encode(to: encoder)
    case .mapping(let members):
      var container = encoder.container(keyedBy: ConfigurationKey.self)
      for member in members { try container.encode(member.value, forKey: ConfigurationKey(member.key)) }
    }
  }
}

/// A key of a mapping, or the index of a list.
struct ConfigurationKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ name: String) {
    stringValue = name
    intValue = nil
  }

  init(index: Int) {
    stringValue = "[\(index)]"
    intValue = index
  }

  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { self.init(index: intValue) }
}
