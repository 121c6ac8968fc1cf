// SPDX-License-Identifier: GPL-3.0-or-later

/// The template of a stage that embeds jets by sums over their constituents.
struct StageTemplate: PluginKindTemplate {
  static let kind = "stage"
  static let meaning = "an embedding of jets for heads to read"

  private let names: PluginNames

  init(_ names: PluginNames) { self.names = names }

  var source: String {
    """
    import Foundation
    import PluginKit

    /// Embeds a jet by the mean of what a small network makes of each constituent, whatever their order.
    public struct \(names.name): Stage {
      /// What stands beside `plugin` in YAML.
      public struct Configuration: SettingsSection, Encodable {
        /// The number of components of the embedding.
        public var width = 16

        public init() {}

        public static let settings: [Setting<Configuration>] = [
          Setting("width", \\.width, .closed(1...512), "the number of components of the embedding")
        ]
      }

      public static let identifier = "\(names.identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "Embeds a jet by the mean over its constituents."
      public static let example = Configuration()
      public static let rows = HeadRows.jets

      public let configuration: Configuration
      private let layers: Perceptron

      public init(configuration: Configuration, builder: inout StageBuilder) throws {
        self.configuration = configuration
        layers = Perceptron(
          builder.name("layers"), inputs: 3, hidden: [32], outputs: configuration.width, in: &builder.layout)
      }

      public var width: Int { configuration.width }
      public var inputs: Set<HeadInput> { [.jetMomenta, .constituents] }

      /// The embedding of each jet: `[jets × width]`.
      public func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
        let constituents = inputs.constituents
        let features = (0..<inputs.jetCount).flatMap { jet in
          constituents.constituents(ofJet: jet).flatMap {
            Self.features(constituents.momenta[$0], in: inputs.jetMomenta[jet])
          }
        }
        let ofConstituents = layers(
          inputs.tape.constant(features, rows: features.count / 3, columns: 3))
        return ofConstituents.segmentMeans(inputs.tape.segments(offsets: constituents.offsets))
      }

      /// A constituent relative to its jet, as numbers of the order of one.
      private static func features(_ momentum: FourMomentum, in jet: FourMomentum) -> [Float] {
        let deltaY = min(max(momentum.rapidity - jet.rapidity, -5), 5)
        let deltaPhi = remainder(momentum.phi - jet.phi, 2 * .pi)
        return [Float(log(max(momentum.pt, 1e-3)) / 4), Float(deltaY), Float(deltaPhi)]
      }
    }

    """
  }

  var tests: String {
    """
    import \(names.name)
    import PluginKit
    import PluginTesting
    import Testing

    @Suite struct \(names.name)Tests {
      /// What every stage has to do: gradients, shapes, determinism, saving and more.
      @Test(arguments: StageCheck.allCases) func conforms(_ check: StageCheck) throws {
        try StageConformance(\(names.name).self).run(check)
      }

      @Test func theWidthIsThatOfTheConfiguration() throws {
        var configuration = \(names.name).Configuration()
        configuration.width = 5
        var builder = StageBuilder(.embedding, layout: ParameterLayout())
        #expect(try \(names.name)(configuration: configuration, builder: &builder).width == 5)
      }
    }

    """
  }

  var registered: [String] { ["\(names.name).self"] }

  var example: String {
    """
    # canopy train \(names.identifier).yaml --plugin .build/release/lib\(names.name).so -o model
    data:
      inputs: ["\(names.kit.path)/samples/w-vs-qcd-small.h5"]
    jets: {radius: 1.0, leading: 1, recluster: kt}
    embedding: {plugin: \(names.identifier), width: 16}
    heads:
      tagger:
        plugin: jet-tagger
        configuration: {truth: label, classes: [QCD, W]}
    training: {epochs: 5, batch-size: 64}

    """
  }

  var purpose: String {
    "a stage called `\(names.identifier)` that embeds jets by the mean over their constituents."
  }

  var use: String { "canopy train \(names.identifier).yaml -o model" }
}
