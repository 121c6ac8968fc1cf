// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// The one-event path of a trigger: 500 particles, two heads of random weights and a menu of 20 paths.
enum TriggerBenchmark {
  private static let pathCount = 20
  private static let particleCount = 500

  static func run(_ inputs: BenchmarkInputs, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    let events = try inputs.events(256).flatMap { $0.cut(by: 1) }
    let event = events.max { $0.particleCount < $1.particleCount }!.hardestParticles(particleCount)
    let model = try twoHeads(event)
    let menu = try MenuFile(yaml: menuText, source: "the menu of the benchmark").menu(
      sources: DecisionSources(model), plugins: .builtIn)
    let trigger = try EventTrigger(model: model, menu: menu)
    return try LatencyBenchmark.measure("trigger", model, [event], effort) { _ = try trigger.decide($0) }
  }

  /// A tagger of the five leading jets and a classifier of the event, as wide as the shipped models.
  private static func twoHeads(_ event: Events) throws -> Model {
    let embedding = StageChoice(
      RecursiveStage.self, EmbeddingDescription(cell: .gated, width: 40, features: .lund))
    let encoder = StageChoice(
      EventEncoder.self,
      try EventEncoderDescription(
        momenta: .relative, width: 40, inputs: EventInputs(missingMomentum: true, scalarSum: true)))
    let configuration = JSONValue.object([
      "truth": .string("label"), "classes": .array([.string("background"), .string("signal")]),
    ])
    let network = try Network(
      embedding: embedding, events: encoder,
      heads: [("tagger", "jet-tagger"), ("whole", "event-classifier")].map { name, identifier in
        (name, try PluginRegistry.builtIn.head(identifier), configuration)
      })
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 0), leading: 5),
      recluster: .kt)
    var sample = EventSample(network)
    try sample.replace(with: event, jets: JetClusterer(finder).jets(in: event))
    var generator = SeededGenerator(seed: 1)
    return Model(
      description: ModelDescription(
        jets: finder, embedding: network.embedding?.description, events: network.events?.description,
        scaling: SampleScaling(fitting: sample, events: [0]),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: Parameters(layout: network.layout, using: &generator))
  }

  /// Paths of six conditions.
  private static var menuText: String {
    (0..<pathCount).reduce("paths:\n") { text, path in
      text + """
          - name: path-\(path)
            prescale: \(1 + path % 3)
            conditions:
              - jet: {rank: \(1 + path % 2), quantity: tagger/score, min-pt: 20, max-abs-rapidity: 2.5}
                min: 0.\(path + 10)
              - event-output: whole/score
                min: 0.\(path + 10)
              - ht: {min-pt: 15}
                min: \(10 * path)
              - missing-momentum: {}
                max: 10000
              - jet-count: {outputs: {tagger/score: {min: 0.1}}}
                min: 1
              - invariant-mass: {}

        """
    }
  }
}
