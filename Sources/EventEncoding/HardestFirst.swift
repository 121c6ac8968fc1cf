// SPDX-License-Identifier: GPL-3.0-or-later

/// Particles or jets by falling pT, those of equal pT by their numbers: a heap, so that the hardest few of many are
/// found without sorting the rest.
struct HardestFirst: Sendable {
  private var heap: [(pt: Double, number: Int)] = []

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  mutating func insert(_ number: Int, pt: Double) {
    heap.append((pt, number))
    var child = heap.count - 1
    while child > 0, case let parent = (child - 1) / 2, precedes(child, parent) {
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the hardest out.
  mutating func popFirst() -> Int? {
    guard let first = heap.first else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, precedes(child + 1, child) { child += 1 }
      guard precedes(child, parent) else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return first.number
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    heap[a].pt > heap[b].pt || heap[a].pt == heap[b].pt && heap[a].number < heap[b].number
  }
}
