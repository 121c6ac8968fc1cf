// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// A copy on the disk of what cannot be read in place, for formats that seek: its name is removed after it is
/// opened.
///
/// As long as its maker lives it holds a lock on the file, by which copies that a killed program left are known; the
/// next copy removes them.
enum TemporaryCopy {
  private static let prefix = "canopy-events-"

  /// Copies the rest of `buffer`, at most `limit` bytes of the format `title`, and calls `open` with the path of the copy.
  ///
  /// - Throws: `FileOutputError` if there is no room, `EventInputError` if there are more bytes.
  static func withCopy<Result>(
    of buffer: ByteBuffer, limit: Int, title: String, _ open: (String) throws -> Result
  ) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
    func refusal(_ code: Int32) -> FileOutputError {
      FileOutputError(
        "\(folder.path), which TMPDIR names and \(buffer.source) is copied to", code: code)
    }
    removeAbandoned(in: folder)
    guard let (path, descriptor) = create(in: folder) else { throw refusal(errno) }
    defer {
      unlink(path)
      close(descriptor)
    }
    var copied = 0
    while true {
      let bytes = try buffer.available()
      if bytes.isEmpty { break }
      guard bytes.count <= limit - copied else {
        throw EventInputError(
          source: buffer.source,
          problem: "has more than the \(limit >> 20) MiB that may be copied to \(folder.path) to be read as "
            + "\(title); decompress it or write it to a file, or raise --max-memory")
      }
      try bytes.write(to: descriptor, failure: refusal)
      copied += bytes.count
      buffer.consume(bytes.count)
    }
    return try open(path)
  }

  /// A new file, locked; nil, with `errno`, if it cannot be made.
  private static func create(in folder: URL) -> (path: String, descriptor: Int32)? {
    while true {
      var template = Array(folder.appendingPathComponent(prefix + "XXXXXX").path.utf8CString)
      let descriptor = mkstemp(&template)
      guard descriptor >= 0 else { return nil }
      flock(descriptor, LOCK_SH)
      var status = stat()
      // Another program may have taken the file for an abandoned one before it was locked.
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        return (template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }, descriptor)
      }
      close(descriptor)
    }
  }

  /// Removes the copies whose makers no longer live.
  private static func removeAbandoned(in folder: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(prefix) {
      let path = folder.appendingPathComponent(name).path
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }
}
