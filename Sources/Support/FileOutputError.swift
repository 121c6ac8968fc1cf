// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A file or folder could not be written.
public struct FileOutputError: ReportedError, Sendable, Equatable, LocalizedError {
  /// The work.
  public var fault: Fault { .work }
  /// The file or folder as the user named it.
  public let path: String
  /// What the system says, a value of `errno`.
  public let code: Int32

  /// A failure to write `path`, for the reason that `code`, a value of `errno`, names.
  public init(_ path: String, code: Int32) {
    self.path = path
    self.code = code
  }

  /// Whether the place is to blame, such as a folder that does not exist, rather than what happened on the way, such as
  /// a full disk.
  public var isPlaceError: Bool {
    [ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, EROFS, EEXIST, ENOTEMPTY, ENAMETOOLONG, ELOOP, EXDEV].contains(
      code)
  }

  /// What the system says.
  public var reason: String { String(cString: strerror(code)) }

  /// One sentence that names the file and says what to do.
  public var description: String {
    "\(path): cannot be written (\(reason)); "
      + (isPlaceError ? "choose a place that can be written to." : "free some space or choose another place.")
  }

  /// The same sentence, for Foundation.
  public var errorDescription: String? { description }
}
