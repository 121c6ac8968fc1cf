// SPDX-License-Identifier: GPL-3.0-or-later

/// What is measured of one score that tells signal from background.
public struct ClassifierEvaluation: Sendable {
  /// The classifier's name, such as its head's.
  public let name: String
  /// What class 1 is called.
  public let signalName: String
  /// What class 0 is called.
  public let backgroundName: String
  /// The ROC curve.
  public let curve: ROCCurve
  /// The area under the ROC curve.
  public let auc: Estimate
  /// The background rejection at the signal efficiencies asked for.
  public let rejections: [BackgroundRejection]
  /// The distribution of the signal's scores.
  public let signalScores: Histogram
  /// The distribution of the background's scores, in the same bins.
  public let backgroundScores: Histogram
  /// Whether the scores are the probabilities of signal; nil where one is outside 0 … 1.
  public let calibration: CalibrationCurve?
  /// The numbers of events expected before a cut, where they are known.
  public var yields: EventYields?

  /// Evaluates `scores`, all `[examples]`; `weights` are 1 unless given.
  ///
  /// - Throws: ``MetricError`` as ``ROCCurve/init(scores:isSignal:weights:)`` does.
  public init(
    name: String, signalName: String = "signal", backgroundName: String = "background", scores: [Float],
    isSignal: [Bool], weights: [Double]? = nil, signalEfficiencies: [Double] = [0.3, 0.5, 0.8]
  ) throws {
    self.name = name
    self.signalName = signalName
    self.backgroundName = backgroundName
    curve = try ROCCurve(scores: scores, isSignal: isSignal, weights: weights)
    auc = curve.auc
    rejections = signalEfficiencies.map(curve.rejection(atSignalEfficiency:))

    // Probabilities share one range, so that the figures of several models compare.
    let extent = (low: Double(scores.min() ?? 0), high: Double(scores.max() ?? 1))
    let isProbability = extent.low >= 0 && extent.high <= 1
    let range = isProbability ? 0...1 : extent.low...max(extent.high, extent.low.nextUp)
    var signal = Histogram(range: range, binCount: 50)
    var background = signal
    for (index, score) in scores.enumerated() {
      let weight = weights?[index] ?? 1
      if isSignal[index] {
        signal.fill(Double(score), weight: weight)
      } else {
        background.fill(Double(score), weight: weight)
      }
    }
    signalScores = signal
    backgroundScores = background
    calibration =
      isProbability ? try CalibrationCurve(scores: scores, isSignal: isSignal, weights: weights) : nil
  }

  /// The cut that makes a significance largest; nil where no yields are known.
  public func bestCut(for significance: Significance) -> BestCut? {
    yields.map { curve.bestCut(for: significance, yields: $0) }
  }
}
