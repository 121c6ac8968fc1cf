// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// What a jet costs by its number of constituents: clustering by FastJet, with its tree, and the recursive network;
/// nothing for a model without one.
enum SizeBenchmark {
  /// The pieces of work, as keys name them.
  static let works = ["fastjet", "clustering", "network"]
  /// From this size on, work that does not depend on the size hardly counts.
  private static let leastFitted = 100

  static func run(_ inputs: BenchmarkInputs, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    let model = try inputs.model()
    guard let embedding = model.network.embedding?.stage as? RecursiveStage else { return [] }
    let events = try inputs.events(256)
    let particles = events.flatMap { batch in
      (0..<batch.eventCount).map { batch.particles(ofEvent: $0).map { batch.momentum(ofParticle: $0) } }
    }
    guard particles.contains(where: { !$0.isEmpty }) else {
      throw inputs.refusal("has HepMC3 files without particles only")
    }
    var results: [String: [BenchmarkResult]] = [:]
    for size in effort.sizes {
      // As many jets as make a turn, of different events.
      let jets = (0..<min(max(2000 / size, 1), 16)).map { overlay(particles, from: 7 * $0, size: size) }
      for (work, result) in zip(works, try measure(size, jets, model, embedding, effort)) {
        results[work, default: []].append(result)
      }
    }
    return works.flatMap { work in
      let measured = results[work]!
      let points = zip(effort.sizes, measured).filter { $0.0 >= leastFitted }
      let exponent = slope(points.map { (log(Double($0.0)), log($0.1.median)) })
      return measured + [BenchmarkResult("size.\(work).exponent", "power of the size", exponent)]
    }
  }

  /// The `size` particles of largest pT of as many events, laid over each other, as are needed, as an event.
  private static func overlay(_ events: [[FourMomentum]], from first: Int, size: Int) -> Events {
    var particles: [FourMomentum] = []
    var next = first
    while particles.count < size {
      particles += events[next % events.count]
      next += 1
    }
    let chosen = particles.sorted { $0.pt2 > $1.pt2 }.prefix(size)
    var event = Events()
    event.eventNumbers = [0]
    event.offsets = [0, size]
    event.momenta = FourMomenta(chosen)
    return event
  }

  /// The work on jets of one size, in the order of `works`.
  private static func measure(
    _ size: Int, _ events: [Events], _ model: Model, _ embedding: RecursiveStage,
    _ effort: BenchmarkEffort
  ) throws -> [BenchmarkResult] {
    // At FastJet's largest radius everything becomes one jet.
    let finder = try JetFinder(JetDefinition(.kt, radius: JetDefinition.allowedRadii.upperBound))
    let clusterer = try JetClusterer(finder)
    var jets = Jets()
    let network = try JetNetwork(model, embedding)
    let trees = try events.map { try clusterer.jets(in: $0).trees }
    let peak = ProductPeak()
    let seconds = try Interleaving.seconds(
      effort,
      peak.works + [
        { for event in events { finder.clusterPlainly(event) } },
        { for event in events { try clusterer.findJets(in: event, into: &jets) } },
        { for jet in trees { network.embed(jet) } },
      ])
    let operations = NetworkWork(
      embedding.network, trees: trees.count,
      nodes: trees.reduce(0) { $0 + $1.nodeCount }
    ).inference
    let least = [
      nil, seconds[2], peak.secondsPerOperation(seconds.prefix(2)).map { $0 * operations },
    ]
    return zip(works, zip(seconds.dropFirst(2), least)).map { work, rounds in
      BenchmarkResult(
        "size.\(work).\(size)", "µs/jet", seconds: rounds.0, least: rounds.1,
        scale: 1e6 / Double(events.count))
    }
  }

  /// The slope of the straight line with the least squares to some points.
  private static func slope(_ points: [(x: Double, y: Double)]) -> Double {
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    return points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
      / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
  }
}

/// A model's way from the trees of jets to their embeddings.
private final class JetNetwork {
  private let embedding: RecursiveNetwork
  private let features: NodeFeatures
  private let scaling: FeatureScaling
  private let tape: Tape
  private let weights: PackedWeights
  private let batch = TreeBatch()
  private var trees: FeatureTrees

  init(_ model: Model, _ stage: RecursiveStage) throws {
    embedding = stage.network
    features = stage.configuration.features
    scaling = try model.description.scaling.nodes!.decode(FeatureScaling.self)
    tape = Tape(parameters: model.parameters)
    weights = PackedWeights(embedding, model.parameters)
    trees = FeatureTrees(featureCount: embedding.featureCount)
  }

  func embed(_ jets: JetTrees) {
    trees.replace(with: jets, features: features)
    trees.scale(by: scaling)
    batch.fill(trees, 0..<trees.treeCount)
    tape.reset()
    _ = embedding(batch, weights, on: tape)
  }
}
