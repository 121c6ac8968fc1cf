// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import JetPhysics
import Settings

/// Which of several folds each event belongs to: a model for each is trained without its events, so that every event is
/// judged by a model that has not seen it.
///
/// ```swift
/// var folds = EventFolds()
/// folds.count = 5
/// let foldOfEach = try folds.folds(of: events)
/// ```
public struct EventFolds: SettingsSection, Equatable, Codable {
  /// How many folds there are.
  public var count = 5
  /// A whole number of each event, whose remainder by ``count`` is its fold; nil to work the fold out of the momenta of
  /// its particles.
  public var formula: Formula?

  /// Five folds by the events' momenta.
  public init() {}

  /// A number alone is how many folds there are.
  public static let shorthand: String? = "count"

  /// The settings, in the order of tables.
  public static let settings: [Setting<EventFolds>] = [
    Setting("count", \.count, .closed(2...100), "how many folds there are, and models"),
    Setting(
      "by", \.formula,
      "a formula for a whole number of each event, such as `number`, whose remainder by `count` is its fold",
      default: "the momenta of the event's particles", range: "a formula"),
  ]

  /// The fold of each event, counted from 0: `[events]`.
  ///
  /// Without ``formula`` it follows from the momenta of the particles that take part, in any order and to the last bit.
  ///
  /// - Throws: ``SampleError`` that names file and event if the formula reads what the events lack, or is no whole number.
  public func folds(of events: Events) throws -> [Int] {
    guard let formula else {
      return (0..<events.eventCount).map { event in
        Int(Self.hash(events.particles(ofEvent: event), of: events) % UInt64(count))
      }
    }
    // The place of an event in a file says nothing if the file is another.
    if formula.columns(of: .event).contains("number"), events.columns["number"] == nil {
      throw SampleError(
        "\(events.source): data.folds.by reads number, which the events lack; name a column that goes with them from file to "
          + "file, or leave data.folds.by out.")
    }
    var evaluator: FormulaEvaluator
    do {
      evaluator = FormulaEvaluator(try CompiledFormula(formula, for: .event, in: events))
    } catch {
      throw SampleError("\(events.source): data.folds.by \(error).")
    }
    if let column = evaluator.formula.columns.first(where: {
      $0.rows == .event && events.columns[$0.name]?.remainders.contains(where: { $0 != 0 }) == true
    }) {
      throw SampleError(
        "\(events.source): data.folds.by reads \(column.name), which has whole numbers beyond 2^53 that formulas would round."
      )
    }
    evaluator.evaluate(events)
    return try evaluator.values.enumerated().map { event, value in
      guard let number = Int(exactly: value) else {
        throw SampleError(
          "\(events.source), event \(events.eventNumbers[event] - events.firstEventOfSource): data.folds.by is \(value), but "
            + "a whole number is needed.")
      }
      return ((number % count) + count) % count
    }
  }

  /// A number that depends on the momenta of some particles alone, whatever their order.
  private static func hash(_ particles: Range<Int>, of events: Events) -> UInt64 {
    var sum: UInt64 = 0
    for particle in particles {
      let momentum = events.momentum(ofParticle: particle)
      var hash: UInt64 = 0
      // Both zeros are one number.
      hash = mixed(hash ^ (momentum.px + 0).bitPattern)
      hash = mixed(hash ^ (momentum.py + 0).bitPattern)
      hash = mixed(hash ^ (momentum.pz + 0).bitPattern)
      hash = mixed(hash ^ (momentum.energy + 0).bitPattern)
      sum &+= hash
    }
    return mixed(sum)
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
  private static func mixed(_ bits: UInt64) -> UInt64 {
    var bits = bits &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}

/// Which fold a model was trained without.
public struct TrainingFold: Sendable, Equatable, Codable {
  /// The fold, counted from 0.
  public var fold: Int
  /// The folds.
  public var folds: EventFolds

  /// A fold of `folds`.
  public init(_ fold: Int, of folds: EventFolds) {
    self.fold = fold
    self.folds = folds
  }
}
