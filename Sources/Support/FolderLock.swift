// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The right to write into a folder, which one process has at a time; it ends with this object and with the
/// process.
public final class FolderLock {
  private let descriptor: Int32

  /// Takes the right.
  ///
  /// - Throws: ``FolderLockError`` if another has it, ``FileOutputError`` if the folder cannot be opened.
  public init(_ folder: String) throws {
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileOutputError(folder, code: errno) }
    // A file system without locks returns another error, and keeps nobody out.
    guard flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
    let holder = Self.holder(of: descriptor)
    close(descriptor)
    throw FolderLockError(folder: folder, holder: holder)
  }

  deinit { close(descriptor) }

  /// The process that holds the lock on an open folder, as the kernel lists it.
  private static func holder(of descriptor: Int32) -> pid_t? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, let table = FileManager.default.contents(atPath: "/proc/locks")
    else {
      return nil
    }
    for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
      // 1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE START END
      let fields = line.split(separator: " ")
      guard fields.count > 5, fields[1] == "FLOCK", fields[3] == "WRITE",
        fields[5].split(separator: ":").last == "\(status.st_ino)", let process = pid_t(fields[4]),
        process > 0
      else { continue }
      return process
    }
    return nil
  }
}

/// Another process is writing into a folder.
public struct FolderLockError: ReportedError, Sendable, Equatable {
  /// The work.
  public var fault: Fault { .work }
  /// The folder as the user named it.
  public let folder: String
  /// The number of the process; nil if it cannot be found out.
  public let holder: Int32?

  /// One sentence that says what to do.
  public var description: String {
    "\(folder): another training\(holder.map { ", process \($0)," } ?? "") is writing into this folder; "
      + "wait until it has ended, or choose another folder."
  }
}
