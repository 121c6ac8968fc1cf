// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension Classification {
  /// What a classifier learns on the validation sample when its weights are fixed.
  public struct Calibration: Codable, Sendable, Equatable {
    /// The temperature T by which logits are divided, so that scores are the probabilities that they claim to be
    /// (arXiv:1706.04599, equation 9).
    public var temperature: Double
    /// The thresholds of the signal, or of each class against the others, in the order of the working points.
    public var thresholds: [[WorkingPoint]]
    /// The distribution of the background's score at each value of a number, by which a head maps it; nil for none.
    ///
    /// Scores are shares of the background then, and no probabilities of signal.
    public var quantiles: ConditionalQuantiles?

    /// A calibration.
    public init(
      temperature: Double, thresholds: [[WorkingPoint]] = [], quantiles: ConditionalQuantiles? = nil
    ) {
      self.temperature = temperature
      self.thresholds = thresholds
      self.quantiles = quantiles
    }
  }

  /// A threshold on a score, and what passed it on the validation sample.
  public struct WorkingPoint: Codable, Sendable, Equatable {
    /// The background efficiency that was asked for.
    public var target: Double
    /// The score from which on a row passes.
    public var threshold: Float
    /// The share of the background that passed; at most `target`.
    public var backgroundEfficiency: Double
    /// The share of the signal that passed.
    public var signalEfficiency: Double
  }

  /// The temperature of least cross entropy, and the lowest thresholds that let no more of the background pass than the
  /// working points say.
  ///
  /// - Parameters:
  ///   - logits: `[rows × logitCount]`.
  ///   - truth: the true classes of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  ///   - known: the temperature, if it is not to be fitted.
  /// - Returns: the calibration.
  /// - Throws: ``MetricError`` if a class is missing, or if a working point would let less than one row of
  ///   the background pass.
  public func calibration(
    fitting logits: Matrix, truth: HeadTruth, weights: [Double], temperature known: Double? = nil
  ) throws -> Calibration {
    let labels = labels(of: truth).map { Int($0) }
    let temperature = known ?? temperature(fitting: logits, labels: labels, weights: weights)
    let scaled = logits.values.map { $0 * Float(1 / temperature) }
    let points = try targets.indices.map { target in
      try workingPoints.isEmpty
        ? []
        : thresholds(
          scores: (0..<logits.rows).map { row in
            Float(probability(of: target, scaled[row * logitCount..<(row + 1) * logitCount]))
          },
          isSignal: labels.map { $0 == label(ofTarget: target) }, weights: weights, name: targets[target])
    }
    return Calibration(temperature: temperature, thresholds: workingPoints.isEmpty ? [] : points)
  }

  /// Takes over a calibration.
  ///
  /// - Throws: ``PluginError`` if the temperature is not positive or thresholds are not those of the working
  ///   points.
  public mutating func calibrate(by calibration: Calibration) throws {
    guard calibration.temperature > 0, calibration.temperature.isFinite else {
      throw PluginError("The temperature is \(calibration.temperature), but it must be positive.")
    }
    let count = workingPoints.isEmpty ? 0 : targets.count
    guard calibration.thresholds.count == count,
      calibration.thresholds.allSatisfy({ $0.map(\.target) == workingPoints })
    else {
      throw PluginError("The thresholds are not those of the working points.")
    }
    guard calibration.quantiles?.isValid != false else {
      throw PluginError("The quantiles of the score need knots, levels and scores that rise.")
    }
    self.calibration = calibration
  }

  /// The probability of a class among the outputs.
  private func probability(of target: Int, _ logits: ArraySlice<Float>) -> Double {
    if isBinary { return 1 / (1 + exp(-Double(logits.first!))) }
    let largest = Double(logits.max()!)
    let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
    return exp(Double(logits[logits.startIndex + target]) - largest) / sum
  }

  /// Cross entropy is convex in 1/T: its slope there is found to vanish by halving an interval.
  private func temperature(fitting logits: Matrix, labels: [Int], weights: [Double]) -> Double {
    /// The mean of each row's expected logit less its true one, at an inverse temperature.
    func slope(_ inverse: Double) -> Double {
      var slope = 0.0
      for row in 0..<logits.rows {
        let z = (0..<logitCount).map { Double(logits[row, $0]) }
        if isBinary {
          slope += weights[row] * (1 / (1 + exp(-inverse * z[0])) - (labels[row] == 1 ? 1 : 0)) * z[0]
        } else {
          let largest = z.max()!
          let p = z.map { exp(inverse * ($0 - largest)) }
          let sum = p.reduce(0, +)
          slope += weights[row] * (zip(p, z).reduce(0) { $0 + $1.0 * $1.1 } / sum - z[labels[row]])
        }
      }
      return slope
    }
    // Classes that a sample shows perfectly apart, or not at all, have no finite temperature.
    var (low, high) = (log(0.05), log(20.0))
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if slope(exp(middle)) < 0 { low = middle } else { high = middle }
    }
    return exp(-(low + high) / 2)
  }

  /// Makes sure that a sample is large enough for thresholds at the working points.
  ///
  /// - Throws: ``MetricError`` if a working point would let less than one row of the background pass.
  public func checkWorkingPoints(_ truth: HeadTruth, weights: [Double]) throws {
    for target in targets.indices {
      let isBackground = labels(of: truth).map { Int($0) != label(ofTarget: target) }
      try checkWorkingPoints(
        of: targets[target], backgroundCount: zip(isBackground, weights).count { $0.0 && $0.1 != 0 })
    }
  }

  private func checkWorkingPoints(of name: String, backgroundCount: Int) throws {
    for target in workingPoints where target * Double(backgroundCount) < 1 {
      throw MetricError(
        description:
          "The working point \(target) of \(name) lets less than one of \(backgroundCount) "
          + "background examples pass; validate on more, or ask for a larger background efficiency.")
    }
  }

  private func thresholds(
    scores: [Float], isSignal: [Bool], weights: [Double], name: String
  ) throws -> [WorkingPoint] {
    let curve = try ROCCurve(scores: scores, isSignal: isSignal, weights: weights)
    try checkWorkingPoints(of: name, backgroundCount: curve.backgroundCount)
    return workingPoints.map { target in
      let point = curve.backgroundEfficiency.lastIndex { $0 <= target * (1 + 1e-12) }!
      return WorkingPoint(
        target: target, threshold: min(curve.thresholds[point], .greatestFiniteMagnitude),
        backgroundEfficiency: curve.backgroundEfficiency[point],
        signalEfficiency: curve.signalEfficiency[point])
    }
  }

  /// The least background efficiency whose threshold each score passes; 1 if it passes none:
  /// `[rows × targets]`.
  func passedWorkingPoints(of probabilities: Variable) -> Variable {
    let result = probabilities.tape.record(
      rows: probabilities.rows, columns: probabilities.columns, requiresGradient: false,
      WorkingPoints(scores: probabilities.id, thresholds: calibration?.thresholds ?? []))
    let (scores, passed) = (probabilities.values, result.values)
    for index in 0..<probabilities.count {
      passed[index] = 1
      guard let calibration else { continue }
      let thresholds = calibration.thresholds[index % probabilities.columns]
      for point in 0..<thresholds.count where scores[index] >= thresholds[point].threshold {
        passed[index] = Float(thresholds[point].target)
      }
    }
    return result
  }

  /// The efficiencies for signal and background at each threshold, nil for what is absent; none before there are
  /// thresholds.
  func workingPointMetrics(_ outputs: Matrix, labels: [Int], weights: [Double]) -> [Metric] {
    guard let calibration, !workingPoints.isEmpty else { return [] }
    return targets.indices.flatMap { target in
      calibration.thresholds[target].flatMap { point in
        ["signal", "background"].map { kind in
          let rows = labels.indices.filter { (labels[$0] == label(ofTarget: target)) == (kind == "signal") }
          let efficiency = Estimate.efficiency(
            rows.map { outputs[$0, target] >= point.threshold }, weights: rows.map { weights[$0] })
          let name = isBinary ? "" : "\(targets[target]) "
          return Metric("\(name)\(kind) efficiency at working point \(point.target)", efficiency)
        }
      }
    }
  }
}

/// The working points that scores pass; no gradient passes through them.
private struct WorkingPoints: TraceableOperation {
  let scores: Variable.ID
  /// Of each column of the scores.
  let thresholds: [[Classification.WorkingPoint]]

  var operands: [Variable.ID] { [scores] }

  func backward(from result: Variable.ID, on tape: Tape) {}

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    .steps(
      (thresholds.first ?? []).indices.map { point in
        TracedStep(
          thresholds: thresholds.map { $0[point].threshold }, value: Float(thresholds[0][point].target))
      })
  }
}
