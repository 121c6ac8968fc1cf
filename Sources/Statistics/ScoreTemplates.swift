// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// The numbers of events that a measurement expects in bins of a score: the templates of a binned fit.
///
/// Signal and background are scaled to their yields, and variations by the same factors, so that a variation may change
/// the number of events too. From the largest score down, bins are joined until each has at least ten effective
/// background events, (Σw)² / Σw², of the sample: no bin is without background.
public struct ScoreTemplates: Sendable, Equatable {
  /// What one process contributes.
  public struct Sample: Sendable, Equatable {
    /// The name of the process, such as that of its class.
    public let name: String
    /// Whether it is the signal.
    public let isSignal: Bool
    /// The expected number of events of each bin: `[bins]`.
    public fileprivate(set) var contents: [Double]
    /// The statistical errors of ``contents``: `[bins]`.
    public let errors: [Double]
    /// What changes the contents, in the order in which it was given; those that change nothing are left out.
    public fileprivate(set) var variations: [Variation]
  }

  /// The contents of a sample if a source of uncertainty is one standard deviation up or down.
  public struct Variation: Sendable, Equatable {
    /// The name of the source.
    public let name: String
    /// One standard deviation up: `[bins]`.
    public fileprivate(set) var up: [Double]
    /// One standard deviation down: `[bins]`.
    public fileprivate(set) var down: [Double]
  }

  /// Weights that take the place of the nominal ones if a source of uncertainty is varied.
  public struct VariedWeights: Sendable {
    /// The name of the source.
    public let name: String
    /// One standard deviation up: `[examples]`.
    public let up: [Double]
    /// One standard deviation down; nil for as much below the nominal weight as `up` is above it: `[examples]`.
    public let down: [Double]?

    /// Varied weights, all `[examples]`.
    public init(_ name: String, up: [Double], down: [Double]?) {
      (self.name, self.up, self.down) = (name, up, down)
    }
  }

  /// The name of the channel, such as that of the classifier.
  public let name: String
  /// The edges of the bins, rising: `[bins + 1]`.
  public let edges: [Double]
  /// The signal, and the processes of the background.
  public let samples: [Sample]
  /// √Σ q², with q the expected significance ``Significance/asimov`` of each bin.
  ///
  /// It is what a fit without systematic uncertainties expects. The error is that of the finite sample, with exact yields.
  public let significance: Estimate
  /// What had to be changed, a sentence each.
  public private(set) var remarks: [String] = []

  /// The templates of a score, all arguments `[examples]` if nothing else is said.
  ///
  /// - Parameters:
  ///   - name: the name of the channel.
  ///   - scores: high for signal, from 0 to 1.
  ///   - labels: the number of the class of each example; class 1 is the signal.
  ///   - classes: the names of the classes: `[classes]`.
  ///   - weights: the nominal weights.
  ///   - variations: weights under each source of uncertainty.
  ///   - yields: the number of signal events, and that of all others together.
  ///   - binning: how the score is divided, before bins are joined.
  /// - Throws: ``MetricError`` if signal or background is absent, or a sum of weights is not positive or not finite.
  public init(
    name: String, scores: [Float], labels: [Int], classes: [String], weights: [Double],
    variations: [VariedWeights] = [], yields: EventYields, binning: ScoreBinning
  ) throws {
    require(
      labels.count == scores.count && weights.count == scores.count, "each score needs label and weight")
    require(classes.indices.contains(1), "class 1 is the signal")
    require(scores.allSatisfy { (0...1).contains($0) }, "scores are probabilities")
    self.name = name
    let isSignal = labels.map { $0 == 1 }
    let fine = binning.edges(scores, isSignal: isSignal, weights: weights, in: 0...1)
    let places = scores.map { Self.bin(of: Double($0), fine) }

    /// The sums of weights of the classes in bins.
    func sums(_ weights: [Double], _ places: [Int], bins: Int) -> [[WeightSum]] {
      var sums = Array(repeating: Array(repeating: WeightSum(), count: bins), count: classes.count)
      for (example, weight) in weights.enumerated() { sums[labels[example]][places[example]].add(weight) }
      return sums
    }
    let fineSums = sums(weights, places, bins: fine.count - 1)
    let firstBins = Self.joined(
      (0..<fine.count - 1).map { bin in
        classes.indices.filter { $0 != 1 }.reduce(into: WeightSum()) { $0.add(fineSums[$1][bin]) }
      })
    edges = firstBins.map { fine[$0] } + [1]
    let bins = firstBins.count
    if bins < binning.count {
      remarks.append(
        "\(name) has \(bins) bins of the score instead of \(binning.count), so that each has at least ten effective "
          + "background events.")
    }
    let ownPlaces = scores.map { Self.bin(of: Double($0), firstBins.map { fine[$0] } + [1]) }
    let nominal = sums(weights, ownPlaces, bins: bins)

    var factors: [Double] = []
    for (kind, yield, members) in [
      ("signal", yields.signal, [1]), ("background", yields.background, classes.indices.filter { $0 != 1 }),
    ] {
      let total = members.reduce(0) { $0 + nominal[$1].reduce(0) { $0 + $1.sum } }
      guard total > 0, total.isFinite else {
        throw MetricError(
          description:
            "The weights of the \(kind) of \(name) have the sum \(total); templates need a positive one.")
      }
      factors.append(yield / total)
    }
    let order = [1] + classes.indices.filter { $0 != 1 }
    var samples = order.map { label in
      let factor = factors[label == 1 ? 0 : 1]
      return Sample(
        name: classes[label], isSignal: label == 1, contents: nominal[label].map { factor * $0.sum },
        errors: nominal[label].map { factor * $0.squares.squareRoot() }, variations: [])
    }
    for variation in variations {
      let up = sums(variation.up, ownPlaces, bins: bins)
      let down = variation.down.map { sums($0, ownPlaces, bins: bins) }
      var changesNothing = true
      for (place, label) in order.enumerated() {
        let factor = factors[label == 1 ? 0 : 1]
        let contents = samples[place].contents
        let above = up[label].map { factor * $0.sum }
        let below = down.map { $0[label].map { factor * $0.sum } } ?? zip(contents, above).map { 2 * $0 - $1 }
        guard above != contents || below != contents else { continue }
        changesNothing = false
        for (direction, total) in [("up", above.reduce(0, +)), ("down", below.reduce(0, +))] {
          guard total > 0, total.isFinite else {
            throw MetricError(
              description:
                "The weights of \(classes[label]) for \(variation.name) \(direction) have the sum \(total); templates "
                + "need a positive one.")
          }
        }
        samples[place].variations.append(Variation(name: variation.name, up: above, down: below))
      }
      if changesNothing { remarks.append("The variation \(variation.name) changes nothing in \(name).") }
    }
    for place in samples.indices {
      if let remark = samples[place].makePositive(in: name) { remarks.append(remark) }
    }
    // A class without examples contributes nothing.
    samples = samples.filter { $0.isSignal || $0.contents.contains { $0 != 0 } }
    self.samples = samples
    significance = Self.significance(samples, yields)
  }

  /// The bin of a score; the last one includes its upper edge.
  private static func bin(of score: Double, _ edges: [Double]) -> Int {
    var bins = 0..<edges.count - 1
    while bins.count > 1 {
      let middle = bins.lowerBound + bins.count / 2
      bins = score < edges[middle] ? bins.lowerBound..<middle : middle..<bins.upperBound
    }
    return bins.lowerBound
  }

  /// The first of the bins that become one each: with ten effective events from the last one down, and the rest below.
  private static func joined(_ background: [WeightSum]) -> [Int] {
    var first: [Int] = []
    var sum = WeightSum()
    for bin in background.indices.reversed() {
      sum.add(background[bin])
      // Sums of weights are rounded.
      guard sum.sum > 0, sum.effectiveCount >= 10 - 1e-9 else { continue }
      first.append(bin)
      sum = WeightSum()
    }
    // What is left below has too little background of its own.
    if first.isEmpty { return [0] }
    first[first.count - 1] = 0
    return first.reversed()
  }

  private static func significance(_ samples: [Sample], _ yields: EventYields) -> Estimate {
    let bins = samples[0].contents.count
    let signal = samples[0].contents
    let background = (0..<bins).map { bin in samples.dropFirst().reduce(0) { $0 + $1.contents[bin] } }
    var square = 0.0
    // The derivatives of half the square by the contents.
    var (bySignal, byBackground) = (Array(repeating: 0.0, count: bins), Array(repeating: 0.0, count: bins))
    for bin in 0..<bins where signal[bin] > 0 {
      let value = Significance.asimov.value(signal: signal[bin], background: background[bin])
      let slopes = Significance.asimov.slopes(signal: signal[bin], background: background[bin])
      square += value * value
      bySignal[bin] = value * slopes.signal
      byBackground[bin] = value * slopes.background
    }
    let value = square.squareRoot()
    // With an exact sum, what one bin gains all lose.
    var variance = 0.0
    for sample in samples {
      let (slopes, contents, yield) =
        sample.isSignal ? (bySignal, signal, yields.signal) : (byBackground, background, yields.background)
      let mean = zip(slopes, contents).reduce(0) { $0 + $1.0 * $1.1 } / yield
      for bin in 0..<bins {
        let change = (slopes[bin] - mean) * sample.errors[bin]
        variance += change * change
      }
    }
    return Estimate(value: value, error: value > 0 ? variance.squareRoot() / value : nil)
  }
}

extension ScoreTemplates.Sample {
  /// Sets contents that negative weights made negative to a millionth of the mean content, as a fit knows only positive
  /// expectations; returns what to say of it.
  fileprivate mutating func makePositive(in channel: String) -> String? {
    let least = 1e-6 * contents.reduce(0, +) / Double(contents.count)
    var changed = 0
    func raise(_ contents: inout [Double]) {
      for bin in contents.indices where contents[bin] < 0 {
        contents[bin] = least
        changed += 1
      }
    }
    raise(&contents)
    for index in variations.indices {
      raise(&variations[index].up)
      raise(&variations[index].down)
    }
    return changed == 0
      ? nil
      : "\(changed) contents of bins of \(name) in \(channel) are negative, as negative weights outweigh the others there; "
        + "they are set to \(Estimate(value: least, error: nil)): ask for fewer --bins."
  }
}
