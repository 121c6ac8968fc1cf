// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension ConfigurationNode {
  /// Reads the value of an option, such as `--jet-truth`, whose name messages begin with.
  ///
  /// - Throws: ``ConfigurationError`` if the text is empty, is not YAML or is beyond the limits of a document.
  public init(yaml text: String, option: String) throws {
    self = try ConfigurationNode(yaml: text, source: option)
      .moved(to: ConfigurationPosition(file: option, line: 0, column: 0))
  }

  /// The configuration with one value set over what the file says, or added to it.
  ///
  /// - Parameter assignment: keys and a value in YAML, as in `events.leading=5`; `null` removes a value.
  /// - Returns: the configuration with the value.
  /// - Throws: ``ConfigurationError`` if the text is not an assignment, its value is not YAML or is beyond
  ///   the limits of a document.
  public func setting(_ assignment: String) throws -> ConfigurationNode {
    let place = ConfigurationPosition(file: "--set \(assignment)", line: 0, column: 0)
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    let text = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : "null"
    var composer = YAMLComposer(text, source: place.file)
    guard parts.count == 2, keys.allSatisfy({ !$0.isEmpty }), var value = try composer.root(at: keys) else {
      throw ConfigurationError(place, "write KEY.KEY=VALUE, as in events.leading=5")
    }
    // The value takes the place that its keys lead to, so that it is checked and reported like any other.
    for (depth, key) in keys.enumerated().reversed() {
      value = ConfigurationNode(
        position: place, path: keys[..<depth].joined(separator: "."),
        content: .mapping([Member(key: key, position: place, value: value)]))
    }
    return merged(with: value.moved(to: place), depth: keys.count)
  }

  /// The same content with another place: lines and columns of an assignment are not those of a file.
  private func moved(to place: ConfigurationPosition) -> ConfigurationNode {
    let moved: Content
    switch content {
    case .scalar: moved = content
    case .sequence(let nodes): moved = .sequence(nodes.map { $0.moved(to: place) })
    case .mapping(let members):
      moved = .mapping(
        members.map { Member(key: $0.key, position: place, value: $0.value.moved(to: place)) })
    }
    return ConfigurationNode(position: place, path: path, content: moved)
  }

  /// This part with what stands in `other` at the end of `depth` keys, each the only one of its mapping, in place of
  /// what stands here.
  private func merged(with other: ConfigurationNode, depth: Int) -> ConfigurationNode {
    guard depth > 0, case .mapping(var members) = content, let member = other.members.first else {
      return other
    }
    let index = members.firstIndex { $0.key == member.key }
    if depth == 1, member.value.isNull {
      if let index { members.remove(at: index) }
    } else if let index {
      members[index].value = members[index].value.merged(with: member.value, depth: depth - 1)
    } else {
      members.append(member)
    }
    return ConfigurationNode(position: position, path: path, content: .mapping(members))
  }
}
