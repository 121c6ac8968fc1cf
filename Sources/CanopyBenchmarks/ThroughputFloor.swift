// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Large products on one thread and on all of them at once: each thread has its own.
final class ThroughputFloor: @unchecked Sendable {
  private let peaks: [ProductPeak]

  init(threads: Int) { peaks = (0..<threads).map { _ in ProductPeak() } }

  /// The products on one thread, then on all, to be measured together with other work.
  var works: [() throws -> Void] {
    peaks[0].works + [
      { self.onAllThreads { $0.multiplyByOpenBLAS() } }, { self.onAllThreads { $0.multiplyPacked() } },
    ]
  }

  /// How long one operation takes in each round, on one thread and on all of them together.
  ///
  /// - Parameter seconds: the rounds of `works`, which those of other work may follow.
  /// - Returns: the seconds: `[rounds]` each.
  func secondsPerOperation(_ seconds: [[Double]]) -> (one: [Double], all: [Double]) {
    let all = peaks[0].secondsPerOperation(seconds[2..<4])
    return (peaks[0].secondsPerOperation(seconds[..<2]), all.map { $0 / Double(peaks.count) })
  }

  private func onAllThreads(_ body: @Sendable (ProductPeak) -> Void) {
    DispatchQueue.concurrentPerform(iterations: peaks.count) { body(peaks[$0]) }
  }
}
