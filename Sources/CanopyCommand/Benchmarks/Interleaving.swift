// SPDX-License-Identifier: GPL-3.0-or-later

import Dispatch

/// Measures several pieces of work in turn, so that what disturbs the machine disturbs them alike.
enum Interleaving {
  /// The duration of each piece of work in each round: `[works][rounds]`, in seconds.
  ///
  /// Each is done twice before, to warm up and to find how often it fits into a turn.
  static func seconds(_ effort: BenchmarkEffort, _ works: [() throws -> Void]) throws -> [[Double]] {
    let repetitions = try works.map { work in
      try work()
      return max(1, Int(effort.turn / max(try duration(of: work), 1e-9)))
    }
    var seconds = works.map { _ in [Double]() }
    for _ in 0..<effort.rounds {
      for (index, work) in works.enumerated() {
        let count = repetitions[index]
        seconds[index].append(try duration(of: { for _ in 0..<count { try work() } }) / Double(count))
      }
    }
    return seconds
  }

  /// How long a piece of work takes, in seconds.
  static func duration(of work: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
}
