// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The files and folders that stand under a temporary name until they are complete, and folders that are made for files
/// which may not come.
///
/// A temporary name is `.canopy-PID-START-RANDOM.partial`: the process that makes it, by its number and the
/// time at which it started, can be told from all others, and holds a lock on the file, which processes on
/// other machines and in other containers see. A file that no living process owns was left by a killed one,
/// and is removed when something is written into the same folder.
public enum UnfinishedFiles {
  private static let lock = NSLock()
  /// What this process has not finished; guarded by `lock`.
  nonisolated(unsafe) private static var paths: Set<String> = []
  /// The folders that were made and may be empty, outer ones first; guarded by `lock`.
  nonisolated(unsafe) private static var folders: [String] = []
  /// The folders that have been looked through; guarded by `lock`.
  nonisolated(unsafe) private static var clearedFolders: Set<String> = []

  private static let prefix = ".canopy-"
  private static let suffix = ".partial"

  /// Removes all that this process has not finished, and lets it begin nothing more: for a process that ends now.
  public static func removeAll() {
    // Never unlocked: a file that another thread began now would be left over.
    lock.lock()
    for path in paths { try? FileManager.default.removeItem(atPath: path) }
    for folder in folders.reversed() { rmdir(folder) }
  }

  /// Makes a folder and those that it is in, which are removed if they are empty when the process is ended.
  ///
  /// - Parameter path: the folder.
  /// - Returns: the folders that were made, from the outermost on.
  /// - Throws: ``FileOutputError`` if one cannot be made.
  public static func makeFolders(_ path: String) throws -> [String] {
    try lock.withLock {
      var made: [String] = []
      var missing: [String] = []
      var place = URL(fileURLWithPath: path).standardizedFileURL
      while access(place.path, F_OK) != 0, place.path != "/" {
        missing.append(place.path)
        place.deleteLastPathComponent()
      }
      for folder in missing.reversed() {
        guard mkdir(folder, 0o777) == 0 else {
          // Another process may have made it in the meantime.
          if errno == EEXIST { continue }
          let code = errno
          for folder in made.reversed() { rmdir(folder) }
          throw FileOutputError(path, code: code)
        }
        made.append(folder)
      }
      folders += made
      return made
    }
  }

  /// Removes those of some folders, outer ones first, that have stayed empty.
  public static func removeEmptyFolders(_ made: [String]) {
    lock.withLock {
      for folder in made.reversed() { rmdir(folder) }
      folders.removeAll { made.contains($0) }
    }
  }

  /// A new temporary name in `folder`, which is noted as unfinished.
  static func makePath(in folder: String) -> String {
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    let start = startTime(of: getpid()) ?? 0
    let path = "\(folder)/\(prefix)\(getpid())-\(start)-\(random)\(suffix)"
    lock.withLock { _ = paths.insert(path) }
    return path
  }

  /// Notes that a path is finished, after it was renamed or removed by `body`.
  static func finish<Result>(_ path: String, by body: () throws -> Result) rethrows -> Result {
    try lock.withLock {
      let result = try body()
      paths.remove(path)
      return result
    }
  }

  /// Removes what killed processes left in a folder, once in the life of this process.
  static func removeAbandoned(in folder: String) {
    guard lock.withLock({ clearedFolders.insert(folder).inserted }) else { return }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
    for name in names where isTemporary(name) {
      let path = "\(folder)/\(name)"
      if isAbandoned(path, owner: owner(of: name)) { try? FileManager.default.removeItem(atPath: path) }
    }
  }

  /// Whether a name is that of something unfinished, of this version or of one before it.
  private static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.contains(suffix) || name.hasSuffix(".journal.partial")
      || [".dat.nosync", ".report-", ".figure-"].contains { name.hasPrefix($0) }
  }

  private typealias Owner = (process: pid_t, start: UInt64)

  /// The process in a temporary name; nil for a name of an earlier version.
  private static func owner(of name: String) -> Owner? {
    let parts = name.dropFirst(prefix.count).split(separator: "-")
    guard name.hasPrefix(prefix), parts.count == 3, let process = pid_t(parts[0]),
      let start = UInt64(parts[1])
    else { return nil }
    return (process, start)
  }

  private static func isAbandoned(_ path: String, owner: Owner?) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_uid == geteuid() else { return false }
    if let owner {
      if let start = startTime(of: owner.process), start == owner.start { return false }
    } else if isOpen(path) {
      return false
    }
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  /// Whether a process of this user has a file, or anything in a folder, open.
  private static func isOpen(_ path: String) -> Bool {
    let files = FileManager.default
    guard let resolved = realpath(path, nil) else { return false }
    defer { free(resolved) }
    let place = String(cString: resolved)
    let processes = ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).filter { pid_t($0) != nil }
    return processes.contains { process in
      let folder = "/proc/\(process)/fd"
      let links =
        ((try? files.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" } + [
          "/proc/\(process)/cwd"
        ]
      return links.contains { link in
        guard let target = try? files.destinationOfSymbolicLink(atPath: link) else { return false }
        return target == place || target.hasPrefix(place + "/")
      }
    }
  }

  /// When a process started, in the kernel's ticks; nil if there is none of this number.
  private static func startTime(of process: pid_t) -> UInt64? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else {
      // Without /proc there is only the number.
      return access("/proc/self/stat", R_OK) != 0 && kill(process, 0) == 0 ? 0 : nil
    }
    // The name of the program, in brackets, may hold anything.
    let fields = String(decoding: data, as: UTF8.self)
    guard let end = fields.lastIndex(of: ")") else { return nil }
    let rest = fields[fields.index(after: end)...].split(separator: " ")
    return rest.count > 19 ? UInt64(rest[19]) : nil
  }
}
