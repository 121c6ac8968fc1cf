// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Whether only the user and the administrator can change what a path leads to.
///
/// A plugin runs with all the rights of whoever loads it. Its file and all folders that lead to it must therefore
/// belong to that user or to root, and be writable by nobody else, as ssh demands of its keys; folders in which
/// everybody may write but nobody may replace another's file, such as `/tmp`, are allowed on the way. Then nobody else
/// can put another file in its place, not even between this check and the loading.
enum PluginOwnership {
  /// Why a file or folder is not to be trusted, as the end of a sentence that begins with its name; nil if it is.
  ///
  /// - Parameter path: where it lies, without symbolic links.
  /// - Returns: the reason; nil if the file or folder can be trusted.
  static func refusal(of path: String) -> String? {
    var place = path
    while true {
      var status = stat()
      guard lstat(place, &status) == 0 else {
        return "\(place) cannot be looked at (\(String(cString: strerror(errno)))): check its permissions"
      }
      if let problem = problem(of: status, isOnTheWay: place != path) {
        let what = place == path ? "" : "lies in \(place), which "
        return "\(what)\(problem.what): others could put their own code there; "
          + "make it yours alone (\(problem.remedy) \(place)) or move the plugin"
      }
      guard place != "/", let end = place.lastIndex(of: "/") else { return nil }
      place = String(place[..<end])
      if place.isEmpty { place = "/" }
    }
  }

  private static func problem(of status: stat, isOnTheWay: Bool) -> (what: String, remedy: String)? {
    if status.st_uid != 0, status.st_uid != geteuid() {
      return ("belongs to user \(status.st_uid)", "chown \(geteuid())")
    }
    let isSticky = isOnTheWay && status.st_mode & S_ISVTX != 0
    if status.st_mode & (S_IWGRP | S_IWOTH) != 0, !isSticky {
      let who = status.st_mode & S_IWOTH != 0 ? "everybody" : "its group"
      return ("may be written by \(who)", "chmod go-w")
    }
    return nil
  }
}
