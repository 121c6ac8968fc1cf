// SPDX-License-Identifier: GPL-3.0-or-later

extension ConfigurationNode {
  /// This part with what stands in another over it, mapping by mapping: a value of the other, and a list as a whole, takes the place of what
  /// stands here.
  ///
  /// - Parameters:
  ///   - other: what stands over this.
  ///   - key: a key of the other's own mapping that is passed over.
  /// - Returns: both together, each value with its own place for messages.
  public func overlaid(with other: ConfigurationNode, except key: String? = nil) -> ConfigurationNode {
    guard case .mapping(var members) = content, case .mapping(let others) = other.content else {
      return other
    }
    for member in others where member.key != key {
      if let index = members.firstIndex(where: { $0.key == member.key }) {
        members[index].value = members[index].value.overlaid(with: member.value)
      } else {
        members.append(member)
      }
    }
    return ConfigurationNode(position: position, path: path, content: .mapping(members))
  }
}
