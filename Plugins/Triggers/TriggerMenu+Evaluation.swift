// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension TriggerMenu {
  /// Replaces `decisions` by what the conditions say of all events of `inputs`, and keeps the storage.
  ///
  /// All conditions of all paths are evaluated, so that the numbers of each path are known, but the states of
  /// decisions are left to ``decide(_:_:)``.
  public func evaluate(_ inputs: DecisionInputs, into decisions: inout TriggerDecisions) {
    evaluate(inputs, into: &decisions) { _ in }
  }

  /// Does the same, and calls `finished` with the number of each path as soon as its conditions are evaluated, path by path
  /// in the order of the menu, for each event.
  @inline(__always)
  package func evaluate(
    _ inputs: DecisionInputs, into decisions: inout TriggerDecisions, finished: (Int) -> Void
  ) {
    decisions.removeAll()
    var inputs = inputs
    for event in 0..<inputs.eventCount {
      inputs.event = event
      let firstPath = decisions.conditionsHold.count
      for _ in paths.indices {
        decisions.conditionsHold.append(true)
        decisions.pathBits.append(false)
      }
      decisions.isAccepted.append(false)
      decisions.isPassThrough.append(false)
      var index = 0
      for path in paths.indices {
        while index < conditions.count, conditions[index].path == path {
          let place = firstPath + path
          if !conditions[index].holds(inputs, &decisions.quantities) {
            decisions.conditionsHold[place] = false
          }
          if conditions[index].hasState { decisions.reached.append(decisions.conditionsHold[place]) }
          index += 1
        }
        finished(path)
      }
    }
  }
}

extension TriggerMenu.Condition {
  fileprivate func holds(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    values.begin(width)
    let isAccepted = decision(event, &values)
    guard let bounds else { return isAccepted }
    return isAccepted && Bounds(least: bounds.least, largest: bounds.largest).contains(values[0])
  }
}
