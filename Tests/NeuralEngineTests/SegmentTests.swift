// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Testing

/// Reductions over segments, attention and recurrent layers against plain references, differences and themselves alone.
@Suite struct SegmentTests {
  /// Rows of four segments, interleaved, the third empty.
  private static let ofRow: [Int32] = [1, 0, 3, 1, 1, 0, 3]
  private static let members = [[1, 5], [0, 3, 4], [], [2, 6]]
  private static let parameters = Parameters(layout: ParameterLayout())

  private static func segments(_ tape: Tape) -> Segments { tape.segments(of: ofRow, count: 4) }

  /// A reduction or map over segments, and the same for the rows of one segment in double precision.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let apply: @Sendable (Variable, Segments) -> Variable
    /// The rows of the result that belong to a segment.
    let plain: @Sendable ([[Double]]) -> [[Double]]
    var keepsRows = false

    private static func columns(_ rows: [[Double]], _ body: ([Double]) -> Double) -> [[Double]] {
      [(0..<3).map { column in body(rows.map { $0[column] }) }]
    }

    static let all = [
      Case(
        testDescription: "sums", apply: { $0.segmentSums($1) },
        plain: { columns($0) { $0.reduce(0, +) } }),
      Case(
        testDescription: "means", apply: { $0.segmentMeans($1) },
        plain: { columns($0) { $0.isEmpty ? 0 : $0.reduce(0, +) / Double($0.count) } }),
      Case(
        testDescription: "maxima", apply: { $0.segmentMaxima($1) }, plain: { columns($0) { $0.max() ?? 0 } }),
      Case(
        testDescription: "log-sum-exp", apply: { $0.segmentLogSumExp($1) },
        plain: { columns($0) { log($0.map { exp($0) }.reduce(0, +)) } }),
      Case(
        testDescription: "softmax", apply: { $0.segmentSoftmax($1) },
        plain: { rows in
          let sums = columns(rows) { $0.map { exp($0) }.reduce(0, +) }[0]
          return rows.map { row in (0..<3).map { exp(row[$0]) / sums[$0] } }
        }, keepsRows: true),
    ]
  }

  @Test(arguments: Case.all) func reductions(operation: Case) {
    let x = randomMatrix(7, 3)
    let tape = Tape(parameters: Self.parameters)
    let result = operation.apply(tape.constant(x), Self.segments(tape)).matrix
    for (segment, members) in Self.members.enumerated() {
      let expected = operation.plain(members.map { x.row($0) })
      let rows = operation.keepsRows ? members : [segment]
      for (row, numbers) in zip(rows, expected) {
        for column in 0..<3 where numbers[column].isFinite {
          #expect(abs(Double(result[row, column]) - numbers[column]) < 2e-6)
        }
        if numbers[0].isInfinite { #expect(result[row, 0] == -.infinity) }
      }
      // Alone, the segment has the same bits.
      let alone = operation.apply(tape.constant(x.rows(members)), tape.segments(offsets: [0, members.count]))
      #expect(alone.matrix == result.rows(rows))
    }
    // −∞ has no differences, so that the empty segment is left out.
    checkGradient([(6, 3)]) { operation.apply($0[0], $0[0].tape.segments(of: [1, 0, 2, 1, 1, 0], count: 3)) }
    let none = operation.apply(tape.constant(rows: 0, columns: 3), tape.segments(of: [], count: 0))
    #expect(none.rows == 0 && none.columns == 3)
  }

  @Test func largeNumbersDoNotOverflow() {
    let tape = Tape(parameters: Self.parameters)
    let x = tape.constant([1000, 1000, -1000], rows: 3, columns: 1)
    let segments = tape.segments(of: [0, 0, 1], count: 2)
    #expect(x.segmentSoftmax(segments).matrix.values == [0.5, 0.5, 1])
    expect(x.segmentLogSumExp(segments).matrix, equals: [[1000 + log(2)], [-1000]], within: 1e-4)
    expect(
      tape.constant([1000, 1000], rows: 1, columns: 2).logSumExp().matrix, equals: [[1000 + log(2)]],
      within: 1e-4)
  }

  // MARK: Attention

  /// Multi-head attention with 2 heads of 2 columns, written plainly.
  private static func attention(_ queries: [[Double]], _ keys: [[Double]], _ values: [[Double]]) -> [[Double]]
  {
    queries.map { query in
      (0..<2).flatMap { head -> [Double] in
        let block = 2 * head..<2 * head + 2
        let scores = keys.map { key in block.reduce(0) { $0 + query[$1] * key[$1] } / 2.0.squareRoot() }
        let weights = scores.map { exp($0) }
        let sum = weights.reduce(0, +)
        let width = (values.first?.count ?? 6) / 2
        return (0..<width).map { i in
          zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[head * width + i] } / (sum > 0 ? sum : 1)
        }
      }
    }
  }

  @Test func attentionEqualsTheReference() {
    let (q, k, v) = (randomMatrix(5, 4, seed: 1), randomMatrix(7, 4, seed: 2), randomMatrix(7, 6, seed: 3))
    let queryRows = [[1], [0, 3], [4], [2]]
    let tape = Tape(parameters: Self.parameters)
    let result = tape.constant(q).attention(
      to: tape.constant(k), tape.constant(v), heads: 2, tape.segments(of: [1, 0, 3, 1, 2], count: 4),
      keys: Self.segments(tape)
    ).matrix
    for (segment, members) in Self.members.enumerated() {
      let (keys, values) = (k.rows(members), v.rows(members))
      let queries = q.rows(queryRows[segment])
      let expected = Self.attention(
        (0..<queries.rows).map { queries.row($0) }, (0..<keys.rows).map { keys.row($0) },
        (0..<values.rows).map { values.row($0) })
      expect(result.rows(queryRows[segment]), equals: expected)
      let alone = tape.constant(queries).attention(
        to: tape.constant(keys), tape.constant(values), heads: 2, tape.segments(offsets: [0, queries.rows]),
        keys: tape.segments(offsets: [0, keys.rows]))
      #expect(alone.matrix == result.rows(queryRows[segment]))
    }
    let empty = tape.constant(rows: 0, columns: 4)
    #expect(empty.attention(to: empty, empty, heads: 2, tape.segments(of: [], count: 2)).rows == 0)
  }

  @Test func attentionHasTheGradientOfDifferences() {
    checkGradient([(5, 4), (7, 4), (7, 6)]) { x in
      let tape = x[0].tape
      return x[0].attention(
        to: x[1], x[2], heads: 2, tape.segments(of: [1, 0, 3, 1, 2], count: 4), keys: Self.segments(tape))
    }
    var layout = ParameterLayout()
    let layer = MultiHeadAttention("attend", width: 4, inputs: 3, heads: 2, in: &layout)
    checkGradient([(3, 4), (4, 3)], randomParameters(layout)) { x in
      let tape = x[0].tape
      return layer(
        x[0], tape.segments(of: [0, 1, 0], count: 2), to: (x[1], tape.segments(of: [1, 0, 1, 0], count: 2)))
    }
  }

  /// As PyTorch's nn.MultiheadAttention: projections with biases before and after.
  @Test func multiHeadAttentionEqualsTheReference() {
    var layout = ParameterLayout()
    let layer = MultiHeadAttention("attend", width: 4, heads: 2, in: &layout)
    let parameters = randomParameters(layout)
    let plain = PlainLayers(parameters: parameters)
    let x = randomMatrix(7, 4)
    let tape = Tape(parameters: parameters)
    let result = layer(tape.constant(x), Self.segments(tape)).matrix
    for members in Self.members {
      let rows = members.map { x.row($0) }
      let expected = Self.attention(
        rows.map { plain.affine("attend.query", $0) }, rows.map { plain.affine("attend.key", $0) },
        rows.map { plain.affine("attend.value", $0) }
      ).map { plain.affine("attend.output", $0) }
      expect(result.rows(members), equals: expected)
    }
  }

  // MARK: Long short-term memory

  @Test(arguments: [ReadingDirection.forward, .backward]) func memoryEqualsTheReference(
    _ direction: ReadingDirection
  ) {
    let width = 5
    var layout = ParameterLayout()
    let layer = LongShortTermMemory("memory", inputs: 3, width: width, in: &layout)
    let parameters = randomParameters(layout)
    let plain = PlainLayers(parameters: parameters)
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let x = randomMatrix(7, 3)
    let tape = Tape(parameters: parameters)
    let result = layer(tape.constant(x), Self.segments(tape), reading: direction).matrix
    let states = layer.states(tape.constant(x), Self.segments(tape), reading: direction).matrix
    for (segment, members) in Self.members.enumerated() {
      var h = Array(repeating: 0.0, count: width)
      var c = h
      for row in direction == .forward ? members : members.reversed() {
        let sums = zip(plain.affine("memory.input", x.row(row)), plain.affine("memory.recurrent", h)).map {
          $0 + $1
        }
        for i in 0..<width {
          c[i] = sigmoid(sums[width + i]) * c[i] + sigmoid(sums[i]) * tanh(sums[2 * width + i])
          h[i] = sigmoid(sums[3 * width + i]) * tanh(c[i])
        }
        expect(states.rows([row]), equals: [h])
      }
      expect(result.rows([segment]), equals: [h])
      let alone = layer(
        tape.constant(x.rows(members)), tape.segments(offsets: [0, members.count]), reading: direction)
      #expect(alone.matrix == result.rows([segment]))
    }
    checkGradient([(7, 3)], parameters) { layer($0[0], Self.segments($0[0].tape), reading: direction) }
    checkGradient([(7, 3)], parameters) { layer.states($0[0], Self.segments($0[0].tape), reading: direction) }
  }

  @Test func noSequencesAreABatchToo() {
    var layout = ParameterLayout()
    let layer = LongShortTermMemory("memory", inputs: 3, width: 2, in: &layout)
    let tape = Tape(parameters: randomParameters(layout), gradients: Parameters(layout: layout))
    let result = layer(tape.constant(rows: 0, columns: 3), tape.segments(of: [], count: 2))
    #expect(result.matrix == Matrix(rows: 2, columns: 2))
    tape.backward(from: result)
    #expect(tape.gradients!.values.allSatisfy { $0 == 0 })
  }
}
