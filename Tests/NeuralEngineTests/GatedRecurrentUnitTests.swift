// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Testing

/// The unit over batches of sequences against a plain reference, against PyTorch, and its gradient against differences.
@Suite struct GatedRecurrentUnitTests {
  private struct Setup {
    let unit: GatedRecurrentUnit
    let parameters: Parameters
    /// The first item of each sequence, and the number of items.
    let offsets: [Int]
    /// The items of each sequence.
    let items: [[[Double]]]
    var matrix: Matrix {
      Matrix(
        rows: offsets.last!, columns: unit.inputs, values: items.joined().joined().map { Float($0) })
    }

    init(lengths: [Int], inputs: Int = 7, width: Int) {
      var layout = ParameterLayout()
      unit = GatedRecurrentUnit("unit", inputs: inputs, width: width, in: &layout)
      var generator = SeededGenerator(seed: 3)
      parameters = Parameters(layout: layout, using: &generator)
      // Biases that start at zero would hide that they are left out.
      for entry in layout.entries where entry.rows == 1 {
        for i in 0..<entry.count {
          parameters.values[entry.offset + i] = Float.random(in: -1...1, using: &generator)
        }
      }
      offsets = lengths.reduce(into: [0]) { $0.append($0.last! + $1) }
      items = lengths.map { length in
        (0..<length).map { _ in
          (0..<inputs).map { _ in Double(Float.random(in: -2...2, using: &generator)) }
        }
      }
    }

    func result(_ direction: ReadingDirection, on tape: Tape) -> Variable {
      unit(
        tape.input(matrix), tape.segments(offsets: offsets), reading: direction,
        GatedRecurrentUnit.PackedWeights(unit, parameters))
    }
  }

  @Test(arguments: [1, 6, 16, 40, 65])
  func forwardEqualsTheReference(width: Int) {
    let setup = Setup(lengths: [2, 0, 50, 1, 1, 7, 0, 3] + Array(repeating: 4, count: 30), width: width)
    let reference = ReferenceUnit("unit", setup.parameters)
    for direction in [ReadingDirection.forward, .backward] {
      let predicting = setup.result(direction, on: Tape(parameters: setup.parameters)).matrix
      let learning = setup.result(
        direction,
        on: Tape(parameters: setup.parameters, gradients: Parameters(layout: setup.parameters.layout))
      ).matrix
      #expect(learning == predicting, "recording changes no bit")
      for (row, items) in setup.items.enumerated() {
        let expected = reference.state(after: direction == .forward ? items : items.reversed())
        for i in 0..<width {
          #expect(abs(Double(predicting[row, i]) - expected[i]) < 2e-6, "sequence \(row), component \(i)")
        }
      }
    }
  }

  @Test func aSequenceDoesNotDependOnThoseBesideIt() {
    let lengths = [5, 50, 0, 1, 2, 13, 13, 1]
    let together = Setup(lengths: lengths, width: 40)
    let expected = together.result(.forward, on: Tape(parameters: together.parameters)).matrix
    let weights = GatedRecurrentUnit.PackedWeights(together.unit, together.parameters)
    let tape = Tape(parameters: together.parameters)
    for (row, items) in together.items.enumerated() {
      tape.reset()
      let alone = tape.segments(offsets: [0, items.count])
      let x = Matrix(rows: items.count, columns: 7, values: items.joined().map { Float($0) })
      let result = together.unit(tape.constant(x), alone, weights)
      for i in 0..<40 { #expect(result.values[i].bitPattern == expected[row, i].bitPattern) }
    }
  }

  @Test(arguments: [ReadingDirection.forward, .backward])
  func gradientsEqualCentralDifferences(direction: ReadingDirection) {
    let width = 5
    let setup = Setup(lengths: [3, 0, 6, 1, 2, 6], inputs: 4, width: width)
    let gradients = Parameters(layout: setup.parameters.layout)
    let tape = Tape(parameters: setup.parameters, gradients: gradients)
    let x = tape.input(setup.matrix)
    let result = setup.unit(
      x, tape.segments(offsets: setup.offsets), reading: direction,
      GatedRecurrentUnit.PackedWeights(setup.unit, setup.parameters))
    var generator = SeededGenerator(seed: 5)
    let coefficients = (0..<result.count).map { _ in Float.random(in: -1...1, using: &generator) }
    coefficients.withUnsafeBufferPointer { tape.seedGradient(of: result, $0) }
    tape.backward()

    var reference = ReferenceUnit("unit", setup.parameters)
    var items = setup.items
    func value() -> Double {
      var sum = 0.0
      for (row, sequence) in items.enumerated() {
        let state = reference.state(after: direction == .forward ? sequence : sequence.reversed())
        for i in 0..<width { sum += Double(coefficients[row * width + i]) * state[i] }
      }
      return sum
    }
    func difference(_ move: (Double) -> Void) -> Double {
      move(1e-6)
      let above = value()
      move(-2e-6)
      defer { move(1e-6) }
      return (above - value()) / 2e-6
    }
    for entry in setup.parameters.layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      #expect(range.contains { abs(gradients.values[$0]) > 1e-2 }, "\(entry.name) has a gradient")
      for i in range {
        let expected = difference { reference.numbers[i] += $0 }
        #expect(abs(expected - Double(gradients.values[i])) < 2e-5, "\(entry.name)")
      }
    }
    var row = 0
    for sequence in items.indices {
      for item in items[sequence].indices {
        for i in 0..<4 {
          let expected = difference { items[sequence][item][i] += $0 }
          #expect(abs(expected - Double(x.gradient![row * 4 + i])) < 2e-5, "item \(row)")
        }
        row += 1
      }
    }
  }

  /// States and gradients of PyTorch's nn.GRU: see Fixtures/make_gru.py.
  @Test(arguments: [ReadingDirection.forward, .backward])
  func equalsPyTorch(direction: ReadingDirection) throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/gru", withExtension: "safetensors"))
    let file = try Safetensors(contentsOf: url)
    func tensor(_ name: String) throws -> Matrix {
      let tensor = try #require(file[name])
      return Matrix(
        rows: tensor.shape.count == 2 ? tensor.shape[0] : 1, columns: tensor.shape.last!,
        values: tensor.values)
    }
    let prefix = direction == .forward ? "forward" : "backward"
    let expected = try tensor("\(prefix).state")
    var layout = ParameterLayout()
    let unit = GatedRecurrentUnit(prefix, inputs: 5, width: 18, in: &layout)
    let parameters = Parameters(layout: layout)
    for entry in layout.entries {
      for (i, value) in try tensor(entry.name).values.enumerated() {
        parameters.values[entry.offset + i] = value
      }
    }
    let gradients = Parameters(layout: layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    let sequences = tape.segments(offsets: [0, 3, 4, 54, 56, 63])
    let result = unit(
      tape.input(try tensor("items")), sequences, reading: direction,
      GatedRecurrentUnit.PackedWeights(unit, parameters))
    for (value, number) in zip(result.values, expected.values) { #expect(abs(value - number) < 1e-6) }

    try tensor("\(prefix).coefficients").values.withUnsafeBufferPointer { tape.seedGradient(of: result, $0) }
    tape.backward()
    for entry in layout.entries {
      let expected = try tensor("\(entry.name).gradient").values
      for (i, number) in expected.enumerated() {
        #expect(
          abs(gradients.values[entry.offset + i] - number) < 2e-5 * max(1, abs(number)), "\(entry.name)")
      }
    }
  }

  /// Items whose sequences are interleaved, and weights that are packed for the call.
  @Test func itemsNeedNotBeNeighbours() {
    let setup = Setup(lengths: [2, 3, 0, 1], inputs: 4, width: 6)
    let expected = setup.result(.backward, on: Tape(parameters: setup.parameters)).matrix
    let tape = Tape(parameters: setup.parameters)
    let segments = tape.segments(of: [1, 0, 3, 1, 1, 0], count: 4)
    // Item 0 of sequence 1 comes first, and so on.
    let x = tape.constant(setup.matrix).gatheringRows([2, 0, 5, 3, 4, 1])
    #expect(setup.unit(x, segments, reading: .backward).matrix == expected)
  }

  @Test func noSequencesAndEmptyOnesAreBatchesToo() {
    for lengths in [[], [0], [0, 0]] {
      let setup = Setup(lengths: lengths, width: 8)
      let gradients = Parameters(layout: setup.parameters.layout)
      let tape = Tape(parameters: setup.parameters, gradients: gradients)
      let result = setup.result(.forward, on: tape)
      #expect(result.rows == lengths.count && result.columns == 8)
      #expect(result.values.allSatisfy { $0 == 0 })
      tape.backward(from: result)
      #expect(gradients.values.allSatisfy { $0 == 0 })
    }
  }
}
