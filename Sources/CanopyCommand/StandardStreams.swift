// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// Writes a message; if nobody can read it, the work goes on.
func writeToStandardError(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

/// Writes what the user asked for.
///
/// - Throws: `ResultOutputError` if it cannot be written.
func writeToStandardOutput(_ data: Data) throws {
  try data.withUnsafeBytes {
    try $0.write(to: STDOUT_FILENO) { ResultOutputError(writing: "standard output", code: $0) }
  }
}
