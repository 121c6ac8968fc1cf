// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// The order in which the rows of a recurrent layer's sequence are read.
public enum ReadingDirection: Sendable, Hashable {
  /// From the first row to the last.
  case forward
  /// From the last row to the first.
  case backward
}

/// Segments as sequences in the order in which a recurrent layer works: step by step, the longest first, so that the
/// sequences that have not ended are always the first.
struct RecurrentSteps {
  /// How many sequences are longer than each step from 0 on; the last is 0: `[steps + 1]`.
  let running: UnsafeMutableBufferPointer<Int32>
  /// The row that is read, for each sequence that has not ended, step after step: `[rows]`.
  let rows: UnsafeMutableBufferPointer<Int32>
  /// The sequences by falling length, those of equal length in their own order: `[sequences]`.
  let order: UnsafeMutableBufferPointer<Int32>

  init(_ segments: Segments, _ direction: ReadingDirection, on tape: Tape) {
    var longest = 0
    for segment in 0..<segments.count { longest = max(longest, segments.places(segment).count) }
    running = tape.scratch(Int32.self, count: longest + 1)
    running.update(repeating: 0)
    for segment in 0..<segments.count where !segments.places(segment).isEmpty {
      running[segments.places(segment).count - 1] += 1
    }
    for step in stride(from: longest - 1, to: 0, by: -1) { running[step - 1] += running[step] }
    // The sequences of a length follow those that are longer.
    let next = tape.scratch(Int32.self, count: longest + 1)
    for length in 0...longest { next[length] = running[length] }
    order = tape.scratch(Int32.self, count: segments.count)
    for segment in 0..<segments.count {
      let length = segments.places(segment).count
      order[Int(next[length])] = Int32(segment)
      next[length] += 1
    }
    rows = tape.scratch(Int32.self, count: segments.rowCount)
    var entry = 0
    for step in 0..<longest {
      for place in 0..<Int(running[step]) {
        let places = segments.places(Int(order[place]))
        switch direction {
        case .forward: rows[entry] = segments.rows[places.lowerBound + step]
        case .backward: rows[entry] = segments.rows[places.upperBound - 1 - step]
        }
        entry += 1
      }
    }
  }

  /// The number of sequences that are not empty.
  var runningCount: Int { Int(running[0]) }

  /// The sequences as the kernels read them.
  var kernel: canopy_sequences {
    canopy_sequences(running: running.baseAddress!, items: rows.baseAddress!, results: order.baseAddress!)
  }
}
