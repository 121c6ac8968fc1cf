// SPDX-License-Identifier: GPL-3.0-or-later

/// Batch normalisation (Ioffe and Szegedy, arXiv:1502.03167): y = (x − μ) / √(σ² + ε) ⊙ γ + β, column by column of x
/// `[rows × width]`.
///
/// On a tape that records gradients μ and σ² are the mean and the variance of the rows on the tape. In a training on
/// several threads these are the rows of one thread, so that another number of threads gives another training; the same
/// number gives the same bits. On a tape that only predicts μ and σ² are running statistics, so that a row has the same
/// bits in any batch.
///
/// The running statistics are parameters that are saved with the others and that no gradient moves: a
/// backward pass collects those of its rows, and each step of an ``Optimiser`` replaces a tenth of the old ones by
/// them.
///
/// ```swift
/// let normalise = BatchNormalisation("normalise", width: 8, in: &layout)
/// let y = normalise(x)
/// ```
public struct BatchNormalisation: Sendable {
  /// The scale γ `[1 × width]`, which starts at one.
  public let weight: ParameterID
  /// The shift β `[1 × width]`, which starts at zero.
  public let bias: ParameterID
  /// The running mean, the running variance and the number of steps that they come from: `[3 × width]`.
  public let running: ParameterID
  /// ε.
  public let epsilon: Float

  /// Adds the layer's parameters `NAME.weight`, `NAME.bias` and `NAME.running` to a layout.
  ///
  /// - Parameters:
  ///   - name: the prefix of the parameters' names.
  ///   - width: the number of columns.
  ///   - epsilon: ε, which keeps constant columns finite.
  ///   - layout: where the parameters are added.
  public init(_ name: String, width: Int, epsilon: Float = 1e-5, in layout: inout ParameterLayout) {
    weight = layout.add("\(name).weight", rows: 1, columns: width, initialisation: .one)
    bias = layout.add("\(name).bias", rows: 1, columns: width, initialisation: .zero)
    running = layout.add("\(name).running", rows: 3, columns: width, initialisation: .runningStatistics)
    self.epsilon = epsilon
  }

  /// The layer's outputs: `[rows × width]`.
  public func callAsFunction(_ x: Variable) -> Variable {
    let tape = x.tape
    let normalised = tape.recordsGradients ? byRows(x) : byRunningStatistics(x)
    return normalised * tape.parameter(weight) + tape.parameter(bias)
  }

  private func byRunningStatistics(_ x: Variable) -> Variable {
    let (mean, scale) = (
      x.tape.constant(rows: 1, columns: x.columns), x.tape.constant(rows: 1, columns: x.columns)
    )
    let statistics = x.tape.parameters[running]
    for column in 0..<x.columns {
      mean.values[column] = statistics[column]
      scale.values[column] = 1 / (statistics[x.columns + column] + epsilon).squareRoot()
    }
    return (x - mean) * scale
  }

  private func byRows(_ x: Variable) -> Variable {
    let scales = x.tape.scratch(count: x.columns)
    // Recorded even for an operand without a gradient, since the backward pass collects the statistics.
    let result = x.tape.record(
      rows: x.rows, columns: x.columns, requiresGradient: true,
      ColumnNormalisation(operand: x.id, running: running, scales: scales.baseAddress!))
    let y = result.values
    let rows = Double(x.rows)
    for column in 0..<x.columns {
      let places = stride(from: column, to: x.count, by: x.columns)
      let mean = places.reduce(0) { $0 + Double(x.values[$1]) } / rows
      let variance =
        places.reduce(0) { $0 + (Double(x.values[$1]) - mean) * (Double(x.values[$1]) - mean) } / rows
      scales[column] = Float(1 / (variance + Double(epsilon)).squareRoot())
      for i in places { y[i] = Float(Double(x.values[i]) - mean) * scales[column] }
    }
    return result
  }
}

private struct ColumnNormalisation: TapeOperation {
  let operand: Variable.ID
  let running: ParameterID
  let scales: UnsafeMutablePointer<Float>

  func backward(from result: Variable.ID, on tape: Tape) {
    let (rows, columns) = tape.shape(of: result)
    let x = tape.values(of: operand)
    // Sums of distances from the running mean, which all threads share: they can be added, and do not cancel.
    let mean = tape.parameters[running]
    if let collected = tape.gradients?[running] {
      for i in 0..<rows * columns {
        let distance = x[i] - mean[i % columns]
        collected[i % columns] += distance
        collected[columns + i % columns] += distance * distance
        collected[2 * columns + i % columns] += 1
      }
    }
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let y = tape.values(of: result)
    for column in 0..<columns {
      let places = stride(from: column, to: rows * columns, by: columns)
      let mean = places.reduce(0) { $0 + upstream[$1] } / Float(rows)
      let slope = places.reduce(0) { $0 + upstream[$1] * y[$1] } / Float(rows)
      for i in places { gradient[i] += scales[column] * (upstream[i] - mean - slope * y[i]) }
    }
  }
}

extension Parameters {
  /// The part of running statistics that a step replaces, as PyTorch's `momentum`.
  private static let share: Float = 0.1

  /// Takes over what a step collected of the rows, per column their number n, Σ d and Σ d² for the distances d from
  /// the running mean; the variance is with Bessel's correction, as PyTorch's.
  func takeOver(_ entry: ParameterLayout.Entry, from gradient: Parameters) {
    let columns = entry.columns
    let (own, seen) = (values.baseAddress! + entry.offset, gradient.values.baseAddress! + entry.offset)
    for column in 0..<columns where seen[2 * columns + column] > 0 {
      let rows = seen[2 * columns + column]
      let shift = seen[column] / rows
      own[column] += Self.share * shift
      if rows > 1 {
        let variance = max(seen[columns + column] - shift * seen[column], 0) / (rows - 1)
        own[columns + column] += Self.share * (variance - own[columns + column])
      }
      own[2 * columns + column] += 1
    }
  }
}
