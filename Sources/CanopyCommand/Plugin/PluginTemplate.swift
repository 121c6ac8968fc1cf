// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// A package with a plugin to start from.
struct PluginTemplate {
  /// The name of the type, the module and the package.
  let name: String
  /// The identifier of the plugin: `my-tagger` for `MyTagger`.
  let identifier: String
  private let canopy: CanopySources

  /// A package whose plugin is called `name`.
  ///
  /// - Throws: `PluginError` where the name does not serve.
  init(name: String, canopy: CanopySources) throws {
    guard let first = name.first, first.isASCII, first.isUppercase,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
    else {
      throw PluginError(
        "“\(name)” cannot be the name of a plugin: choose a capital letter with letters and digits behind it, such as "
          + "MyTagger.")
    }
    guard !Self.takenNames.contains(name) else {
      throw PluginError(
        "\(name) is a name that Swift or Canopy uses already: choose another, such as MyTagger.")
    }
    self.name = name
    var identifier = ""
    for (index, character) in name.enumerated() {
      let previous = index > 0 ? Array(name)[index - 1] : nil
      if character.isUppercase, let previous, !previous.isUppercase { identifier += "-" }
      identifier += character.lowercased()
    }
    self.identifier = identifier
    self.canopy = canopy
  }

  /// Names that would hide what the package uses.
  private static let takenNames: Set<String> = [
    "Any", "Bool", "Canopy", "Classification", "Codable", "Configuration", "Double", "Float", "Foundation",
    "Head",
    "HeadBuilder", "HeadCheck", "HeadConformance", "HeadEvaluation", "HeadExample", "HeadInput", "HeadInputs",
    "HeadOutput", "HeadRows", "HeadTruth", "Int", "JetPhysics", "Matrix", "NeuralEngine", "Perceptron",
    "PluginError",
    "PluginKit", "PluginRegistration", "PluginRegistry", "PluginTesting", "PluginVersion", "Protocol", "Self",
    "Sendable", "Set", "String", "Swift", "Testing", "Type", "UnsafeMutableRawPointer", "Variable", "XCTest",
  ]

  /// Writes the package into a folder, which appears when it is complete.
  ///
  /// - Throws: `PluginError` where the folder exists or cannot be written.
  func write(to folder: URL) throws {
    let files = FileManager.default
    guard !files.fileExists(atPath: folder.path) else {
      throw PluginError("\(folder.relativePath): exists already; choose another name or --directory.")
    }
    let unfinished = folder.deletingLastPathComponent().appendingPathComponent(
      ".\(name)-\(UUID().uuidString)")
    do {
      try files.createDirectory(at: unfinished, withIntermediateDirectories: false)
      for (path, text) in contents {
        let file = unfinished.appendingPathComponent(path)
        try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      try files.moveItem(at: unfinished, to: folder)
    } catch {
      try? files.removeItem(at: unfinished)
      throw PluginError(
        "\(folder.relativePath): cannot be written; choose a --directory that can be written to.")
    }
  }

  private var contents: [(path: String, text: String)] {
    [
      ("Package.swift", manifest), ("Sources/\(name)/\(name).swift", head),
      ("Sources/\(name)/Registration.swift", registration),
      ("Tests/\(name)Tests/\(name)Tests.swift", tests), ("\(identifier).yaml", configuration),
      ("README.md", readme), (".gitignore", ".build\nPackage.resolved\n"),
    ]
  }

  private var manifest: String {
    """
    // swift-tools-version: 6.1
    import PackageDescription

    let package = Package(
      name: "\(name)",
      products: [.library(name: "\(name)", type: .dynamic, targets: ["\(name)"])],
      dependencies: [\(canopy.dependency)],
      targets: [
        .target(name: "\(name)", dependencies: [.product(name: "PluginKit", package: "\(canopy.package)")]),
        .testTarget(
          name: "\(name)Tests",
          dependencies: ["\(name)", .product(name: "PluginTesting", package: "\(canopy.package)")]),
      ])

    """
  }

  private var head: String {
    """
    import PluginKit

    /// Tells two classes of jets apart by hidden layers on the jet's embedding.
    public struct \(name): Head {
      /// What stands under `configuration` in YAML.
      public struct Configuration: Codable, Sendable {
        /// The truth column, which is 0 for the first class and 1 for the second, the signal.
        public var truth: String
        /// The names of the two classes.
        public var classes: [String]
        /// The widths of the hidden layers; one of 32 unless given.
        public var hidden: [Int]?
      }

      public static let identifier = "\(identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "Tells two classes of jets apart from the jet's embedding."
      public static let example = HeadExample(
        configuration: Configuration(truth: "label", classes: ["background", "signal"]), truth: ["label": [0, 1]])

      public private(set) var configuration: Configuration
      private let name: String
      private let classification: Classification
      private let layers: Perceptron

      public init(configuration: Configuration, builder: inout HeadBuilder) throws {
        self.configuration = configuration
        guard configuration.classes.count == 2 else {
          throw PluginError("classes names \\(configuration.classes.count) classes: name two.")
        }
        name = builder.headName
        classification = try Classification(truth: configuration.truth, classes: configuration.classes)
        let hidden = configuration.hidden ?? [32]
        self.configuration.hidden = hidden
        layers = try builder.perceptron(
          inputs: builder.jetEmbeddingWidth, hidden: hidden, outputs: classification.logitCount)
      }

      public var rows: HeadRows { .jets }
      public var inputs: Set<HeadInput> { [.jetEmbedding] }
      public var truthColumns: [String] { [configuration.truth] }
      public var outputs: [HeadOutput] { classification.outputs }

      public func check(_ truth: HeadTruth) throws { try classification.check(truth) }

      /// The logit of each jet: `[jets × 1]`.
      public func callAsFunction(_ inputs: HeadInputs) -> Variable { layers(inputs.jetEmbedding) }

      /// The cross entropy of each jet: `[jets × 1]`.
      public func loss(of logits: Variable, truth: HeadTruth) -> Variable {
        classification.loss(of: logits, truth: truth)
      }

      /// The probability of the signal: `[jets × 1]`.
      public func outputs(of logits: Variable) -> Variable { classification.probabilities(of: logits) }

      public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
        try classification.evaluate(outputs, name: name, truth: truth, weights: weights)
      }
    }

    """
  }

  private var registration: String {
    """
    import PluginKit

    /// What `canopy --plugin` calls when it has loaded the library.
    @_cdecl("canopy_plugin")
    public func registerPlugins(_ registration: UnsafeMutableRawPointer) {
      PluginRegistration.run(registration) { registry in
        try registry.register(\(name).self)
      }
    }

    """
  }

  private var tests: String {
    """
    import \(name)
    import PluginKit
    import PluginTesting
    import Testing

    @Suite struct \(name)Tests {
      /// What every head has to do: gradients, shapes, determinism, saving and more.
      @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
        try HeadConformance(\(name).self).run(check)
      }

      @Test func threeClassesAreRefused() throws {
        var configuration = \(name).example.configuration
        configuration.classes = ["q", "g", "W"]
        var builder = HeadBuilder(headName: "tagger", jetEmbeddingWidth: 4, layout: ParameterLayout())
        #expect(throws: PluginError.self) {
          try \(name)(configuration: configuration, builder: &builder)
        }
      }
    }

    """
  }

  private var configuration: String {
    """
    # canopy train \(identifier).yaml --plugin .build/release/lib\(name).so -o model
    data:
      inputs: ["\(canopy.samples)/w-vs-qcd-small.h5"]
    jets: {radius: 1.0, leading: 1, recluster: kt}
    embedding: {width: 16}
    heads:
      tagger:
        plugin: \(identifier)
        configuration: {truth: label, classes: [QCD, W]}
    training: {epochs: 5, batch-size: 64}

    """
  }

  private var readme: String {
    """
    # \(name)

    A plugin of Canopy: a head called `\(identifier)` that tells two classes of jets apart from the jet's embedding.

    ```
    swift test
    swift build -c release
    canopy plugin check .build/release/lib\(name).so
    canopy train \(identifier).yaml --plugin .build/release/lib\(name).so -o model
    canopy classify EVENTS --model model --plugin .build/release/lib\(name).so
    ```

    Instead of `--plugin`, the environment variable `CANOPY_PLUGIN_PATH` can name the library or its folder. A library
    serves the `canopy` of the same version that was built by the same compiler.

    - `Sources/\(name)/\(name).swift` has the head: its configuration, its layers, its loss, its outputs.
    - `Sources/\(name)/Registration.swift` makes it known to `canopy`.
    - `Tests` checks that it does what every head has to.

    """
  }
}
