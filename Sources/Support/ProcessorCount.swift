// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// How many processors the process may use.
public enum ProcessorCount {
  /// The number of threads that can work at the same time: the processors that the process may run on (`taskset`), or
  /// the share of them that its control group grants (containers, batch systems) if that is less; at least 1.
  public static let available: Int = {
    let processors = inAffinityMask ?? ProcessInfo.processInfo.activeProcessorCount
    let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    return max(1, min(processors, grantedByControlGroup(groups) ?? processors))
  }()

  /// The processors that the process may run on; nil if the system does not say.
  private static var inAffinityMask: Int? {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    return inAffinityMask(status)
  }

  /// The processors of the mask that `status`, the content of `/proc/self/status`, has in hexadecimal digits.
  package static func inAffinityMask(_ status: String) -> Int? {
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) else {
      return nil
    }
    let count = line.dropFirst("Cpus_allowed:".count).reduce(0) { count, digit in
      count + (digit.hexDigitValue?.nonzeroBitCount ?? 0)
    }
    return count > 0 ? count : nil
  }

  /// The processors that control groups of version 2 or 1 grant, rounded up; nil if they set no limit.
  ///
  /// - Parameters:
  ///   - groups: the content of `/proc/self/cgroup`.
  ///   - root: the folder under which the groups are mounted.
  /// - Returns: the number of processors; nil if the groups set no limit.
  package static func grantedByControlGroup(_ groups: String, root: String = "/sys/fs/cgroup") -> Int? {
    var granted: Double?
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isVersion2 = parts[0] == "0" && parts[1].isEmpty
      guard isVersion2 || parts[1].split(separator: ",").contains("cpu") else { continue }
      let mounts = isVersion2 ? [root] : ["\(root)/\(parts[1])", "\(root)/cpu"]
      // A group is bound by the groups that it is in; inside a container they are mounted as the root.
      var group = parts[2].split(separator: "/")
      while true {
        for mount in mounts {
          let folder = ([mount] + group.map(String.init)).joined(separator: "/")
          if let share = isVersion2 ? shareOfVersion2(folder) : shareOfVersion1(folder) {
            granted = min(granted ?? share, share)
          }
        }
        if group.isEmpty { break }
        group.removeLast()
      }
    }
    return granted.map { Int($0.rounded(.up)) }
  }

  /// `cpu.max` is `QUOTA PERIOD` in microseconds, the quota being `max` if there is none.
  private static func shareOfVersion2(_ folder: String) -> Double? {
    let numbers = words(of: "\(folder)/cpu.max").map { Double($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1] else { return nil }
    return share(quota, period)
  }

  private static func shareOfVersion1(_ folder: String) -> Double? {
    guard let quota = words(of: "\(folder)/cpu.cfs_quota_us").first.flatMap({ Double($0) }),
      let period = words(of: "\(folder)/cpu.cfs_period_us").first.flatMap({ Double($0) })
    else { return nil }
    return share(quota, period)
  }

  private static func share(_ quota: Double, _ period: Double) -> Double? {
    quota > 0 && period > 0 ? quota / period : nil
  }

  private static func words(of file: String) -> [Substring] {
    ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split { $0 == " " || $0 == "\n" }
  }
}
