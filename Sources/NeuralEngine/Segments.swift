// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Which rows of a matrix belong together: the jets of an event, or the constituents of a jet.
///
/// A segment may be empty, and its rows need not be neighbours; if their order matters, they are read in the
/// order of the matrix. Segments live in the memory of a tape, until its `reset`.
///
/// ```swift
/// let events = tape.segments(of: [0, 0, 1], count: 3)  // three jets of three events, the last without a jet
/// let perEvent = jets.segmentSums(events)              // [3 × columns]
/// ```
public struct Segments {
  /// The number of segments, empty ones included.
  public let count: Int
  /// The segment of each row: `[rows]`.
  public let ofRow: UnsafeBufferPointer<Int32>
  /// The first place of each segment in `rows`, and the number of rows at the end: `[segments + 1]`.
  public let offsets: UnsafeBufferPointer<Int32>
  /// The rows, segment after segment: `[rows]`.
  public let rows: UnsafeBufferPointer<Int32>

  /// The number of rows of all segments together.
  public var rowCount: Int { ofRow.count }

  /// The places of a segment in `rows`.
  func places(_ segment: Int) -> Range<Int> { Int(offsets[segment])..<Int(offsets[segment + 1]) }

  /// Ends the program if the segments have another number of rows.
  func check(_ rows: Int) { require(rows == rowCount, "segments of \(rowCount) rows for \(rows) rows") }
}

@available(*, unavailable)
extension Segments: Sendable {}

extension Tape {
  /// Segments from the segment of each row.
  ///
  /// - Parameters:
  ///   - segments: the segment of each row, from 0 to `count` − 1, in any order: `[rows]`.
  ///   - count: the number of segments.
  /// - Returns: the segments, valid until the tape's `reset`.
  public func segments(of segments: UnsafeBufferPointer<Int32>, count: Int) -> Segments {
    let ofRow = scratch(Int32.self, count: segments.count)
    let offsets = scratch(Int32.self, count: count + 1)
    offsets.update(repeating: 0)
    for (row, segment) in segments.enumerated() {
      require(segment >= 0 && segment < count, "row \(row) in segment \(segment) of \(count)")
      ofRow[row] = segment
      offsets[Int(segment) + 1] += 1
    }
    for segment in 0..<count { offsets[segment + 1] += offsets[segment] }
    let next = scratch(Int32.self, count: count)
    for segment in 0..<count { next[segment] = offsets[segment] }
    let rows = scratch(Int32.self, count: segments.count)
    for row in 0..<segments.count {
      let segment = Int(ofRow[row])
      rows[Int(next[segment])] = Int32(row)
      next[segment] += 1
    }
    return Segments(
      count: count, ofRow: UnsafeBufferPointer(ofRow), offsets: UnsafeBufferPointer(offsets),
      rows: UnsafeBufferPointer(rows))
  }

  /// Segments from the segment of each row.
  ///
  /// - Parameters:
  ///   - segments: the segment of each row, from 0 to `count` − 1, in any order: `[rows]`.
  ///   - count: the number of segments.
  /// - Returns: the segments, valid until the tape's `reset`.
  public func segments(of segments: [Int32], count: Int) -> Segments {
    segments.withUnsafeBufferPointer { self.segments(of: $0, count: count) }
  }

  /// Segments of neighbouring rows.
  ///
  /// - Parameter offsets: the first row of each segment, and the number of rows at the end: `[segments + 1]`.
  /// - Returns: the segments, valid until the tape's `reset`.
  public func segments(offsets: [Int]) -> Segments {
    require(!offsets.isEmpty && offsets[0] == 0, "offsets begin with 0")
    let count = offsets.count - 1
    let kept = scratch(Int32.self, count: count + 1)
    let rows = scratch(Int32.self, count: offsets[count])
    let ofRow = scratch(Int32.self, count: offsets[count])
    for row in 0..<offsets[count] { rows[row] = Int32(row) }
    kept[0] = 0
    for segment in 0..<count {
      require(offsets[segment] <= offsets[segment + 1], "offsets that run backwards")
      kept[segment + 1] = Int32(offsets[segment + 1])
      for row in offsets[segment]..<offsets[segment + 1] { ofRow[row] = Int32(segment) }
    }
    return Segments(
      count: count, ofRow: UnsafeBufferPointer(ofRow), offsets: UnsafeBufferPointer(kept),
      rows: UnsafeBufferPointer(rows))
  }
}
