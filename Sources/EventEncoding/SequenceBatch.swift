// SPDX-License-Identifier: GPL-3.0-or-later

/// Sequences of different lengths in the order in which a recurrent network works: step by step, the longest first, so
/// that the sequences that have not ended are always the first.
public struct SequenceBatch: Sendable {
  /// The first item of each sequence, and the number of items at the end: `[sequences + 1]`.
  public private(set) var offsets: [Int] = [0]
  /// The sequences by falling length, those of equal length in their own order: `[sequences]`.
  private(set) var order: [Int32] = []
  /// How many sequences are longer than each step from 0 on; the last is 0: `[steps + 1]`.
  private(set) var running: [Int32] = [0]

  /// The first place in `order` of each length: `[lengths + 1]`.
  private var places: [Int32] = []

  /// No sequences.
  public init() {}

  /// The number of sequences.
  public var sequenceCount: Int { offsets.count - 1 }

  /// The number of items of all sequences together.
  public var itemCount: Int { offsets[offsets.count - 1] }

  /// Forgets all sequences but keeps the storage.
  mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
  }

  /// Adds a sequence of so many items behind the others. `arrange` has to follow.
  mutating func append(length: Int) { offsets.append(itemCount + length) }

  /// Replaces the content by sequences of these lengths, and keeps the storage.
  public mutating func replace(withLengths lengths: some Collection<Int>) {
    removeAll()
    for length in lengths { append(length: length) }
    arrange()
  }

  /// Finds `order` and `running`, by counting.
  mutating func arrange() {
    var longest = 0
    for sequence in 0..<sequenceCount { longest = max(longest, length(sequence)) }
    running.removeAll(keepingCapacity: true)
    for _ in 0...longest { running.append(0) }
    for sequence in 0..<sequenceCount where length(sequence) > 0 { running[length(sequence) - 1] += 1 }
    for step in stride(from: longest - 1, to: 0, by: -1) { running[step - 1] += running[step] }
    // Behind those that are longer come those of a length.
    places.removeAll(keepingCapacity: true)
    places.append(contentsOf: running)
    order.removeAll(keepingCapacity: true)
    for _ in 0..<sequenceCount { order.append(0) }
    for sequence in 0..<sequenceCount {
      let length = length(sequence)
      order[Int(places[length])] = Int32(sequence)
      places[length] += 1
    }
  }

  private func length(_ sequence: Int) -> Int { offsets[sequence + 1] - offsets[sequence] }
}
