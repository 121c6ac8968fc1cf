// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Triggers

/// Events of which each particle is a jet, with what a head on jets, one on events and a condition say of them.
struct TriggerSample {
  static let sources = DecisionSources(
    heads: [
      DecisionSources.Head(
        name: "flavour", rows: .jets,
        outputs: [HeadOutput("mass", width: 2, unit: "GeV"), HeadOutput("score")]),
      DecisionSources.Head(name: "hh", rows: .events, outputs: [HeadOutput("score")]),
    ], conditions: ["resonance_mass"])

  /// The jets by falling pT: `[events][jets]`.
  var jets: [[FourMomentum]] = []
  /// The jets' outputs of one number: `[events][jets]`.
  var tags: [[Float]] = []
  /// The jets' outputs of two numbers: `[events][jets][2]`.
  var masses: [[[Float]]] = []
  /// The outputs of events: `[events]`.
  var scores: [Float] = []
  /// The conditions of events: `[events]`.
  var conditions: [Double] = []

  init(eventCount: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for event in 0..<eventCount {
      let count = event < 3 ? event : Int.random(in: 0...8, using: &generator)
      let momenta = (0..<count).map { _ in
        FourMomentum(
          pt: 20 - 60 * log(Double.random(in: 0.001..<1, using: &generator)),
          rapidity: Double.random(in: -3...3, using: &generator),
          phi: Double.random(in: 0..<6.28, using: &generator),
          mass: Double.random(in: 0...120, using: &generator))
      }
      jets.append(momenta.sorted { $0.pt > $1.pt })
      // Tenths, so that values tie.
      tags.append((0..<count).map { _ in Float(Int.random(in: 0...10, using: &generator)) / 10 })
      masses.append(
        (0..<count).map { _ in (0..<2).map { _ in Float.random(in: 0...200, using: &generator) } })
      scores.append(Float.random(in: 0...1, using: &generator))
      conditions.append(Double.random(in: 300...800, using: &generator))
    }
  }

  var eventCount: Int { jets.count }

  /// Some of the events as decisions read them.
  func inputs(_ events: Range<Int>) -> DecisionInputs {
    var inputs = DecisionInputs(Self.sources)
    fill(&inputs, events)
    return inputs
  }

  /// All events as decisions read them.
  var inputs: DecisionInputs { inputs(0..<eventCount) }

  func fill(_ inputs: inout DecisionInputs, _ range: Range<Int>) {
    let parts = parts(range)
    inputs.replace(with: parts.events, jets: parts.jets)
    inputs.append(predictions: parts.jetPredictions)
    inputs.append(predictions: parts.eventPredictions)
  }

  typealias Parts = (
    events: Events, jets: Jets, jetPredictions: [Float], eventPredictions: [Float]
  )

  func parts(_ range: Range<Int>) -> Parts {
    var parts: Parts = (Events(), Jets(), [], [])
    for event in range {
      for (jet, p) in jets[event].enumerated() {
        parts.events.momenta.append(p)
        parts.jetPredictions += masses[event][jet] + [tags[event][jet]]
      }
      parts.events.eventNumbers.append(event)
      parts.events.offsets.append(parts.events.particleCount)
      parts.eventPredictions.append(scores[event])
    }
    parts.events.columns["resonance_mass"] = Column(values: Array(conditions[range]))
    parts.jets.eventNumbers = parts.events.eventNumbers
    parts.jets.momenta = Ragged(offsets: parts.events.offsets, content: parts.events.momenta)
    parts.jets.constituents = Ragged(
      offsets: Array(0...parts.jets.jetCount), content: range.flatMap { jets[$0].indices.map(Int32.init) })
    return parts
  }
}

extension PluginRegistry {
  /// The conditions that come with Canopy.
  static let conditions: PluginRegistry = {
    var plugins = PluginRegistry()
    // Their identifiers differ, so that registering them cannot fail.
    try! plugins.registerConditions()
    return plugins
  }()
}

extension TriggerMenu {
  /// A menu of YAML text.
  init(
    _ yaml: String, sources: DecisionSources = TriggerSample.sources, plugins: PluginRegistry = .conditions,
    isForTuning: Bool = false
  ) throws {
    self = try MenuFile(yaml: yaml, source: "menu.yaml").menu(
      sources: sources, plugins: plugins, isForTuning: isForTuning)
  }

  /// What the menu says of all events, and its counters after them.
  func run(_ inputs: DecisionInputs) -> (decisions: TriggerDecisions, state: TriggerState) {
    var decisions = TriggerDecisions()
    var state = TriggerState(self)
    evaluate(inputs, into: &decisions)
    decide(&decisions, &state)
    return (decisions, state)
  }
}
