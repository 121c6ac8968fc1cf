// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Counts on several threads.
final class ConcurrentCounter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  /// One more.
  func add() { lock.withLock { count += 1 } }

  /// How many there are.
  var value: Int { lock.withLock { count } }
}
