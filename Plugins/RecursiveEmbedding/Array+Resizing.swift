// SPDX-License-Identifier: GPL-3.0-or-later

extension Array where Element: BitwiseCopyable & ExpressibleByIntegerLiteral {
  /// Makes the array `count` long without giving up its storage.
  mutating func resize(to count: Int) {
    if count < self.count {
      removeLast(self.count - count)
    } else {
      for _ in self.count..<count { append(0) }
    }
  }
}
