// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A file that takes its name when it is complete and on the disk, and is not there otherwise.
///
/// While it is written it has no name, so that nothing is left if the program is killed. If the file system
/// cannot do that, or another library must open it by its name, it has a temporary name in the same folder
/// (``UnfinishedFiles``). A file of this name that was there before stays until the new one is complete.
///
/// ```swift
/// let file = try WholeFile("results.txt")
/// try file.write(bytes)
/// try file.commit()
/// ```
public final class WholeFile {
  /// Open for reading and writing.
  public let descriptor: Int32
  /// The temporary name; nil while the file has none.
  public private(set) var temporaryPath: String?
  /// The file to be, as the user named it.
  private let name: String
  /// The file to be, with symbolic links followed.
  private let path: String
  private var isFinished = false

  /// A new, empty file.
  ///
  /// - Parameters:
  ///   - path: the name of the file to be; a symbolic link is followed.
  ///   - isNamed: whether the file needs a temporary name at once, by which others open it.
  /// - Throws: ``FileOutputError`` if it cannot be made.
  public init(_ path: String, isNamed: Bool = false) throws {
    name = path
    self.path = path.withCString { given in
      guard let resolved = realpath(given, nil) else { return path }
      defer { free(resolved) }
      return String(cString: resolved)
    }
    let folder = Self.folder(of: self.path)
    UnfinishedFiles.removeAbandoned(in: folder)
    if !isNamed, let made = Self.makeNameless(in: folder) {
      descriptor = made
      return
    }
    while true {
      let temporary = UnfinishedFiles.makePath(in: folder)
      let made = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard made >= 0 else {
        let code = errno
        UnfinishedFiles.finish(temporary) {}
        throw FileOutputError(path, code: code)
      }
      var status = stat()
      // Another machine may have taken the file for abandoned before it was locked.
      if flock(made, LOCK_SH | LOCK_NB) != 0 || fstat(made, &status) != 0 || status.st_nlink > 0 {
        descriptor = made
        temporaryPath = temporary
        return
      }
      UnfinishedFiles.finish(temporary) {}
      close(made)
    }
  }

  deinit {
    if !isFinished, let temporaryPath { UnfinishedFiles.finish(temporaryPath) { _ = unlink(temporaryPath) } }
    close(descriptor)
  }

  /// Adds all of `bytes`.
  ///
  /// - Throws: ``FileOutputError`` if they cannot be written.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    try bytes.write(to: descriptor) { FileOutputError(name, code: $0) }
  }

  /// Puts the complete file on the disk and gives it its name.
  ///
  /// - Throws: ``FileOutputError`` if that fails; a file that was there before is still there then.
  public func commit() throws {
    if let temporaryPath {
      // Others may have put another file under the temporary name.
      let written = open(temporaryPath, O_RDONLY | O_CLOEXEC)
      guard written >= 0 else { throw FileOutputError(name, code: errno) }
      defer { close(written) }
      try synchronise(written)
    } else {
      try synchronise(descriptor)
      if try takeFreeName() { return try finish() }
    }
    let temporary = temporaryPath!
    try UnfinishedFiles.finish(temporary) {
      guard rename(temporary, path) == 0 else { throw FileOutputError(name, code: errno) }
    }
    try finish()
  }

  /// Writes a whole file of `data`; a pipe or a device stays what it is, and takes the bytes.
  ///
  /// - Throws: ``FileOutputError`` if it cannot be written.
  public static func write(_ data: Data, to path: String) throws {
    var status = stat()
    if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileOutputError(path, code: errno) }
      defer { close(descriptor) }
      return try data.withUnsafeBytes { try $0.write(to: descriptor) { FileOutputError(path, code: $0) } }
    }
    let file = try WholeFile(path)
    try data.withUnsafeBytes { try file.write($0) }
    try file.commit()
  }

  /// Gives the nameless file its own name if no file has it, else a temporary one; returns which.
  private func takeFreeName() throws -> Bool {
    let nameless = "/proc/self/fd/\(descriptor)"
    if linkat(AT_FDCWD, nameless, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 { return true }
    guard errno == EEXIST else { throw FileOutputError(name, code: errno) }
    let temporary = UnfinishedFiles.makePath(in: Self.folder(of: path))
    guard linkat(AT_FDCWD, nameless, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 else {
      let code = errno
      UnfinishedFiles.finish(temporary) {}
      throw FileOutputError(name, code: code)
    }
    temporaryPath = temporary
    return false
  }

  private func synchronise(_ descriptor: Int32) throws {
    var status = stat()
    // The file that is replaced may not be readable by everybody.
    if stat(path, &status) == 0 { fchmod(descriptor, status.st_mode & 0o7777) }
    // Some file systems cannot, and say so by EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileOutputError(name, code: errno) }
  }

  private func finish() throws {
    isFinished = true
    try Self.synchroniseFolder(of: path)
  }

  /// Makes a new name in the folder of `path`, or its absence, survive a loss of power.
  ///
  /// - Throws: ``FileOutputError`` if it cannot.
  public static func synchroniseFolder(of path: String) throws {
    let descriptor = open(folder(of: path), O_RDONLY | O_CLOEXEC)
    // A folder may allow writing only.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileOutputError(path, code: errno) }
  }

  /// The folder that a file is in.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// A file without a name; nil if the system or the file system has no such thing.
  private static func makeNameless(in folder: String) -> Int32? {
    #if os(Linux)
      // O_TMPFILE, a macro that Swift cannot read.
      let temporary = 0o20_000_000 | O_DIRECTORY
      let descriptor = open(folder, O_RDWR | O_CLOEXEC | temporary, 0o666)
      guard descriptor >= 0 else { return nil }
      if access("/proc/self/fd/\(descriptor)", F_OK) == 0 { return descriptor }
      close(descriptor)
    #endif
    return nil
  }
}
