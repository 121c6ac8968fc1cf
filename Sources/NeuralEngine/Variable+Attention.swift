// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Support

extension Variable {
  /// Scaled dot-product attention within segments (Vaswani et al., arXiv:1706.03762, equation 1).
  ///
  /// Each query of a segment gets softmax(q · Kᵀ / √d) V over the keys and values of the same segment.
  ///
  /// With several heads the columns are as many neighbouring blocks, each of which attends by itself, d being
  /// the number of columns of a block.
  ///
  /// - Parameters:
  ///   - keys: K `[keys × columns]`.
  ///   - values: V `[keys × values]`.
  ///   - heads: the number of heads, which divides both numbers of columns.
  ///   - segments: the segment of each query, a row of this matrix.
  ///   - keySegments: the segment of each key; that of each query unless given.
  /// - Returns: `[queries × values]`; 0 for a query whose segment has no key.
  public func attention(
    to keys: Variable, _ values: Variable, heads: Int = 1, _ segments: Segments,
    keys keySegments: Segments? = nil
  ) -> Variable {
    let keySegments = keySegments ?? segments
    segments.check(rows)
    keySegments.check(keys.rows)
    keySegments.check(values.rows)
    require(segments.count == keySegments.count, "queries and keys need equally many segments")
    require(keys.columns == columns, "keys of \(keys.columns) columns for queries of \(columns)")
    require(
      heads > 0 && columns % heads == 0 && values.columns % heads == 0,
      "\(heads) heads do not divide \(columns) and \(values.columns) columns")
    let attention = Attention(self, keys, values, heads, segments, keySegments)
    let result = tape.record(
      rows: rows, columns: values.columns,
      requiresGradient: requiresGradient || keys.requiresGradient || values.requiresGradient,
      attention)
    attention.forward(to: tape.values(of: result.id))
    return result
  }
}

private final class Attention: TapeOperation {
  private let queries: Variable
  private let keys: Variable
  private let values: Variable
  private let heads: Int
  private let segments: Segments
  private let keySegments: Segments
  /// The softmax, a block `[queries × keys]` for each segment and head.
  private let shares: UnsafeMutableBufferPointer<Float>

  init(
    _ queries: Variable, _ keys: Variable, _ values: Variable, _ heads: Int, _ segments: Segments,
    _ keySegments: Segments
  ) {
    self.queries = queries
    self.keys = keys
    self.values = values
    self.heads = heads
    self.segments = segments
    self.keySegments = keySegments
    var count = 0
    for segment in 0..<segments.count {
      count += segments.places(segment).count * keySegments.places(segment).count
    }
    shares = queries.tape.scratch(count: count * heads)
  }

  /// The queries and keys of a segment and a head with columns side by side, and the softmax between them.
  private struct Block {
    let queryRows: UnsafePointer<Int32>
    let queryCount: Int
    let keyRows: UnsafePointer<Int32>
    let keyCount: Int
    let head: Int
    let shares: UnsafeMutablePointer<Float>
  }

  private func forEachBlock(_ body: (Block) -> Void) {
    var place = 0
    for segment in 0..<segments.count {
      let (q, k) = (segments.places(segment), keySegments.places(segment))
      guard !q.isEmpty, !k.isEmpty else { continue }
      for head in 0..<heads {
        body(
          Block(
            queryRows: segments.rows.baseAddress! + q.lowerBound, queryCount: q.count,
            keyRows: keySegments.rows.baseAddress! + k.lowerBound, keyCount: k.count, head: head,
            shares: shares.baseAddress! + place))
        place += q.count * k.count
      }
    }
  }

  /// The number of columns of a head's queries and keys, and of its values.
  private var widths: (Int, Int) { (queries.columns / heads, values.columns / heads) }
  private var scale: Float { 1 / Float(queries.columns / heads).squareRoot() }
  private var largest: (queries: Int, keys: Int) {
    var largest = (0, 0)
    for segment in 0..<segments.count {
      largest.0 = max(largest.0, segments.places(segment).count)
      largest.1 = max(largest.1, keySegments.places(segment).count)
    }
    return largest
  }

  /// The columns of a head in some rows.
  private func gather(
    _ x: UnsafePointer<Float>, _ columns: Int, _ rows: UnsafePointer<Int32>, _ count: Int, head: Int,
    _ width: Int, to y: UnsafeMutablePointer<Float>
  ) {
    canopy_gather_rows(count, width, x + head * width, columns, rows, y, width)
  }

  /// Adds to the columns of a head in some rows.
  private func scatter(
    _ y: UnsafePointer<Float>, _ rows: UnsafePointer<Int32>, _ count: Int, head: Int, _ width: Int,
    _ columns: Int,
    times factor: Float, to x: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<count {
      let at = Int(rows[row]) * columns + head * width
      for column in 0..<width { x[at + column] += factor * y[row * width + column] }
    }
  }

  func forward(to result: UnsafeMutablePointer<Float>) {
    let tape = queries.tape
    let (width, valueWidth) = widths
    let (queryCount, keyCount) = largest
    result.update(repeating: 0, count: queries.rows * values.columns)
    func room(_ count: Int) -> UnsafeMutablePointer<Float> { tape.scratch(count: count).baseAddress! }
    let (q, k, v) = (room(queryCount * width), room(keyCount * width), room(keyCount * valueWidth))
    let packed = room(
      max(canopy_packed_count(keyCount, width), canopy_packed_count(valueWidth, keyCount)))
    let out = room(queryCount * valueWidth)
    forEachBlock { block in
      gather(
        tape.values(of: queries.id), queries.columns, block.queryRows, block.queryCount, head: block.head,
        width, to: q)
      gather(
        tape.values(of: keys.id), keys.columns, block.keyRows, block.keyCount, head: block.head, width, to: k)
      gather(
        tape.values(of: values.id), values.columns, block.keyRows, block.keyCount, head: block.head,
        valueWidth, to: v)
      let keyCount = block.keyCount
      canopy_pack(keyCount, width, k, 0, packed)
      canopy_packed_product(block.queryCount, keyCount, width, q, width, packed, block.shares, keyCount, 0)
      for query in 0..<block.queryCount { softmax(block.shares + query * keyCount, keyCount) }
      canopy_pack(valueWidth, keyCount, v, 1, packed)
      canopy_packed_product(
        block.queryCount, valueWidth, keyCount, block.shares, keyCount, packed, out, valueWidth, 0)
      scatter(
        out, block.queryRows, block.queryCount, head: block.head, valueWidth, values.columns, times: 1,
        to: result)
    }
  }

  /// The softmax of a query's products, scaled.
  private func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    var top = -Float.infinity
    for i in 0..<count { top = max(top, x[i]) }
    for i in 0..<count { x[i] = (x[i] - top) * scale }
    // The rows of a block follow one another, and a kernel may write back what follows its numbers.
    canopy_exp(count, x, x)
    var sum: Float = 0
    for i in 0..<count { sum += x[i] }
    for i in 0..<count { x[i] /= sum }
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (width, valueWidth) = widths
    let (queryCount, keyCount) = largest
    func room(_ count: Int) -> UnsafeMutablePointer<Float> { tape.scratch(count: count).baseAddress! }
    let (q, k, v) = (room(queryCount * width), room(keyCount * width), room(keyCount * valueWidth))
    let (dq, dk, dv) = (room(queryCount * width), room(keyCount * width), room(keyCount * valueWidth))
    let d = room(queryCount * valueWidth)
    let dShares = room(queryCount * keyCount)
    let packed = room(
      max(canopy_packed_count(keyCount, valueWidth), canopy_packed_count(width, keyCount)))
    forEachBlock { block in
      let (queryCount, keyCount) = (block.queryCount, block.keyCount)
      gather(
        tape.values(of: queries.id), queries.columns, block.queryRows, queryCount, head: block.head, width,
        to: q)
      gather(tape.values(of: keys.id), keys.columns, block.keyRows, keyCount, head: block.head, width, to: k)
      gather(
        tape.values(of: values.id), values.columns, block.keyRows, keyCount, head: block.head, valueWidth,
        to: v)
      gather(upstream, values.columns, block.queryRows, queryCount, head: block.head, valueWidth, to: d)
      if let gradient = tape.gradient(of: values.id) {
        dv.update(repeating: 0, count: keyCount * valueWidth)
        canopy_add_outer_products(
          queryCount, keyCount, valueWidth, block.shares, keyCount, d, valueWidth, dv, valueWidth)
        scatter(
          dv, block.keyRows, keyCount, head: block.head, valueWidth, values.columns, times: 1, to: gradient)
      }
      canopy_pack(keyCount, valueWidth, v, 0, packed)
      canopy_packed_product(queryCount, keyCount, valueWidth, d, valueWidth, packed, dShares, keyCount, 0)
      for query in 0..<queryCount {
        let range = query * keyCount..<(query + 1) * keyCount
        var mean: Float = 0
        for i in range { mean += dShares[i] * block.shares[i] }
        for i in range { dShares[i] = block.shares[i] * (dShares[i] - mean) }
      }
      if let gradient = tape.gradient(of: queries.id) {
        canopy_pack(width, keyCount, k, 1, packed)
        canopy_packed_product(queryCount, width, keyCount, dShares, keyCount, packed, dq, width, 0)
        scatter(
          dq, block.queryRows, queryCount, head: block.head, width, queries.columns, times: scale,
          to: gradient)
      }
      if let gradient = tape.gradient(of: keys.id) {
        dk.update(repeating: 0, count: keyCount * width)
        canopy_add_outer_products(queryCount, keyCount, width, dShares, keyCount, q, width, dk, width)
        scatter(
          dk, block.keyRows, keyCount, head: block.head, width, keys.columns, times: scale, to: gradient)
      }
    }
  }
}
