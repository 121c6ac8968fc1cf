// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation

// Reductions over the rows of a segment, column by column. The rows are taken in their order, so that a
// segment has the same bits whatever other segments there are.

extension Variable {
  /// The sum of the rows of each segment: `[segments × columns]`; 0 for an empty one.
  public func segmentSums(_ segments: Segments) -> Variable {
    segments.check(rows)
    return scatteringRows(segments.ofRow, rows: segments.count)
  }

  /// The mean of the rows of each segment: `[segments × columns]`; 0 for an empty one.
  public func segmentMeans(_ segments: Segments) -> Variable {
    let scale = tape.record(
      rows: segments.count, columns: 1, requiresGradient: false, SegmentShares(segments: segments))
    for segment in 0..<segments.count {
      scale.values[segment] = 1 / Float(max(segments.places(segment).count, 1))
    }
    return segmentSums(segments) * scale
  }

  /// The largest element of each column in each segment, which alone has its gradient, the first of equal ones:
  /// `[segments × columns]`; 0 for an empty segment.
  public func segmentMaxima(_ segments: Segments) -> Variable {
    segments.check(rows)
    // The row of each largest element: `[segments × columns]`; −1 for an empty segment.
    let largest = tape.scratch(Int32.self, count: segments.count * columns)
    let result = tape.record(
      rows: segments.count, columns: columns, requiresGradient: requiresGradient,
      SegmentMaxima(operand: id, segments: segments, largest: largest.baseAddress!))
    let (x, y) = (values, result.values)
    for segment in 0..<segments.count {
      let places = segments.places(segment)
      for column in 0..<columns {
        let at = segment * columns + column
        largest[at] = -1
        y[at] = 0
        for place in places {
          let row = segments.rows[place]
          let value = x[Int(row) * columns + column]
          if largest[at] < 0 || value > y[at] { (largest[at], y[at]) = (row, value) }
        }
      }
    }
    return result
  }

  /// The softmax of each column over the rows of its segment: `[rows × columns]`.
  public func segmentSoftmax(_ segments: Segments) -> Variable {
    segments.check(rows)
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient,
      SegmentSoftmax(operand: id, segments: segments))
    let sums = tape.scratch(count: segments.count * columns)
    exponentials(segments, tape.scratch(count: segments.count * columns), sums, result.values)
    let y = result.values
    for row in 0..<rows {
      let sum = Int(segments.ofRow[row]) * columns
      for column in 0..<columns { y[row * columns + column] /= sums[sum + column] }
    }
    return result
  }

  /// ln Σ eˣ of each column over the rows of its segment, without overflow: `[segments × columns]`; −∞ for an
  /// empty one.
  public func segmentLogSumExp(_ segments: Segments) -> Variable {
    segments.check(rows)
    let result = tape.record(
      rows: segments.count, columns: columns, requiresGradient: requiresGradient,
      SegmentLogSumExp(operand: id, segments: segments))
    let tops = tape.scratch(count: result.count)
    let sums = tape.scratch(count: result.count)
    exponentials(segments, tops, sums, tape.scratch(count: count))
    for i in 0..<result.count {
      result.values[i] = sums[i] > 0 ? tops[i] + Foundation.log(sums[i]) : -.infinity
    }
    return result
  }

  /// The largest element of each column of a segment, e to the distance from it, and the sum of these.
  private func exponentials(
    _ segments: Segments, _ tops: UnsafeMutableBufferPointer<Float>,
    _ sums: UnsafeMutableBufferPointer<Float>,
    _ y: UnsafeMutableBufferPointer<Float>
  ) {
    let x = values
    tops.update(repeating: -.infinity)
    sums.update(repeating: 0)
    for row in 0..<rows {
      let top = Int(segments.ofRow[row]) * columns
      for column in 0..<columns { tops[top + column] = max(tops[top + column], x[row * columns + column]) }
    }
    for row in 0..<rows {
      let top = Int(segments.ofRow[row]) * columns
      for column in 0..<columns {
        y[row * columns + column] = x[row * columns + column] - tops[top + column]
      }
    }
    canopy_exp(count, y.baseAddress!, y.baseAddress!)
    for row in 0..<rows {
      let sum = Int(segments.ofRow[row]) * columns
      for column in 0..<columns { sums[sum + column] += y[row * columns + column] }
    }
  }
}

extension Segments {
  fileprivate func traced(_ reduction: SegmentReduction) -> TracedOperation {
    .segments(reduction, ofRow: Array(ofRow), count: count)
  }
}

/// The shares of the rows of each segment in its mean.
private struct SegmentShares: TraceableOperation {
  let segments: Segments

  var operands: [Variable.ID] { [] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { segments.traced(.inverseCount) }

  func backward(from result: Variable.ID, on tape: Tape) {}
}

private struct SegmentMaxima: TraceableOperation {
  let operand: Variable.ID
  let segments: Segments
  let largest: UnsafeMutablePointer<Int32>

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { segments.traced(.maximum) }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    for i in 0..<rows * columns where largest[i] >= 0 {
      gradient[Int(largest[i]) * columns + i % columns] += upstream[i]
    }
  }
}

private struct SegmentSoftmax: TraceableOperation {
  let operand: Variable.ID
  let segments: Segments

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { segments.traced(.softmax) }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let y = tape.values(of: result)
    let means = tape.scratch(count: segments.count * columns)
    means.update(repeating: 0)
    for row in 0..<rows {
      let mean = Int(segments.ofRow[row]) * columns
      for column in 0..<columns {
        means[mean + column] += upstream[row * columns + column] * y[row * columns + column]
      }
    }
    for row in 0..<rows {
      let mean = Int(segments.ofRow[row]) * columns
      for column in 0..<columns {
        let i = row * columns + column
        gradient[i] += y[i] * (upstream[i] - means[mean + column])
      }
    }
  }
}

private struct SegmentLogSumExp: TraceableOperation {
  let operand: Variable.ID
  let segments: Segments

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { segments.traced(.logSumExp) }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: operand)
    let x = tape.values(of: operand)
    let y = tape.values(of: result)
    for row in 0..<rows {
      let sum = Int(segments.ofRow[row]) * columns
      for column in 0..<columns {
        let i = row * columns + column
        gradient[i] += upstream[sum + column] * Foundation.exp(x[i] - y[sum + column])
      }
    }
  }
}
