// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The corrections of a mass and its interval that the validation sample asks for.
///
/// Each of `low`, `centre` and `high` goes through a monotone map of its own (``ResponseCorrection``), so that at each
/// true mass m the corrected low end lies above m in 15.87 % of the rows, the corrected mass in 50 %, and the corrected
/// high end in 84.13 %. This is Neyman's construction of a central interval, with the network's own numbers as test
/// statistics: the mass has no bias and the interval holds 68.27 % at each true mass, while the width of an interval
/// is still that of its row.
public struct MassCalibration: Codable, Sendable, Equatable {
  /// The correction of ln(m / scale).
  public let centre: ResponseCorrection
  /// The correction of the low end.
  public let low: ResponseCorrection
  /// The correction of the high end.
  public let high: ResponseCorrection

  /// The corrections for rows whose true ln(m / scale) is `truth`; nil where one cannot be made.
  init?(fitting distribution: MassDistribution, truth: [Double], weights: [Double]) {
    func correction(_ predictions: Variable, _ level: Double) -> ResponseCorrection? {
      ResponseCorrection(
        fitting: predictions.values.map { Double($0) }, truth: truth, weights: weights, level: level)
    }
    guard let centre = correction(distribution.centre, 0.5),
      let low = correction(distribution.low, CentralInterval.high),
      let high = correction(distribution.high, CentralInterval.low)
    else { return nil }
    self.centre = centre
    self.low = low
    self.high = high
  }

  /// Throws where a map does not rise, as a model's file may hold anything.
  ///
  /// - Throws: ``PluginError`` that names the map.
  func check() throws {
    for (name, map) in [("centre", centre), ("low", low), ("high", high)] where !map.isValid {
      throw PluginError("the calibration's map \(name) needs two or more finite knots that rise")
    }
  }

  /// The corrected distribution; an interval that does not hold the mass is widened up to it.
  func correct(_ distribution: MassDistribution) -> MassDistribution {
    let mass = centre(distribution.centre)
    return MassDistribution(
      centre: mass, low: mass - (mass - low(distribution.low)).relu(),
      high: mass + (high(distribution.high) - mass).relu())
  }
}
