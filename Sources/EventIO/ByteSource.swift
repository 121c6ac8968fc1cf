// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Bytes that are read once, from the first to the last.
protocol ByteSource: AnyObject {
  /// Puts further bytes into `buffer` and returns how many; 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// The bytes of an open file, pipe or terminal.
final class FileBytes: ByteSource {
  /// The file as the user named it.
  let source: String
  /// The size in bytes if the input is a regular file.
  let size: Int?
  /// How many bytes have been read.
  private(set) var bytesRead = 0
  private let descriptor: Int32

  /// Opens a file for reading; `-` is standard input.
  init(source: String) throws {
    self.source = source
    // A duplicate, so that closing it leaves the program its standard input.
    descriptor = source == "-" ? dup(STDIN_FILENO) : open(source, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw EventInputError(source: source, problem: FileBytes.openingProblem(errno))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let problem = FileBytes.openingProblem(errno)
      close(descriptor)
      throw EventInputError(source: source, problem: problem)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw EventInputError(source: source, problem: "is a folder; name the event files in it")
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  deinit { close(descriptor) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      #if canImport(Darwin)
        let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
      #else
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 {
        bytesRead += count
        return count
      }
      if errno != EINTR {
        var error = EventInputError(
          source: source, problem: "cannot be read: \(String(cString: strerror(errno)))")
        error.canBePassed = true
        throw error
      }
    }
  }

  /// Throws unless `source` names something that can be opened and is no folder.
  static func check(source: String) throws {
    guard source != "-" else { return }
    var status = stat()
    guard stat(source, &status) == 0, access(source, R_OK) == 0 else {
      throw EventInputError(source: source, problem: openingProblem(errno))
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw EventInputError(source: source, problem: "is a folder; name the event files in it")
    }
  }

  /// The size in bytes of a regular file, else nil.
  static func size(source: String) -> Int? {
    var status = stat()
    guard source != "-", stat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private static func openingProblem(_ code: Int32) -> String {
    switch code {
    case ENOENT, ENOTDIR: "does not exist; check the name"
    case EACCES: "may not be read; check its permissions"
    default: "cannot be opened: \(String(cString: strerror(code)))"
    }
  }
}
