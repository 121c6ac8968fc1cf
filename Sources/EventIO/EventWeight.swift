// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas
import Support

/// What the weight of an event is: a column, a weight by the name that its generator gave it, or a formula.
///
/// ```swift
/// var options = EventReadingOptions()
/// options.weight = EventWeight("xsec * weights[3]")
/// ```
public struct EventWeight: Sendable, Equatable, CustomStringConvertible {
  /// As the user wrote it.
  public let text: String
  /// The text as a formula; what is none may still be the name of a weight, such as `MUR0.5 MUF1`.
  private let parsed: Result<Formula, FormulaError>

  /// The text as a formula; nil if it is none.
  var formula: Formula? { try? parsed.get() }

  /// A weight.
  public init(_ text: String) {
    self.text = text
    parsed = Result { () throws(FormulaError) in try Formula(text) }
  }

  /// As the user wrote it.
  public var description: String { text }

  /// Whether two are written alike.
  public static func == (left: EventWeight, right: EventWeight) -> Bool { left.text == right.text }

  /// What is wrong with the weight for events that have no column of its name: its formula, if it is meant as one.
  func formula(for events: Events) throws(EventInputError) -> Formula {
    func error(_ problem: String) -> EventInputError {
      EventInputError(source: events.source, field: "weight", problem: problem)
    }
    if let reason = events.unreadableColumns[text] {
      throw error("asks for \(text), which cannot be read: \(reason)")
    }
    guard events.columns[text]?.categories == nil else { throw error("asks for \(text), which is text") }
    let known = events.columns.names.filter { events.columns[$0]!.width == 1 }
    let remedy =
      text.nearest(among: known).map { "did you mean \($0)?" }
      ?? (known.isEmpty ? "they have none" : "their columns are \(known.joined(separator: ", "))")
    switch parsed {
    case .success(let formula):
      guard !formula.isName else {
        throw error("asks for a column \(text), which the events lack; \(remedy)")
      }
      return formula
    case .failure(let failure):
      throw error("is neither a column of the events (\(remedy)) nor a formula: \(failure)")
    }
  }
}

extension EventWeight: Codable {
  /// Reads a text.
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// What becomes of events of negative weight, as generators beyond leading order have.
public enum NegativeWeights: String, Sendable, CaseIterable, Codable {
  /// They keep it.
  case asTheyAre = "as-they-are"
  /// Its absolute value takes its place.
  case absolute
  /// They are left out.
  case leftOut = "left-out"
}

extension EventReadingOptions {
  /// Makes the weights of events, if they have any or are to be multiplied by `factor`, what the options want of them.
  ///
  /// - Returns: how many events had a negative one, and lost it or were left out.
  /// - Throws: `EventInputError` if one is no number to calculate with.
  func applyWeight(to batch: inout Events, times factor: Double) throws -> Int {
    guard weight != nil || factor != 1, batch.eventCount > 0 else { return 0 }
    let weights = batch.weightOfEach.map { $0 * factor }
    if let event = weights.firstIndex(where: { !(abs($0) <= Self.largestWeight) }) {
      var error = EventInputError(
        source: batch.source, event: batch.eventNumbers[event], field: "weight",
        problem: "is \(weights[event].text), but a weight is a finite number of at most \(Self.largestWeight)"
      ).counted(from: batch.firstEventOfSource)
      error.canBePassed = true
      throw error
    }
    batch.weights = weights
    guard negativeWeights != .asTheyAre else { return 0 }
    let negative = weights.count { $0 < 0 }
    if negative > 0 {
      switch negativeWeights {
      case .asTheyAre: break
      case .absolute: batch.weights = weights.map(abs)
      case .leftOut: batch = batch.events(at: weights.indices.filter { weights[$0] >= 0 })
      }
    }
    return negative
  }

  /// The squares of sums of anything larger could overflow.
  private static let largestWeight = 1e100
}
