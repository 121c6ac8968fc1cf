// SPDX-License-Identifier: GPL-3.0-or-later

import Statistics

/// What the tuning of a menu needs of events: which conditions with fixed bounds they meet, and the quantities whose
/// bounds are to be found.
public struct TuningSample: Sendable {
  /// The number of events.
  public private(set) var eventCount = 0

  let menu: TriggerMenu
  /// The weight of each event, 1 for each if they have none: `[events]`.
  private(set) var weights: [Double] = []
  /// Whether the events have weights.
  private(set) var isWeighted = false
  /// Whether an event meets the conditions of a path, without the bounds that are to be found: row-major
  /// `[events × paths]`.
  private(set) var conditionsHold: [Bool] = []
  /// The quantity of each threshold, with the opposite sign for a largest value so that an event passes if it
  /// is at least the threshold: `[thresholds][events]`.
  private(set) var values: [[Double]]

  /// No events, for a menu with thresholds that are to be found.
  public init(_ menu: TriggerMenu) {
    self.menu = menu
    values = Array(repeating: [], count: menu.thresholds.count)
  }

  /// Adds events that the menu has evaluated; those that took too long are left out.
  public mutating func append(_ decisions: TriggerDecisions) {
    for event in 0..<decisions.eventCount where !decisions.isPassThrough[event] {
      eventCount += 1
      isWeighted = !decisions.weights.isEmpty
      weights.append(isWeighted ? decisions.weights[event] : 1)
      let paths = menu.paths.count
      conditionsHold.append(contentsOf: decisions.conditionsHold[event * paths..<(event + 1) * paths])
      for (index, threshold) in menu.thresholds.enumerated() {
        let value = decisions.values[event * menu.quantities.count + threshold.quantity]
        values[index].append(threshold.isMinimum ? value : -value)
      }
    }
  }

  /// The weights of all events.
  var weightSum: WeightSum { weights.reduce(into: WeightSum()) { $0.add($1) } }

  /// Whether the event meets the conditions of each path with thresholds, whose signs are those of the
  /// values.
  func fill(_ decisions: inout TriggerDecisions, _ thresholds: [Double]) {
    decisions.removeAll()
    decisions.conditionsHold.append(contentsOf: conditionsHold)
    decisions.pathBits.append(contentsOf: repeatElement(false, count: conditionsHold.count))
    decisions.isAccepted.append(contentsOf: repeatElement(false, count: eventCount))
    decisions.isPassThrough.append(contentsOf: repeatElement(false, count: eventCount))
    if isWeighted { decisions.setWeights(weights) }
    for (index, threshold) in menu.thresholds.enumerated() {
      for event in 0..<eventCount where !(values[index][event] >= thresholds[index]) {
        decisions.conditionsHold[event * menu.paths.count + threshold.path] = false
      }
    }
  }
}
