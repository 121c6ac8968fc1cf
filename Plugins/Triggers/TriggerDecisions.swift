// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a menu says of events, and the numbers that its conditions write, as flat arrays that keep their
/// storage.
public struct TriggerDecisions: Sendable, Equatable {
  /// Whether an event meets the conditions of a path, whatever its seed and its prescale: row-major
  /// `[events × paths]`.
  ///
  /// ``TriggerMenu/decide(_:_:)`` makes it false if a decision with a state says no of an event that reaches it.
  public internal(set) var conditionsHold: [Bool] = []
  /// The quantities of the paths' conditions: row-major `[events × quantities]`.
  ///
  /// NaN if a decision wrote none, −∞ if an event has too few jets.
  public var values: [Double] { quantities.all }
  /// Whether a path accepts an event, prescale included: row-major `[events × paths]`; false before
  /// ``TriggerMenu/decide(_:_:)``.
  public internal(set) var pathBits: [Bool] = []
  /// Whether an event is accepted, by a path that is more than a seed or as pass-through: `[events]`; false before
  /// ``TriggerMenu/decide(_:_:)``.
  public internal(set) var isAccepted: [Bool] = []
  /// Whether an event took too long and is let pass for that reason: `[events]`.
  public internal(set) var isPassThrough: [Bool] = []
  /// How much an event counts in rates and efficiencies: `[events]`, or empty if every event counts as one.
  public private(set) var weights: [Double] = []

  var quantities = DecisionValues()
  /// Whether an event meets all conditions of a path up to and including each one with a state, whatever the
  /// states say: row-major `[events × conditions with a state]`.
  var reached: [Bool] = []

  /// No events.
  public init() {}

  /// The number of events.
  public var eventCount: Int { isAccepted.count }

  /// Forgets all events and keeps the storage.
  public mutating func removeAll() {
    conditionsHold.removeAll(keepingCapacity: true)
    pathBits.removeAll(keepingCapacity: true)
    isAccepted.removeAll(keepingCapacity: true)
    isPassThrough.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    quantities.removeAll()
    reached.removeAll(keepingCapacity: true)
  }

  /// Notes that an event took longer than it may: it is to be accepted and marked, and takes no part in
  /// seeds, prescales and the counts of paths.
  ///
  /// - Precondition: the event is not decided on yet.
  public mutating func markPassThrough(_ event: Int) { isPassThrough[event] = true }

  /// Gives each event a weight, which may be negative: `[events]`.
  ///
  /// Weights say nothing about whether an event is accepted; a prescale counts events.
  public mutating func setWeights(_ weights: some Collection<Double>) {
    precondition(weights.count == eventCount, "a weight for each event")
    self.weights.removeAll(keepingCapacity: true)
    self.weights.append(contentsOf: weights)
  }

  /// Adds what the same menu says of other events after these.
  ///
  /// - Precondition: both have weights, or neither.
  public mutating func append(_ other: TriggerDecisions) {
    precondition(
      eventCount == 0 || other.eventCount == 0 || weights.isEmpty == other.weights.isEmpty,
      "weights for all events or for none")
    weights.append(contentsOf: other.weights)
    conditionsHold.append(contentsOf: other.conditionsHold)
    pathBits.append(contentsOf: other.pathBits)
    isAccepted.append(contentsOf: other.isAccepted)
    isPassThrough.append(contentsOf: other.isPassThrough)
    quantities.append(other.quantities)
    reached.append(contentsOf: other.reached)
  }
}
