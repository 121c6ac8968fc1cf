// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// A menu for the shipped jets and the tagger that is shipped with them.
enum SampleRun {
  static let menuText = """
    rate:
      input: 1000
    paths:
      - name: tagged
        conditions:
          - jet: {quantity: w-tagger/score}
            min: 0.7
      - name: any
        prescale: 3
        seed-only: true
      - name: narrow
        seed: any
        prescale: 2
        conditions:
          - ht: {}
            min: 255
            max: 290
          - jet-count: {min-mass: 60}
            min: 1
      - name: monitoring
        prescale: 17
    """

  static let model = Result {
    try Model(contentsOf: Models.folder("w-tagger"), plugins: .shipped)
  }

  static func menu(_ text: String = menuText) throws -> TriggerMenu {
    try MenuFile(yaml: text, source: "menu").menu(sources: DecisionSources(model.get()), plugins: .shipped)
  }

  static func run(threads: Int = 2, timeLimit: Double? = nil) throws -> TriggerRun {
    try TriggerRun(
      model: model.get(), menu: menu(), timeLimit: timeLimit, threads: threads)
  }

  static let input = Samples.path("w-vs-qcd-small.h5")

  static func stream(
    _ inputs: [String] = [input], events: Int, skipBadEvents: Bool = false, weight: String? = nil
  ) throws
    -> EventStream
  {
    try EventStream(
      inputs: inputs,
      options: EventReadingOptions(
        maximumEvents: events, skipEvents: 5, skipBadEvents: skipBadEvents,
        weight: weight.map { EventWeight($0) }))
  }
}

extension Events {
  /// All events of a stream, which one batch holds.
  init(_ stream: EventStream) throws {
    self = try #require(try stream.next(upTo: 10_000))
    try #require(try stream.next(upTo: 1) == nil)
  }
}
