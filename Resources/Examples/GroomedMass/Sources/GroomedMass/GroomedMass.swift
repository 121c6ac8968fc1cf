// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Predicts the mass of a jet after soft drop with z_cut = 0.1 and β = 0 (arXiv:1402.2657) from its embedding.
///
/// The layers learn (ln m − mean) / width, with the mean and the width of ln m over the training sample.
public struct GroomedMass: Head {
  /// What stands under `configuration` in YAML.
  public struct Configuration: Codable, Sendable {
    /// The widths of the hidden layers; one of 32 unless given.
    public var hidden: [Int]?
  }

  /// How the logarithms of the masses to learn from are distributed.
  public struct Preparation: Codable, Sendable {
    /// Their mean.
    public var mean: Double
    /// Their standard deviation.
    public var width: Double
  }

  public static let identifier = "groomed-mass"
  public static let version = PluginVersion(1, 0, 0)
  public static let summary = "Predicts the mass of a jet after soft drop from its embedding."
  public static let example = HeadExample(configuration: Configuration(), truth: [:])

  private static let column = "groomed-mass"
  /// Masses below are those of particles rather than of jets.
  private static let leastMass = 0.1
  private static let edges: [Double] = [1, 3, 10, 30, 60, 100, 300]

  public private(set) var configuration: Configuration
  private let softDrop: SoftDrop
  private let layers: Perceptron
  private var scaling = Preparation(mean: 0, width: 1)

  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    let hidden = configuration.hidden ?? [32]
    self.configuration = Configuration(hidden: hidden)
    softDrop = try SoftDrop(zCut: 0.1, beta: 0, radius: 1)
    layers = try builder.perceptron(inputs: builder.jetEmbeddingWidth, hidden: hidden, outputs: 1)
  }

  public var rows: HeadRows { .jets }
  public var inputs: Set<HeadInput> { [.jetEmbedding, .trees] }
  public var truthColumns: [String] { [Self.column] }
  public var derivedTruthColumns: Set<String> { [Self.column] }
  public var outputs: [HeadOutput] { [HeadOutput("mass", unit: "GeV")] }

  public func check(_ truth: HeadTruth) {}

  /// The mass of each jet after soft drop in GeV; none for what is hardly more than a particle.
  public func derivedTruth(of events: Events, jets: Jets) -> [String: [Float]] {
    let masses = (0..<jets.jetCount).map { softDrop.groom(jets.trees, tree: $0).momentum.mass }
    return [Self.column: masses.map { $0 > Self.leastMass ? Float($0) : .nan }]
  }

  /// The mean and the width of ln m.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> Preparation {
    let total = weights.reduce(0, +)
    let logarithms = truth[Self.column].map { Double(log($0)) }
    func mean(_ numbers: [Double]) -> Double { zip(numbers, weights).reduce(0) { $0 + $1.0 * $1.1 } / total }
    let centre = mean(logarithms)
    let variance = mean(logarithms.map { ($0 - centre) * ($0 - centre) })
    guard total > 0, variance > 0 else {
      throw MetricError(description: "The groomed masses have no width.")
    }
    return Preparation(mean: centre, width: variance.squareRoot())
  }

  public mutating func prepare(by preparation: Preparation) throws {
    guard preparation.mean.isFinite, preparation.width > 0, preparation.width.isFinite else {
      throw PluginError("A mean is finite and a width positive.")
    }
    scaling = preparation
  }

  /// (ln m − mean) / width: `[jets × 1]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable { layers(inputs.jetEmbedding) }

  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let (mean, width) = (Float(scaling.mean), Float(scaling.width))
    return result.huberError(targets: truth[Self.column].map { (log($0) - mean) / width })
  }

  /// The mass in GeV, within five widths of the mean: `[jets × 1]`.
  public func outputs(of result: Variable) -> Variable {
    (Float(5 * scaling.width) * (0.2 * result).tanh() + Float(scaling.mean)).exp()
  }

  /// The mean of −|ln(m / true m)|, with the response and, in intervals of the true mass, its mean.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    var response = Histogram(range: 0...2, binCount: 40)
    var distance = 0.0
    var bins = Array(repeating: [(ratio: Double, weight: Double)](), count: Self.edges.count - 1)
    for (row, mass) in truth[Self.column].enumerated() where weights[row] != 0 {
      let ratio = Double(outputs[row, 0] / mass)
      response.fill(ratio, weight: weights[row])
      distance += weights[row] * abs(log(ratio))
      if let end = Self.edges.firstIndex(where: { Double(mass) < $0 }), end > 0 {
        bins[end - 1].append((ratio, weights[row]))
      }
    }
    guard response.total > 0 else { throw MetricError(description: "No jet has a mass after soft drop.") }
    let means = bins.map(Self.mean)
    let centres = zip(Self.edges, Self.edges.dropFirst()).map { ($0 * $1).squareRoot() }
    let mass = HeadFigure.Axis("Mass after soft drop", unit: "GeV", isLogarithmic: true, range: 1...300)
    return HeadEvaluation(
      metrics: [Metric("closeness", Estimate(value: -distance / response.total, error: nil))],
      figures: [
        HeadFigure(
          "response", x: HeadFigure.Axis("Predicted / true mass"), y: HeadFigure.Axis("Probability density"),
          series: [.histogram("jets", response)]),
        HeadFigure(
          "by-mass", x: mass, y: HeadFigure.Axis("Mean response", isLogarithmic: true),
          series: [
            .points(
              "jets", x: centres, y: means.map { $0?.value ?? .nan }, errors: means.map { $0?.error ?? .nan }),
            .curve("no bias", x: [1, 300], y: [1, 1]),
          ]),
      ],
      tables: [
        HeadTable(
          "responses",
          columns: [
            HeadTable.Column("from", unit: "GeV", numbers: Self.edges.dropLast()),
            HeadTable.Column("to", unit: "GeV", numbers: Array(Self.edges.dropFirst())),
            HeadTable.Column("jets", numbers: bins.map { Double($0.count) }),
            HeadTable.Column("mean response", estimates: means),
          ])
      ])
  }

  /// The weighted mean with its error; nil of nothing.
  private static func mean(_ rows: [(ratio: Double, weight: Double)]) -> Estimate? {
    let total = rows.reduce(0) { $0 + $1.weight }
    guard total > 0 else { return nil }
    let mean = rows.reduce(0) { $0 + $1.weight * $1.ratio } / total
    let squares = rows.reduce(0) { $0 + $1.weight * $1.weight * ($1.ratio - mean) * ($1.ratio - mean) }
    return Estimate(value: mean, error: squares.squareRoot() / total)
  }
}
