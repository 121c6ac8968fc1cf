// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// A file of results that takes its place when it is complete, and is not there otherwise.
///
/// For a stream it is made in the folder for temporary files, and copied into the stream.
final class ResultFile {
  private let target: ResultTarget
  private let file: WholeFile

  /// Makes an empty file for `target`; a file that others open by its name has a name from the beginning.
  init(for target: ResultTarget, isNamed: Bool) throws {
    self.target = target
    let final = target.path ?? FileManager.default.temporaryDirectory.appendingPathComponent("results").path
    do {
      file = try WholeFile(final, isNamed: isNamed || target.path == nil)
    } catch let error as FileOutputError {
      guard error.code == ENOENT else { throw ResultOutputError(opening: target.name, code: error.code) }
      let folder = final.contains("/") ? String(final[...final.lastIndex(of: "/")!]) : "./"
      // In folders such as /proc, which are there, no file can be made.
      let problem =
        FileManager.default.fileExists(atPath: folder)
        ? "has no place for files; choose another" : "does not exist; make it or choose another place"
      throw ResultOutputError(
        place: "The results cannot be written to \(target.name) because the folder '\(folder)' \(problem).")
    }
  }

  /// Open for writing.
  var descriptor: Int32 { file.descriptor }

  /// The temporary name of a file that has one.
  var path: String { file.temporaryPath! }

  /// Gives the complete file its name, or copies it into the stream.
  func commit() throws {
    guard target.path != nil else { return try copyToStream() }
    do {
      try file.commit()
    } catch let error as FileOutputError {
      throw ResultOutputError(writing: target.name, code: error.code)
    }
  }

  private func copyToStream() throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ResultOutputError(writing: target.name, code: errno) }
    defer { close(descriptor) }
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count == 0 { return }
        if count > 0 {
          try target.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: target.stream)
        } else if errno != EINTR {
          throw ResultOutputError(writing: target.name, code: errno)
        }
      }
    }
  }
}
