// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// Writes a message; if nobody can read it, the work goes on.
func writeToStandardError(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

/// Writes what the user asked for.
///
/// - Throws: `ResultOutputError` if it cannot be written.
func writeToStandardOutput(_ data: Data) throws {
  try data.withUnsafeBytes { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw ResultOutputError(writing: "standard output", code: errno)
      }
    }
  }
}
