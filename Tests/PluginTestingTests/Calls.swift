// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// State that the calls of a faulty plugin share: how many there were.
final class Calls: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  func next() -> Int {
    lock.withLock {
      count += 1
      return count
    }
  }
}
