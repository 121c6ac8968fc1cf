// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// The gated recurrent unit that encodes events, compared with a large matrix product, on one thread.
enum EncodingBenchmark {
  private static let jetCounts = [5, 20]
  private static let batchSizes = [1, 8, 64, 256]
  private static let trainingBatch = 256

  static func run(_ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    try jetCounts.flatMap { jets in
      try effort.widths.flatMap { width in try measure(UnitUnderTest(jets: jets, width: width), effort) }
    }
  }

  private static func measure(_ unit: UnitUnderTest, _ effort: BenchmarkEffort) throws -> [BenchmarkResult] {
    var works: [(key: String, operations: Double, work: () -> Void)] = []
    for size in batchSizes {
      let batch = unit.batch(of: size)
      works.append(("inference.\(size)", unit.operations(batch), { unit.infer(batch) }))
    }
    let batch = unit.batch(of: trainingBatch)
    works.append(("training.\(trainingBatch)", 3 * unit.operations(batch), { unit.train(batch) }))

    let peak = ProductPeak()
    let seconds = try Interleaving.seconds(effort, peak.works + works.map(\.work))
    let least = peak.secondsPerOperation(seconds.prefix(2))
    return zip(works, seconds.dropFirst(2)).map { work, seconds in
      BenchmarkResult(
        "encoding.\(unit.name).\(work.key)", "GFLOP/s", work: work.operations * 1e-9, seconds: seconds,
        least: least.map { $0 * work.operations })
    }
  }
}

/// A unit with random weights, which reads the momenta and the embeddings, of its own width, of some jets an event.
private final class UnitUnderTest {
  /// Events of random numbers.
  struct Batch {
    let items: Matrix
    let offsets: [Int]
  }

  let name: String
  private let jets: Int
  private let unit: GatedRecurrentUnit
  private let parameters: Parameters
  private let gradients: Parameters
  private let weights: GatedRecurrentUnit.PackedWeights
  private let predicting: Tape
  private let learning: Tape

  init(jets: Int, width: Int) {
    name = "\(jets).\(width)"
    self.jets = jets
    var layout = ParameterLayout()
    unit = GatedRecurrentUnit("unit", inputs: ItemMomenta.relative.count + width, width: width, in: &layout)
    var generator = SeededGenerator(seed: 1)
    parameters = Parameters(layout: layout, using: &generator)
    gradients = Parameters(layout: layout)
    weights = GatedRecurrentUnit.PackedWeights(unit, parameters)
    predicting = Tape(parameters: parameters)
    learning = Tape(parameters: parameters, gradients: gradients)
  }

  func batch(of events: Int) -> Batch {
    var generator = SeededGenerator(seed: 2)
    let rows = events * jets
    let values = (0..<rows * unit.inputs).map { _ in Float.random(in: -1...1, using: &generator) }
    return Batch(
      items: Matrix(rows: rows, columns: unit.inputs, values: values),
      offsets: (0...events).map { $0 * jets })
  }

  /// What the equations need forward.
  func operations(_ batch: Batch) -> Double {
    NetworkWork.recurrence(items: batch.items.rows, inputs: unit.inputs, width: unit.width)
  }

  func infer(_ batch: Batch) {
    predicting.reset()
    _ = unit(predicting.constant(batch.items), predicting.segments(offsets: batch.offsets), weights)
  }

  /// Forward and backward, into the items too.
  func train(_ batch: Batch) {
    gradients.clear()
    weights.pack(parameters)
    learning.reset()
    learning.backward(
      from: unit(learning.input(batch.items), learning.segments(offsets: batch.offsets), weights))
  }
}
