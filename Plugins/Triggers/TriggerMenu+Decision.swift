// SPDX-License-Identifier: GPL-3.0-or-later

extension TriggerMenu {
  /// Decides on events in their order: seeds, decisions with a state, prescales, and what the counters count.
  ///
  /// A path looks at an event that its seed accepted, the seed's prescale included; of the events that meet
  /// its conditions it accepts the N-th, 2N-th, … for a prescale of N. An event is accepted if a path that is
  /// more than a seed accepts it, or if it took too long.
  ///
  /// The state of a decision advances for an event exactly if the seed of its path accepted the event, all conditions
  /// before it in the path hold, and its own first step says yes within its bounds.
  ///
  /// - Parameters:
  ///   - decisions: the events that follow the earlier ones, evaluated by this menu.
  ///   - state: the counters of this menu, for events with weights if these have weights.
  public func decide(_ decisions: inout TriggerDecisions, _ state: inout TriggerState) {
    precondition(
      decisions.conditionsHold.count == decisions.eventCount * paths.count
        && state.paths.count == paths.count,
      "the decisions and the counters of another menu")
    precondition(
      decisions.reached.count == decisions.eventCount * statefulConditions.count
        && state.decisions?.isReady(for: self) ?? statefulConditions.isEmpty,
      "the states of another menu, or states that were read and not restored")
    precondition(
      decisions.eventCount == 0 || decisions.weights.isEmpty == (state.weights == nil),
      "counters of weights for events with weights")
    for event in 0..<decisions.eventCount {
      state.eventCount += 1
      state.weights?.events.add(decisions.weights[event])
      if decisions.isPassThrough[event] {
        state.passThroughCount += 1
        state.weights?.passThrough.add(decisions.weights[event])
        decisions.isAccepted[event] = true
        continue
      }
      decideOnPaths(of: event, &decisions, &state)
      count(event, &decisions, &state)
    }
  }

  private func decideOnPaths(
    of event: Int, _ decisions: inout TriggerDecisions, _ state: inout TriggerState
  ) {
    let first = event * paths.count
    // By index: if nothing is optimised, an array's iterator asks for memory.
    for place in order.indices {
      let path = order[place]
      if let seed = paths[path].seed, !decisions.pathBits[first + seed] { continue }
      if !statefulOfPath[path].isEmpty { askStates(of: path, event, &decisions, &state.decisions!) }
      guard decisions.conditionsHold[first + path] else { continue }
      state.paths[path].beforePrescale += 1
      state.weights?.paths[path].beforePrescale.add(decisions.weights[event])
      guard state.paths[path].beforePrescale % paths[path].prescale == 0 else { continue }
      state.paths[path].accepted += 1
      decisions.pathBits[first + path] = true
    }
  }

  /// Asks the decisions with a state of a path about an event, up to the first that it does not reach or that says no.
  private func askStates(
    of path: Int, _ event: Int, _ decisions: inout TriggerDecisions, _ states: inout DecisionStates
  ) {
    for index in statefulOfPath[path] {
      guard decisions.reached[event * statefulConditions.count + index] else { return }
      let condition = conditions[statefulConditions[index].condition]
      let values = decisions.quantities.quantities(
        from: event * quantities.count + condition.quantity, count: condition.width)
      guard states.decide(index, values) else {
        decisions.conditionsHold[event * paths.count + path] = false
        return
      }
    }
  }

  private func count(_ event: Int, _ decisions: inout TriggerDecisions, _ state: inout TriggerState) {
    let first = event * paths.count
    var acceptingCount = 0
    for path in paths.indices where decisions.pathBits[first + path] {
      if !paths[path].isSeedOnly { acceptingCount += 1 }
      for other in paths.indices where decisions.pathBits[first + other] {
        state.overlap[path * paths.count + other] += 1
      }
    }
    state.eventsByPathCount[acceptingCount] += 1
    for path in paths.indices where decisions.pathBits[first + path] {
      if acceptingCount == (paths[path].isSeedOnly ? 0 : 1) { state.paths[path].pure += 1 }
    }
    decisions.isAccepted[event] = acceptingCount > 0
    guard state.weights != nil else { return }
    addWeight(of: event, acceptedBy: acceptingCount, decisions, &state.weights!)
  }

  /// Adds the weight of an event to what was counted for it.
  private func addWeight(
    of event: Int, acceptedBy acceptingCount: Int, _ decisions: TriggerDecisions,
    _ weights: inout TriggerState.Weights
  ) {
    let first = event * paths.count
    let weight = decisions.weights[event]
    weights.eventsByPathCount[acceptingCount].add(weight)
    for path in paths.indices where decisions.pathBits[first + path] {
      weights.paths[path].accepted.add(weight)
      if acceptingCount == (paths[path].isSeedOnly ? 0 : 1) {
        weights.paths[path].pure.add(weight)
      } else {
        weights.paths[path].shared.add(weight)
      }
      for other in paths.indices where decisions.pathBits[first + other] {
        weights.overlap[path * paths.count + other].add(weight)
      }
    }
  }
}

extension TriggerMenu {
  /// The probability that the menu accepts an event that meets the conditions that `event` meets, if a path of prescale N
  /// lets 1/N of its events through, whatever the other paths do.
  ///
  /// - Precondition: no decision has a state, of which such a probability would depend too.
  func acceptanceProbability(of event: Int, _ decisions: TriggerDecisions) -> Double {
    guard !decisions.isPassThrough[event] else { return 1 }
    // That neither a path nor those that it seeds accept the event; what it seeds comes before it.
    var rejected = Array(repeating: 1.0, count: paths.count)
    var result = 1.0
    for path in order.reversed() {
      if decisions.conditionsHold[event * paths.count + path] {
        let passed = 1 / Double(paths[path].prescale)
        rejected[path] = 1 - passed + (paths[path].isSeedOnly ? passed * rejected[path] : 0)
      } else {
        rejected[path] = 1
      }
      if let seed = paths[path].seed {
        rejected[seed] *= rejected[path]
      } else {
        result *= rejected[path]
      }
    }
    return 1 - result
  }
}
