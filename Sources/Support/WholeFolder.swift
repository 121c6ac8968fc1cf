// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A folder that is filled under a temporary name, next to the place that it takes when it is complete.
///
/// An unfinished folder is removed, also if the program is interrupted; what a killed program left is removed
/// when something is written into the same place (``UnfinishedFiles``).
public final class WholeFolder {
  /// The folder under its temporary name.
  public let url: URL
  private let destination: String
  private let descriptor: Int32
  private var isFinished = false

  /// A new, empty folder next to its place.
  ///
  /// - Throws: ``FileOutputError`` if it cannot be made.
  public init(beside destination: String) throws {
    self.destination =
      destination.count > 1 && destination.hasSuffix("/") ? String(destination.dropLast()) : destination
    let parent = WholeFile.folder(of: self.destination)
    UnfinishedFiles.removeAbandoned(in: parent)
    let path = UnfinishedFiles.makePath(in: parent)
    url = URL(fileURLWithPath: path, isDirectory: true)
    guard mkdir(path, 0o777) == 0 else {
      let code = errno
      UnfinishedFiles.finish(path) {}
      throw FileOutputError(destination, code: code)
    }
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    flock(descriptor, LOCK_SH | LOCK_NB)
  }

  deinit {
    if !isFinished {
      UnfinishedFiles.finish(url.path) { try? FileManager.default.removeItem(at: url) }
    }
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes a file into the folder; folders on the way are made.
  ///
  /// - Throws: ``FileOutputError`` if it cannot be written.
  public func write(_ data: Data, to name: String) throws {
    let file = url.appendingPathComponent(name)
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw FileOutputError(destination, code: error.systemCode)
    }
    try WholeFile.write(data, to: file.path)
  }

  /// Gives the folder its name, which must be free or that of an empty folder.
  ///
  /// - Throws: ``FileOutputError`` if it cannot.
  public func commit() throws {
    try UnfinishedFiles.finish(url.path) {
      guard rename(url.path, destination) == 0 else { throw FileOutputError(destination, code: errno) }
    }
    isFinished = true
    try WholeFile.synchroniseFolder(of: destination)
  }

  /// Replaces the folder that is there by this one, in one step.
  ///
  /// - Parameter keeps: which files that the other folder has and this one lacks are kept, by name.
  /// - Returns: false if the file system cannot do that, or there are folders in the other one; nothing is done then.
  /// - Throws: ``FileOutputError`` if it fails.
  public func exchange(keeping keeps: (String) -> Bool = { _ in true }) throws -> Bool {
    let files = FileManager.default
    let own = Set((try? files.contentsOfDirectory(atPath: url.path)) ?? [])
    guard let exchange = Self.exchange, let others = try? files.contentsOfDirectory(atPath: destination)
    else {
      return false
    }
    for name in others where !own.contains(name) && keeps(name) {
      var status = stat()
      let file = "\(destination)/\(name)"
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        link(file, "\(url.path)/\(name)") == 0
      else { return false }
    }
    var status = stat()
    guard stat(destination, &status) == 0, chmod(url.path, status.st_mode & 0o7777) == 0,
      exchange(AT_FDCWD, url.path, AT_FDCWD, destination, 2) == 0
    else { return false }
    // The old folder, which has the temporary name now, goes with this object.
    try WholeFile.synchroniseFolder(of: destination)
    return true
  }

  private typealias Exchange =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

  /// `renameat2`, which not every system has, and which the headers of the others hide from Swift.
  private static let exchange: Exchange? = dlsym(nil, "renameat2").map {
    unsafeBitCast($0, to: Exchange.self)
  }

  /// Moves the files of the folder into the folder `destination`, over those of the same names.
  ///
  /// - Throws: ``FileOutputError`` if that fails.
  public func moveContent(to destination: String) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: url.path)
    } catch {
      throw FileOutputError(destination, code: error.systemCode)
    }
    for name in names {
      guard rename("\(url.path)/\(name)", "\(destination)/\(name)") == 0 else {
        throw FileOutputError(destination, code: errno)
      }
    }
    try WholeFile.synchroniseFolder(of: "\(destination)/")
  }
}

extension Error {
  /// The value of `errno` below an error of Foundation; EIO if there is none.
  public var systemCode: Int32 {
    if let error = self as? FileOutputError { return error.code }
    if let error = self as? POSIXError { return error.code.rawValue }
    if let error = self as? CocoaError {
      switch error.code {
      case .fileNoSuchFile, .fileReadNoSuchFile: return ENOENT
      case .fileReadNoPermission, .fileWriteNoPermission: return EACCES
      case .fileWriteFileExists: return EEXIST
      case .fileWriteOutOfSpace: return ENOSPC
      case .fileWriteVolumeReadOnly: return EROFS
      default: break
      }
    }
    let error = self as NSError
    if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
    if let below = error.userInfo[NSUnderlyingErrorKey] as? any Error { return below.systemCode }
    return EIO
  }
}
