// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension Variable {
  /// The squared distance correlation of the rows with other numbers of the same rows, from 0 for independent numbers to
  /// 1: `[1 × 1]`.
  ///
  /// With the distances a_ij = |x_i − x_j| and b_ij = |y_i − y_j| of rows, weights w of sum 1, and distances that are
  /// centred twice, A_ij = a_ij − Σ_k w_k a_ik − Σ_k w_k a_kj + Σ_kl w_k w_l a_kl, it is
  /// Σ w_i w_j A_ij B_ij / √(Σ w_i w_j A_ij² Σ w_i w_j B_ij²) (G. Székely, M. Rizzo and N. Bakirov, Ann. Statist. 35,
  /// 2769 (2007); with weights as in arXiv:2001.05310). The sums are in double precision and in one order. It takes
  /// O(rows²) time and O(rows) memory.
  ///
  /// Rows of weight 0 take no part. Without two different values, or if negative weights leave no positive sum, it is 0 and
  /// has no gradient.
  ///
  /// - Parameters:
  ///   - numbers: y, row-major: `[rows × numbers a row]`.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Returns: `[1 × 1]`.
  public func distanceCorrelation(with numbers: [Float], weights: [Float]) -> Variable {
    require(weights.count == rows, "a weight a row")
    require(rows == 0 || numbers.count % rows == 0, "the same number of values a row")
    let active = weights.indices.filter { weights[$0] != 0 }
    let total = active.reduce(0.0) { $0 + Double(weights[$1]) }
    let width = rows > 0 ? numbers.count / rows : 0
    var state = DistanceCorrelation.State(
      rows: tape.scratch(copying: active.map { Int32($0) }),
      weights: tape.scratch(copying: active.map { Double(weights[$0]) / total }),
      numbers: tape.scratch(
        copying: active.flatMap { row in (0..<width).map { Double(numbers[row * width + $0]) } }),
      width: width, means: tape.scratch(Double.self, count: active.count),
      otherMeans: tape.scratch(Double.self, count: active.count))
    if total > 0 { state.compute(values.baseAddress!, columns) }
    let result = tape.record(
      rows: 1, columns: 1, requiresGradient: requiresGradient,
      DistanceCorrelation(operand: id, state: tape.scratch(copying: [state]).baseAddress!))
    result.values[0] = Float(state.correlation)
    return result
  }
}

/// The squared distance correlation, and its gradient.
///
/// Centring twice is a projection that is its own adjoint for sums with weights, so that the derivative of
/// C = Σ w_i w_j A_ij B_ij by a_ij is w_i w_j B_ij, and that of R = C / √(V W) is w_i w_j (B_ij / √(V W) − R A_ij / V).
private struct DistanceCorrelation: TapeOperation {
  /// What is kept of the rows that take part.
  struct State: BitwiseCopyable {
    /// Their numbers among all rows: `[active]`.
    let rows: UnsafeMutableBufferPointer<Int32>
    /// Their weights, of sum 1: `[active]`.
    let weights: UnsafeMutableBufferPointer<Double>
    /// y: `[active × width]`.
    let numbers: UnsafeMutableBufferPointer<Double>
    let width: Int
    /// Σ_k w_k a_ik, and the same of b: `[active]`.
    let means: UnsafeMutableBufferPointer<Double>
    let otherMeans: UnsafeMutableBufferPointer<Double>
    /// Σ_kl w_k w_l a_kl, and the same of b.
    var mean = 0.0
    var otherMean = 0.0
    /// √(V W); 0 if there is no correlation to speak of.
    var norm = 0.0
    /// V.
    var variance = 0.0
    var correlation = 0.0

    func distance(_ x: UnsafePointer<Float>, _ columns: Int, _ i: Int, _ j: Int) -> Double {
      let (a, b) = (Int(rows[i]) * columns, Int(rows[j]) * columns)
      guard columns > 1 else { return abs(Double(x[a]) - Double(x[b])) }
      var sum = 0.0
      for column in 0..<columns {
        let difference = Double(x[a + column]) - Double(x[b + column])
        sum += difference * difference
      }
      return sum.squareRoot()
    }

    func otherDistance(_ i: Int, _ j: Int) -> Double {
      guard width > 1 else { return abs(numbers[i] - numbers[j]) }
      var sum = 0.0
      for column in 0..<width {
        let difference = numbers[i * width + column] - numbers[j * width + column]
        sum += difference * difference
      }
      return sum.squareRoot()
    }
  }

  let operand: Variable.ID
  let state: UnsafeMutablePointer<State>

  func backward(from result: Variable.ID, on tape: Tape) {
    let state = state.pointee
    guard state.norm > 0, let gradient = tape.gradient(of: operand) else { return }
    let upstream = Double(tape.gradient(of: result)![0])
    let x = UnsafePointer(tape.values(of: operand))
    let columns = tape.shape(of: operand).columns
    for i in state.rows.indices {
      for j in state.rows.indices where j != i {
        let distance = state.distance(x, columns, i, j)
        // Of equal rows the derivative of the distance is taken for 0.
        guard distance > 0 else { continue }
        let centred = distance - state.means[i] - state.means[j] + state.mean
        let other =
          state.otherDistance(i, j) - state.otherMeans[i] - state.otherMeans[j] + state.otherMean
        let slope =
          2 * upstream * state.weights[i] * state.weights[j]
          * (other / state.norm - state.correlation * centred / state.variance) / distance
        let (a, b) = (Int(state.rows[i]) * columns, Int(state.rows[j]) * columns)
        for column in 0..<columns {
          gradient[a + column] += Float(slope * (Double(x[a + column]) - Double(x[b + column])))
        }
      }
    }
  }
}

extension DistanceCorrelation.State {
  /// Works out what the gradient needs, and the correlation.
  fileprivate mutating func compute(_ x: UnsafePointer<Float>, _ columns: Int) {
    for i in rows.indices {
      var (sum, otherSum) = (0.0, 0.0)
      for j in rows.indices {
        sum += weights[j] * distance(x, columns, i, j)
        otherSum += weights[j] * otherDistance(i, j)
      }
      (means[i], otherMeans[i]) = (sum, otherSum)
      mean += weights[i] * sum
      otherMean += weights[i] * otherSum
    }
    var (covariance, variance, otherVariance) = (0.0, 0.0, 0.0)
    for i in rows.indices {
      for j in rows.indices {
        let weight = weights[i] * weights[j]
        let centred = distance(x, columns, i, j) - means[i] - means[j] + mean
        let other = otherDistance(i, j) - otherMeans[i] - otherMeans[j] + otherMean
        covariance += weight * centred * other
        variance += weight * centred * centred
        otherVariance += weight * other * other
      }
    }
    // Rounding leaves something of numbers that are all the same.
    let least = 1e-20
    guard variance > least * mean * mean, otherVariance > least * otherMean * otherMean else { return }
    self.variance = variance
    norm = (variance * otherVariance).squareRoot()
    correlation = covariance / norm
  }
}
