// SPDX-License-Identifier: GPL-3.0-or-later

/// Whether predictions pile up inside the range of the truth, or thin out at its ends, more than their resolution makes
/// them.
///
/// A network that has learnt from masses between two ends knows that there are no others, and shapes what it
/// says accordingly. Here the responses, predictions over truth, of the rows in the middle half of the range
/// are taken to be those at every true value; with a flat truth they give the predictions of an estimator
/// that does not know the ends. Each number is the number of rows predicted in a region divided by the number
/// that this estimator would predict there: 1 without sculpting, less if predictions avoid the region.
public struct Sculpting: Sendable, Equatable, Codable {
  /// Below the range of the truth.
  public let below: Estimate
  /// In the first interval of truth.
  public let first: Estimate
  /// In the last interval of truth.
  public let last: Estimate
  /// Above the range of the truth.
  public let above: Estimate

  /// Compares predictions with what the middle half gives; nil with fewer than 20 rows there, or fewer than four
  /// intervals of truth.
  ///
  /// - Parameters:
  ///   - predictions: NaN if there is none, which is left out: `[rows]`.
  ///   - truth: `[rows]`.
  ///   - weights: with which the truth is flat: `[rows]`.
  ///   - rows: the rows to look at.
  ///   - ranges: the intervals of truth, rising.
  init?(
    _ predictions: [Double], truth: [Double], weights: [Double], rows: [Int], ranges: [ClosedRange<Double>]
  ) {
    guard ranges.count >= 4, let low = ranges.first, let high = ranges.last else { return nil }
    let known = rows.filter { predictions[$0].isFinite && weights[$0] != 0 }
    let quarter = (high.upperBound - low.lowerBound) / 4
    let middle = (low.lowerBound + quarter)...(high.upperBound - quarter)
    let responses = known.filter { middle.contains(truth[$0]) }
      .map { (value: predictions[$0] / truth[$0], weight: weights[$0]) }.sorted { $0.value < $1.value }
    guard responses.count >= 20 else { return nil }
    var sums = [0.0]
    for response in responses { sums.append(sums[sums.count - 1] + response.weight) }
    guard sums[sums.count - 1] > 0 else { return nil }

    /// The share of responses below a value.
    func share(below value: Double) -> Double {
      var places = 0..<responses.count
      while !places.isEmpty {
        let place = places.lowerBound + places.count / 2
        places =
          responses[place].value < value ? place + 1..<places.upperBound : places.lowerBound..<place
      }
      return sums[places.lowerBound] / sums[sums.count - 1]
    }
    func ratio(from lower: Double, to upper: Double) -> Estimate {
      var (seen, squares, expected) = (0.0, 0.0, 0.0)
      for row in known {
        expected += weights[row] * (share(below: upper / truth[row]) - share(below: lower / truth[row]))
        if predictions[row] >= lower && predictions[row] < upper {
          seen += weights[row]
          squares += weights[row] * weights[row]
        }
      }
      guard expected > 0 else { return Estimate(value: seen > 0 ? .infinity : 1, error: nil) }
      return Estimate(value: seen / expected, error: squares.squareRoot() / expected)
    }
    below = ratio(from: 0, to: low.lowerBound)
    first = ratio(from: low.lowerBound, to: low.upperBound)
    last = ratio(from: high.lowerBound, to: high.upperBound)
    above = ratio(from: high.upperBound, to: .infinity)
  }
}
