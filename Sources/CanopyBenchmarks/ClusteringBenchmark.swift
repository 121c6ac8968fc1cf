// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// Jet clustering with trees, compared with raw FastJet without.
enum ClusteringBenchmark {
  static func run(_ inputs: BenchmarkInputs, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    let jets = try inputs.jets(256)
    let events = try inputs.events(64)
    let algorithms: [JetDefinition.Algorithm] = [.kt, .cambridge, .antikt]
    return try algorithms.map { algorithm in
      // At FastJet's largest radius everything becomes one jet.
      let finder = try JetFinder(JetDefinition(algorithm, radius: JetDefinition.allowedRadii.upperBound))
      return try measure("clustering.jets.\(algorithm.rawValue)", finder, jets, effort)
    } + [
      try measure(
        "clustering.events.antikt",
        JetFinder(
          JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 5))), events,
        effort)
    ]
  }

  private static func measure(
    _ key: String, _ finder: JetFinder, _ batches: [Events], _ effort: BenchmarkEffort
  ) throws -> BenchmarkResult {
    let clusterer = try JetClusterer(finder)
    var jets = Jets()
    let seconds = try Interleaving.seconds(
      effort,
      [
        { for events in batches { finder.clusterPlainly(events) } },
        { for events in batches { try clusterer.findJets(in: events, into: &jets) } },
      ])
    let count = batches.reduce(0) { $0 + $1.eventCount }
    return BenchmarkResult(
      key, "µs/event", seconds: seconds[1], least: seconds[0], scale: 1e6 / Double(count))
  }
}
