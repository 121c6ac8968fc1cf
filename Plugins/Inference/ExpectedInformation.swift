// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What an Asimov sample of counts in bins tells of the strength μ of a signal, and of nuisance parameters that are known to one
/// standard deviation each.
///
/// With the expected counts n_b and their derivatives g_bj by μ (j = 0) and by the nuisance parameters in units of their standard
/// deviations, the Fisher information is I_jk = Σ_b g_bj g_bk / n_b, plus 1 for each nuisance parameter on the diagonal: the
/// expected second derivatives of −ln L for Poisson counts and unit Gaussian constraints. The variance of μ, nuisance parameters
/// profiled, is (I⁻¹)_00 (arXiv:1806.04743).
struct ExpectedInformation {
  /// The share of the mean count of a bin that a count is raised to, so that empty bins do not tell everything.
  static let leastShare = 1e-3

  /// (I⁻¹)_00, the variance of μ; infinite if nothing is known of it.
  let variance: Double
  /// The first column of I⁻¹: `[1 + nuisances]`.
  let direction: [Double]
  /// n_b, raised where it is too small: `[bins]`.
  let counts: [Double]
  /// Whether a count is as it was: `[bins]`.
  let isPlain: [Bool]

  /// The information of counts.
  ///
  /// - Parameters:
  ///   - sums: n, and the derivatives by μ and by each nuisance parameter: `[2 + nuisances][bins]`, row-major.
  ///   - bins: the number of bins.
  init(_ sums: [Double], bins: Int) {
    let parameters = sums.count / bins - 1
    let least = Self.leastShare * sums[..<bins].reduce(0, +) / Double(bins)
    isPlain = sums[..<bins].map { $0 > least }
    counts = sums[..<bins].map { max($0, least) }
    var information = [Double](repeating: 0, count: parameters * parameters)
    for j in 0..<parameters {
      for k in 0...j {
        var sum = j == k && j > 0 ? 1.0 : 0
        for bin in 0..<bins { sum += sums[(1 + j) * bins + bin] * sums[(1 + k) * bins + bin] / counts[bin] }
        information[j * parameters + k] = sum
      }
    }
    direction = Self.firstColumnOfInverse(&information, parameters)
    variance = direction[0]
  }

  /// ln σ(μ).
  var logDeviation: Double { log(variance) / 2 }

  /// The variance with nuisance parameters that are known exactly.
  static func varianceWithoutNuisances(_ sums: [Double], bins: Int) -> Double {
    ExpectedInformation(Array(sums[..<(2 * bins)]), bins: bins).variance
  }

  /// The first column of the inverse of a symmetric positive matrix, by Cholesky's L Lᵀ; infinite if it is not positive.
  ///
  /// - Parameters:
  ///   - matrix: its lower half, row-major `[size × size]`, which L takes the place of.
  ///   - size: the number of rows.
  /// - Returns: `[size]`.
  private static func firstColumnOfInverse(_ matrix: inout [Double], _ size: Int) -> [Double] {
    for j in 0..<size {
      for k in 0...j {
        var sum = matrix[j * size + k]
        for i in 0..<k { sum -= matrix[j * size + i] * matrix[k * size + i] }
        guard j == k else {
          matrix[j * size + k] = sum / matrix[k * size + k]
          continue
        }
        guard sum > 0, sum.isFinite else { return [Double](repeating: .infinity, count: size) }
        matrix[j * size + j] = sum.squareRoot()
      }
    }
    var column = [Double](repeating: 0, count: size)
    for j in 0..<size {
      var sum = j == 0 ? 1.0 : 0
      for i in 0..<j { sum -= matrix[j * size + i] * column[i] }
      column[j] = sum / matrix[j * size + j]
    }
    for j in (0..<size).reversed() {
      var sum = column[j]
      for i in j + 1..<max(size, j + 1) { sum -= matrix[i * size + j] * column[i] }
      column[j] = sum / matrix[j * size + j]
    }
    return column
  }
}
