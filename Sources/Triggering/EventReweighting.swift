// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics
import Support
import Triggers

/// What the weight of each event is multiplied by, so that a sample stands for another one.
public protocol EventReweighting: Sendable {
  /// What a journal is known by: the same text for the same factors.
  var description: String { get }

  /// The factor of each event: `[events]`.
  ///
  /// - Throws: `EventInputError` if the events lack what it follows from.
  func factors(of events: Events) throws -> [Double]
}

/// Gives events that the menus of other triggers accepted the weight of all events that they stand for: the inverse of the
/// probability that they were accepted, which their columns `trigger.acceptance-probability` have.
///
/// If several triggers accepted the events one after the other, it is that of the product of the probabilities.
public struct AcceptanceReweighting: EventReweighting {
  /// A reweighting.
  public init() {}

  /// The same for all.
  public var description: String { "accepted" }

  /// The inverse of the probability that each event was accepted.
  ///
  /// - Throws: `EventInputError` if a trigger has not written it, or it is none.
  public func factors(of events: Events) throws -> [Double] {
    let names = TriggerColumns.acceptanceProbabilities(in: events.columns.names)
    guard !names.isEmpty else {
      throw EventInputError(
        source: events.source, field: "--accepted-of",
        problem: "asks for events that a trigger accepted, and these have no column trigger.…; give what "
          + "canopy trigger -o wrote")
    }
    var factors = Array(repeating: 1.0, count: events.eventCount)
    for name in names {
      guard let column = events.columns[name], column.width == 1, column.categories == nil else {
        throw EventInputError(
          source: events.source, field: "--accepted-of",
          problem:
            "asks for the column \(name), which the events lack: the menu that accepted them has a decision that "
            + "depends on the events before, or an earlier version of Canopy wrote them; run that menu again without such "
            + "a decision")
      }
      for event in factors.indices {
        let probability = column.values[event]
        guard probability > 0, probability <= 1 else {
          throw EventInputError(
            source: events.source, event: events.eventNumbers[event],
            firstEvent: events.firstEventOfSource, field: name,
            problem: "is \(probability.text), but is a probability above 0 and of at most 1")
        }
        factors[event] /= probability
      }
    }
    return factors
  }
}
