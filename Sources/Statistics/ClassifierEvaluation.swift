// SPDX-License-Identifier: GPL-3.0-or-later

/// What is measured of one score that tells signal from background.
public struct ClassifierEvaluation: Sendable {
  /// The classifier's name, such as its head's.
  public var name: String
  /// What class 1 is called.
  public let signalName: String
  /// What class 0 is called.
  public let backgroundName: String
  /// The number of signal examples with a weight.
  public let signalCount: Int
  /// The number of background examples with a weight.
  public let backgroundCount: Int
  /// The ROC curve; nil if signal or background is absent.
  public let curve: ROCCurve?
  /// The area under the ROC curve; nil if signal or background is absent.
  public let auc: Estimate?
  /// The signal efficiencies at which the background rejection was asked for.
  public let signalEfficiencies: [Double]
  /// The background rejection at each of them; nil if signal or background is absent.
  public let rejections: [BackgroundRejection]?
  /// The distribution of the signal's scores.
  public let signalScores: Histogram
  /// The distribution of the background's scores, in the same bins.
  public let backgroundScores: Histogram
  /// Whether the scores are the probabilities of signal; nil if one is outside 0 … 1, or if signal or background is
  /// absent.
  public let calibration: CalibrationCurve?
  /// The numbers of events expected before a cut, if they are known.
  public var yields: EventYields?

  /// Evaluates `scores`, all `[examples]`; `weights` are 1 unless given.
  ///
  /// Scores in 0 … 1 are taken for probabilities unless `isProbability` is false. Examples of signal alone, or of background alone, have counts and a distribution, and nothing that
  /// compares the two.
  ///
  /// - Throws: ``MetricError`` if a score or weight is not finite, no example has a weight, or the weights of
  ///   a class have a sum that is not positive.
  public init(
    name: String, signalName: String = "signal", backgroundName: String = "background", scores: [Float],
    isSignal: [Bool], weights: [Double]? = nil, signalEfficiencies: [Double] = [0.3, 0.5, 0.8],
    isProbability: Bool = true
  ) throws {
    self.name = name
    self.signalName = signalName
    self.backgroundName = backgroundName
    let examples = try ROCCurve.weighted(scores, isSignal: isSignal, weights: weights)
    guard !examples.isEmpty else {
      throw MetricError(description: "There is no example with a weight; a classifier is judged by some.")
    }
    signalCount = examples.count { isSignal[$0.index] }
    backgroundCount = examples.count - signalCount
    let curve =
      signalCount > 0 && backgroundCount > 0
      ? try ROCCurve(scores: scores, isSignal: isSignal, weights: weights) : nil
    self.curve = curve
    auc = curve?.auc
    self.signalEfficiencies = signalEfficiencies
    rejections = curve.map { signalEfficiencies.map($0.rejection(atSignalEfficiency:)) }

    // Probabilities share one range, so that the figures of several models compare.
    let extent = (low: Double(scores.min() ?? 0), high: Double(scores.max() ?? 1))
    let isProbability = isProbability && extent.low >= 0 && extent.high <= 1
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
      isProbability && curve != nil
      ? try CalibrationCurve(scores: scores, isSignal: isSignal, weights: weights) : nil
  }

  /// The cut that makes a significance largest; nil if no yields are known or there is no curve.
  public func bestCut(for significance: Significance) -> BestCut? {
    yields.flatMap { curve?.bestCut(for: significance, yields: $0) }
  }
}
