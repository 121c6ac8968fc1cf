// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

extension KinematicRegression {
  /// The skill of value and quantiles or the gain in likelihood of Gaussians, which training watches, and bias, resolution
  /// and coverage of each target; tables and figures of them in the intervals of `bins`, with the reference and the
  /// estimators as they are beside the prediction.
  ///
  /// - Throws: ``MetricError`` if a prediction is not finite or no row has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    let rows = weights.indices.filter { weights[$0] != 0 }
    let weights = rows.map { weights[$0] }
    guard weights.reduce(0, +) > 0 else {
      throw MetricError(
        description:
          "The weights of the rows of \(name) add up to nothing; an evaluation needs a positive sum.")
    }
    let truth = truth.rows(rows)
    var first = 0
    let evaluated = try targets.map { target in
      defer { first += outputWidth }
      return try TargetEvaluation(
        target, form, outputs, rows: rows, columns: first..<first + outputWidth, truth: truth,
        weights: weights
      )
    }
    let score = TargetEvaluation.score(evaluated, form.prediction)
    let metrics = evaluated.flatMap { target -> [Metric] in
      let prefix = evaluated.count > 1 ? "\(target.target.name) " : ""
      let own = target.whole[0].summary
      return [Metric(prefix + "bias", own.bias), Metric(prefix + "resolution", own.resolution)]
        + (target.coverage.map { [Metric(prefix + "coverage", $0)] } ?? [])
    }
    return HeadEvaluation(
      metrics: [score] + metrics,
      figures: evaluated.flatMap { target in
        [target.responseFigure, target.calibrationFigure].compactMap(\.self)
          + configuration.bins!.flatMap { target.figures(in: $0) }
      },
      tables: [TargetEvaluation.table(evaluated)]
        + evaluated.flatMap { target in
          [target.calibrationTable].compactMap(\.self) + configuration.bins!.map { target.table(in: $0) }
        })
  }

  /// How many numbers the outputs of one target have.
  private var outputWidth: Int { outputs.reduce(0) { $0 + $1.width } / targets.count }
}

/// What the predictions of a target are worth.
struct TargetEvaluation {
  /// Predictions, or a reference or estimator in their place, and how they compare with the truth.
  struct Estimator {
    let name: String
    let predictions: RegressionPredictions
    let summary: ResponseSummary
  }

  let target: RegressionTarget
  /// The predictions, then the reference and the estimators.
  let whole: [Estimator]
  /// The share of rows whose central interval holds the truth: 68.27 %, or what lies between the outer quantiles.
  let coverage: Estimate?
  private let form: ScaledDistribution
  private let values: [Double]
  private let weights: [Double]
  private let truth: HeadTruth
  /// The loss of each row and that of the best constant, for value and quantiles.
  private let losses: (own: [Double], constant: [Double])
  /// By how much the logarithm of the density at the truth exceeds that of one Gaussian of all rows, for Gaussians.
  private let gains: [Double]
  /// Levels and the share of rows whose truth lies below the quantile of that level; empty for a value.
  private let calibration: [(level: Double, share: Estimate)]

  /// Only rows with a weight count: `outputs[rows]`, and `[rows]` of the truth and the weights.
  init(
    _ target: RegressionTarget, _ form: ScaledDistribution, _ outputs: Matrix, rows: [Int],
    columns: Range<Int>, truth: HeadTruth, weights: [Double]
  ) throws {
    func output(_ column: Int) -> [Double] { rows.map { Double(outputs[$0, columns.lowerBound + column]) } }
    if let row = rows.first(where: { row in columns.contains { !outputs[row, $0].isFinite } }) {
      throw MetricError(
        description: "The prediction of \(target.name) in row \(row) is not finite; train again more slowly.")
    }
    self.target = target
    self.form = form
    self.truth = truth
    self.weights = weights
    let values = truth[target.truth].map { Double($0) }
    self.values = values
    let references = target.reference.map { truth[$0].map { Double($0) } }
    func scaled(_ values: [Double]) -> [Double] {
      values.enumerated().map { target.scaled($0.element, reference: references?[$0.offset] ?? 1) }
    }
    let predictions = output(0)
    let (x, centre) = (scaled(values), scaled(predictions))
    let constant = WeightedQuantiles(x, weights: weights)
    var interval: (low: [Double], high: [Double])?
    var (own, best, gains) = ([Double](), [Double](), [Double]())
    var calibration: [(Double, Estimate)] = []
    var coverage: Estimate?
    func share(_ passes: [Bool]) -> Estimate {
      Estimate.efficiency(passes, weights: weights) ?? Estimate(value: .nan, error: nil)
    }
    switch form.prediction {
    case .value:
      own = zip(x, centre).map { abs($0 - $1) }
      best = x.map { abs($0 - constant[0.5]) }
    case .quantiles:
      func loss(_ level: Double, _ distance: Double) -> Double {
        distance > 0 ? level * distance : (level - 1) * distance
      }
      (own, best) = (x.map { _ in 0 }, x.map { _ in 0 })
      let columns = form.quantiles.indices.map { output(1 + $0) }
      for (level, column) in zip(form.quantiles, columns) {
        let (quantile, same) = (scaled(column), constant[level])
        for row in x.indices {
          own[row] += loss(level, x[row] - quantile[row])
          best[row] += loss(level, x[row] - same)
        }
        calibration.append((level, share(zip(values, column).map { $0 <= $1 })))
      }
      if columns.count > 1 {
        let ends = (low: columns[0], high: columns[columns.count - 1])
        coverage = share(
          values.indices.map { (ends.low[$0]...max(ends.low[$0], ends.high[$0])).contains(values[$0]) })
        interval = ends
      }
    case .gaussian, .mixture:
      let uncertainty = output(1)
      interval =
        form.prediction == .gaussian
        ? (output(2), output(3))
        : (zip(predictions, uncertainty).map { $0 - $1 }, zip(predictions, uncertainty).map { $0 + $1 })
      let gaussians: [(weight: [Double], mean: [Double], width: [Double])]
      if form.prediction == .gaussian {
        let width = zip(scaled(output(3)), scaled(output(2))).map { ($0 - $1) / 2 }
        gaussians = [(x.map { _ in 1 }, centre, width)]
      } else {
        let count = form.components
        gaussians = (0..<count).map { component in
          let width = output(2 + 2 * count + component)
          return (
            output(2 + component), scaled(output(2 + count + component)),
            target.scale == .log ? width : zip(width, references ?? width.map { _ in 1 }).map { $0 / $1 }
          )
        }
      }
      let total = weights.reduce(0, +)
      let mean = zip(x, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      let variance = zip(x, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
      let spread = max(variance, .leastNormalMagnitude).squareRoot()
      var shares = x.map { _ in 0.0 }
      for row in x.indices {
        var density = 0.0
        for (weight, mean, width) in gaussians {
          let pull = (x[row] - mean[row]) / max(width[row], .leastNormalMagnitude)
          density += weight[row] / max(width[row], .leastNormalMagnitude) * exp(-pull * pull / 2)
          shares[row] += weight[row] * erfc(-pull / 2.0.squareRoot()) / 2
        }
        let pull = (x[row] - mean) / spread
        gains.append(log(max(density, 1e-300)) + log(spread) + pull * pull / 2)
      }
      coverage = share(shares.map { (CentralInterval.low...CentralInterval.high).contains($0) })
      for level in stride(from: 0.1, through: 0.91, by: 0.1) {
        calibration.append((level, share(shares.map { $0 <= level })))
      }
    }
    losses = (own, best)
    self.gains = gains
    self.calibration = calibration
    self.coverage = coverage
    var estimators = [RegressionPredictions(target.name, values: predictions, interval: interval)]
    for name in target.comparisons {
      estimators.append(RegressionPredictions(name, values: truth[name].map { Double($0) }))
    }
    whole = estimators.map { estimator in
      Estimator(
        name: estimator.name, predictions: estimator,
        summary: ResponseSummary(
          estimator, truth: values, weights: weights, rows: Array(values.indices),
          isRelative: target.scale == .log))
    }
  }

  /// The skill of all targets together, or the mean gain of the logarithm of the density.
  static func score(_ targets: [TargetEvaluation], _ prediction: RegressionPrediction) -> Metric {
    let weights = targets[0].weights
    // Each target counts as much as its best constant is worth.
    func sum(_ values: [[Double]]) -> [Double] {
      weights.indices.map { row in values.reduce(0) { $0 + $1[row] } }
    }
    switch prediction {
    case .value, .quantiles:
      let sizes = targets.map { target in
        max(zip(target.losses.constant, weights).reduce(0) { $0 + $1.0 * $1.1 }, .leastNormalMagnitude)
      }
      let own = zip(targets, sizes).map { target, size in target.losses.own.map { $0 / size } }
      let constant = zip(targets, sizes).map { target, size in target.losses.constant.map { $0 / size } }
      return Metric("skill", Estimate.skill(of: sum(own), over: sum(constant), weights: weights))
    case .gaussian, .mixture:
      let gains = sum(targets.map(\.gains))
      let total = weights.reduce(0, +)
      let mean = zip(gains, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      let squares = zip(gains, weights).reduce(0) { sum, row in
        let residual = row.1 * (row.0 - mean)
        return sum + residual * residual
      }
      return Metric("likelihood gain", Estimate(value: mean, error: squares.squareRoot() / total))
    }
  }

  /// What is compared: a ratio if the target has a logarithm, else a difference.
  private var isRelative: Bool { target.scale == .log }
  private var deviationUnit: String? { isRelative ? nil : target.unit }

  /// All targets, their references and estimators, over all rows.
  static func table(_ targets: [TargetEvaluation]) -> HeadTable {
    let all = targets.flatMap { target in
      target.whole.indices.map { (target: target, estimator: target.whole[$0], isOwn: $0 == 0) }
    }
    return HeadTable(
      "targets",
      columns: [
        HeadTable.Column("target", texts: all.map(\.target.target.name)),
        HeadTable.Column("estimator", texts: all.map(\.estimator.name)),
        HeadTable.Column(
          "deviation",
          texts: all.map { $0.target.isRelative ? "relative" : $0.target.target.unit ?? "absolute" }),
        HeadTable.Column("bias", estimates: all.map(\.estimator.summary.bias)),
        HeadTable.Column("resolution", estimates: all.map(\.estimator.summary.resolution)),
        HeadTable.Column("pull mean", estimates: all.map(\.estimator.summary.pullMean)),
        HeadTable.Column("pull width", estimates: all.map(\.estimator.summary.pullWidth)),
        HeadTable.Column("coverage", estimates: all.map { $0.isOwn ? $0.target.coverage : nil }),
      ])
  }

  /// The edges of the intervals of a column, and the rows in each.
  private func intervals(_ bins: RegressionBins) -> (edges: [Double], rows: [[Int]]) {
    let values = truth[bins.of].map { Double($0) }
    var edges = bins.edges ?? []
    if edges.isEmpty {
      let quantiles = WeightedQuantiles(values, weights: weights.map(abs))
      for part in 0...8 {
        let edge = quantiles[Double(part) / 8]
        if edge > edges.last ?? -.infinity { edges.append(edge) }
      }
      // The last interval has its upper end, and a column that is the same everywhere one interval.
      edges[edges.count - 1] = edges[edges.count - 1].nextUp
      if edges.count == 1 { edges.insert(quantiles[0], at: 0) }
    }
    var rows = Array(repeating: [Int](), count: edges.count - 1)
    for (row, value) in values.enumerated() {
      guard value >= edges[0], let end = edges.firstIndex(where: { $0 > value }) else { continue }
      rows[end - 1].append(row)
    }
    return (edges, rows)
  }

  /// The summaries of an estimator in the intervals of a column.
  private func summaries(_ estimator: Estimator, _ rows: [[Int]]) -> [ResponseSummary] {
    rows.map {
      ResponseSummary(
        estimator.predictions, truth: values, weights: weights, rows: $0, isRelative: isRelative)
    }
  }

  /// Bias and resolution of the predictions and of what they are compared with in the intervals of a column.
  func table(in bins: RegressionBins) -> HeadTable {
    let (edges, rows) = intervals(bins)
    let summaries = whole.map { (name: $0.name, bins: self.summaries($0, rows)) }
    return HeadTable(
      "\(target.name)-by-\(bins.title)",
      columns: [
        HeadTable.Column("from", numbers: Array(edges.dropLast())),
        HeadTable.Column("to", numbers: Array(edges.dropFirst())),
        HeadTable.Column("rows", numbers: rows.map { Double($0.count) }),
      ]
        + summaries.flatMap { estimator in
          [
            HeadTable.Column(
              "\(estimator.name) bias", unit: deviationUnit, estimates: estimator.bins.map(\.bias)),
            HeadTable.Column(
              "\(estimator.name) resolution", unit: deviationUnit, estimates: estimator.bins.map(\.resolution)
            ),
          ]
        })
  }

  /// Bias and resolution against a column.
  func figures(in bins: RegressionBins) -> [HeadFigure] {
    let (edges, rows) = intervals(bins)
    let centres = zip(edges, edges.dropFirst()).map { ($0 + $1) / 2 }
    let summaries = whole.map { (name: $0.name, bins: self.summaries($0, rows)) }
    func figure(_ name: String, _ label: String, _ estimate: (ResponseSummary) -> Estimate) -> HeadFigure {
      HeadFigure(
        "\(target.name)-\(name)-by-\(bins.title)", x: HeadFigure.Axis(bins.of),
        y: HeadFigure.Axis(label, unit: deviationUnit),
        series: summaries.map { estimator in
          let estimates = estimator.bins.map(estimate)
          return .points(
            estimator.name, x: centres, y: estimates.map(\.value), errors: estimates.map { $0.error ?? .nan })
        })
    }
    return [
      figure("closure", isRelative ? "Median response - 1" : "Median deviation", \.bias),
      figure("resolution", "Resolution", \.resolution),
    ]
  }

  /// The distribution of the response of the predictions and of what they are compared with.
  var responseFigure: HeadFigure {
    let responses = whole.map { estimator in
      zip(estimator.predictions.values, values).map { isRelative ? $0 / $1 : $0 - $1 }
    }
    let quantiles = responses.map { WeightedQuantiles($0, weights: weights.map(abs)) }
    let (low, high) = (quantiles.map { $0[0.005] }.min()!, quantiles.map { $0[0.995] }.max()!)
    let range = low...(high > low ? high : low + max(abs(low), 1))
    let series = zip(whole, responses).map { estimator, values in
      var histogram = Histogram(range: range, binCount: 60)
      for (value, weight) in zip(values, weights) { histogram.fill(value, weight: weight) }
      return HeadFigure.Series.histogram(estimator.name, histogram)
    }
    return HeadFigure(
      "\(target.name)-response",
      x: HeadFigure.Axis(isRelative ? "Prediction / truth" : "Prediction - truth", unit: deviationUnit),
      y: HeadFigure.Axis("Probability density"), series: series)
  }

  /// The share of rows whose truth lies below each quantile.
  var calibrationTable: HeadTable? {
    calibration.isEmpty
      ? nil
      : HeadTable(
        "\(target.name)-calibration",
        columns: [
          HeadTable.Column("level", numbers: calibration.map(\.level)),
          HeadTable.Column("share below", estimates: calibration.map(\.share)),
        ])
  }

  /// The same against the level.
  var calibrationFigure: HeadFigure? {
    guard !calibration.isEmpty else { return nil }
    let shares = calibration.map(\.share)
    return HeadFigure(
      "\(target.name)-calibration-curve", x: HeadFigure.Axis("Level of the quantile", range: 0...1),
      y: HeadFigure.Axis("Share of rows below", range: 0...1),
      series: [
        .points(
          target.name, x: calibration.map(\.level), y: shares.map(\.value),
          errors: shares.map { $0.error ?? .nan }),
        .curve("as it should be", x: [0, 1], y: [0, 1]),
      ])
  }
}
