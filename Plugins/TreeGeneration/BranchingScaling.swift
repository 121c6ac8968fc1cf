// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// What is learnt from the training sample before the first step: the scales of the numbers that describe a branching, and
/// the spectra of the jets of each class, which new jets are drawn from.
public struct BranchingScaling: Codable, Sendable, Equatable {
  /// The mean, standard deviation and range of a number.
  public struct Scale: Codable, Sendable, Equatable {
    /// The mean.
    public var mean = 0.0
    /// The standard deviation; 1 for a constant.
    public var deviation = 1.0
    /// The least value.
    public var least = 0.0
    /// The largest value.
    public var largest = 0.0

    /// The number in units of the standard deviation from the mean.
    func scaled(_ value: Double) -> Float { Float((value - mean) / deviation) }

    /// The number that is `scaled`, limited to the range.
    func value(_ scaled: Double) -> Double { min(max(mean + deviation * scaled, least), largest) }
  }

  /// What is known of the jets of a class; nothing of a class that no jet of the sample has.
  public struct Spectrum: Codable, Sendable, Equatable {
    /// Quantiles of ln(pT / GeV) at levels from 0 to 1 in equal steps: `[quantiles]`.
    public var logPt: [Double] = []
    /// Quantiles of the rapidity at the same levels: `[quantiles]`.
    public var rapidity: [Double] = []
    /// The largest number of constituents.
    public var constituents = 1
    /// The masses of constituents; nil in models of version 1.0 of the plugin, whose constituents are massless.
    public var masses: ConstituentMasses?
  }

  /// ln(pT / GeV) of jets.
  public var logPt = Scale()
  /// ln ΔR of branchings.
  public var logAngle = Scale()
  /// ln(2z / (1 − 2z)) of branchings.
  public var logitShare = Scale()
  /// The mean number of nodes of a tree.
  public var nodes = 1.0
  /// The jets of each class: `[classes]`.
  public var spectra: [Spectrum] = []

  static let quantiles = 200

  init() {}

  /// - Throws: ``PluginError`` if the numbers are not those of so many classes.
  func check(classes: [String]) throws {
    guard spectra.count == classes.count else {
      throw PluginError("there are spectra of \(spectra.count) classes, and the head has \(classes.count)")
    }
    for scale in [logPt, logAngle, logitShare] where !(scale.deviation > 0 && scale.least <= scale.largest) {
      throw PluginError("the scale of a number has no width")
    }
    for (spectrum, name) in zip(spectra, classes) {
      for quantiles in [spectrum.logPt, spectrum.rapidity] {
        guard quantiles.count != 1, quantiles.isEmpty == spectrum.logPt.isEmpty,
          zip(quantiles, quantiles.dropFirst()).allSatisfy(<=)
        else {
          throw PluginError("the quantiles of a spectrum of \(name) do not rise")
        }
      }
      guard (1...Self.largestJet).contains(spectrum.constituents) else {
        throw PluginError("the largest jet of \(name) has \(spectrum.constituents) constituents")
      }
      guard spectrum.masses?.areValid != false else {
        throw PluginError("the masses of constituents of \(name) are no quantiles of intervals that rise")
      }
    }
    guard nodes >= 1 else { throw PluginError("trees have \(nodes) nodes") }
  }

  private static let largestJet = 1_000_000
}

extension BranchingScaling {
  /// The scales and spectra of jets.
  ///
  /// - Parameters:
  ///   - trees: the trees of the jets.
  ///   - labels: the class of each jet: `[jets]`.
  ///   - weights: the weight of each jet, 0 for one that is left out: `[jets]`.
  ///   - classes: the names of the classes.
  /// - Throws: ``MetricError`` if no jet branches.
  init(_ trees: JetTrees, labels: [Int], weights: [Double], classes: [String]) throws {
    let levels = BranchingLevels(trees)
    for kind in classes.indices {
      let jets = labels.indices.filter { labels[$0] == kind && weights[$0] > 0 }
      let ofJets = jets.map { weights[$0] }
      var spectrum = Spectrum()
      defer { spectra.append(spectrum) }
      guard !jets.isEmpty else { continue }
      func quantiles(_ value: (Prong) -> Double) -> [Double] {
        let values = WeightedQuantiles(jets.map { value(levels.roots[$0]) }, weights: ofJets)
        return (0...Self.quantiles).map { values[Double($0) / Double(Self.quantiles)] }
      }
      spectrum.logPt = quantiles { log($0.pt) }
      spectrum.rapidity = quantiles(\.rapidity)
      spectrum.constituents = jets.map { trees.leaves(ofTree: $0).count }.max()!
      spectrum.masses = ConstituentMasses(trees, jets: jets, weights: ofJets)
    }
    var sums = (pt: ScaleSum(), angle: ScaleSum(), share: ScaleSum())
    var (total, nodeSum) = (0.0, 0.0)
    for jet in labels.indices where weights[jet] > 0 {
      sums.pt.add(log(levels.roots[jet].pt), weights[jet])
      total += weights[jet]
      nodeSum += weights[jet] * Double(trees.nodes(ofTree: jet).count)
    }
    for level in levels.levels {
      for (place, branching) in zip(level.branching, level.branchings) {
        let weight = weights[Int(level.jets[Int(place)])]
        guard weight > 0 else { continue }
        sums.angle.add(branching.logAngle, weight)
        sums.share.add(branching.logitShare, weight)
      }
    }
    guard !sums.angle.isEmpty else {
      throw MetricError(
        description: "No jet has more than one constituent; there is no branching to learn from.")
    }
    (logPt, logAngle, logitShare) = (sums.pt.scale, sums.angle.scale, sums.share.scale)
    nodes = nodeSum / total
  }
}

/// The weighted moments and the range of numbers.
private struct ScaleSum {
  private var (weight, sum, squares) = (0.0, 0.0, 0.0)
  private var (least, largest) = (Double.infinity, -Double.infinity)
  private var reference: Double?

  var isEmpty: Bool { reference == nil }

  mutating func add(_ value: Double, _ valueWeight: Double) {
    // Relative to the first, so that the squares of small differences are not lost.
    let distance = value - (reference ?? value)
    if reference == nil { reference = value }
    weight += valueWeight
    sum += valueWeight * distance
    squares += valueWeight * distance * distance
    least = min(least, value)
    largest = max(largest, value)
  }

  var scale: BranchingScaling.Scale {
    let mean = sum / weight
    let variance = squares / weight - mean * mean
    var scale = BranchingScaling.Scale()
    scale.mean = reference! + mean
    scale.deviation = variance > 1e-12 ? variance.squareRoot() : 1
    (scale.least, scale.largest) = (least, largest)
    return scale
  }
}
