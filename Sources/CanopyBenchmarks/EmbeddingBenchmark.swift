// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// The recursive network, compared with a large matrix product, on one thread.
enum EmbeddingBenchmark {
  private static let batchSizes = [1, 8, 64, 256, 1024]
  private static let trainingBatch = 256

  static func run(_ inputs: BenchmarkInputs, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    let trees = try sample(inputs)
    let peak = ProductPeak()
    // Of all rounds of all networks.
    var products: [[Double]] = [[], []]
    var results: [BenchmarkResult] = []
    for cell in inputs.plugins.recursiveCells.all {
      for width in effort.widths {
        results += try measure(NetworkUnderTest(cell, width: width, trees), peak, effort, &products)
      }
    }
    return [
      BenchmarkResult(
        "embedding.peak.openblas", "GFLOP/s", work: peak.blasOperations * 1e-9, seconds: products[0]),
      BenchmarkResult(
        "embedding.peak.packed", "GFLOP/s", work: peak.packedOperations * 1e-9, seconds: products[1]),
    ] + results
  }

  /// The kT trees of enough jets for the largest batch, with scaled features.
  private static func sample(_ inputs: BenchmarkInputs) throws -> FeatureTrees {
    let count = batchSizes.max()!
    let finder = try JetFinder(JetDefinition(.kt, radius: JetDefinition.allowedRadii.upperBound))
    let clusterer = try JetClusterer(finder)
    var sample = FeatureTrees(featureCount: NodeFeatures.lund.count)
    for events in try inputs.jets(count) {
      var trees = FeatureTrees(featureCount: NodeFeatures.lund.count)
      trees.replace(with: try clusterer.jets(in: events).trees, features: .lund)
      sample.append(trees)
    }
    guard sample.treeCount > 0 else { throw inputs.refusal("has HDF5 files without particles only") }
    sample.scale(by: FeatureScaling(fitting: sample.features, count: sample.featureCount))
    while sample.treeCount < count { sample.append(sample) }
    return sample
  }

  /// All batch sizes of one network; the durations of the peak's products are added to `products`.
  private static func measure(
    _ network: NetworkUnderTest, _ peak: ProductPeak, _ effort: BenchmarkEffort,
    _ products: inout [[Double]]
  ) throws -> [BenchmarkResult] {
    var works: [(key: String, operations: Double, work: () -> Void)] = []
    for size in batchSizes {
      let batches = network.batches(of: size)
      let operations = network.work(0..<max(size, Predictor.jetsAtOnce)).inference
      let filled = batches.map(network.filledBatch)
      works.append(("inference.\(size)", operations, { for batch in batches { network.infer(batch) } }))
      works.append(("network.\(size)", operations, { for batch in filled { network.infer(batch) } }))
    }
    let batch = 0..<trainingBatch
    works.append(("training.\(trainingBatch)", network.work(batch).training, { network.train(batch) }))

    let seconds = try Interleaving.seconds(effort, peak.works + works.map(\.work))
    for (index, rounds) in seconds.prefix(2).enumerated() { products[index] += rounds }
    let least = peak.secondsPerOperation(seconds.prefix(2))
    return zip(works, seconds.dropFirst(2)).map { work, seconds in
      BenchmarkResult(
        "embedding.\(network.name).\(work.key)", "GFLOP/s", work: work.operations * 1e-9, seconds: seconds,
        least: least.map { $0 * work.operations })
    }
  }
}

/// A network with random weights and the trees that it reads.
private final class NetworkUnderTest {
  let name: String
  private let network: RecursiveNetwork
  private let trees: FeatureTrees
  private let batch = TreeBatch()
  private let parameters: Parameters
  private let gradients: Parameters
  private let weights: PackedWeights
  private let predicting: Tape
  private let learning: Tape
  private let optimiser: AdamW
  private var seed: [Float] = []

  init(_ cell: RecursiveNetwork.Cell, width: Int, _ trees: FeatureTrees) {
    name = "\(cell.name).\(width)"
    self.trees = trees
    var layout = ParameterLayout()
    network = RecursiveNetwork(cell, width: width, featureCount: trees.featureCount, in: &layout)
    var generator = SeededGenerator(seed: 1)
    parameters = Parameters(layout: layout, using: &generator)
    gradients = Parameters(layout: layout)
    weights = PackedWeights(network, parameters)
    predicting = Tape(parameters: parameters)
    learning = Tape(parameters: parameters, gradients: gradients)
    optimiser = AdamW(layout: layout)
  }

  /// The trees of batches of `size`, each in the pieces in which a predictor works, and at least one piece in all.
  func batches(of size: Int) -> [Range<Int>] {
    let piece = min(size, Predictor.jetsAtOnce)
    return stride(from: 0, to: max(size, Predictor.jetsAtOnce), by: piece).map { $0..<$0 + piece }
  }

  /// What the equations need for some trees.
  func work(_ range: Range<Int>) -> NetworkWork {
    NetworkWork(
      network, trees: range.count,
      nodes: trees.offsets[range.upperBound] - trees.offsets[range.lowerBound])
  }

  /// Some trees ready for `infer`.
  func filledBatch(_ range: Range<Int>) -> TreeBatch {
    let batch = TreeBatch()
    batch.fill(trees, range)
    return batch
  }

  func infer(_ range: Range<Int>) {
    batch.fill(trees, range)
    infer(batch)
  }

  func infer(_ batch: TreeBatch) {
    predicting.reset()
    _ = network(batch, weights, on: predicting)
  }

  /// One step of training, on a given gradient of the embeddings; the weights stay as they are.
  func train(_ range: Range<Int>) {
    gradients.clear()
    weights.pack(parameters)
    learning.reset()
    batch.fill(trees, range)
    let embedding = network(batch, weights, on: learning)
    if seed.count != embedding.count {
      var generator = SeededGenerator(seed: 2)
      seed = (0..<embedding.count).map { _ in Float.random(in: -0.01...0.01, using: &generator) }
    }
    seed.withUnsafeBufferPointer { learning.seedGradient(of: embedding, $0) }
    learning.backward()
    optimiser.update(parameters, gradient: gradients, learningRate: 0)
  }
}
