// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A file whose name is removed as soon as it is made, so that nothing is left of it however the process ends.
///
/// It is written from its beginning to its end by one thread, and then read at any place by many.
package final class UnnamedFile: Sendable {
  /// The folder that the file is in, as the user named it.
  package let folder: String
  private let descriptor: Int32

  /// An empty file.
  ///
  /// - Parameter folder: where it takes its room.
  /// - Throws: ``FileOutputError`` if no file can be made there.
  package init(in folder: String) throws {
    self.folder = folder
    let path = UnfinishedFiles.makePath(in: folder)
    var code: Int32 = 0
    descriptor = UnfinishedFiles.finish(path) {
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      if descriptor < 0 { code = errno } else { unlink(path) }
      return descriptor
    }
    guard descriptor >= 0 else { throw FileOutputError(folder, code: code) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Adds bytes at the end.
  ///
  /// - Throws: ``FileOutputError`` if there is no room.
  package func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try $0.write(to: descriptor) { FileOutputError(folder, code: $0) } }
  }

  /// Fills a buffer with the bytes from `offset` on.
  ///
  /// - Returns: whether there were so many.
  /// - Throws: `POSIXError` if the file cannot be read.
  package func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Bool {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0, errno != EINTR { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      if count == 0 { return false }
      done += max(count, 0)
    }
    return true
  }

  /// Lets the system begin to read some bytes, without waiting for them.
  package func prefetch(_ range: Range<Int>) {
    posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
  }
}
