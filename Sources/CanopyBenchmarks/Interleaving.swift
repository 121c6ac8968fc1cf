// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Measures several pieces of work in turn, so that what disturbs the machine disturbs them alike.
enum Interleaving {
  /// What durations are made of.
  enum Clock {
    /// The time that the calling thread was running: for work on one thread, as other programs hardly change it.
    case thread
    /// The time that passed: for latencies and for work on several threads.
    case wall
  }

  /// The duration of each piece of work in each round: `[works][rounds]`, in seconds.
  ///
  /// Each is done twice before, to warm up and to find how often it fits into a turn.
  static func seconds(
    _ effort: BenchmarkEffort, clock: Clock = .thread, _ works: [() throws -> Void]
  ) throws -> [[Double]] {
    let repetitions = try works.map { work in
      try work()
      return max(1, Int(effort.turn / max(try duration(clock, of: work), 1e-9)))
    }
    var seconds = works.map { _ in [Double]() }
    for _ in 0..<effort.rounds {
      for (index, work) in works.enumerated() {
        let count = repetitions[index]
        let turn = try duration(clock) { for _ in 0..<count { try work() } }
        seconds[index].append(turn / Double(count))
      }
    }
    return seconds
  }

  /// How long a piece of work takes, in seconds.
  static func duration(_ clock: Clock, of work: () throws -> Void) rethrows -> Double {
    let identifier = clock == .thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC
    var (start, end) = (timespec(), timespec())
    clock_gettime(identifier, &start)
    try work()
    clock_gettime(identifier, &end)
    return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) * 1e-9
  }
}
