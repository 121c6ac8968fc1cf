// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// How much a cut on a score shapes the background's spectrum of a number that the score is not to tell, such as a mass.
///
/// ```swift
/// let dependence = try NuisanceDependence(
///   "mass", values: masses, scores: scores, isSignal: isSignal, weights: weights)
/// print(dependence.cuts[1].inverseDivergence)  // at a signal efficiency of 50 %
/// ```
///
/// At each signal efficiency, the spectra of the background that passes and of that which fails are compared by the
/// Jensen-Shannon divergence in bits (J. Lin, IEEE Trans. Inf. Theory 37, 145 (1991)), whose inverse is the usual measure of
/// decorrelation (ATL-PHYS-PUB-2018-014): 1 for spectra without overlap, and without bound for equal ones.
public struct NuisanceDependence: Sendable {
  /// What a cut does.
  public struct Cut: Sendable {
    /// The signal efficiency and the background rejection.
    public let rejection: BackgroundRejection
    /// The Jensen-Shannon divergence of the spectra of passing and failing background, from 0 to 1; 0 if all of it passes,
    /// nil if none does.
    public let divergence: Estimate?
    /// The mean divergence of a score that does not tell the number, for as many events.
    public let independentDivergence: Double?
    /// The share of the background that passes in each bin, with its error; nil in a bin without background: `[bins]`.
    public let backgroundEfficiencies: [Estimate?]
    /// The same of the signal.
    public let signalEfficiencies: [Estimate?]
    /// The background's weight that passes in each bin: `[bins]`.
    public let passing: [Double]
    /// The square of the error of each: `[bins]`.
    public let passingSquares: [Double]

    /// 1 over the divergence, 10¹² at most; 1, which is the least, if no background passes.
    public var inverseDivergence: Estimate {
      guard let divergence else { return Estimate(value: 1, error: nil) }
      let value = max(divergence.value, 1e-12)
      return Estimate(value: 1 / value, error: divergence.error.map { $0 / (value * value) })
    }
  }

  /// The number.
  public let name: String
  /// The edges of the bins of the spectra, rising; values outside count as those of the outer bins: `[bins + 1]`.
  public let edges: [Double]
  /// The background's weight in each bin: `[bins]`.
  public let background: [Double]
  /// The square of the error of each: `[bins]`.
  public let backgroundSquares: [Double]
  /// The cuts at the signal efficiencies that were asked for.
  public let cuts: [Cut]
  /// Cuts at rising signal efficiencies, for a curve of the rejection against the divergence.
  public let curve: [Cut]

  /// The number of bins unless edges are given.
  public static let binCount = 10

  /// The dependence of `scores`, which are high for signal, on a number; all `[rows]`.
  ///
  /// Rows without the number (NaN) are left out.
  ///
  /// - Parameters:
  ///   - name: the number's name.
  ///   - values: the number of each row.
  ///   - edges: the edges of the bins, rising; nil for ten bins of equal width between the quantiles of 0.1 % and 99.9 % of
  ///     the background.
  ///   - scores: the score of each row.
  ///   - isSignal: whether each row is signal.
  ///   - weights: the weight of each row.
  ///   - signalEfficiencies: where cuts are looked at.
  /// - Throws: ``MetricError`` if signal or background is absent among the rows that have the number, or it does not differ.
  public init(
    _ name: String, values: [Float], edges: [Double]? = nil, scores: [Float], isSignal: [Bool],
    weights: [Double], signalEfficiencies: [Double] = [0.3, 0.5, 0.8]
  ) throws {
    require(values.count == scores.count && weights.count == scores.count, "a number and a weight a row")
    let rows = values.indices.filter { values[$0].isFinite && weights[$0] != 0 }
    self.name = name
    let curve = try ROCCurve(
      scores: rows.map { scores[$0] }, isSignal: rows.map { isSignal[$0] }, weights: rows.map { weights[$0] })
    let backgroundRows = rows.filter { !isSignal[$0] }
    let edges = try edges ?? Self.edges(of: backgroundRows.map { (Double(values[$0]), weights[$0]) }, name)
    let bins = Bins(edges)
    let sample = rows.map {
      (bin: bins.bin(Double(values[$0])), score: scores[$0], isSignal: isSignal[$0], weight: weights[$0])
    }
    let infinite = Spectra(sample, bins.count, threshold: -.infinity)
    func cut(_ efficiency: Double) -> Cut {
      let rejection = curve.rejection(atSignalEfficiency: efficiency)
      let spectra = Spectra(sample, bins.count, threshold: rejection.threshold)
      let (passing, failing) = (spectra.passing.background, spectra.failing.background)
      return Cut(
        rejection: rejection, divergence: passing.divergence(from: failing),
        independentDivergence: passing.independentDivergence(from: failing),
        backgroundEfficiencies: passing.shares(of: infinite.passing.background),
        signalEfficiencies: spectra.passing.signal.shares(of: infinite.passing.signal),
        passing: passing.sums, passingSquares: passing.squares)
    }
    let whole = infinite.passing.background
    self.edges = edges
    background = whole.sums
    backgroundSquares = whole.squares
    cuts = signalEfficiencies.map(cut)
    self.curve = Self.efficienciesOfCurve.map(cut)
  }

  private static let efficienciesOfCurve = (1...18).map { 0.05 * Double($0) }

  private static func edges(
    of background: [(value: Double, weight: Double)], _ name: String
  ) throws -> [Double] {
    let quantiles = WeightedQuantiles(background.map(\.value), weights: background.map(\.weight))
    let (low, high) = (quantiles[0.001], quantiles[0.999])
    guard high > low else {
      throw MetricError(
        description: "\(name) is the same in all of the background, so that no cut can shape its spectrum.")
    }
    return (0...binCount).map { low + (high - low) * Double($0) / Double(binCount) }
  }

  /// The Jensen-Shannon divergence of two spectra in bits, from 0 for equal shapes to 1: the mean of the Kullback-Leibler
  /// divergences of both from their mean.
  ///
  /// - Parameters:
  ///   - p: the contents of the bins, none negative; their sum does not matter: `[bins]`.
  ///   - q: the same of the other.
  /// - Returns: the divergence; nil if one of them is empty.
  public static func divergence(_ p: [Double], _ q: [Double]) -> Double? {
    require(p.count == q.count, "the same bins")
    let sums = (p.reduce(0, +), q.reduce(0, +))
    guard sums.0 > 0, sums.1 > 0 else { return nil }
    return zip(p, q).reduce(0) { sum, bin in
      let (a, b) = (bin.0 / sums.0, bin.1 / sums.1)
      let mean = (a + b) / 2
      func term(_ share: Double) -> Double { share > 0 ? share * log2(share / mean) / 2 : 0 }
      return sum + term(a) + term(b)
    }
  }
}

/// Bins between edges, of which the outer ones are open.
private struct Bins {
  let edges: [Double]
  var count: Int { edges.count - 1 }

  init(_ edges: [Double]) { self.edges = edges }

  func bin(_ value: Double) -> Int {
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if value >= edges[middle] { low = middle } else { high = middle }
    }
    return low
  }
}

/// The spectra of what passes a threshold and of what fails.
private struct Spectra {
  var passing: (background: Spectrum, signal: Spectrum)
  var failing: (background: Spectrum, signal: Spectrum)

  init(
    _ sample: [(bin: Int, score: Float, isSignal: Bool, weight: Double)], _ binCount: Int, threshold: Float
  ) {
    let empty = Spectrum(binCount)
    passing = (empty, empty)
    failing = (empty, empty)
    for row in sample {
      switch (row.score >= threshold, row.isSignal) {
      case (true, false): passing.background.add(row.bin, row.weight)
      case (true, true): passing.signal.add(row.bin, row.weight)
      case (false, false): failing.background.add(row.bin, row.weight)
      case (false, true): failing.signal.add(row.bin, row.weight)
      }
    }
  }
}

/// Weights in bins, with their squares.
private struct Spectrum {
  private(set) var sums: [Double]
  private(set) var squares: [Double]

  init(_ binCount: Int) {
    sums = Array(repeating: 0, count: binCount)
    squares = sums
  }

  mutating func add(_ bin: Int, _ weight: Double) {
    sums[bin] += weight
    squares[bin] += weight * weight
  }

  /// The share of each bin of another spectrum that this one has, which is a part of it; nil in an empty bin.
  func shares(of whole: Spectrum) -> [Estimate?] {
    sums.indices.map { bin in
      guard whole.sums[bin] > 0 else { return nil }
      let share = sums[bin] / whole.sums[bin]
      let failing = max(0, whole.squares[bin] - squares[bin])
      let variance = (1 - share) * (1 - share) * squares[bin] + share * share * failing
      return Estimate(value: share, error: variance.squareRoot() / whole.sums[bin])
    }
  }

  /// The contents without those that negative weights make negative.
  private var contents: [Double] { sums.map { max(0, $0) } }

  private var effectiveCount: Double {
    let (sum, square) = (sums.reduce(0, +), squares.reduce(0, +))
    return square > 0 ? sum * sum / square : 0
  }

  /// The mean divergence of spectra of one shape with the numbers of events of these: (n − 1) (1/N + 1/M) / (8 ln 2) for n
  /// bins with events, the leading order for many.
  func independentDivergence(from other: Spectrum) -> Double? {
    let bins = zip(contents, other.contents).count { $0 + $1 > 0 }
    let (n, m) = (effectiveCount, other.effectiveCount)
    guard bins > 1, n > 0, m > 0 else { return nil }
    return Double(bins - 1) * (1 / n + 1 / m) / (8 * log(2.0))
  }

  /// The divergence with its error: that of the contents carried on, and that of the mean divergence of equal shapes.
  func divergence(from other: Spectrum) -> Estimate? {
    guard let value = NuisanceDependence.divergence(contents, other.contents) else {
      return sums.contains { $0 > 0 } ? Estimate(value: 0, error: nil) : nil
    }
    let (p, q) = (contents, other.contents)
    let (sumP, sumQ) = (p.reduce(0, +), q.reduce(0, +))
    var variance = 0.0
    for (own, sum, others, otherSum, squares) in [
      (p, sumP, q, sumQ, squares), (q, sumQ, p, sumP, other.squares),
    ] {
      // The derivative by a share is log₂(share / mean) / 2, the shares' sum being 1.
      let slopes = zip(own, others).map { a, b in
        a > 0 ? log2((a / sum) / ((a / sum + b / otherSum) / 2)) / 2 : 0
      }
      let mean = zip(own, slopes).reduce(0) { $0 + $1.0 / sum * $1.1 }
      for (slope, square) in zip(slopes, squares) {
        let derivative = (slope - mean) / sum
        variance += derivative * derivative * square
      }
    }
    let bins = zip(p, q).count { $0 + $1 > 0 }
    if let independent = independentDivergence(from: other) {
      variance += 2 * independent * independent / Double(bins - 1)
    }
    return Estimate(value: value, error: variance.squareRoot())
  }
}
