// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine

/// How likely each of some rows is of each class by some numbers of it, if all classes were of the same total weight.
///
/// A small network learns it from one half of the rows and says it of the other, and another the reverse, so that no row is
/// judged by what was learnt from it. The probabilities of two classes have the ratio of their densities (Cranmer, Pavez and
/// Louppe, arXiv:1506.02169).
struct ClassProbabilities {
  /// Row-major `[rows × classes]`.
  private(set) var values: [Float]
  /// The number of classes.
  let classCount: Int

  /// The fewest rows of a class from which anything can be learnt.
  static let fewestRows = 20

  /// Learns the probabilities.
  ///
  /// - Parameters:
  ///   - numbers: what the classes are told apart by, finite: `[rows]` each.
  ///   - classes: the class of each row, from 0: `[rows]`; of each there are at least ``fewestRows``.
  ///   - classCount: the number of classes.
  ///   - weights: the weight of each row, not negative: `[rows]`.
  ///   - seed: of all random numbers.
  init(_ numbers: [[Float]], classes: [Int], classCount: Int, weights: [Float], seed: UInt64) {
    self.classCount = classCount
    values = Array(repeating: 0, count: classes.count * classCount)
    var generator = SeededGenerator(seed: seed)
    // Every other of the rows of a class, in an order that is drawn.
    var halves: [[Int]] = [[], []]
    for kind in 0..<classCount {
      for (place, row) in classes.indices.filter({ classes[$0] == kind }).shuffled(using: &generator)
        .enumerated()
      {
        halves[place % 2].append(row)
      }
    }
    for half in 0..<2 {
      let network = ClassNetwork(
        numbers, classes, classCount, weights, learningFrom: halves[1 - half].sorted(), using: &generator)
      network.predict(numbers, halves[half].sorted(), into: &values)
    }
  }

  /// The probability that a row is of a class.
  func probability(ofRow row: Int, _ kind: Int) -> Double { Double(values[row * classCount + kind]) }
}

/// A dense network that tells classes apart.
private struct ClassNetwork {
  private static let hidden = [32, 32]
  private static let learningRate: Float = 2e-3
  private static let epochs = 60
  /// However many rows there are.
  private static let mostSteps = 10_000
  /// The rows that go through the network together.
  private static let rowsAtOnce = 1024
  /// So many standard deviations from the mean is as far as numbers count.
  private static let largestNumber: Float = 8

  private let layers: Perceptron
  private let parameters: Parameters
  private let classCount: Int
  /// The mean and the standard deviation of each number.
  private let scaling: [(mean: Float, deviation: Float)]

  init(
    _ numbers: [[Float]], _ classes: [Int], _ classCount: Int, _ weights: [Float], learningFrom rows: [Int],
    using generator: inout SeededGenerator
  ) {
    self.classCount = classCount
    var layout = ParameterLayout()
    layers = Perceptron(
      "classes", inputs: numbers.count, hidden: Self.hidden, outputs: classCount, in: &layout)
    scaling = numbers.map { values in
      let mean = rows.reduce(0.0) { $0 + Double(values[$1]) } / Double(rows.count)
      let square = rows.reduce(0.0) { $0 + (Double(values[$1]) - mean) * (Double(values[$1]) - mean) }
      let deviation = (square / Double(rows.count)).squareRoot()
      return (Float(mean), deviation > 0 ? Float(deviation) : 1)
    }
    // Each class has the weight of as many rows.
    var totals = Array(repeating: 0.0, count: classCount)
    for row in rows { totals[classes[row]] += Double(weights[row]) }
    let scales = totals.map { $0 > 0 ? Double(rows.count) / (Double(classCount) * $0) : 0 }
    let scaled = weights.indices.map { Double(weights[$0]) * scales[classes[$0]] }

    // A quarter of the rows tells when the network begins to learn the others by heart.
    var order = rows.shuffled(using: &generator)
    let watched = Array(order.suffix(rows.count / 4))
    order.removeLast(watched.count)
    let learnt = Parameters(layout: layout, using: &generator)
    parameters = Parameters(layout: layout)
    let gradients = Parameters(layout: layout)
    let tape = Tape(parameters: learnt, gradients: gradients)
    let optimiser = AdamW(layout: layout)
    let batchSize = min(max(order.count / 20, 32), 512)
    let stepsPerEpoch = (order.count + batchSize - 1) / batchSize
    let steps = min(Self.epochs * stepsPerEpoch, Self.mostSteps)
    var least = Double.infinity
    for step in 0..<steps {
      let place = step % stepsPerEpoch
      if place == 0 { order.shuffle(using: &generator) }
      let batch = order[place * batchSize..<min((place + 1) * batchSize, order.count)]
      gradients.clear()
      tape.reset()
      let losses = layers(input(numbers, batch, on: tape)).crossEntropy(
        classes: batch.map { Int32(classes[$0]) })
      let seed = tape.scratch(count: batch.count)
      for (place, row) in batch.enumerated() { seed[place] = Float(scaled[row] / Double(batch.count)) }
      tape.seedGradient(of: losses, UnsafeBufferPointer(seed))
      tape.backward()
      optimiser.update(learnt, gradient: gradients, learningRate: Self.learningRate)
      guard place == stepsPerEpoch - 1 || step == steps - 1 else { continue }
      let loss = loss(of: watched, numbers, classes, scaled, learnt)
      guard loss < least else { continue }
      least = loss
      parameters.assign(learnt)
    }
  }

  /// The sum of the losses of some rows.
  private func loss(
    of rows: [Int], _ numbers: [[Float]], _ classes: [Int], _ weights: [Double], _ parameters: Parameters
  ) -> Double {
    var sum = 0.0
    let tape = Tape(parameters: parameters)
    for batch in Self.batches(of: rows) {
      tape.reset()
      let losses = layers(input(numbers, batch, on: tape)).crossEntropy(
        classes: batch.map { Int32(classes[$0]) })
      for (place, row) in batch.enumerated() { sum += weights[row] * Double(losses.values[place]) }
    }
    return sum
  }

  private static func batches(of rows: [Int]) -> [ArraySlice<Int>] {
    stride(from: 0, to: rows.count, by: rowsAtOnce).map { rows[$0..<min($0 + rowsAtOnce, rows.count)] }
  }

  /// Some rows of the numbers, scaled.
  private func input(_ numbers: [[Float]], _ rows: ArraySlice<Int>, on tape: Tape) -> Variable {
    let input = tape.constant(rows: rows.count, columns: numbers.count)
    let values = input.values
    for (place, row) in rows.enumerated() {
      for (column, scale) in scaling.enumerated() {
        let value = (numbers[column][row] - scale.mean) / scale.deviation
        values[place * numbers.count + column] = min(max(value, -Self.largestNumber), Self.largestNumber)
      }
    }
    return input
  }

  /// Sets the probabilities of some rows in `probabilities`, `[all rows × classes]`.
  func predict(_ numbers: [[Float]], _ rows: [Int], into probabilities: inout [Float]) {
    let tape = Tape(parameters: parameters)
    for batch in Self.batches(of: rows) {
      tape.reset()
      let logarithms = layers(input(numbers, batch, on: tape)).logSoftmax().exp().values
      for (place, row) in batch.enumerated() {
        for kind in 0..<classCount {
          probabilities[row * classCount + kind] = logarithms[place * classCount + kind]
        }
      }
    }
  }
}
