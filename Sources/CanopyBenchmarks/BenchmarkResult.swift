// SPDX-License-Identifier: GPL-3.0-or-later

/// One number that `canopy bench` measured, beside what bounds it.
package struct BenchmarkResult: Encodable {
  /// The name, which does not change from version to version; its parts are joined by dots, the section first.
  package let key: String
  /// The unit of all numbers but `fraction`.
  package let unit: String
  /// The median over the rounds, or the one number that there is.
  package let median: Double
  /// The first quartile over the rounds.
  package let lowerQuartile: Double?
  /// The third quartile over the rounds.
  package let upperQuartile: Double?
  /// The median of what the machine, or FastJet, does in the same rounds.
  package let ceiling: Double?
  /// How much of the ceiling is reached: the median over the rounds of the quotient of the speeds.
  package let fraction: Double?

  private enum CodingKeys: CodingKey { case unit, median, lowerQuartile, upperQuartile, ceiling, fraction }

  /// A single number.
  init(_ key: String, _ unit: String, _ value: Double, ceiling: Double? = nil, fraction: Double? = nil) {
    self.key = key
    self.unit = unit
    median = value
    lowerQuartile = nil
    upperQuartile = nil
    self.ceiling = ceiling
    self.fraction = fraction
  }

  /// Durations of rounds, the shorter the better.
  ///
  /// - Parameters:
  ///   - key: the name.
  ///   - unit: the unit that `scale` makes of seconds.
  ///   - seconds: one duration a round.
  ///   - least: what bounds it in the same rounds.
  ///   - scale: multiplies seconds.
  init(_ key: String, _ unit: String, seconds: [Double], least: [Double]? = nil, scale: Double) {
    self.init(
      key, unit, values: seconds.map { $0 * scale }, bounds: least.map { $0.map { $0 * scale } },
      fraction: { bound, value in bound / value })
  }

  /// Speeds of rounds, the larger the better: `work` a second.
  init(_ key: String, _ unit: String, work: Double, seconds: [Double], least: [Double]? = nil) {
    self.init(
      key, unit, values: seconds.map { work / $0 }, bounds: least.map { $0.map { work / $0 } },
      fraction: { bound, value in value / bound })
  }

  private init(
    _ key: String, _ unit: String, values: [Double], bounds: [Double]?, fraction: (Double, Double) -> Double
  ) {
    self.key = key
    self.unit = unit
    median = values.quantile(0.5)
    lowerQuartile = values.quantile(0.25)
    upperQuartile = values.quantile(0.75)
    ceiling = bounds.map { $0.quantile(0.5) }
    self.fraction = bounds.map { zip($0, values).map(fraction).quantile(0.5) }
  }
}

extension [Double] {
  /// The value below which a fraction of the values lies, interpolated between two of them.
  func quantile(_ fraction: Double) -> Double {
    let sorted = sorted()
    let place = fraction * Double(count - 1)
    let below = Int(place)
    let above = Swift.min(below + 1, count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }
}
