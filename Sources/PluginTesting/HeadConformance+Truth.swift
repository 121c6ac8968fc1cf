// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

extension HeadConformance {
  func checkDerivedTruth() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let columns = subject.head.derivedTruthColumns
    guard !columns.isEmpty else { return }
    let (events, jets) = try subject.find(ConformanceEvents.ordinary)
    let truth = try subject.derivedTruth(of: events, jets)
    let again = try subject.derivedTruth(of: events, jets)
    for column in columns.sorted() {
      let (values, others) = (truth[column]!, again[column]!)
      try ConformanceFailure.require(
        values.map(\.bitPattern) == others.map(\.bitPattern),
        "The truth \(column) that the head derives is another the second time.")
      try ConformanceFailure.require(
        values.contains { !$0.isNaN },
        "The truth \(column) that the head derives is missing (NaN) in all rows.")
    }
    for event in 0..<events.eventCount {
      let (one, itsJets) = try subject.find(ConformanceEvents.ordinary.events(at: event..<event + 1))
      let alone = try subject.derivedTruth(of: one, itsJets)
      for (column, values) in alone {
        let together = subject.head.rows.rows(ofEvent: event, in: jets).map { truth[column]![$0] }
        try ConformanceFailure.require(
          values.map(\.bitPattern) == together.map(\.bitPattern),
          "The truth \(column) that the head derives of an event depends on the events beside it.")
      }
    }
    let extreme = ConformanceEvents.extreme
    for events in [events.events(at: 0..<0)]
      + (0..<extreme.eventCount).map({ extreme.events(at: $0..<$0 + 1) })
    {
      let (events, jets) = try subject.find(events)
      for (column, values) in try subject.derivedTruth(of: events, jets) {
        try ConformanceFailure.require(
          !values.contains { $0.isInfinite },
          "The truth \(column) that the head derives is infinite for an event of these particles: "
            + "\(ConformanceEvents.momenta(of: events)); let it be NaN if there is none.")
      }
    }
  }

  func checkPreparation() throws {
    guard H.prepares else { return }
    let subject = try ConformanceSubject<H>(example, plugins)
    let stored = subject.model.network.heads[0].preparation!
    let read = try JSONValue(encoding: stored.decode(H.Preparation.self))
    try ConformanceFailure.require(
      read == stored, "The preparation \(text(stored)) is \(text(read)) when it was written and read.")
    let sample = try subject.sample(of: ConformanceEvents.ordinary)
    let inputs = subject.inputs(of: sample)
    let rows = inputs.count(of: subject.head.rows)
    let truth = try subject.truth(rows: rows, sample)
    func learn(_ truth: HeadTruth, _ weights: [Double]) throws -> JSONValue {
      try JSONValue(encoding: subject.head.preparation(fitting: truth, weights: weights, inputs: inputs))
    }
    let again = try learn(truth, Array(repeating: 1, count: rows))
    try ConformanceFailure.require(
      again == stored,
      "The preparation is \(text(stored)), and \(text(again)) when it is learnt again from the same events.")
    // Each second row has the weight 0, and the truth of the first.
    let weights = (0..<rows).map { Double(1 - $0 % 2) }
    let other = truth.rows((0..<rows).map { $0 % 2 == 0 ? $0 : 0 })
    try ConformanceFailure.require(
      try learn(truth, weights) == learn(other, weights),
      "The preparation depends on the truth of rows whose weight is 0, which is none.")
  }
}

extension HeadRows {
  /// The rows that an event has among those of all events.
  func rows(ofEvent event: Int, in jets: Jets) -> Range<Int> {
    let ofEvent = jets.jets(ofEvent: event)
    let constituents = jets.constituents.offsets
    let (first, end) = (constituents[ofEvent.lowerBound], constituents[ofEvent.upperBound])
    return switch self {
    case .events: event..<event + 1
    case .jets: ofEvent
    case .constituents: first..<end
    // Each jet before has one splitting less than constituents.
    case .splittings: first - ofEvent.lowerBound..<end - ofEvent.upperBound
    }
  }
}
