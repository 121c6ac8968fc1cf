// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension ContentFingerprint {
  private static let blockSize = 1 << 16
  private static let blockCount = 1 << 10

  /// The fingerprint that tells a file from another one that took its place; nil if it is not a regular file.
  ///
  /// The length counts, and of a file of at most 64 MiB every byte: a copy has the same fingerprint. Of a larger one, 1024
  /// blocks count that are spread evenly over it, its first and last bytes included, and the time at which it was
  /// last written, so that a fingerprint takes no longer than reading 64 MiB.
  ///
  /// - Throws: ``TriggerError`` if the file cannot be read.
  init?(ofFile path: String) throws {
    // So as not to wait for a writer of a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    let isLarge = size > Self.blockSize * Self.blockCount
    self.init()
    update([size] + (isLarge ? [status.st_mtim.tv_sec, status.st_mtim.tv_nsec] : []))
    var block = [UInt8](repeating: 0, count: Self.blockSize)
    let count = isLarge ? Self.blockCount : (size + Self.blockSize - 1) / Self.blockSize
    for index in 0..<count {
      let place =
        isLarge
        ? Int(Double(size - Self.blockSize) * Double(index) / Double(count - 1)) : index * Self.blockSize
      var filled = 0
      while filled < min(Self.blockSize, size - place) {
        let found = block.withUnsafeMutableBytes {
          pread(descriptor, $0.baseAddress! + filled, $0.count - filled, off_t(place + filled))
        }
        if found < 0, errno == EINTR { continue }
        guard found >= 0 else { throw Self.failure(path) }
        if found == 0 { break }
        filled += found
      }
      block.withUnsafeBytes { update(UnsafeRawBufferPointer(rebasing: $0[..<filled])) }
    }
  }

  private static func failure(_ path: String) -> TriggerError {
    TriggerError("\(path) cannot be read (\(String(cString: strerror(errno)))); check its permissions.")
  }
}
