// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A file under a temporary name that takes its place when complete, and disappears otherwise.
///
/// The file is made beside its destination, so that a renaming suffices. For a stream it is made in the folder
/// for temporary files, and copied into the stream.
final class ResultFile {
  /// The temporary name.
  let path: String
  private let target: ResultTarget
  private var isPresent = true

  /// Makes an empty file for `target`.
  init(for target: ResultTarget) throws {
    self.target = target
    let folder: String
    if let final = target.path {
      folder = final.contains("/") ? String(final[...final.lastIndex(of: "/")!]) : "./"
    } else {
      folder = FileManager.default.temporaryDirectory.path + "/"
    }
    path = "\(folder).canopy-\(UUID().uuidString).partial"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      isPresent = false
      guard errno == ENOENT else { throw ResultOutputError(opening: target.name, code: errno) }
      throw ResultOutputError(
        "The results cannot be written to \(target.name) because the folder '\(folder)' does not exist; "
          + "make it or choose another place.")
    }
    close(descriptor)
  }

  deinit {
    if isPresent { unlink(path) }
  }

  /// Gives the complete file its name, or copies it into the stream.
  func commit() throws {
    if let final = target.path {
      guard rename(path, final) == 0 else { throw ResultOutputError(opening: target.name, code: errno) }
      isPresent = false
    } else {
      try copyToStream()
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
