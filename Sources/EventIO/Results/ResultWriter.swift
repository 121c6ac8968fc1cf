// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Writes results batch by batch, in memory that does not grow with the number of events.
///
/// A file appears under its name only when `finish` has succeeded. A writer that is released before that
/// leaves no file; only what went to standard output or into a pipe cannot be taken back. The first batch,
/// which may be one without events, sets the columns. A writer is used by one thread at a time.
public protocol ResultWriter: AnyObject {
  /// Writes a batch after the earlier ones.
  ///
  /// - Throws: `ResultOutputError`; nothing can be written after that.
  func append(_ batch: ResultBatch) throws

  /// Completes the output and gives the file its name.
  ///
  /// - Throws: `ResultOutputError`.
  func finish() throws
}

/// Where results go.
public enum ResultDestination: Sendable, Equatable {
  /// A file, which is replaced if it exists, or a pipe or device with a name.
  case file(String)
  /// Standard output.
  case standardOutput

  /// Finds out before there are results whether they can be written, as far as that can be known.
  ///
  /// Streams are left alone, as a reader would see them end.
  ///
  /// - Throws: `ResultOutputError` if they cannot.
  package func check() throws {
    guard isFile else { return }
    _ = try ResultFile(for: ResultTarget(self), isNamed: false)
  }

  /// Whether the results make a file, rather than go through a pipe or to a device.
  package var isFile: Bool {
    guard case .file(let path) = self else { return false }
    var status = stat()
    return stat(path, &status) != 0 || [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }
}
