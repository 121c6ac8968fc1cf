// SPDX-License-Identifier: GPL-3.0-or-later

/// Particles or jets by falling pT, those of equal pT by their numbers: a heap, so that the hardest few of many are
/// found without sorting the rest.
package struct HardestFirst: Sendable {
  private var heap: [(pt: Double, number: Int)] = []

  package init() {}

  package mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  package mutating func insert(_ number: Int, pt: Double) {
    heap.append((pt, number))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      exchange(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes the hardest out.
  package mutating func popFirst() -> Int? {
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
