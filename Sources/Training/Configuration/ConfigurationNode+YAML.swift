// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Yams

extension ConfigurationNode {
  /// Reads a YAML file.
  ///
  /// - Throws: ``ConfigurationError`` where the file cannot be read, is empty or is not YAML.
  public init(contentsOf file: URL) throws {
    let position = ConfigurationPosition(file: file.relativePath, line: 0, column: 0)
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw ConfigurationError(position, "it cannot be read: \(error.fileReason)")
    }
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = data.starts(with: byteOrderMark) ? data.dropFirst(byteOrderMark.count) : data
    guard let text = String(validating: content, as: UTF8.self) else {
      throw ConfigurationError(position, "it is not UTF-8 text; name a YAML file")
    }
    try self.init(yaml: text, source: position.file)
  }

  /// Reads YAML text; `source` names the file in messages.
  ///
  /// - Throws: ``ConfigurationError`` where the text is empty or is not YAML.
  public init(yaml text: String, source: String) throws {
    let root: Node?
    do {
      root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
    } catch let error as YamlError {
      throw ConfigurationError(error, source: source)
    }
    guard let root else {
      throw ConfigurationError(
        ConfigurationPosition(file: source, line: 0, column: 0), "it is empty; write a configuration into it")
    }
    var budget = Self.largestNodeCount
    try self.init(root, path: "", source: source, budget: &budget)
    if isNull { throw error("is empty; write its sections") }
  }

  /// How many values a file may have, which aliases of aliases could make endless.
  private static let largestNodeCount = 100_000

  private init(_ node: Node, path: String, source: String, budget: inout Int) throws {
    let position = ConfigurationPosition(source, node.mark)
    func refuse(_ problem: String) -> ConfigurationError {
      ConfigurationError(position, "\(path.isEmpty ? "the configuration" : path) \(problem)")
    }
    budget -= 1
    guard budget >= 0 else { throw refuse("is more than the \(Self.largestNodeCount) values that are read") }
    self.position = position
    self.path = path
    switch node {
    case .scalar(let scalar):
      // Yams gives text in quotation marks the tag of text.
      let isText = scalar.tag == Tag(.str)
      guard isText || scalar.tag == .implicit else {
        throw refuse("has the tag \(scalar.tag); remove it, tags are not read")
      }
      content = .scalar(scalar.string, isPlain: scalar.style == .plain && !isText)
    case .sequence(let sequence):
      content = .sequence(
        try sequence.enumerated().map { index, element in
          try ConfigurationNode(element, path: "\(path)[\(index)]", source: source, budget: &budget)
        })
    case .mapping(let mapping):
      content = .mapping(
        try mapping.map { key, value in
          guard case .scalar(let scalar) = key else {
            throw refuse("has a list or a mapping for a key; use a name")
          }
          let keyPath = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
          return Member(
            key: scalar.string, position: ConfigurationPosition(source, key.mark),
            value: try ConfigurationNode(value, path: keyPath, source: source, budget: &budget))
        })
    case .alias:
      throw refuse("is an alias to nothing; write the value itself")
    }
  }
}

extension ConfigurationPosition {
  fileprivate init(_ source: String, _ mark: Mark?) {
    self.init(file: source, line: mark?.line ?? 0, column: mark?.column ?? 0)
  }
}

extension ConfigurationError {
  fileprivate init(_ error: YamlError, source: String) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let circumstance = context.map { " (\($0.text) at \($0.mark))" } ?? ""
      self.init(ConfigurationPosition(source, mark), "this is not YAML: \(problem)\(circumstance)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      self.init(ConfigurationPosition(source, context.mark), "the key \(names) is given twice; remove one")
    case .reader(let problem, let offset, _, let text):
      let lines = text.prefix(offset ?? 0).split(
        omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let position = ConfigurationPosition(
        file: source, line: max(lines.count, 1), column: (lines.last?.count ?? 0) + 1)
      self.init(position, "this is not YAML: \(problem)")
    default:
      self.init(ConfigurationPosition(source, nil), "it cannot be read as YAML: \(error)")
    }
  }
}
