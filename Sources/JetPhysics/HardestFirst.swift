// SPDX-License-Identifier: GPL-3.0-or-later

/// Particles or jets by falling pT, those of equal pT by their numbers.
///
/// It is a heap, so that the hardest few of many are found without sorting the rest; it keeps its storage.
public struct HardestFirst: Sendable {
  private var heap: [(pt: Double, number: Int)] = []

  /// Nothing.
  public init() {}

  /// Forgets all and keeps the storage.
  public mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  /// Adds a particle or jet of a number and a transverse momentum.
  public mutating func insert(_ number: Int, pt: Double) {
    heap.append((pt, number))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      exchange(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes the hardest out; nil if nothing is left.
  public mutating func popFirst() -> Int? {
    if heap.isEmpty { return nil }
    let first = heap[0]
    heap[0] = heap[heap.count - 1]
    heap.removeLast()
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, precedes(child + 1, child) { child += 1 }
      guard precedes(child, parent) else { break }
      exchange(child, parent)
      parent = child
    }
    return first.number
  }

  /// As `swapAt`, which takes memory where it is not specialised.
  private mutating func exchange(_ a: Int, _ b: Int) {
    let item = heap[a]
    heap[a] = heap[b]
    heap[b] = item
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    heap[a].pt > heap[b].pt || heap[a].pt == heap[b].pt && heap[a].number < heap[b].number
  }
}
