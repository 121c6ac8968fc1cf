// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Support

/// The range of an event input in the events that a model was trained on.
public struct InputRange: Sendable, Equatable, Codable {
  /// The name of the input, such as that of a condition.
  public var input: String
  /// The least value.
  public var lowest: Float
  /// The largest value.
  public var highest: Float

  /// The range of an input.
  public init(input: String, lowest: Float, highest: Float) {
    self.input = input
    self.lowest = lowest
    self.highest = highest
  }
}

/// Counts the events whose inputs lie outside of what a model was trained on.
///
/// One monitor serves the predictors of all threads, see ``Predictor/inputMonitor``.
public final class InputMonitor: @unchecked Sendable {
  /// An input, and the range of values that count as inside.
  private struct Watched {
    let range: InputRange
    let isCondition: Bool
    let place: Int
    let allowed: ClosedRange<Float>
  }

  /// The events outside, and the farthest values among them.
  private struct Outside {
    var count = 0
    var lowest = Float.infinity
    var highest = -Float.infinity
  }

  private let watched: [Watched]
  private let lock = NSLock()
  private var outside: [Outside]
  private var eventCount = 0

  /// A monitor for a model; nil if the model reads no event inputs, or does not know what it was trained on.
  ///
  /// A condition is outside as soon as it leaves the range. The other inputs are measured, and have tails: a tenth of
  /// the range beyond it still counts as inside, and so does one event in a hundred.
  public init?(_ model: Model) {
    guard let events = model.network.events?.stage, let ranges = model.description.training?.ranges else {
      return nil
    }
    let conditions = Set(events.conditions)
    watched = events.eventInputNames.enumerated().compactMap { place, name in
      guard let range = ranges.first(where: { $0.input == name }), range.lowest <= range.highest else {
        return nil
      }
      let isCondition = conditions.contains(name)
      let margin = isCondition ? 0 : 0.1 * (range.highest - range.lowest)
      return Watched(
        range: range, isCondition: isCondition, place: place,
        allowed: range.lowest - margin...range.highest + margin)
    }
    outside = Array(repeating: Outside(), count: watched.count)
  }

  /// Looks at events, with inputs that are not scaled.
  func look(at features: some StageFeatures, eventCount newCount: Int) {
    var found = Array(repeating: Outside(), count: watched.count)
    for (index, input) in watched.enumerated() {
      for event in 0..<newCount {
        let value = features.eventInput(input.place, ofEvent: event)
        // An input that an event does not have (NaN) is not outside.
        guard value < input.allowed.lowerBound || value > input.allowed.upperBound else { continue }
        found[index].count += 1
        found[index].lowest = min(found[index].lowest, value)
        found[index].highest = max(found[index].highest, value)
      }
    }
    lock.withLock {
      eventCount += newCount
      for (index, new) in found.enumerated() where new.count > 0 {
        outside[index].count += new.count
        outside[index].lowest = min(outside[index].lowest, new.lowest)
        outside[index].highest = max(outside[index].highest, new.highest)
      }
    }
  }

  /// A sentence for each input that was outside in some events.
  public var remarks: [String] {
    lock.withLock {
      zip(watched, outside).compactMap { input, outside in
        guard outside.count > (input.isCondition ? 0 : eventCount / 100) else { return nil }
        let values =
          outside.lowest == outside.highest ? "\(outside.lowest)" : "\(outside.lowest) to \(outside.highest)"
        return "\(input.range.input.printable) lies outside of what the model was trained on "
          + "(\(input.range.lowest) to \(input.range.highest)) in \(outside.count) of \(eventCount) events: "
          + "it is \(values) there."
      }
    }
  }
}
