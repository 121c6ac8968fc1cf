// SPDX-License-Identifier: GPL-3.0-or-later

/// The template of a head that predicts a positive quantity of events.
struct RegressionTemplate: PluginKindTemplate {
  static let kind = "regression"
  static let meaning = "a head that predicts a mass of events"

  private let names: PluginNames

  init(_ names: PluginNames) { self.names = names }

  var source: String {
    """
    import Foundation
    import PluginKit

    /// Predicts a mass in GeV by hidden layers on the event's embedding, which learn ln(mass / scale).
    public struct \(names.name): Head {
      /// What stands under `configuration` in YAML.
      public struct Configuration: Codable, Sendable {
        /// The truth column: a mass in GeV.
        public var truth: String
        /// A typical mass in GeV.
        public var scale: Float
        /// The widths of the hidden layers; one of 32 unless given.
        public var hidden: [Int]?
      }

      public static let identifier = "\(names.identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "Predicts a mass from the event's embedding."
      public static let example = HeadExample(
        configuration: Configuration(truth: "truth_mass", scale: 100), truth: ["truth_mass": [60, 120, 180]])

      public private(set) var configuration: Configuration
      private let name: String
      private let layers: Perceptron

      public init(configuration: Configuration, builder: inout HeadBuilder) throws {
        guard configuration.scale > 0, configuration.scale.isNormal else {
          throw PluginError("scale is \\(configuration.scale) GeV: choose a typical mass, such as 100.")
        }
        self.configuration = configuration
        name = builder.headName
        let hidden = configuration.hidden ?? [32]
        self.configuration.hidden = hidden
        layers = try builder.perceptron(inputs: builder.eventEmbeddingWidth, hidden: hidden, outputs: 1)
      }

      public var rows: HeadRows { .events }
      public var inputs: Set<HeadInput> { [.eventEmbedding] }
      public var truthColumns: [String] { [configuration.truth] }
      public var outputs: [HeadOutput] { [HeadOutput("mass", unit: "GeV")] }

      /// Throws if a mass is not positive.
      public func check(_ truth: HeadTruth) throws {
        for (row, mass) in truth[configuration.truth].enumerated() where !(mass > 0 && mass.isFinite) {
          throw PluginError("\\(configuration.truth) is \\(mass) GeV: a mass to learn from is positive.", row: row)
        }
      }

      /// ln(mass / scale) of each event: `[events × 1]`.
      public func callAsFunction(_ inputs: HeadInputs) -> Variable { layers(inputs.eventEmbedding) }

      /// Half the distance to the true logarithm, whose best answer is the median: `[events × 1]`.
      public func loss(of result: Variable, truth: HeadTruth) -> Variable {
        result.quantileError(
          targets: truth[configuration.truth].map { log($0 / configuration.scale) }, quantiles: [0.5])
      }

      /// The mass in GeV: `[events × 1]`.
      public func outputs(of result: Variable) -> Variable { configuration.scale * result.exp() }

      /// Skill, bias and resolution; training watches the skill.
      public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
        let regression = try RegressionEvaluation(
          name: name, unit: "GeV",
          predictions: RegressionPredictions("mass", values: outputs.values.map { Double($0) }),
          truth: truth[configuration.truth].map { Double($0) }, weights: weights)
        let all = regression.estimators[0].whole
        return HeadEvaluation(
          metrics: [
            Metric("skill", regression.skill), Metric("bias", all.bias), Metric("resolution", all.resolution),
          ], regressions: [regression])
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
      /// What every head has to do: gradients, shapes, determinism, saving and more.
      @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
        try HeadConformance(\(names.name).self).run(check)
      }

      @Test(arguments: [0, -1, Float.infinity]) func scalesThatAreNoneAreRefused(_ scale: Float) throws {
        var configuration = \(names.name).example.configuration
        configuration.scale = scale
        var builder = HeadBuilder(headName: "mass", eventEmbeddingWidth: 4, layout: ParameterLayout())
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
      inputs: ["\(names.kit.path)/samples/tautau-mass-small.h5"]
    jets: {radius: 0.4, min-pt: 4, recluster: kt}
    embedding: {width: 8}
    events: {reads: jets, momenta: relative, width: 16}
    heads:
      ditau-mass:
        plugin: \(names.identifier)
        configuration: {truth: truth_mass, scale: 110}
    training: {epochs: 5, batch-size: 32}

    """
  }

  var purpose: String {
    "a head called `\(names.identifier)` that predicts a mass from the event's embedding."
  }

  var use: String { "canopy train \(names.identifier).yaml -o model" }
}
