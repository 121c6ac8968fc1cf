// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// A package with a plugin to start from.
struct PluginTemplate {
  /// What the plugin is.
  enum Kind: String, CaseIterable {
    case head, decision
  }

  private let kind: Kind
  /// The name of the type, the module and the package.
  let name: String
  /// The identifier of the plugin: `my-tagger` for `MyTagger`.
  let identifier: String
  let canopy: CanopySources

  /// A package whose plugin is called `name`.
  ///
  /// - Throws: `PluginError` where the name does not serve.
  init(_ kind: Kind, name: String, canopy: CanopySources) throws {
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
    self.kind = kind
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

  /// The command that uses the plugin.
  var use: String {
    let plugin = "--plugin .build/release/lib\(name).so"
    return switch kind {
    case .head: "canopy train \(identifier).yaml \(plugin) -o model"
    case .decision: "canopy trigger EVENTS --menu \(identifier).yaml --model MODEL \(plugin)"
    }
  }

  /// Names that would hide what the package uses.
  private static let takenNames: Set<String> = [
    "Any", "Bool", "Canopy", "Classification", "ClassifyingHead", "Codable", "CodingKeys", "Configuration",
    "Decision",
    "DecisionCheck", "DecisionConformance", "DecisionExample", "DecisionInputs", "DecisionSources",
    "DecisionValues", "Decodable", "Decoder", "Double", "Float", "Foundation", "Head",
    "HeadBuilder", "HeadCheck", "HeadConformance", "HeadEvaluation", "HeadExample", "HeadInput", "HeadInputs",
    "HeadOutput", "HeadRows", "HeadTruth", "Int", "JetPhysics", "Matrix", "NeuralEngine", "Perceptron",
    "PluginError",
    "PluginKit", "PluginRegistration", "PluginRegistry", "PluginTesting", "PluginVersion", "Protocol", "Self",
    "Sendable", "Set", "String", "Swift", "Testing", "Type", "UnsafeMutableRawPointer", "Variable", "XCTest",
  ]

  /// Writes the package into a folder, which appears when it is complete.
  ///
  /// - Throws: `PluginError` if the folder exists, `FileOutputError` if it cannot be written.
  func write(to folder: URL) throws {
    guard !FileManager.default.fileExists(atPath: folder.path) else {
      throw PluginError("\(folder.relativePath): exists already; choose another name or --directory.")
    }
    let package = try WholeFolder(beside: folder.relativePath)
    for (path, text) in contents { try package.write(Data(text.utf8), to: path) }
    try package.commit()
  }

  private var contents: [(path: String, text: String)] {
    let texts =
      switch kind {
      case .head: (source: head, tests: headTests, configuration: trainingConfiguration, readme: headReadme)
      case .decision: (source: decision, tests: decisionTests, configuration: menu, readme: decisionReadme)
      }
    return [
      ("Package.swift", manifest), ("Sources/\(name)/\(name).swift", texts.source),
      ("Sources/\(name)/Registration.swift", registration),
      ("Tests/\(name)Tests/\(name)Tests.swift", texts.tests), ("\(identifier).yaml", texts.configuration),
      ("README.md", texts.readme), (".gitignore", ".build\nPackage.resolved\n"),
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

}
