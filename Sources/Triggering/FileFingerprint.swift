// SPDX-License-Identifier: GPL-3.0-or-later

import CZlib
import Foundation

/// A fingerprint that tells the content of a file from that of another one that took its place.
///
/// For a file of at most 64 MiB every byte counts, and nothing else: a copy has the same fingerprint. For a
/// larger one, 1024 blocks count that are spread evenly over it, its first and last bytes included, and the
/// time at which it was last written, so that a fingerprint takes no longer than reading 64 MiB.
struct FileFingerprint: Codable, Equatable {
  /// The length in bytes.
  let size: Int
  /// The CRC-32 of the bytes that count.
  let checksum: UInt32
  /// When a large file was last written, in nanoseconds since 1970.
  let written: Int?

  private static let blockSize = 1 << 16
  private static let blockCount = 1 << 10

  /// The fingerprint of a file; nil if it is not a regular file.
  ///
  /// - Throws: ``TriggerError`` if it cannot be read.
  init?(of path: String) throws {
    // So as not to wait for a writer of a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    size = Int(status.st_size)
    let isLarge = size > Self.blockSize * Self.blockCount
    written = isLarge ? status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec : nil
    var sum = crc32_z(0, nil, 0)
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
      sum = crc32_z(sum, block, filled)
    }
    checksum = UInt32(truncatingIfNeeded: sum)
  }

  private static func failure(_ path: String) -> TriggerError {
    TriggerError("\(path) cannot be read (\(String(cString: strerror(errno)))); check its permissions.")
  }
}
