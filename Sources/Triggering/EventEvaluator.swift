// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import EventIO
import JetPhysics
import PluginKit
import Triggers

/// Asks the conditions of a menu about one event at a time, with memory that is kept from event to event.
///
/// Events are never put together, so that what is said of one does not depend on others by a single bit, and so that
/// each has a latency. An evaluator belongs to one thread at a time.
final class EventEvaluator {
  private let menu: TriggerMenu
  private let timeLimit: Double
  private let isWeighted: Bool
  private let measuresPaths: Bool
  private let weigher: ParticleWeigher?
  private let predictor: Predictor
  /// What the model says of the last event.
  private(set) var prediction = Prediction()
  /// What the last event was decided on.
  private(set) var inputs: DecisionInputs
  /// How many seconds of the last event were those that all paths share, and those of each path's conditions:
  /// `[1 + paths]`; empty unless paths are measured.
  private(set) var pathSeconds: [Double] = []

  /// - Parameters:
  ///   - model: the model whose heads the menu names.
  ///   - menu: the menu.
  ///   - weighting: what multiplies the momenta of particles; nil for nothing.
  ///   - timeLimit: how many seconds an event may take; nil where there is no limit.
  ///   - isWeighted: whether events count by their weights, rather than each as one.
  ///   - measuresPaths: whether each path is measured too, which reads a clock once for each.
  ///   - watchesInputs: whether what the network reads is counted, for a model that knows what it read in training.
  /// - Throws: `JetPhysicsError` where FastJet refuses the model's jet definition.
  init(
    model: Model, menu: TriggerMenu, weighting: AppliedWeighting?, timeLimit: Double?,
    isWeighted: Bool = false,
    measuresPaths: Bool = false,
    watchesInputs: Bool = false
  ) throws {
    self.measuresPaths = measuresPaths
    self.menu = menu
    self.isWeighted = isWeighted
    self.timeLimit = timeLimit ?? .infinity
    weigher = try weighting?.weighting.makeWeigher()
    predictor = try Predictor(model, observables: menu.observables)
    if watchesInputs { predictor.driftMonitor = DriftMonitor(model) }
    inputs = DecisionInputs(menu.sources)
  }

  /// How long the stages of prediction have taken so far.
  var times: Predictor.Times { predictor.times }

  /// What the network has read since the last call; none unless it is watched.
  func takeInputCounts() -> [InputCounts] { predictor.driftMonitor?.take() ?? [] }

  /// Replaces `decisions` by what the conditions say of one event, whose particles are weighted first, and marks it where it took too
  /// long.
  ///
  /// - Returns: how many seconds it took.
  /// - Throws: what ``Predictor/predict(_:into:heads:)`` throws, and `EventError` if a particle has no weight.
  func evaluate(_ event: inout Events, into decisions: inout TriggerDecisions) throws -> Double {
    let start = Self.now
    try weigher?.weigh(&event)
    try predictor.predict(event, into: &prediction)
    inputs.replace(with: event, prediction)
    if measuresPaths {
      evaluatePaths(into: &decisions, from: start)
    } else {
      menu.evaluate(inputs, into: &decisions)
    }
    let seconds = Self.now - start
    if isWeighted { decisions.setWeights(CollectionOfOne(event.weights.isEmpty ? 1 : event.weights[0])) }
    if seconds > timeLimit { decisions.markPassThrough(0) }
    return seconds
  }

  private func evaluatePaths(into decisions: inout TriggerDecisions, from start: Double) {
    var last = Self.now
    pathSeconds.removeAll(keepingCapacity: true)
    pathSeconds.append(last - start)
    menu.evaluate(inputs, into: &decisions) { _ in
      let now = Self.now
      pathSeconds.append(now - last)
      last = now
    }
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
