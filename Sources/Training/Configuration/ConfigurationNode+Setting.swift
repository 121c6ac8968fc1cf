// SPDX-License-Identifier: GPL-3.0-or-later

extension ConfigurationNode {
  /// The configuration with one value set over what the file says, or added to it.
  ///
  /// - Parameter assignment: keys and a value in YAML, as in `events.leading=5`; `null` takes a value away.
  /// - Throws: ``ConfigurationError`` where the text is no assignment or a key leads through what is no mapping.
  public func setting(_ assignment: String) throws -> ConfigurationNode {
    let place = ConfigurationPosition(file: "--set \(assignment)", line: 0, column: 0)
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, keys.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError(
        ConfigurationPosition(file: source, line: 0, column: 0), "write KEY.KEY=VALUE, as in events.leading=5"
      )
    }
    // The value stands where its keys lead to, so that it is checked and reported like any other.
    let yaml = keys.map { "{\($0): " }.joined() + (parts[1].isEmpty ? "null" : parts[1])
    let value = try ConfigurationNode(
      yaml: yaml + String(repeating: "}", count: keys.count), source: place.file)
    return try merged(with: value.moved(to: place))
  }

  /// The same content with another place: lines and columns of an assignment are none of a file.
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

  /// This part with the single value of `other`, which is a mapping of one key on each level.
  private func merged(with other: ConfigurationNode) throws -> ConfigurationNode {
    guard case .mapping(let members) = content, case .mapping(let others) = other.content,
      let member = others.first, others.count == 1
    else { return other }
    var result = members
    if let index = members.firstIndex(where: { $0.key == member.key }) {
      if member.value.isNull {
        result.remove(at: index)
      } else {
        result[index].value = try members[index].value.merged(with: member.value)
      }
    } else if !member.value.isNull {
      result.append(member)
    }
    return ConfigurationNode(position: position, path: path, content: .mapping(result))
  }
}
