// SPDX-License-Identifier: GPL-3.0-or-later

extension String {
  /// The name that this one may be a misspelling of, or nil if none is near.
  package func nearest(among names: some Sequence<String>) -> String? {
    let distances = names.map { (name: $0, distance: editDistance(to: $0)) }
    guard let best = distances.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else {
      return nil
    }
    return best.distance <= max(1, Swift.min(count, best.name.count) / 2) ? best.name : nil
  }

  /// How many letters must be inserted, removed, replaced or swapped with their neighbour to turn one name
  /// into the other: the optimal string alignment distance, blind to case and to the kind of hyphen.
  func editDistance(to other: String) -> Int {
    func letters(_ name: String) -> [Character] { name.lowercased().map { $0 == "_" ? "-" : $0 } }
    let (a, b) = (letters(self), letters(other))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var distance = Swift.min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          distance = Swift.min(distance, beforeLast[j - 1] + 1)
        }
        row.append(distance)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
