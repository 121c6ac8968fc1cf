// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// A model on one event at a time, as a trigger calls it.
enum LatencyBenchmark {
  /// Raw FastJet has a turn after so many calls, often enough for a median.
  private static let callsPerCeiling = 10

  static func run(_ inputs: BenchmarkInputs, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    let model = try inputs.model()
    let jets = try inputs.jets(1024).flatMap { $0.cut(by: 1) }
    let events = try inputs.events(256).flatMap { $0.cut(by: 1) }
    let event = events.max { $0.particleCount < $1.particleCount }!.hardestParticles(500)
    return try measure("latency.jet", model, jets, effort)
      + measure("latency.event", model, events, effort)
      + measure("latency.event-500", try fiveJets(of: model), [event], effort)
  }

  /// The model with the five leading anti-kT jets of R = 0.4 instead of its own.
  private static func fiveJets(of model: Model) throws -> Model {
    var description = model.description
    description.jets = try JetFinder(
      JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 0), leading: 5),
      recluster: .kt)
    return Model(description: description, network: model.network, parameters: model.parameters)
  }

  private static func measure(
    _ key: String, _ model: Model, _ events: [Events], _ effort: BenchmarkEffort
  ) throws -> [BenchmarkResult] {
    let predictor = try Predictor(model)
    var prediction = Prediction()
    return try measure(key, model, events, effort) { try predictor.predict($0, into: &prediction) }
  }

  /// The duration of calls that go from the particles of one event to what a model, and maybe a menu, says of it.
  static func measure(
    _ key: String, _ model: Model, _ events: [Events], _ effort: BenchmarkEffort,
    _ call: (Events) throws -> Void
  ) throws -> [BenchmarkResult] {
    let finder = model.description.jets
    let predictor = try Predictor(model)
    var operations = 0.0
    // Everything is done once before, so that all memory is there.
    for event in events {
      try call(event)
      operations +=
        try NetworkWork.inference(of: model, event, predictor.predict(event).jets) / Double(events.count)
    }
    var seconds: [Double] = []
    var plain: [Double] = []
    seconds.reserveCapacity(effort.calls)
    plain.reserveCapacity(effort.calls / callsPerCeiling + 1)
    for number in 0..<effort.calls {
      let event = events[number % events.count]
      seconds.append(try Interleaving.duration(.wall) { try call(event) })
      if number % callsPerCeiling == 0 {
        plain.append(Interleaving.duration(.wall) { finder.clusterPlainly(event) })
      }
    }
    let peak = ProductPeak()
    let operation = peak.secondsPerOperation(try Interleaving.seconds(effort, peak.works)).quantile(0.5)
    let least = 1e6 * (plain.quantile(0.5) + operations * operation)
    let median = 1e6 * seconds.quantile(0.5)
    return [
      BenchmarkResult("\(key).p50", "µs", median, ceiling: least, fraction: least / median),
      BenchmarkResult("\(key).p99", "µs", 1e6 * seconds.quantile(0.99)),
      BenchmarkResult("\(key).p999", "µs", 1e6 * seconds.quantile(0.999)),
      BenchmarkResult("\(key).max", "µs", 1e6 * seconds.max()!),
    ]
  }
}
