// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `n-subjettiness`: how well each jet is described by one, two, three and more subjets (arXiv:1011.2268).
///
/// τ_N = Σ pT min_k ΔR_k^β / Σ pT R₀^β over the constituents, with ΔR_k the distance from the k-th of N axes. The axes are
/// the exclusive kT subjets of the jet, in the E scheme or with the direction of the harder, and are moved to a minimum of
/// τ_N if the setting says so.
public struct NSubjettiness: Observable {
  /// How the axes are found; the raw value is what a user writes.
  public enum Axes: String, Codable, Sendable, CaseIterable {
    /// The exclusive kT subjets.
    case kt
    /// The exclusive kT subjets, each with the direction of its hardest branch (winner takes all).
    case wtaKt = "wta-kt"
    /// As `kt`, moved to a minimum of τ_N (arXiv:1108.2701).
    case onePassKt = "one-pass-kt"
    /// As `wta-kt`, moved to a minimum of τ_N.
    case onePassWtaKt = "one-pass-wta-kt"

    fileprivate var isMoved: Bool { self == .onePassKt || self == .onePassWtaKt }
    fileprivate var recombination: JetDefinition.RecombinationScheme {
      self == .kt || self == .onePassKt ? .e : .wtaPt
    }
  }

  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The angular exponent β.
    public var beta = 1.0
    /// The jet radius R₀.
    public var radius = 1.0
    /// Up to which N there is a τ_N.
    public var count = 3
    /// How the axes are found.
    public var axes = Axes.kt

    /// β = 1, R₀ = 1, three τ, and kT axes.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("beta", \.beta, .positive, "the angular exponent β"),
      Setting("radius", \.radius, .positive, "the jet radius R₀, which divides all distances"),
      Setting("count", \.count, .closed(1...6), "up to which N there is a τ_N"),
      Setting(
        "axes", \.axes,
        "the axes: exclusive kT subjets, with their momentum or the direction of their hardest branch (wta), as they are or moved to a "
          + "minimum of τ_N (one-pass), which needs a beta from 1 to less than 3"),
    ]

    /// Makes sure that axes can be moved.
    public func check(given: Set<String>) throws {
      if axes.isMoved, !(1..<3).contains(beta) {
        throw SettingProblem("beta", "must lie from 1 to less than 3 for axes that are moved to a minimum")
      }
    }
  }

  /// `n-subjettiness`.
  public static let identifier = "n-subjettiness"
  /// The version that models store.
  public static let version = PluginVersion(1, 1, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "How well each jet is described by one, two, three and more subjets, and the ratios."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The exponent, the radius and the axes.
  public let configuration: Configuration
  private let clustering: JetFinder

  /// N-subjettiness of `configuration`.
  ///
  /// - Throws: what making a jet finder throws.
  public init(configuration: Configuration) throws {
    self.configuration = configuration
    clustering = try .wholeJet(.kt, recombination: configuration.axes.recombination)
  }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `tau-1`, `tau-2` and so on, and then the ratios `tau-21`, `tau-32` and so on.
  public var quantities: [ObservableQuantity] {
    let names = ["one", "two", "three", "four", "five", "six"]
    let digits = ["₁", "₂", "₃", "₄", "₅", "₆"]
    return (1...configuration.count).map { count in
      ObservableQuantity(
        "tau-\(count)",
        count == 1 ? "τ₁" : "τ\(digits[count - 1]), 0 for up to \(names[count - 1]) constituents")
    }
      + (1..<configuration.count).map { count in
        ObservableQuantity(
          "tau-\(count + 1)\(count)",
          "τ\(digits[count]) / τ\(digits[count - 1]), small for \(names[count]) prongs; none if τ\(digits[count - 1]) is 0"
        )
      }
  }

  /// Memory for a jet and its axes.
  public func makeScratch() -> Scratch { Scratch() }

  /// The constituents and the axes of a jet.
  public final class Scratch {
    fileprivate var constituents = ConstituentDirections()
    /// The nodes of a tree that are the subjets.
    fileprivate var subjets: [Int] = []
    fileprivate var axes: [Direction] = []
    /// What each axis is moved to: Σ w Δy, Σ w Δφ and Σ w.
    fileprivate var moves: [(y: Double, phi: Double, weight: Double)] = []
    fileprivate var tau: [Double] = []
  }

  /// Adds the numbers of each jet.
  ///
  /// - Complexity: O(count² · constituents) for each jet beside the clustering, times some ten iterations if axes are moved.
  /// - Throws: `JetPhysicsError` if the axes cannot be found.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let reclustered = try sample.reclustered(clustering)
    let trees = reclustered.found.trees
    let scratch = sample.scratch
    for jet in 0..<sample.jets.jetCount {
      scratch.constituents.replace(withConstituentsOf: jet, of: sample)
      scratch.findTau(trees, tree: reclustered.hardest(ofJet: jet), configuration)
      for count in 0..<configuration.count { values.append(scratch.tau[count]) }
      for count in 1..<configuration.count {
        values.append(scratch.tau[count - 1] > 0 ? scratch.tau[count] / scratch.tau[count - 1] : .nan)
      }
    }
  }
}

extension NSubjettiness.Scratch {
  /// τ_N of a jet, whose tree there is none of if it is nothing but padding.
  fileprivate func findTau(_ trees: JetTrees, tree: Int?, _ configuration: NSubjettiness.Configuration) {
    tau.removeAll(keepingCapacity: true)
    subjets.removeAll(keepingCapacity: true)
    for count in 1...configuration.count {
      // Every constituent is an axis of its own.
      guard let tree, constituents.count > count else {
        tau.append(0)
        continue
      }
      let first = trees.nodes(ofTree: tree).lowerBound
      if count == 1 { subjets.append(trees.nodes(ofTree: tree).upperBound - 1) } else { divide(trees, first) }
      axes.removeAll(keepingCapacity: true)
      // By number: iterating takes memory if it is not specialised.
      for place in 0..<subjets.count { axes.append(Direction(trees.momentum(ofNode: subjets[place]))) }
      if configuration.axes.isMoved { moveAxes(beta: configuration.beta) }
      tau.append(value(configuration))
    }
  }

  /// Undoes the last step of the clustering that made one of the subjets.
  private func divide(_ trees: JetTrees, _ first: Int) {
    var last = 0
    for place in subjets.indices where subjets[place] > subjets[last] { last = place }
    let node = subjets[last]
    // Constituents along the beam may be no part of the tree.
    guard trees.left[node] >= 0 else { return }
    subjets[last] = first + Int(trees.left[node])
    subjets.append(first + Int(trees.right[node]))
  }

  private func value(_ configuration: NSubjettiness.Configuration) -> Double {
    guard constituents.sumPt > 0 else { return .nan }
    var sum = 0.0
    for place in 0..<constituents.count {
      let nearest = distance2(ofNearestAxisTo: constituents.directions[place]).squareRoot()
      sum += constituents.pt[place] * pow(nearest / configuration.radius, configuration.beta)
    }
    return sum / constituents.sumPt
  }

  private func distance2(ofNearestAxisTo direction: Direction) -> Double {
    var nearest = Double.infinity
    for axis in 0..<axes.count { nearest = min(nearest, direction.distance2(to: axes[axis])) }
    return nearest
  }

  /// Moves each axis to the mean of its constituents with the weights pT ΔR^(β − 2), at which Σ pT ΔR^β is stationary, again and
  /// again until all move by no more than 10⁻⁴ in the mean, as the contribution Nsubjettiness to FastJet does.
  private func moveAxes(beta: Double) {
    let precision = 1e-4
    for _ in 0..<1000 {
      moves.removeAll(keepingCapacity: true)
      for _ in 0..<axes.count { moves.append((0, 0, 0)) }
      for place in 0..<constituents.count {
        let direction = constituents.directions[place]
        var (nearest, least) = (0, Double.infinity)
        for axis in axes.indices {
          let distance2 = axes[axis].distance2(to: direction)
          if distance2 < least { (nearest, least) = (axis, distance2) }
        }
        let squared = precision * precision + least
        let weight =
          constituents.pt[place] * (beta == 1 ? 1 / squared.squareRoot() : pow(squared, 0.5 * beta - 1))
        moves[nearest].y += weight * (direction.rapidity - axes[nearest].rapidity)
        moves[nearest].phi += weight * axes[nearest].deltaPhi(to: direction)
        moves[nearest].weight += weight
      }
      var moved = 0.0
      for axis in axes.indices where moves[axis].weight > 0 {
        let (y, phi) = (moves[axis].y / moves[axis].weight, moves[axis].phi / moves[axis].weight)
        axes[axis].rapidity += y
        axes[axis].phi += phi
        if axes[axis].phi < 0 { axes[axis].phi += 2 * .pi }
        if axes[axis].phi >= 2 * .pi { axes[axis].phi -= 2 * .pi }
        moved += (y * y + phi * phi).squareRoot()
      }
      if moved <= precision * Double(axes.count) { return }
    }
  }
}
