// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

// Losses have one number a row, `[rows × 1]`: weights and the mean over a batch are the trainer's.

extension Variable {
  /// The cross entropy of a probability given by its logit, against targets from 0 to 1.
  ///
  /// −t ln σ(x) − (1 − t) ln(1 − σ(x)), for logits x `[rows × 1]`.
  ///
  /// - Parameter targets: `[rows]`, 1 for signal.
  /// - Returns: `[rows × 1]`.
  public func binaryCrossEntropy(targets: [Float]) -> Variable {
    require(columns == 1 && targets.count == rows, "one logit and one target a row")
    let kept = tape.keep(targets)
    let result = tape.record(
      rows: rows, columns: 1, requiresGradient: requiresGradient,
      BinaryCrossEntropy(logits: id, targets: kept))
    let x = values
    let y = result.values
    for i in 0..<rows { y[i] = max(x[i], 0) - x[i] * kept[i] + log1p(Foundation.exp(-abs(x[i]))) }
    return result
  }

  /// The cross entropy of the softmax of each row against a class: −ln softmax(x)[class].
  ///
  /// - Parameter classes: `[rows]`, from 0 to columns − 1.
  /// - Returns: `[rows × 1]`.
  public func crossEntropy(classes: [Int32]) -> Variable {
    require(classes.count == rows, "one class a row")
    let logProbabilities = logSoftmax()
    let kept = tape.keep(classes)
    let result = tape.record(
      rows: rows, columns: 1, requiresGradient: requiresGradient,
      ChosenElement(operand: logProbabilities.id, columns: kept))
    let x = logProbabilities.values
    let y = result.values
    for row in 0..<rows {
      require(kept[row] >= 0 && kept[row] < columns, "class \(kept[row]) of \(columns)")
      y[row] = -x[row * columns + Int(kept[row])]
    }
    return result
  }

  /// Half the squared distance of each row to its target: Σ (x − t)² / 2 over the columns.
  ///
  /// - Parameter targets: `[rows × columns]`.
  /// - Returns: `[rows × 1]`.
  public func squaredError(targets: [Float]) -> Variable {
    0.5 * (self - target(targets)).squared().rowSums()
  }

  /// Huber's loss summed over the columns: d²/2 up to |d| = δ, then δ (|d| − δ/2), for d = x − t.
  ///
  /// - Parameters:
  ///   - targets: `[rows × columns]`.
  ///   - delta: the distance at which the loss turns from a square into a line.
  /// - Returns: `[rows × 1]`.
  public func huberError(targets: [Float], delta: Float = 1) -> Variable {
    // With c = min(|d|, δ) = |d| − ReLU(|d| − δ), the loss is c (|d| − c / 2).
    let distance = (self - target(targets)).absolute()
    let clipped = distance - (distance - delta).relu()
    return (clipped * (distance - 0.5 * clipped)).rowSums()
  }

  /// The negative logarithm of a Gaussian likelihood, without its constant, summed over the columns:
  /// ((x − t)² e⁻ˢ + s) / 2, where s is the logarithm of the variance.
  ///
  /// - Parameters:
  ///   - targets: `[rows × columns]`.
  ///   - logVariance: s, `[rows × columns]`.
  /// - Returns: `[rows × 1]`.
  public func gaussianNegativeLogLikelihood(targets: [Float], logVariance: Variable) -> Variable {
    0.5 * ((self - target(targets)).squared() * (-logVariance).exp() + logVariance).rowSums()
  }

  /// The negative logarithm of the likelihood of a mixture of Gaussians whose components have no correlations:
  /// −ln Σ_k π_k Π_d N(t_d; μ_dk, σ_dk).
  ///
  /// The columns are, for C components and D targets: C logits whose softmax is π; then for each target C means μ and C
  /// logarithms of variances, ln σ².
  ///
  /// - Parameters:
  ///   - targets: t, row-major: `[rows × D]`.
  ///   - components: C; the columns are C (1 + 2 D).
  /// - Returns: `[rows × 1]`.
  public func gaussianMixtureNegativeLogLikelihood(targets: [Float], components: Int) -> Variable {
    let dimensions = rows > 0 ? targets.count / rows : (columns / components - 1) / 2
    require(
      columns == components * (1 + 2 * dimensions) && targets.count == rows * dimensions,
      "a share, and a mean and a variance of each target, for each component")
    var logarithms = columns(0..<components).logSoftmax()
    for dimension in 0..<dimensions {
      let first = components * (1 + 2 * dimension)
      let means = columns(first..<first + components)
      let logVariances = columns(first + components..<first + 2 * components)
      let target = tape.constant(
        (0..<rows).map { targets[$0 * dimensions + dimension] }, rows: rows, columns: 1)
      let squares = (target - means).squared() * (-logVariances).exp()
      logarithms = logarithms - 0.5 * (squares + logVariances + Foundation.log(2 * Float.pi))
    }
    return -logarithms.logSumExp()
  }

  /// The quantile loss ("pinball") of each column summed over the columns: q d for d = t − x > 0, else (q − 1) d.
  ///
  /// - Parameters:
  ///   - targets: `[rows]`, the same for all columns.
  ///   - quantiles: q of each column, between 0 and 1: `[columns]`.
  /// - Returns: `[rows × 1]`.
  public func quantileError(targets: [Float], quantiles: [Float]) -> Variable {
    require(targets.count == rows && quantiles.count == columns, "a target a row, a quantile a column")
    let difference = tape.constant(Matrix(rows: rows, columns: 1, values: targets)) - self
    let q = tape.constant(Matrix(rows: 1, columns: columns, values: quantiles))
    return (q * difference + (-difference).relu()).rowSums()
  }

  private func target(_ targets: [Float]) -> Variable {
    tape.constant(Matrix(rows: rows, columns: columns, values: targets))
  }
}

extension Tape {
  fileprivate func keep<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
    let kept = scratch(Value.self, count: values.count)
    _ = kept.update(from: values)
    return kept.baseAddress!
  }
}

private struct BinaryCrossEntropy: TapeOperation {
  let logits: Variable.ID
  let targets: UnsafeMutablePointer<Float>

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: logits) else { return }
    let upstream = tape.gradient(of: result)!
    let x = tape.values(of: logits)
    for i in 0..<tape.shape(of: result).rows {
      gradient[i] += upstream[i] * (1 / (1 + Foundation.exp(-x[i])) - targets[i])
    }
  }
}

/// Minus one element of each row.
private struct ChosenElement: TapeOperation {
  let operand: Variable.ID
  let columns: UnsafeMutablePointer<Int32>

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, width) = tape.shape(of: operand)
    for row in 0..<rows { gradient[row * width + Int(columns[row])] -= upstream[row] }
  }
}
