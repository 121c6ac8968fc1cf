// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension Variable {
  /// ln σ of the strength μ of a signal that counts in bins expect, nuisance parameters profiled: see ``ExpectedInformation``.
  ///
  /// Σ_i f_ij p_ib is, for the memberships p of rows i in bins b and factors f, the expected count of bin b (j = 0), its
  /// derivative by μ (j = 1) and those by nuisance parameters. Sums are in double precision and in one order. If nothing is known
  /// of μ it is 0 and has no gradient.
  ///
  /// - Parameter factors: f: `[rows × (2 + nuisances)]`, row-major; none if the rows do not tell the counts.
  /// - Returns: `[1 × 1]`.
  func logDeviation(factors: [Double]?) -> Variable {
    let sums = factors.map { Self.sums(values, bins: columns, factors: $0) } ?? []
    let width = sums.count / columns
    var slopes = [Double](repeating: 0, count: sums.count)
    var deviation = 0.0
    let information = width > 0 ? ExpectedInformation(sums, bins: columns) : nil
    if let information, information.variance > 0, information.variance.isFinite {
      deviation = information.logDeviation
      // The derivatives of ½ ln V by the sums: dV = −vᵀ dI v for the first column v of the inverse.
      for bin in 0..<columns {
        var projection = 0.0
        for j in 1..<width { projection += information.direction[j - 1] * sums[j * columns + bin] }
        let ratio = projection / information.counts[bin]
        if information.isPlain[bin] { slopes[bin] = ratio * ratio / (2 * information.variance) }
        for j in 1..<width {
          slopes[j * columns + bin] = -ratio * information.direction[j - 1] / information.variance
        }
      }
    }
    let state = LogDeviation.State(
      factors: tape.scratch(copying: width > 0 ? factors ?? [] : []), slopes: tape.scratch(copying: slopes),
      width: width)
    let result = tape.record(
      rows: 1, columns: 1, requiresGradient: requiresGradient,
      LogDeviation(operand: id, state: tape.scratch(copying: [state]).baseAddress!))
    result.values[0] = Float(deviation)
    return result
  }

  /// Σ_i f_ij p_ib: `[width × bins]`.
  static func sums(_ memberships: some Sequence<Float>, bins: Int, factors: [Double]) -> [Double] {
    let memberships = Array(memberships)
    guard !memberships.isEmpty else { return [] }
    let width = factors.count / (memberships.count / bins)
    var sums = [Double](repeating: 0, count: width * bins)
    for row in 0..<memberships.count / bins {
      for j in 0..<width {
        let factor = factors[row * width + j]
        guard factor != 0 else { continue }
        for bin in 0..<bins { sums[j * bins + bin] += factor * Double(memberships[row * bins + bin]) }
      }
    }
    return sums
  }
}

/// ln σ, with its derivatives by the sums over rows.
private struct LogDeviation: TapeOperation {
  struct State: BitwiseCopyable {
    /// `[rows × width]`.
    let factors: UnsafeMutableBufferPointer<Double>
    /// `[width × bins]`.
    let slopes: UnsafeMutableBufferPointer<Double>
    let width: Int
  }

  let operand: Variable.ID
  let state: UnsafeMutablePointer<State>

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let (state, upstream) = (state.pointee, Double(tape.gradient(of: result)![0]))
    let (rows, bins) = tape.shape(of: operand)
    for row in 0..<rows {
      for bin in 0..<bins {
        var slope = 0.0
        for j in 0..<state.width {
          slope += state.factors[row * state.width + j] * state.slopes[j * bins + bin]
        }
        gradient[row * bins + bin] += Float(upstream * slope)
      }
    }
  }
}
