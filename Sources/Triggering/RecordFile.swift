// SPDX-License-Identifier: GPL-3.0-or-later

import CZlib
import Foundation
import Support

/// An append-only file of records, each of which is there as a whole or not at all, whatever stops the program.
///
/// A record is its length in bytes (u64), a mark (u32), the CRC-32 of all that follows and precedes it in the record
/// (u32), and its bytes; numbers are in the machine's byte order. It is on the disk before `append` returns. The file
/// is locked for as long as it is open, so that no other process adds to it.
final class RecordFile {
  /// The file as messages name it.
  let path: String
  private let descriptor: Int32
  /// Where the next record begins: after the last complete one.
  private var end = 0

  private static let mark: UInt32 = 0x434E_5059
  private static let headerSize = 16

  /// Makes a file of one record, complete before it takes its name.
  ///
  /// - Throws: ``TriggerError`` or `FileOutputError` if it cannot be made.
  init(creating path: String, first record: [UInt8]) throws {
    self.path = path
    let file = try WholeFile(path)
    // A descriptor of the same open file, so that the lock stays after the file is made.
    descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw Self.failure(path, "cannot be made") }
    do {
      try lock()
      try append(record)
      try file.commit()
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Opens a file, hands over each complete record in turn, and cuts off what follows the last.
  ///
  /// - Throws: ``TriggerError`` if it cannot be opened, another process has it, or there is no record, and
  ///   what `body` throws; the file is then left as it is.
  init(resuming path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
    do {
      try lock()
      end = try forEachRecord(body)
      guard end > 0 else {
        throw TriggerError("\(path) is no journal of this version of Canopy: remove it to begin again.")
      }
      guard ftruncate(descriptor, off_t(end)) == 0, fsync(descriptor) == 0 else {
        throw Self.failure(path, "cannot be written")
      }
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  private func lock() throws {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw TriggerError("\(path) is in use by another run; wait until it has ended.")
    }
  }

  /// Adds a record.
  ///
  /// - Throws: ``TriggerError`` if it cannot be written; what was written of it does not count as a record.
  func append(_ record: [UInt8]) throws {
    var bytes = Self.header(of: record.count)
    record.withUnsafeBytes { Self.seal(&bytes, $0) }
    bytes.append(contentsOf: record)
    try bytes.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = pwrite(
          descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(end + written))
        if count >= 0 {
          written += count
        } else if errno != EINTR {
          throw Self.failure(path, "cannot be written")
        }
      }
    }
    guard fdatasync(descriptor) == 0 else { throw Self.failure(path, "cannot be written") }
    end += bytes.count
  }

  /// Hands over each complete record in turn, and returns where the last one ends.
  @discardableResult
  func forEachRecord(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path, "cannot be read") }
    let size = Int(status.st_size)
    var place = 0
    while size - place >= Self.headerSize {
      var header = try read(Self.headerSize, at: place)
      // A length is believed only if the file is as long.
      let length = header.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
      guard length <= UInt64(size - place - Self.headerSize) else { break }
      let record = try read(Int(length), at: place + Self.headerSize)
      let found = header
      header = Self.header(of: record.count)
      record.withUnsafeBytes { Self.seal(&header, $0) }
      guard header == found else { break }
      try record.withUnsafeBytes(body)
      place += Self.headerSize + record.count
    }
    return place
  }

  /// Removes the file.
  func remove() throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure(path, "cannot be removed") }
    try WholeFile.synchroniseFolder(of: path)
  }

  private func read(_ count: Int, at place: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let found = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(place + filled))
        if found > 0 {
          filled += found
        } else if found == 0 || errno != EINTR {
          throw Self.failure(path, "cannot be read")
        }
      }
    }
  }

  /// The header of a record of `length` bytes, its checksum still 0.
  private static func header(of length: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(length)) { Array($0) } + withUnsafeBytes(of: mark) { Array($0) } + [
      0, 0, 0, 0,
    ]
  }

  /// Puts the checksum of a record and its header into the header.
  private static func seal(_ header: inout [UInt8], _ record: UnsafeRawBufferPointer) {
    let ofHeader = header.withUnsafeBytes {
      crc32_z(0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
    let checksum = crc32_z(
      ofHeader, record.baseAddress?.assumingMemoryBound(to: UInt8.self), record.count)
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: checksum)) {
      header.replaceSubrange(headerSize - 4..<headerSize, with: $0)
    }
  }

  private static func failure(_ path: String, _ what: String) -> TriggerError {
    TriggerError(
      "\(path) \(what) (\(String(cString: strerror(errno)))); free some space or choose another place.",
      fault: .work)
  }
}
