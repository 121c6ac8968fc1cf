// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit
import Support

extension Events {
  /// The weight of the one event of a batch, by the name of its column or the name that its generator gave it.
  ///
  /// - Throws: ``EventWeightError`` if there is no such column of one finite number.
  func weight(named name: String) throws(EventWeightError) -> Double {
    func error(_ problem: String) -> EventWeightError {
      EventWeightError(event: eventNumbers[0], predicate: "cannot be weighted: it \(problem)")
    }
    guard let (column, weights) = column(forWeight: name) else {
      if let reason = unreadableColumns[name] {
        throw error("has a column \(name) that cannot be read: \(reason)")
      }
      let known = columns.names.filter { columns[$0]!.width == 1 }
      let remedy = name.nearest(among: known).map { "did you mean \($0)?" } ?? "name one that it has"
      throw error("has no column \(name); \(remedy)")
    }
    guard weights.width == 1 else {
      throw error("has \(weights.width) numbers in \(column); a weight is one number")
    }
    let weight = weights.values[0]
    guard abs(weight) <= Self.largestWeight else {
      throw error("has \(weight) in \(column); a weight is a finite number of at most \(Self.largestWeight)")
    }
    return weight
  }

  /// The squares of sums of anything larger could overflow.
  private static let largestWeight = 1e100
}

/// Why an event has no weight.
struct EventWeightError: EventError, Equatable {
  let event: Int?
  let predicate: String
}
