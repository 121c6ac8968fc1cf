// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Embeds a jet by a transformer over its constituents, in place of the recursive network on its tree.
///
/// Constituents attend to those of their own jet (Vaswani et al., arXiv:1706.03762, with the normalisation before each
/// layer); the embedding is the mean over the constituents, so that their order does not matter.
public struct ConstituentTransformer: Stage {
  /// What stands beside `plugin` in YAML.
  public struct Configuration: SettingsSection, Encodable {
    /// The number of components of the embedding; 4 divides it.
    public var width = 16
    /// The number of layers.
    public var layers = 2

    public init() {}

    public static let settings: [Setting<Configuration>] = [
      Setting(
        "width", \.width, .closed(4...512), "the number of components of the embedding, a multiple of 4"),
      Setting("layers", \.layers, .closed(1...20), "the number of layers"),
    ]
  }

  public static let identifier = "constituent-transformer"
  public static let version = PluginVersion(1, 0, 0)
  public static let summary = "Embeds a jet by a transformer over its constituents."
  public static let example = Configuration()
  public static let rows = HeadRows.jets

  public let configuration: Configuration
  private let first: Dense
  private var blocks: [(LayerNormalisation, MultiHeadAttention, LayerNormalisation, Perceptron)] = []

  public init(configuration: Configuration, builder: inout StageBuilder) throws {
    let width = configuration.width
    guard width % 4 == 0 else { throw PluginError("The width is \(width): choose a multiple of 4.") }
    self.configuration = configuration
    first = Dense(builder.name("first"), inputs: 5, outputs: width, in: &builder.layout)
    for layer in 1...configuration.layers {
      let prefix = builder.name("layer\(layer)")
      func name(_ part: String) -> String { "\(prefix).\(part)" }
      blocks.append(
        (
          LayerNormalisation(name("norm1"), width: width, in: &builder.layout),
          MultiHeadAttention(name("attention"), width: width, heads: 4, in: &builder.layout),
          LayerNormalisation(name("norm2"), width: width, in: &builder.layout),
          Perceptron(name("mlp"), inputs: width, hidden: [2 * width], outputs: width, in: &builder.layout)
        ))
    }
  }

  public var width: Int { configuration.width }
  public var inputs: Set<HeadInput> { [.jetMomenta, .constituents] }

  public func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
    let constituents = inputs.constituents
    let features = (0..<inputs.jetCount).flatMap { jet in
      let axis = inputs.jetMomenta[jet]
      return constituents.constituents(ofJet: jet).flatMap { Self.features(constituents.momenta[$0], axis) }
    }
    let jets = inputs.tape.segments(offsets: constituents.offsets)
    var x = first(inputs.tape.constant(features, rows: features.count / 5, columns: 5))
    for (norm1, attention, norm2, perceptron) in blocks {
      x = x + attention(norm1(x), jets)
      x = x + perceptron(norm2(x))
    }
    return x.segmentMeans(jets)
  }

  /// A constituent relative to its jet, as numbers of the order of one.
  static func features(_ p: FourMomentum, _ jet: FourMomentum) -> [Float] {
    func log(_ x: Double) -> Double { Foundation.log(max(x, 1e-3)) }
    let deltaY = min(max(p.rapidity - jet.rapidity, -5), 5)
    let deltaPhi = remainder(p.phi - jet.phi, 2 * .pi)
    return [
      log(p.pt) / 4, (log(p.pt) - log(jet.pt)) / 4, deltaY, deltaPhi,
      (deltaY * deltaY + deltaPhi * deltaPhi).squareRoot(),
    ].map { Float($0) }
  }
}
