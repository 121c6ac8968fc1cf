// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Settings
import Training

/// Checks that a decision does what every decision has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: DecisionCheck.allCases) func conforms(_ check: DecisionCheck) throws {
///   try DecisionConformance(RapidityGap.self).run(check)
/// }
/// ```
///
/// The decision is asked about events that are made for it, with any numbers in place of what heads predict. Whether it
/// asks for memory is not checked.
public struct DecisionConformance<D: Decision>: Sendable {
  /// What the decision is tried with.
  private let example: DecisionExample

  /// The conformance of a decision, with its own example unless another is given.
  public init(_ type: D.Type, example: DecisionExample = D.example) {
    self.example = example
  }

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` where the decision does not pass, or what the decision itself throws.
  public func run(_ check: DecisionCheck) throws {
    switch check {
    case .configuration: _ = try decision()
    case .unknownKeys: try checkUnknownKeys()
    case .quantities: try checkQuantities()
    case .finiteness: try checkFiniteness()
    case .determinism: try checkDeterminism()
    case .independence: try checkIndependence()
    case .threads: try checkThreads()
    case .state: try checkState()
    }
  }

  /// What all checks say: nil for those that the decision passes, else the sentence.
  public func results() -> [(check: DecisionCheck, failure: String?)] {
    DecisionCheck.allCases.map { check in
      do {
        try run(check)
        return (check, nil)
      } catch {
        return (check, "\(error)")
      }
    }
  }

  private func configuration() throws -> ConfigurationNode {
    try ConfigurationNode(yaml: example.configuration, source: "the example")
  }

  private func decision() throws -> D {
    try D(configuration: configuration().decode(D.Configuration.self), sources: example.sources)
  }

  private func checkUnknownKeys() throws {
    let configuration = try configuration()
    _ = try configuration.decode(D.Configuration.self)
    // What is a text or a number has no keys.
    guard configuration.isMapping else { return }
    let extended = try configuration.setting("a-key-that-nobody-knows=1")
    do {
      _ = try extended.decode(D.Configuration.self)
    } catch is ConfigurationError {
      return
    }
    throw ConformanceFailure(
      "The configuration takes a key that it does not know: decode the keys that it has, and no others.")
  }

  private func checkQuantities() throws {
    let quantities = try decision().quantities
    try ConformanceFailure.requireUsableNames(of: quantities, as: "quantity", "quantities")
    try ConformanceFailure.require(
      !D.isMeasurement || !quantities.isEmpty, "The decision only measures, and has no quantity to bound.")
  }

  private func checkFiniteness() throws {
    let decision = try decision()
    for events in [ConformanceEvents.ordinary, ConformanceEvents.extreme] {
      let answers = Answers(of: decision, to: try inputs(events))
      for (event, answer) in answers.all.enumerated() where answer.isYes {
        let momenta = ConformanceEvents.momenta(of: events.events(at: event..<event + 1))
        try ConformanceFailure.require(
          answer.values.allSatisfy(\.isFinite),
          "The answer is yes with the quantities \(answer.values) for an event of the particles \(momenta).")
      }
    }
  }

  private func checkDeterminism() throws {
    let decision = try decision()
    let inputs = try inputs(ConformanceEvents.ordinary)
    try ConformanceFailure.require(
      Answers(of: decision, to: inputs) == Answers(of: decision, to: inputs)
        && Answers(of: try self.decision(), to: inputs) == Answers(of: decision, to: inputs),
      "The same events get other answers the second time.")
  }

  private func checkIndependence() throws {
    let decision = try decision()
    for events in [ConformanceEvents.ordinary, ConformanceEvents.extreme] {
      let inputs = try inputs(events)
      let together = Answers(of: decision, to: inputs)
      for event in 0..<events.eventCount {
        let alone = Answers(of: decision, to: try self.inputs(events, only: event))
        try ConformanceFailure.require(
          alone.all == [together.all[event]],
          "An event alone gets the answer \(alone.all[0].text), and \(together.all[event].text) with others "
            + "beside it.")
      }
    }
  }

  private func checkThreads() throws {
    let decision = try decision()
    let inputs = try inputs(ConformanceEvents.ordinary)
    let alone = Answers(of: decision, to: inputs)
    let differing = ConcurrentCounter()
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      for _ in 0..<20 where Answers(of: decision, to: inputs) != alone { differing.add() }
    }
    try ConformanceFailure.require(
      differing.value == 0,
      "\(differing.value) of 320 passes on several threads get other answers than one alone: what do they share?"
    )
  }

  private func checkState() throws {
    let decision = try decision()
    let inputs = try inputs(ConformanceEvents.ordinary)
    let answers = try stateAnswers(of: decision, to: inputs, isRestarted: false)
    try ConformanceFailure.require(
      stateAnswers(of: self.decision(), to: inputs, isRestarted: false) == answers,
      "The same events get other answers from another first state: keep nothing outside of it.")
    try ConformanceFailure.require(
      stateAnswers(of: decision, to: inputs, isRestarted: true) == answers,
      "The same events get other answers if the state is written and read after each: encode all of it.")
  }

  /// What a decision says from its first state on of the events that reach it, three times in a row.
  private func stateAnswers(of decision: D, to inputs: DecisionInputs, isRestarted: Bool) throws -> [Bool] {
    var inputs = inputs
    var values = DecisionValues()
    var state = decision.initialState
    let width = decision.quantities.reduce(0) { $0 + $1.width }
    var answers: [Bool] = []
    for place in 0..<3 * inputs.eventCount {
      inputs.event = place % inputs.eventCount
      values.removeAll()
      values.begin(width)
      guard decision(inputs, &values) else { continue }
      answers.append(decision.decide(values, &state))
      if isRestarted { state = try D.state(from: D.text(of: state)) }
    }
    return answers
  }

  /// Events with their jets and predictions, all of them or one.
  ///
  /// A prediction depends on its row alone, as that of a model does.
  private func inputs(_ events: Events, only event: Int? = nil) throws -> DecisionInputs {
    let clusterer = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1)))
    var all = events
    var generator = SeededGenerator(seed: 7)
    for condition in example.sources.conditions {
      all.columns[condition] = Column(
        values: (0..<events.eventCount).map { _ in Double.random(in: 0...1, using: &generator) })
    }
    let jets = try clusterer.jets(in: all)
    let chosen = event.map { all.events(at: $0..<$0 + 1) } ?? all
    var chosenJets = try clusterer.jets(in: chosen)
    for column in example.sources.observables where column.rows == .jets || column.rows == .events {
      let count = column.rows == .jets ? jets.jetCount : all.eventCount
      let numbers = (0..<count).map { _ in Double.random(in: 0...1, using: &generator) }
      let rows = event.map { column.rows == .jets ? jets.jets(ofEvent: $0) : $0..<$0 + 1 } ?? 0..<count
      chosenJets.columns[column.rows][column.name] = Column(values: Array(numbers[rows]))
    }
    var inputs = try DecisionInputs(example.sources.reading(decision().formulas))
    inputs.replace(with: chosen, jets: chosenJets)
    for head in example.sources.heads {
      let count = head.rows == .jets ? jets.jetCount : all.eventCount
      let numbers = (0..<count * head.width).map { _ in Float.random(in: 0...1, using: &generator) }
      let rows = event.map { head.rows == .jets ? jets.jets(ofEvent: $0) : $0..<$0 + 1 } ?? 0..<count
      inputs.append(predictions: Array(numbers[rows.lowerBound * head.width..<rows.upperBound * head.width]))
    }
    return inputs
  }
}

/// What a decision says of some events.
private struct Answers: Equatable {
  struct Answer: Equatable {
    let isYes: Bool
    let values: [Double]

    /// Not-a-number is equal to itself here.
    static func == (a: Answer, b: Answer) -> Bool {
      a.isYes == b.isYes && a.values.map(\.bitPattern) == b.values.map(\.bitPattern)
    }

    var text: String { "\(isYes ? "yes" : "no") with the quantities \(values)" }
  }

  let all: [Answer]

  init(of decision: some Decision, to inputs: DecisionInputs) {
    var inputs = inputs
    var values = DecisionValues()
    let width = decision.quantities.reduce(0) { $0 + $1.width }
    all = (0..<inputs.eventCount).map { event in
      inputs.event = event
      values.removeAll()
      values.begin(width)
      let isYes = decision(inputs, &values)
      return Answer(isYes: isYes, values: values.all)
    }
  }
}
