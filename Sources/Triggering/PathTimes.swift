// SPDX-License-Identifier: GPL-3.0-or-later

/// How long events took: what all paths share, which is done once, and the conditions of each path.
public struct PathTimes: Sendable, Equatable, Codable {
  /// Finding jets and their trees, observables, the network and its heads.
  public private(set) var shared = LatencyHistogram()
  /// The conditions of each path, the reading of the clock included: `[paths]`.
  public private(set) var paths: [LatencyHistogram]

  /// No events.
  init(pathCount: Int) { paths = Array(repeating: LatencyHistogram(), count: pathCount) }

  /// Counts events of which the shared part and each path took so many seconds: row-major `[events × (1 + paths)]`.
  mutating func add(_ seconds: [Double]) {
    let width = 1 + paths.count
    for (place, time) in seconds.enumerated() {
      if place % width == 0 { shared.add(time) } else { paths[place % width - 1].add(time) }
    }
  }

  /// Counts the events of others of the same menu.
  mutating func add(_ other: PathTimes) {
    shared.add(other.shared)
    for path in paths.indices { paths[path].add(other.paths[path]) }
  }
}
