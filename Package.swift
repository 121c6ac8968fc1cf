// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

// The package manager builds a module anew when one that it names has changed, and does not see through
// modules that export others: whoever imports these names what is behind them too.
let reexportedByPluginKit = ["EventData", "Formulas", "JetPhysics", "NeuralEngine", "Settings", "Statistics"]
let reexportedByCanopy =
  reexportedByPluginKit + [
    "CanopyModel", "Detector", "EventIO", "ONNX", "Observables", "PluginKit", "RecurrentEncoder",
    "RecursiveEmbedding",
    "Reports", "Training", "Triggering", "Triggers",
  ]

// What plugins are compiled against, with all that stands behind it: .ci/plugin-kit gathers it, and SourceFingerprint takes
// the fingerprint of the product PluginKit.
let importedByPlugins = ["EventIO", "PluginKit", "RecursiveEmbedding"]

func modules(_ names: [String]) -> [Target.Dependency] { names.map { .target(name: $0) } }

let package = Package(
  name: "Canopy",
  products: [
    .library(name: "Canopy", targets: ["Canopy"] + reexportedByCanopy),
    .library(name: "CanopyC", type: .dynamic, targets: ["CanopyC"]),
    .library(name: "PluginKit", targets: importedByPlugins + reexportedByPluginKit),
    .library(name: "PluginTesting", targets: ["PluginTesting"]),
    // What the tests of a plugin that is built against the program run with, as there is no program around them.
    .library(name: "PluginTestRuntime", type: .dynamic, targets: ["PluginTesting"]),
    .executable(name: "canopy", targets: ["CanopyCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // System libraries, from Debian's -dev packages.
    .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CLZF", providers: [.apt(["liblzf-dev"])]),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // What a program and the plugins that it loads must agree on: versions, and a fingerprint of the sources.
    .systemLibrary(name: "CPluginInterface"),
    .plugin(name: "SourceFingerprint", capability: .buildTool(), path: "Sources/SourceFingerprint"),

    // C interfaces over C++ libraries, and kernels in C.
    .target(name: "CFastJet", linkerSettings: [.linkedLibrary("fastjet")]),
    .target(name: "CHepMC3", dependencies: ["CTextParsing"], linkerSettings: [.linkedLibrary("HepMC3")]),
    .target(name: "CKernels"),
    .target(name: "CTextParsing", linkerSettings: [.linkedLibrary("simdjson")]),

    // What every other module may use.
    .target(name: "Support"),

    .target(name: "EventData", dependencies: ["Support"]),
    .target(name: "Formulas", dependencies: ["EventData", "Support"]),
    .target(name: "JetPhysics", dependencies: ["CFastJet", "EventData", "Formulas"]),
    .target(name: "Settings", dependencies: ["CYAML", "EventData", "Formulas", "JetPhysics", "Support"]),
    .target(name: "Statistics", dependencies: ["Support"]),
    .target(name: "Detector", dependencies: ["EventData", "Formulas", "Settings", "Support"]),
    .target(name: "NeuralEngine", dependencies: ["CKernels", "COpenBLAS", "Support"]),

    .target(
      name: "EventIO",
      dependencies: [
        "CBzip2", "CHDF5", "CHepMC3", "CLZF", "CLZMA", "CTextParsing", "CZip", "CZlib", "CZstd",
        "Detector", "PluginKit", "Support",
      ] + modules(reexportedByPluginKit)),
    .target(
      name: "PluginKit", dependencies: ["CPluginInterface", "Support"] + modules(reexportedByPluginKit),
      plugins: ["SourceFingerprint"]),

    .target(name: "ONNX", dependencies: ["PluginKit", "Support"] + modules(reexportedByPluginKit)),

    .target(
      name: "Observables", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/Observables"),

    .target(
      name: "RecursiveEmbedding",
      dependencies: ["CKernels", "ONNX", "PluginKit", "Support"] + modules(reexportedByPluginKit),
      path: "Plugins/RecursiveEmbedding"),

    .target(
      name: "RecurrentEncoder",
      dependencies: ["CKernels", "ONNX", "PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/RecurrentEncoder"),

    .target(
      name: "JetTaggers", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/JetTaggers"),

    .target(
      name: "EventClassifiers", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/EventClassifiers"),

    .target(
      name: "MassRegression", dependencies: ["ONNX", "PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/MassRegression"),
    .target(
      name: "Regression", dependencies: ["ONNX", "PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/Regression"),

    .target(
      name: "ParticleIdentification", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/ParticleIdentification"),

    .target(
      name: "TreeGeneration", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/TreeGeneration"),

    .target(
      name: "FlavourTagging", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/FlavourTagging"),

    .target(
      name: "Decorrelation", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/Decorrelation"),

    .target(
      name: "Inference", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/Inference"),

    .target(
      name: "Triggers", dependencies: ["PluginKit"] + modules(reexportedByPluginKit),
      path: "Plugins/Triggers"),

    .target(
      name: "CanopyModel",
      dependencies: [
        "CPluginInterface", "EventIO", "ONNX", "PluginKit", "Support",
      ] + modules(reexportedByPluginKit)),
    .target(
      name: "Training",
      dependencies: [
        "CanopyModel", "EventIO", "EventData", "JetPhysics", "NeuralEngine", "PluginKit", "Settings",
        "Statistics",
        "Support",
      ]),
    .target(
      name: "Triggering",
      dependencies: ["CZlib", "CanopyModel", "EventIO", "Support", "Triggers", "PluginKit"]
        + modules(reexportedByPluginKit)),
    .target(
      name: "Reports",
      dependencies: ["CanopyModel", "PluginKit", "Support"] + modules(reexportedByPluginKit)),
    .target(
      name: "PluginTesting",
      dependencies: [
        "CanopyModel", "EventIO", "Observables", "PluginKit", "RecurrentEncoder", "RecursiveEmbedding",
        "Training",
      ] + modules(reexportedByPluginKit)),
    .target(
      name: "Canopy",
      dependencies: [
        "CanopyModel", "Decorrelation", "Detector", "EventClassifiers", "EventIO", "FlavourTagging",
        "Inference", "JetTaggers",
        "MassRegression", "ONNX", "Observables", "ParticleIdentification", "PluginKit", "RecurrentEncoder",
        "RecursiveEmbedding",
        "Regression", "Reports", "Training", "TreeGeneration", "Triggering", "Triggers",
      ] + modules(reexportedByPluginKit)),
    .target(name: "CCanopy"),
    .target(
      name: "CanopyC", dependencies: ["CCanopy", "Canopy", "Support"] + modules(reexportedByCanopy)),
    .target(
      name: "CanopyBenchmarks", dependencies: ["CKernels", "Canopy", "Support"] + modules(reexportedByCanopy)),
    .executableTarget(
      name: "CanopyCommand",
      dependencies: [
        "Canopy", "CanopyBenchmarks", "PluginTesting", "Support",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ] + modules(reexportedByCanopy),
      // Plugins that are loaded at run time use the program's own Canopy. Packages that depend on Canopy never build
      // this target, so that its flag does not keep them from doing so.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"], .when(platforms: [.linux]))]),

    // FastJet called directly: a reference that shares no code with CFastJet, and what compares with it.
    .target(
      name: "FastJetReference", path: "Tests/FastJetReference", linkerSettings: [.linkedLibrary("fastjet")]),
    .target(
      name: "FastJetComparison", dependencies: ["EventData", "FastJetReference", "JetPhysics"],
      path: "Tests/FastJetComparison"),
    // Counts what a test allocates, by standing in for the C library's functions in the test's executable.
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    // Temporary folders and the shipped samples.
    .target(name: "TestFiles", path: "Tests/TestFiles"),
    // A recursive cell from outside.
    .target(
      name: "TestCells", dependencies: ["PluginKit", "RecursiveEmbedding"] + modules(reexportedByPluginKit),
      path: "Tests/TestCells"),
    // The shipped plugins, for tests of rooms that lie below Canopy.
    .target(
      name: "TestPlugins",
      dependencies: [
        "Decorrelation", "EventClassifiers", "FlavourTagging", "Inference", "JetTaggers", "MassRegression",
        "Observables",
        "ParticleIdentification", "PluginKit", "RecurrentEncoder", "RecursiveEmbedding", "Regression",
        "TreeGeneration", "Triggers",
      ] + modules(reexportedByPluginKit), path: "Tests/TestPlugins"),
    // A test imports its own room and rooms below it, which .ci/rooms makes sure of.
    .testTarget(name: "EventDataTests", dependencies: ["EventData"]),
    .testTarget(
      name: "FormulasTests", dependencies: ["AllocationCounter", "EventData", "Formulas"],
      exclude: ["Fixtures"]),
    .testTarget(name: "SupportTests", dependencies: ["Support", "TestFiles"]),
    .testTarget(
      name: "JetPhysicsTests",
      dependencies: ["EventData", "FastJetComparison", "JetPhysics"]),
    .testTarget(
      name: "NeuralEngineTests", dependencies: ["CKernels", "NeuralEngine", "Support"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "ONNXTests", dependencies: ["NeuralEngine", "ONNX"]),
    .testTarget(
      name: "ObservablesTests", dependencies: ["Observables", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "RecursiveEmbeddingTests",
      dependencies: ["PluginKit", "RecursiveEmbedding", "TestCells"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "RecurrentEncoderTests",
      dependencies: ["PluginKit", "RecurrentEncoder"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "EventIOTests",
      dependencies: [
        "CBzip2", "CHDF5", "CLZMA", "CZip", "CZlib", "CZstd", "Detector", "EventIO", "PluginKit", "TestFiles",
      ] + modules(reexportedByPluginKit),
      exclude: ["Fixtures"]),
    .testTarget(
      name: "DetectorTests",
      dependencies: ["Detector", "EventData", "Formulas", "Settings", "Support", "TestFiles"]),
    .testTarget(name: "SettingsTests", dependencies: ["EventData", "JetPhysics", "Settings", "TestFiles"]),
    .testTarget(name: "StatisticsTests", dependencies: ["NeuralEngine", "Statistics"]),
    .testTarget(
      name: "PluginKitTests", dependencies: ["PluginKit", "TestFiles"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "JetTaggersTests", dependencies: ["JetTaggers", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "EventClassifiersTests",
      dependencies: ["EventClassifiers", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "MassRegressionTests",
      dependencies: ["MassRegression", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "RegressionTests", dependencies: ["PluginKit", "Regression"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "ParticleIdentificationTests",
      dependencies: ["ParticleIdentification", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "TreeGenerationTests",
      dependencies: ["PluginKit", "TreeGeneration"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "InferenceTests", dependencies: ["Inference", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "FlavourTaggingTests",
      dependencies: ["FlavourTagging", "PluginKit"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "TriggersTests",
      dependencies: ["AllocationCounter", "PluginKit", "Triggers"] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "CanopyModelTests",
      dependencies: [
        "AllocationCounter", "CanopyModel", "EventClassifiers", "EventIO", "JetTaggers", "ONNX",
        "Observables",
        "PluginKit", "RecurrentEncoder", "RecursiveEmbedding", "Support", "TestCells", "TestFiles",
        "TestPlugins",
      ] + modules(reexportedByPluginKit), exclude: ["Fixtures"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "CanopyModel", "Decorrelation", "EventClassifiers", "EventIO", "Inference", "JetTaggers",
        "Observables", "PluginKit",
        "RecurrentEncoder", "RecursiveEmbedding", "Support", "TestCells", "TestFiles", "TestPlugins",
        "Training",
      ] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "TriggeringTests",
      dependencies: [
        "AllocationCounter", "CanopyModel", "EventClassifiers", "EventIO", "JetTaggers", "PluginKit",
        "RecurrentEncoder", "RecursiveEmbedding", "Support", "TestFiles", "TestPlugins", "Triggering",
        "Triggers",
      ] + modules(reexportedByPluginKit)),
    .testTarget(
      name: "ReportsTests",
      dependencies: ["CanopyModel", "PluginKit", "Reports", "TestFiles"]
        + modules(reexportedByPluginKit)),
    .testTarget(
      name: "PluginTestingTests",
      dependencies: [
        "Decorrelation", "EventClassifiers", "EventIO", "FlavourTagging", "Inference", "JetTaggers",
        "MassRegression",
        "Observables", "ParticleIdentification", "PluginKit", "PluginTesting", "RecurrentEncoder",
        "RecursiveEmbedding", "Regression",
        "TestCells",
        "TestFiles", "TreeGeneration", "Triggers",
      ]
        + modules(reexportedByPluginKit)),
    // What needs the whole chain, by subject.
    .testTarget(
      name: "CanopyTests",
      dependencies: [
        "Canopy", "Decorrelation", "EventClassifiers", "FastJetComparison", "JetTaggers", "MassRegression",
        "TestCells",
        "TestFiles", "TestPlugins",
      ] + modules(reexportedByCanopy)),
    .testTarget(
      name: "CanopyCTests",
      dependencies: ["AllocationCounter", "CCanopy", "Canopy", "CanopyC", "Support", "TestFiles"]
        + modules(reexportedByCanopy)),
    .testTarget(
      name: "CanopyCommandTests",
      dependencies: ["CHDF5", "CZip", "CZlib", "Canopy", "CanopyCommand", "TestFiles"]
        + modules(reexportedByCanopy)),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)

// A build under a sanitizer is of some tests only, and of what they need.
if let names = Context.environment["CANOPY_TESTS"]?.split(separator: " ") {
  package.targets.removeAll { $0.type == .test && !names.contains(Substring($0.name)) }
}
