// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// A file of events in any format, as `canopy cluster --skip-bad-events` reads it.
///
/// Events that a reader lets through must be fit for clustering.
struct EventFileTarget: FuzzTarget {
  private let file: URL
  private let clusterer: JetClusterer

  init(_ fixtures: Fixtures) throws {
    file = fixtures.scratch.appendingPathComponent("events")
    clusterer = try JetClusterer(
      JetFinder(JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 0))))
  }

  func read(_ input: Data) throws {
    try input.write(to: file)
    let stream = try EventStream(
      inputs: [file.path], options: EventReadingOptions(skipBadEvents: true))
    while let events = try stream.next(upTo: 16) {
      // The time of clustering is not tested here.
      guard events.particleCount <= 1000 else { continue }
      do {
        _ = try clusterer.jets(in: events)
      } catch {
        fatalError("clustering refuses what the reader let through: \(error)")
      }
    }
  }
}
