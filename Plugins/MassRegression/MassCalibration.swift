// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The corrections of a mass and its interval that the validation sample asks for.
///
/// First the pull towards the middle of the trained range is removed, more from uncertain rows than from
/// others; of four strengths, the one is used that leaves the least mean distance |ln m/m_true|. Then each of
/// `low`, `centre` and `high` goes through a monotone map of its own (`ResponseCorrection`), so that at each
/// true mass the corrected low end lies above it in 15.87 % of the rows, the corrected mass in 50 %, and the
/// corrected high end in 84.13 %. This is Neyman's construction of a central interval (Phil. Trans. R. Soc. A
/// 236 (1937) 333), with the network's own numbers as test statistics: the mass has no bias and the interval
/// holds 68.27 % at each true mass, while the width of an interval is still that of its row.
public struct MassCalibration: Codable, Sendable, Equatable {
  private let prior: PriorRemoval
  private let centre: ResponseCorrection
  private let low: ResponseCorrection
  private let high: ResponseCorrection

  /// The strengths that are tried: parts of the precision 1 / variance of the truth.
  private static let strengths = [0, 0.25, 0.5, 0.75]

  /// The corrections for rows whose true ln(m / scale) is `truth`, all `[rows]`; nil if they cannot be made.
  init?(fitting distribution: MassDistribution, truth: [Double], weights: [Double]) {
    let total = weights.reduce(0, +)
    guard total > 0 else { return nil }
    let mean = zip(truth, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
    let variance = zip(truth, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
    guard variance > 0 else { return nil }
    func correction(_ predictions: Variable, _ level: Double) -> ResponseCorrection? {
      ResponseCorrection(
        fitting: predictions.values.map { Double($0) }, truth: truth, weights: weights, level: level)
    }
    var best: (distance: Double, prior: PriorRemoval, map: ResponseCorrection)?
    for strength in Self.strengths {
      let prior = PriorRemoval(mean: mean, precision: strength / variance)
      let predictions = prior(distribution).centre
      guard let map = correction(predictions, 0.5) else { continue }
      let distance = truth.indices.reduce(0) {
        $0 + weights[$1] * abs(map(Double(predictions.values[$1])) - truth[$1])
      }
      if best == nil || distance < best!.distance { best = (distance, prior, map) }
    }
    guard let (_, prior, map) = best else { return nil }
    let freed = prior(distribution)
    guard let low = correction(freed.low, CentralInterval.high),
      let high = correction(freed.high, CentralInterval.low)
    else { return nil }
    self.prior = prior
    centre = map
    self.low = low
    self.high = high
  }

  /// Checks that the numbers can be used, as a model's file may hold anything.
  ///
  /// - Throws: ``PluginError`` that names what is wrong.
  func check() throws {
    guard prior.isValid else {
      throw PluginError("the calibration's prior needs a finite mean and a precision that is not negative")
    }
    for (name, map) in [("centre", centre), ("low", low), ("high", high)] where !map.isValid {
      throw PluginError("the calibration's map \(name) needs two or more finite knots that rise")
    }
  }

  /// The least distance between the mass and an end of its interval, as a part of the distance without the
  /// maps.
  private static let leastWidth: Float = 0.25

  /// The corrected distribution; an interval that does not hold the mass, or hardly so, is widened.
  func correct(_ distribution: MassDistribution) -> MassDistribution {
    let freed = prior(distribution)
    let mass = centre(freed.centre)
    func width(_ corrected: Variable, _ before: Variable) -> Variable {
      let least = Self.leastWidth * before
      return least + (corrected - least).relu()
    }
    return MassDistribution(
      centre: mass, low: mass - width(mass - low(freed.low), freed.centre - freed.low),
      high: mass + width(high(freed.high) - mass, freed.high - freed.centre))
  }
}
