// SPDX-License-Identifier: GPL-3.0-or-later

/// How a score is divided into bins: into equally wide ones, or into ones that equally much signal or background is in.
public enum ScoreBinning: Sendable, Equatable {
  /// Bins of equal width.
  case equal(Int)
  /// Bins of equal sums of weights of the signal.
  case signal(Int)
  /// Bins of equal sums of weights of the background.
  case background(Int)

  /// The number of bins that is asked for.
  public var count: Int {
    switch self {
    case .equal(let count), .signal(let count), .background(let count): count
    }
  }

  /// The numbers of bins that may be asked for.
  public static let counts = 1...1000

  /// The edges of the bins within `range`, rising; fewer bins than were asked for if many examples share a score.
  ///
  /// - Parameters:
  ///   - scores: `[examples]`.
  ///   - isSignal: `[examples]`.
  ///   - weights: `[examples]`.
  ///   - range: where the first bin begins and the last one ends.
  /// - Returns: the edges: `[bins + 1]`.
  func edges(
    _ scores: [Float], isSignal: [Bool], weights: [Double], in range: ClosedRange<Double>
  ) -> [Double] {
    let inner: [Double]
    switch self {
    case .equal(let count):
      let width = range.upperBound - range.lowerBound
      inner = (1..<count).map { range.lowerBound + width * Double($0) / Double(count) }
    case .signal(let count), .background(let count):
      var ofSignal = false
      if case .signal = self { ofSignal = true }
      let examples = scores.indices.filter { isSignal[$0] == ofSignal }
      let quantiles = WeightedQuantiles(
        examples.map { Double(scores[$0]) }, weights: examples.map { weights[$0] })
      inner = (1..<count).map { quantiles[Double($0) / Double(count)] }
    }
    return inner.reduce(into: [range.lowerBound]) { edges, edge in
      if edge > edges[edges.count - 1], edge < range.upperBound { edges.append(edge) }
    } + [range.upperBound]
  }
}
