// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension Error {
  /// Why reading or writing a file failed, in the system's words.
  ///
  /// Foundation's own differ between systems and are two sentences long.
  package var fileReason: String {
    if let error = self as? CocoaError {
      if let system = error.userInfo[NSUnderlyingErrorKey] as? POSIXError { return system.fileReason }
      switch error.code {
      case .fileNoSuchFile, .fileReadNoSuchFile: return POSIXError(.ENOENT).fileReason
      case .fileReadNoPermission, .fileWriteNoPermission: return POSIXError(.EACCES).fileReason
      case .fileWriteFileExists: return POSIXError(.EEXIST).fileReason
      case .fileWriteOutOfSpace: return POSIXError(.ENOSPC).fileReason
      default: break
      }
    }
    if let error = self as? POSIXError { return String(cString: strerror(error.code.rawValue)) }
    return localizedDescription
  }
}
