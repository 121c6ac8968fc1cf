// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A path that was named for an output cannot be the place of one, as was found before any work: the command line is
/// wrong, not the input.
public struct OutputPlaceError: ReportedError, Sendable, Equatable, LocalizedError {
  /// One sentence that names the path and says what to do.
  public let description: String
  /// The command line.
  public var fault: Fault { .commandLine }

  /// An error that says `description`.
  public init(_ description: String) { self.description = description }

  /// The same sentence, for Foundation.
  public var errorDescription: String? { description }
}

/// Finds out whether a path can be the place of an output.
public enum OutputPlace {
  /// Makes sure that a folder can be made in the one that it is in, or that files can be written into it.
  ///
  /// Nothing stays of what is tried.
  ///
  /// - Throws: ``OutputPlaceError`` if it cannot.
  public static func checkFolder(_ path: String) throws {
    let folder = URL(fileURLWithPath: path).standardizedFileURL
    var status = stat()
    // Links to nowhere are there too.
    let isFree = lstat(folder.path, &status) != 0 && errno == ENOENT
    let place = isFree ? folder.deletingLastPathComponent().path : folder.path
    do {
      guard !path.isEmpty else { throw FileOutputError(path, code: ENOENT) }
      guard stat(place, &status) == 0 else { throw FileOutputError(path, code: errno) }
      guard status.st_mode & S_IFMT == S_IFDIR else { throw FileOutputError(path, code: ENOTDIR) }
      _ = try WholeFolder(beside: place == "/" ? "/output" : place + "/output")
    } catch {
      let reason = FileOutputError(path, code: error.systemCode).reason
      throw OutputPlaceError(
        "\(path.isEmpty ? "The folder" : path): cannot be written (\(reason)); choose a place that can be written to."
      )
    }
  }
}
