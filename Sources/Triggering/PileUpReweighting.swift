// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import Support

/// Gives events weights with which a column of theirs, such as the number of interactions, has another distribution than in
/// the sample.
///
/// It assumes that an event of a given value of the column is the same in both: that nothing else depends on what makes
/// the distributions differ. The weights add up to as much as they did; those of events outside of the target's intervals
/// are 0.
public struct PileUpReweighting: EventReweighting {
  /// The column.
  public let column: String
  /// The distribution that is wanted.
  public let target: PileUpTarget
  /// The share of the target in intervals without events, which the others stand in for.
  public let uncovered: Double

  /// The factor in each interval of the target: `[intervals]`.
  private let factors: [Double]

  /// How much of the target may lie in intervals without events.
  public static let largestUncovered = 0.01

  /// Measures the distribution of a column.
  ///
  /// - Parameters:
  ///   - column: its name.
  ///   - target: the distribution that is wanted.
  ///   - stream: the events of the sample, all of which are read.
  ///   - threads: how many threads read.
  ///   - progress: hears after each batch how far reading is.
  /// - Throws: ``TriggerError`` if more than ``largestUncovered`` of the target lies in intervals without events,
  ///   `EventInputError` if events lack the column, and what reading throws.
  public init(
    column: String, target: PileUpTarget, sample stream: EventStream, threads: Int,
    progress: (EventPipeline.Progress) throws -> Void = { _ in }
  ) throws {
    if let input = zip(stream.inputs, stream.inputSizes).first(where: { $0.1 == nil })?.0 {
      throw TriggerError(
        "--pile-up reads the inputs twice, but \(input) is no regular file; give one.".printable)
    }
    self.column = column
    self.target = target
    var found = Array(repeating: 0.0, count: target.shares.count)
    var total = 0.0
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        { events in
          (try Self.intervals(of: events, column: column, in: target), events.weightOfEach)
        }
      },
      consume: { (part: ([Int?], [Double])) in
        for (interval, weight) in zip(part.0, part.1) {
          total += weight
          if let interval { found[interval] += weight }
        }
      }, progress: progress)
    let covered = target.shares.indices.filter { found[$0] > 0 }
    // As a sum of what is missing, so that it is 0 if nothing is.
    uncovered = target.shares.indices.filter { !(found[$0] > 0) }.reduce(0) { $0 + target.shares[$1] }
    guard uncovered <= Self.largestUncovered else {
      let first = target.shares.indices.first { !(found[$0] > 0) && target.shares[$0] > 0 }!
      let part = String(format: "%.3g %%", 100 * uncovered)
      throw TriggerError(
        "--pile-up asks for \(part) of the events where the sample has none, \(column) from \(target.edges[first]) to "
          + "\(target.edges[first + 1]) first: give a sample that has such events, or wider intervals.")
    }
    let sum = covered.reduce(0) { $0 + target.shares[$1] }
    factors = target.shares.indices.map { interval in
      found[interval] > 0 ? target.shares[interval] / sum * total / found[interval] : 0
    }
  }

  /// The column and the target.
  public var description: String { "pile-up \(column) \(target.edges) \(target.shares)" }

  /// The target's share of events to the sample's, in the interval of each event.
  ///
  /// - Throws: `EventInputError` if the events lack the column.
  public func factors(of events: Events) throws -> [Double] {
    try Self.intervals(of: events, column: column, in: target).map { $0.map { factors[$0] } ?? 0 }
  }

  /// The target's interval of each event; nil for an event outside of all: `[events]`.
  private static func intervals(
    of events: Events, column name: String, in target: PileUpTarget
  ) throws -> [Int?] {
    func problem(_ problem: String, event: Int? = nil) -> EventInputError {
      EventInputError(
        source: events.source, event: event.map { events.eventNumbers[$0] },
        firstEvent: events.firstEventOfSource, field: "--pile-up", problem: problem)
    }
    if let reason = events.unreadableColumns[name] {
      throw problem("asks for \(name), which cannot be read: \(reason)")
    }
    let isNumber = { (column: Column) in column.width == 1 && column.categories == nil }
    let known = events.columns.names.filter { isNumber(events.columns[$0]!) }
    guard let column = events.columns[name], isNumber(column) else {
      let remedy =
        name.nearest(among: known).map { "did you mean \($0)?" }
        ?? (known.isEmpty ? "they have none" : "their columns are \(known.joined(separator: ", "))")
      throw problem("asks for a column \(name) of one number, which the events lack; \(remedy)")
    }
    return try column.values.enumerated().map { event, value in
      if target.isWhole, value != value.rounded() {
        throw problem(
          "is Poisson's distribution of whole numbers, but \(name) is \(value.text); give a file of intervals",
          event: event)
      }
      return target.interval(of: value)
    }
  }
}
