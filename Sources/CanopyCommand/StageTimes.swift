// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// How long the stages of work have taken, added over the threads that work.
final class StageTimes: @unchecked Sendable {
  /// A part of a worker's work.
  enum Stage: CaseIterable {
    case clustering, features, network, heads
  }

  private let lock = NSLock()
  private var times: [Stage: Double] = [:]

  /// Adds what a stage has taken for a batch, in seconds.
  func add(_ stage: Stage, _ seconds: Double) {
    lock.withLock { times[stage, default: 0] += seconds }
  }

  /// Adds what a predictor has taken for a batch.
  func add(_ prediction: Predictor.Times) {
    add(.clustering, prediction.clustering)
    add(.features, prediction.features)
    add(.network, prediction.network)
    if prediction.heads > 0 { add(.heads, prediction.heads) }
  }

  /// The seconds of a stage; nil if it had no part.
  subscript(stage: Stage) -> Double? { lock.withLock { times[stage] } }
}
