// SPDX-License-Identifier: GPL-3.0-or-later

extension ConfigurationNode {
  /// Reads back the text that a model keeps of its configuration: a file, and below it the values that were set over
  /// those of the file, as comments.
  ///
  /// - Throws: ``ConfigurationError`` if the text is no configuration.
  package init(keptText text: String, source: String) throws {
    let mark = "# --set "
    var settings: [String] = []
    for line in text.split(separator: "\n").reversed() {
      guard line.hasPrefix(mark) else { break }
      settings.insert(String(line.dropFirst(mark.count)), at: 0)
    }
    self = try settings.reduce(ConfigurationNode(yaml: text, source: source)) { try $0.setting($1) }
  }

  /// A key whose values differ in two configurations, with both values in a few words; nil for a value that is not there.
  package typealias Difference = (key: String, own: String?, other: String?)

  /// The keys whose values differ from those of another configuration.
  package func differences(from other: ConfigurationNode, under path: String = "") -> [Difference] {
    guard isMapping, other.isMapping else {
      return hasSameContent(as: other) ? [] : [(path, summary, other.summary)]
    }
    var names = keys
    for key in other.keys where !names.contains(key) { names.append(key) }
    return names.flatMap { name in
      let place = path.isEmpty ? name : "\(path).\(name)"
      guard let mine = self[name], let theirs = other[name] else {
        return [(place, self[name]?.summary, other[name]?.summary)]
      }
      return mine.differences(from: theirs, under: place)
    }
  }

  /// Whether the values are the same, wherever they stand and however their numbers are written.
  private func hasSameContent(as other: ConfigurationNode) -> Bool {
    switch (content, other.content) {
    case (.scalar(let text, let isPlain), .scalar(let otherText, let otherIsPlain)):
      if text == otherText { return true }
      guard isPlain, otherIsPlain, let number = Double(plain: text) else { return false }
      return number == Double(plain: otherText)
    case (.sequence(let nodes), .sequence(let others)):
      return nodes.count == others.count && zip(nodes, others).allSatisfy { $0.hasSameContent(as: $1) }
    case (.mapping, .mapping): return differences(from: other).isEmpty
    default: return isNull && other.isNull
    }
  }
}
