// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import PluginKit

/// Numbers of a sample by which an evaluation divides the rows of heads or that it takes for scores, and weights that it varies.
struct EvaluatedNumbers: Sendable {
  /// What is kept.
  struct Names: Sendable {
    /// Columns of events.
    var columns: Set<String> = []
    /// Numbers of observables.
    var observed: [ObservableColumn] = []
    /// Event columns of weights, or weights by the names that the generator gave them.
    var weights: Set<String> = []
    /// What heads have rows for.
    var rows: Set<HeadRows> = []

    /// What a study asks for of a model; all that is no number of `observables` is a column of events.
    init(_ study: EvaluationStudy, observables: ObservableSet, for network: Network) throws {
      let known = observables.columns
      for name in study.numbers.union(network.conditions) {
        if let column = known.first(where: { $0.name == name }) {
          observed.append(column)
        } else {
          columns.insert(name)
        }
      }
      weights = Set(study.variations.flatMap(\.weights))
      rows = Set(network.heads.map(\.head.rows))
      for column in observed where !rows.contains(where: column.rows.canBeSpread) {
        let rows = network.heads.first?.head.rows ?? .events
        throw SampleError(
          "\(column.name) is a number of \(column.rows.rawValue), of which \(rows.rawValue) have none or several; name one "
            + "of \(rows.rawValue)\(rows == .events ? ", such as ranked-jets/pt-1 for the hardest jet" : "")."
        )
      }
    }
  }

  /// Varied weights: `[events]` each.
  private(set) var weights: [String: [Float]] = [:]
  /// The numbers of each kind of rows that can have them, NaN for rows without: `[rows]` each.
  private(set) var ofRows: [HeadRows: [String: [Float]]] = [:]

  /// No events.
  init() {}

  /// The numbers of `events`, whose jets are `jets`.
  ///
  /// - Throws: ``SampleError`` that names file and column if a column is missing or has several numbers an event, or a
  ///   weight is not finite.
  init(of names: Names, events: Events, jets: Jets) throws {
    for name in names.weights.sorted() {
      let values = try EventTruth.numbers(events.column(forWeight: name)?.column, name, of: events)
      if let event = values.firstIndex(where: { !$0.isFinite }) {
        throw SampleError(
          "\(events.source), event \(events.eventNumbers[event] - events.firstEventOfSource): \(name) is "
            + "\(values[event].text), but a weight is a finite number.")
      }
      weights[name] = values
    }
    for name in names.columns.sorted() {
      let values = try EventTruth.numbers(events.columns[name], name, of: events)
      for rows in names.rows {
        ofRows[rows, default: [:]][name] = jets.spread(values, of: .events, over: rows)
      }
    }
    for column in names.observed {
      let values = jets.columns[column.rows][column.name]!.values.map { Float($0) }
      for rows in names.rows where column.rows.canBeSpread(over: rows) {
        ofRows[rows, default: [:]][column.name] = jets.spread(values, of: column.rows, over: rows)
      }
    }
  }

  /// Adds the numbers of further events.
  mutating func append(_ other: EvaluatedNumbers) {
    weights.merge(other.weights, uniquingKeysWith: +)
    for (rows, numbers) in other.ofRows { ofRows[rows, default: [:]].merge(numbers, uniquingKeysWith: +) }
  }
}
