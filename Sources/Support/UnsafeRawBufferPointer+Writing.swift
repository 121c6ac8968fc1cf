// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension UnsafeRawBufferPointer {
  /// Writes all bytes to an open file, in as many calls as that takes.
  ///
  /// - Parameters:
  ///   - descriptor: the file.
  ///   - failure: the error for a value of `errno`.
  /// - Throws: what `failure` makes of the first call that fails.
  package func write(to descriptor: Int32, failure: (Int32) -> any Error) throws {
    var rest = self[...]
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw failure(errno)
      }
    }
  }
}
