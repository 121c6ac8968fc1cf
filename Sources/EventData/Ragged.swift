// SPDX-License-Identifier: GPL-3.0-or-later

/// Lists of different lengths, one after the other in flat arrays.
///
/// List `i` is `content[offsets[i] ..< offsets[i + 1]]`; what the content is, an array or a structure of arrays, is the
/// user's choice.
///
/// ```swift
/// let lists = Ragged(offsets: [0, 2, 2, 3], content: ["a", "b", "c"])
/// print(lists.count, Array(lists[0]), Array(lists[1]))  // 3 ["a", "b"] []
/// ```
public struct Ragged<Content: Sendable>: Sendable {
  /// The first element of each list, and the number of elements at the end: `[lists + 1]`.
  public var offsets: [Int]
  /// The elements of all lists: `[elements]`.
  public var content: Content

  /// Lists that begin at `offsets` in `content`; no lists unless given.
  public init(offsets: [Int] = [0], content: Content) {
    self.offsets = offsets
    self.content = content
  }

  /// The number of lists.
  public var count: Int { offsets.count - 1 }

  /// The elements of one list as a range into the content.
  public func range(of list: Int) -> Range<Int> { offsets[list]..<offsets[list + 1] }

  /// The list that has an element of the content.
  package func list(ofElement element: Int) -> Int { offsets.lastIndex { $0 <= element }! }

  /// Makes the elements that were added to the content since the last list, up to `end`, a list.
  public mutating func endList(at end: Int) { offsets.append(end) }

  /// Forgets the offsets and keeps their storage; whoever calls it clears the content too.
  public mutating func removeOffsets() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
  }
}

extension Ragged where Content: RandomAccessCollection, Content.Index == Int {
  /// The elements of one list.
  public subscript(list: Int) -> Content.SubSequence { content[range(of: list)] }
}

extension Ragged: Equatable where Content: Equatable {}

extension Ragged where Content == Columns {
  /// Adds the lists of another, which has the same columns, after these.
  mutating func append(_ other: Ragged) {
    let first = offsets[count]
    content.append(contentsOf: other.content, 0..<other.offsets[other.count])
    for offset in other.offsets.dropFirst() { endList(at: first + offset) }
  }

  /// Some of the lists, by their places.
  package func lists(at places: some Collection<Int>) -> Ragged {
    var part = Ragged(content: content.rows(places.flatMap { range(of: $0) }))
    for place in places { part.endList(at: part.offsets[part.count] + range(of: place).count) }
    return part
  }

  /// Replaces the content by one list of another, and keeps the storage.
  mutating func replace(with other: Ragged, list: Int) {
    content.replace(with: other.content, rows: other.range(of: list))
    removeOffsets()
    endList(at: other.range(of: list).count)
  }
}
