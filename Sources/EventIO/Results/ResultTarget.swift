// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// A destination that has been examined: a file to be, or an open stream.
final class ResultTarget {
  /// The destination as messages name it.
  let name: String
  /// The file to be, with symbolic links followed; `nil` for a stream.
  let path: String?
  /// The open stream; −1 for a file.
  let stream: Int32

  /// Examines `destination`, and opens it if it is a pipe or a device.
  init(_ destination: ResultDestination) throws {
    guard case .file(let given) = destination else {
      name = "standard output"
      path = nil
      stream = STDOUT_FILENO
      return
    }
    name = "'\(given)'"
    guard !given.isEmpty else {
      throw ResultOutputError(place: "The results need a file name that is not empty.")
    }

    var status = stat()
    guard stat(given, &status) == 0 else {
      path = given
      stream = -1
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      throw ResultOutputError(
        place: "The results cannot be written to '\(given)', which is a folder; name a file in it.")
    case S_IFREG:
      guard access(given, W_OK) == 0 else { throw ResultOutputError(opening: name, code: errno) }
      let resolved = realpath(given, nil)
      defer { free(resolved) }
      path = resolved.map { String(cString: $0) } ?? given
      stream = -1
    default:
      path = nil
      stream = open(given, O_WRONLY | O_CLOEXEC)
      if stream < 0 { throw ResultOutputError(opening: name, code: errno) }
    }
  }

  deinit {
    if stream > STDERR_FILENO { close(stream) }
  }

  /// Whether the destination is a terminal, where bytes that are not text do harm.
  var isTerminal: Bool { stream >= 0 && isatty(stream) == 1 }

  /// Writes all of `bytes` to `descriptor`, which stands for this destination.
  func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    try bytes.write(to: descriptor) { ResultOutputError(writing: name, code: $0) }
  }
}
