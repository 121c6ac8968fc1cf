// SPDX-License-Identifier: GPL-3.0-or-later

/// The template of a head that tells two classes of jets apart.
struct HeadTemplate: PluginKindTemplate {
  static let kind = "head"
  static let meaning = "a head that tells two classes of jets apart"

  private let names: PluginNames

  init(_ names: PluginNames) { self.names = names }

  var source: String {
    """
    import PluginKit

    /// Tells two classes of jets apart by hidden layers on the jet's embedding.
    ///
    /// A classifying head has its truth, outputs, loss, calibration and figures of merit from its classification.
    public struct \(names.name): ClassifyingHead {
      /// What stands under `configuration` in YAML.
      public struct Configuration: Codable, Sendable {
        /// The truth column, which is 0 for the first class and 1 for the second, the signal, or has their names as text.
        public var truth: ClassTruth
        /// The names of the two classes.
        public var classes: [String]
        /// The widths of the hidden layers; one of 32 unless given.
        public var hidden: [Int]?
      }

      public static let identifier = "\(names.identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "Tells two classes of jets apart from the jet's embedding."
      public static let example = HeadExample(
        configuration: Configuration(truth: "label", classes: ["background", "signal"]), truth: ["label": [0, 1]])

      public private(set) var configuration: Configuration
      public var classification: Classification
      private let layers: Perceptron

      public init(configuration: Configuration, builder: inout HeadBuilder) throws {
        self.configuration = configuration
        guard configuration.classes.count == 2 else {
          throw PluginError("classes names \\(configuration.classes.count) classes: name two.")
        }
        classification = try Classification(
          name: builder.headName, truth: configuration.truth, classes: configuration.classes)
        let hidden = configuration.hidden ?? [32]
        self.configuration.hidden = hidden
        layers = try builder.perceptron(
          inputs: builder.jetEmbeddingWidth, hidden: hidden, outputs: classification.logitCount)
      }

      public var rows: HeadRows { .jets }
      public var inputs: Set<HeadInput> { [.jetEmbedding] }

      /// The logit of each jet: `[jets × 1]`.
      public func callAsFunction(_ inputs: HeadInputs) -> Variable { layers(inputs.jetEmbedding) }
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
      /// What every head has to do: gradients, shapes, determinism, saving and more.
      @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
        try HeadConformance(\(names.name).self).run(check)
      }

      @Test func threeClassesAreRefused() throws {
        var configuration = \(names.name).example.configuration
        configuration.classes = ["q", "g", "W"]
        var builder = HeadBuilder(headName: "tagger", jetEmbeddingWidth: 4, layout: ParameterLayout())
        #expect(throws: PluginError.self) {
          try \(names.name)(configuration: configuration, builder: &builder)
        }
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
    embedding: {width: 16}
    heads:
      tagger:
        plugin: \(names.identifier)
        configuration: {truth: label, classes: [QCD, W]}
    training: {epochs: 5, batch-size: 64}

    """
  }

  var purpose: String {
    "a head called `\(names.identifier)` that tells two classes of jets apart from the jet's embedding."
  }

  var use: String { "canopy train \(names.identifier).yaml -o model" }
}
