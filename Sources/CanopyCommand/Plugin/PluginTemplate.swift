// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// What is particular to the packages of one kind of plugin.
///
/// A kind is one file in `Templates`, and a line in ``PluginTemplate/kinds``.
protocol PluginKindTemplate: Sendable {
  /// What a user writes behind `--kind`.
  static var kind: String { get }
  /// What such a plugin is, in a few words for help texts.
  static var meaning: String { get }

  /// The template of a plugin.
  init(_ names: PluginNames)

  /// The source of the plugin.
  var source: String { get }
  /// The source of its tests.
  var tests: String { get }
  /// The ending of the file of ``example``; `yaml` unless given.
  static var exampleEnding: String { get }
  /// A training configuration or a menu with it, or for a format a file of it.
  var example: String { get }
  /// What is registered, as expressions.
  var registered: [String] { get }
  /// The modules that the registration imports; PluginKit alone unless given.
  var imports: [String] { get }
  /// What it is and does, as the end of a sentence that begins with “A plugin of Canopy:”.
  var purpose: String { get }
  /// The command that uses it, without `--plugin`.
  var use: String { get }
}

extension PluginKindTemplate {
  static var exampleEnding: String { "yaml" }
  var imports: [String] { ["PluginKit"] }
}

/// How a new plugin and its parts are called.
struct PluginNames: Sendable {
  /// The name of the type, the module and the package.
  let name: String
  /// The identifier of the plugin: `my-tagger` for `MyTagger`.
  let identifier: String
  /// The folder that it is compiled against.
  let kit: PluginKitFolder

  /// Makes sure that the type of a plugin can be called `name`.
  ///
  /// - Throws: `ValidationError` if the name does not serve, or is taken by Swift or Canopy.
  static func check(_ name: String) throws {
    guard let first = name.first, first.isASCII, first.isUppercase,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
    else {
      throw ValidationError(
        "“\(name)” cannot be the name of a plugin: choose a capital letter followed by letters and digits, such as "
          + "MyTagger.")
    }
    try check(name, taken: takenNames)
  }

  private static func check(_ name: String, taken: Set<String>) throws {
    guard !taken.contains(name), !taken.contains("\(name)Tests") else {
      throw ValidationError(
        "\(name) is a name that Swift or Canopy uses already: choose another, such as MyTagger.")
    }
  }

  /// Names of a plugin whose type is called `name`.
  ///
  /// - Throws: `ValidationError` if the name is taken by Canopy or a plugin of `registry`.
  init(_ name: String, kit: PluginKitFolder, registry: PluginRegistry) throws {
    try Self.check(name, taken: kit.modules)
    var identifier = ""
    var previous: Character?
    for character in name {
      if character.isUppercase, let previous, !previous.isUppercase { identifier += "-" }
      identifier += character.lowercased()
      previous = character
    }
    if let origin = registry.origin(ofHead: identifier) ?? registry.origin(ofDecision: identifier)
      ?? registry.origin(ofObservable: identifier) ?? registry.origin(ofStage: identifier)
      ?? registry.origin(ofEventFormat: identifier) ?? registry.origin(ofEventOutputFormat: identifier)
    {
      throw ValidationError(
        "\(name) would be the plugin \(identifier), which there is already (\(origin)): choose another name.")
    }
    self.name = name
    self.identifier = identifier
    self.kit = kit
  }

  /// Modules of Swift and Canopy, and types that the package of a plugin uses.
  private static let takenNames: Set<String> = [
    // Keywords that are written like types, and modules of Swift.
    "Any", "AnyObject", "Builtin", "Cxx", "Dispatch", "Distributed", "Foundation", "FoundationEssentials",
    "FoundationNetworking", "FoundationXML", "Glibc", "Observation", "PackageDescription", "Protocol",
    "RegexBuilder", "Self", "Swift", "Synchronization", "Testing", "Type", "XCTest",
    // Types of Swift.
    "Array", "Bool", "Character", "Codable", "CodingKeys", "Collection", "Decodable", "Decoder", "Dictionary",
    "Double", "Encodable", "Encoder", "Equatable", "Error", "Float", "Hashable", "Int", "Never", "Optional",
    "Range", "Result", "Sendable", "Sequence", "Set", "StaticString", "String", "Suite", "Test",
    "UnsafeMutableRawPointer", "Void",
    // Modules of Canopy that a plugin cannot see, but that are in the program that loads it.
    "ArgumentParser", "Canopy", "CanopyBenchmarks", "CanopyCommand", "CanopyC", "EventClassifiers",
    "Inference", "JetTaggers",
    "MassRegression", "Observables", "PluginTestRuntime", "Regression", "SourceFingerprint", "Triggering",
    "Triggers",
    // Types of Canopy.
    "Calibration", "CellCheck", "CellConformance", "Classification", "ClassifyingHead", "Configuration",
    "Decision", "DecisionCheck",
    "DecisionConformance", "DecisionExample", "DecisionInputs", "DecisionSources", "DecisionValues",
    "Dense", "Estimate", "EventFormat", "EventFormatCheck", "EventFormatConformance", "EventInputError",
    "EventOutputFormat", "EventReader", "EventSchema", "EventSource", "EventWriter", "Events", "FileStart",
    "Head", "HeadBuilder", "HeadCheck", "HeadConformance", "HeadEvaluation", "HeadExample", "HeadInput",
    "HeadInputs", "HeadOutput", "HeadRows", "HeadTruth", "Matrix", "Metric", "MomentumLayout", "Observable",
    "ObservableCheck", "ObservableConformance", "ObservableInputs", "ObservableQuantity", "OutputFormatCheck",
    "OutputFormatConformance", "ParameterLayout", "ParsingEventReader", "Perceptron",
    "PluginError", "PluginRegistration", "PluginRegistry", "PluginVersion", "RegressionEvaluation",
    "RegressionPredictions", "ResultDestination", "ResultText", "ScoringHead", "Setting", "SettingsSection",
    "Stage",
    "StageBuilder", "StageCheck", "StageConformance", "StageInputs", "TextNumber", "Variable",
  ]
}

/// A package with a plugin to start from.
struct PluginTemplate {
  /// All kinds of plugins that a package can be written for.
  static let kinds: [any PluginKindTemplate.Type] = [
    HeadTemplate.self, RegressionTemplate.self, StageTemplate.self, ObservableTemplate.self,
    DecisionTemplate.self, FormatTemplate.self,
  ]

  private let names: PluginNames
  private let kind: any PluginKindTemplate

  /// A package with a plugin of `kind`.
  init(_ kind: any PluginKindTemplate.Type, _ names: PluginNames) {
    self.names = names
    self.kind = kind.init(names)
  }

  /// The commands that build, test, check and use the plugin, in its folder.
  var commands: [String] {
    let library = ".build/release/lib\(names.name).so"
    return [
      "swift test", "swift build -c release", "canopy plugin check \(library)",
      "\(kind.use) --plugin \(library)",
    ]
  }

  /// Writes the package into a folder, which appears when it is complete.
  ///
  /// - Throws: `OutputPlaceError` if the folder exists or cannot be made, `FileOutputError` if it cannot be written.
  func write(to folder: URL) throws {
    guard !FileManager.default.fileExists(atPath: folder.path) else {
      throw OutputPlaceError("\(folder.relativePath): exists already; choose another name or --directory.")
    }
    let package: WholeFolder
    do {
      package = try WholeFolder(beside: folder.relativePath)
    } catch let error as FileOutputError where error.isPlaceError {
      throw OutputPlaceError(error.description)
    }
    for (path, text) in contents { try package.write(Data(text.utf8), to: path) }
    try package.commit()
  }

  private var contents: [(path: String, text: String)] {
    let name = names.name
    return [
      ("Package.swift", manifest), ("Sources/\(name)/\(name).swift", kind.source),
      ("Sources/\(name)/Registration.swift", registration),
      ("Tests/\(name)Tests/\(name)Tests.swift", kind.tests),
      (exampleFile, kind.example),
      ("README.md", readme), (".gitignore", ".build\nPackage.resolved\n"),
    ]
  }

  private var exampleFile: String { "\(names.identifier).\(type(of: kind).exampleEnding)" }

  private var manifest: String {
    """
    // swift-tools-version: 6.1
    import PackageDescription

    // What comes with canopy for plugins to be compiled against. A plugin has no copy of Canopy in it: it uses the
    // program's, and its tests use that of libPluginTestRuntime.so.
    let kit = Context.environment["CANOPY_PLUGIN_KIT"] ?? "\(names.kit.path)"
    let imports = ["-I\\(kit)/modules", "-Xcc", "-I\\(kit)/include"]

    let package = Package(
      name: "\(names.name)",
      products: [.library(name: "\(names.name)", type: .dynamic, targets: ["\(names.name)"])],
      dependencies: [.package(path: kit)],
      targets: [
        .target(
          name: "\(names.name)", dependencies: [.product(name: "PluginKitBuild", package: "plugin-kit")],
          swiftSettings: [.unsafeFlags(imports)]),
        .testTarget(
          name: "\(names.name)Tests", dependencies: ["\(names.name)"],
          swiftSettings: [.unsafeFlags(imports + ["-I\\(kit)/testing"])],
          linkerSettings: [
            .unsafeFlags(["-L\\(kit)", "-lPluginTestRuntime", "-Xlinker", "-rpath", "-Xlinker", kit])
          ]),
      ])

    """
  }

  private var registration: String {
    """
    \(kind.imports.map { "import \($0)" }.joined(separator: "\n"))

    /// What `canopy --plugin` calls when it has loaded the library.
    @_cdecl("canopy_plugin")
    public func registerPlugins(_ registration: UnsafeMutableRawPointer) {
      PluginRegistration.run(registration) { registry in
    \(kind.registered.map { "    try registry.register(\($0))" }.joined(separator: "\n"))
      }
    }

    """
  }

  private var readme: String {
    """
    # \(names.name)

    A plugin of Canopy: \(kind.purpose)

    ```
    \(commands.joined(separator: "\n"))
    ```

    Instead of `--plugin`, the environment variable `CANOPY_PLUGIN_PATH` can name the library or its folder.

    A library serves the `canopy` that it was built with: build it again after another one is installed.
    `CANOPY_PLUGIN_KIT` names the folder `plugin-kit` of a `canopy` that is not where it was when this package was written.

    - `Sources/\(names.name)/\(names.name).swift` has the plugin.
    - `Sources/\(names.name)/Registration.swift` makes it known to `canopy`.
    - `\(exampleFile)` is an example to try it on.
    - `Tests` checks that it does what every such plugin has to.

    """
  }
}
