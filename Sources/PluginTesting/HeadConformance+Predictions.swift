// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding

extension HeadConformance {
  func checkDeterminism() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let sample = try subject.sample(of: ConformanceEvents.ordinary)
    let first = try subject.pass(sample)
    for _ in 0..<2 {
      try ConformanceFailure.require(
        try subject.pass(sample) == first, "The same events give other numbers the second time.")
    }
  }

  func checkThreads() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let sample = try subject.sample(of: ConformanceEvents.ordinary)
    let alone = try subject.pass(sample)
    let differing = ConcurrentCounter()
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      if (try? subject.pass(sample)) != alone { differing.add() }
    }
    try ConformanceFailure.require(
      differing.value == 0,
      "\(differing.value) of 16 passes on several threads give other numbers than one alone: what do they share?"
    )
  }

  func checkIndependence() throws {
    let model = try ConformanceSubject<H>(example, plugins).model
    let events = ConformanceEvents.events(ConformanceEvents.ordinary, with: model.network.particleColumns)
    let predictor = try Predictor(model)
    let together = try predictor.predict(events)
    let jets = together.jets
    let rows = together.heads[0].rows
    let values = together.heads[0].matrix
    for event in 0..<events.eventCount {
      let alone = try predictor.predict(events.events(at: event..<event + 1)).heads[0].matrix
      let expected = rows.rows(ofEvent: event, in: jets)
      try ConformanceFailure.require(
        alone.rows == expected.count,
        "An event alone has \(alone.rows) rows, and in a batch \(expected.count).")
      for (row, place) in expected.enumerated() {
        for column in 0..<alone.columns {
          let (a, b) = (alone[row, column], values[place, column])
          try ConformanceFailure.require(
            abs(a - b) <= 1e-4 * max(1, abs(a)),
            "An output is \(a) for an event alone, and \(b) for the same event with others beside it.")
        }
      }
    }
  }

  func checkSaving() throws {
    var subject = try ConformanceSubject<H>(example, plugins)
    try subject.calibrate()
    let events = ConformanceEvents.events(
      ConformanceEvents.ordinary, with: subject.model.network.particleColumns)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "canopy-conformance-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try subject.model.write(to: folder)
    var plugins = plugins
    try plugins.register(H.self)
    let read = try Model(contentsOf: folder, plugins: plugins)
    try ConformanceFailure.require(
      try read.network.heads[0].description() == subject.model.description.heads[0],
      "The head is described otherwise when its model was written and read.")
    try ConformanceFailure.require(
      try Predictor(read).predict(events).heads[0].values
        == Predictor(subject.model).predict(events).heads[0].values,
      "The head predicts other numbers when its model was written and read.")
  }

  func checkEvaluation() throws {
    var subject = try ConformanceSubject<H>(example, plugins)
    try subject.calibrate()
    let sample = try subject.sample(of: ConformanceEvents.ordinary)
    let pass = try subject.pass(sample)
    let truth = try subject.truth(rows: pass.rows, sample)
    try subject.head.check(truth)
    let evaluation = try subject.head.evaluate(
      pass.outputs, truth: truth, weights: Array(repeating: 1, count: pass.rows))
    do {
      try evaluation.checkFigures(of: ConformanceSubject<H>.headName, plugin: H.identifier)
    } catch let error as PluginError {
      throw ConformanceFailure(error.description)
    }
    for metric in evaluation.metrics {
      try ConformanceFailure.require(
        !metric.name.isEmpty && metric.estimate?.value.isFinite == true,
        "The metric “\(metric.name)” is \(metric.estimate?.description ?? "unknown"): it needs a name and a finite "
          + "value for the truth of the example.")
    }
  }
}

extension ConformanceSubject {
  /// Lets the head learn from ordinary events what it learns beside its weights.
  fileprivate mutating func calibrate() throws {
    let sample = try sample(of: ConformanceEvents.ordinary)
    let pass = try pass(sample)
    let truth = try truth(rows: pass.rows, sample)
    try replaceNetwork {
      try $0.calibrateHead(
        0, fitting: pass.result, truth: truth, weights: Array(repeating: 1, count: pass.rows))
    }
  }
}
