// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// `canopy plugin` without the building of a plugin, which `Resources/Examples/plugin.sh` does.
@Suite struct PluginTests {
  @Test func builtInPluginsAreListed() throws {
    struct Listed: Decodable {
      var plugin, kind, from: String
    }
    let outcome = try Program.run("plugin", "list", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let plugins = try JSONDecoder().decode([Listed].self, from: outcome.output)
    #expect(
      plugins.filter { $0.kind == "head" }.map(\.plugin) == [
        "decorrelated", "event-classifier", "flavour-tagging", "inference-aware", "jet-tagger",
        "likelihood-ratio", "mass-regression", "particle-identification", "regression", "tree-generation",
      ])
    #expect(
      plugins.filter { $0.kind == "stage" }.map(\.plugin) == ["deep-jet", "recurrent", "recursive"])
    #expect(
      plugins.filter { $0.kind == "decision" }.map(\.plugin) == [
        "event-output", "formula", "ht", "invariant-mass", "jet", "jet-count", "missing-momentum",
        "scalar-sum",
      ])
    #expect(plugins.allSatisfy { $0.from == "built in" })
    let table = try Program.run("plugin", "list").text
    #expect(table.contains("jet-count 1.0.0") && table.contains("quantities  ht in GeV"), "\(table)")
    #expect(table.contains("state       none"), "\(table)")
    for (kind, names) in [
      ("recursive cell", ["simple", "gated"]),
      ("event format", EventFormats.builtIn.names), ("result format", ResultFormats.builtIn.names),
      ("event output format", EventOutputFormats.builtIn.names),
    ] {
      #expect(plugins.filter { $0.kind == kind }.map(\.plugin) == names)
      for name in names { #expect(table.contains("\n  \(name) "), "\(table)") }
    }
  }

  /// What `plugin new` takes for a kit; the real one is made after the build, and used by `plugin.sh`.
  func kit(in folder: TemporaryFolder) throws -> String {
    for module in ["modules/PluginKit", "modules/JetPhysics", "testing/CanopyModel"] {
      let file = folder.url.appendingPathComponent("kit/\(module).swiftmodule")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: file)
    }
    return folder.path("kit")
  }

  @Test(arguments: ["head", "regression", "stage", "decision", "format"])
  func aPackageIsWrittenWholeOrNotAtAll(
    _ kind: String
  ) throws {
    let folder = try TemporaryFolder()
    let arguments = try [
      "plugin", "new", "MyPlugin", "--kind", kind, "--kit", kit(in: folder), "--directory", folder.url.path,
    ]
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let use = ["decision": "--menu my-plugin.yaml", "format": "canopy cluster my-plugin.txt"]
    #expect(outcome.text.contains(use[kind] ?? "canopy train my-plugin.yaml"))
    let files = FileManager.default
    let written = try files.subpathsOfDirectory(atPath: folder.path("MyPlugin")).filter { $0.contains(".") }
    #expect(
      written.sorted() == [
        ".gitignore", "Package.swift", "README.md", "Sources/MyPlugin/MyPlugin.swift",
        "Sources/MyPlugin/Registration.swift", "Tests/MyPluginTests/MyPluginTests.swift",
        kind == "format" ? "my-plugin.txt" : "my-plugin.yaml",
      ])
    let manifest = try String(contentsOfFile: folder.path("MyPlugin/Package.swift"), encoding: .utf8)
    #expect(manifest.contains(folder.path("kit")))
    let again = try Program.run(arguments)
    #expect(again.status == 64 && again.errors.contains("exists already"), "\(again.errors)")
    let nowhere = try Program.run(
      "plugin", "new", "Tagger", "--kit", folder.path("kit"), "--directory", folder.path("absent/folder"))
    #expect(nowhere.status == 64 && nowhere.errors.contains("cannot be written"), "\(nowhere.errors)")
    #expect(
      try files.contentsOfDirectory(atPath: folder.url.path).filter { $0 != "kit" } == ["MyPlugin"])
  }

  @Test(arguments: [
    ("myTagger", "cannot be the name of a plugin"), ("My-Tagger", "cannot be the name of a plugin"),
    ("Head", "uses already"), ("Self", "uses already"), ("XCTest", "uses already"),
    ("Triggers", "uses already"),
    ("CanopyModel", "uses already"), ("JetPhysics", "uses already"),
    ("JetTagger", "jet-tagger, which there is already (built in)"),
    ("MissingMomentum", "missing-momentum, which there is already (built in)"),
    ("Recursive", "recursive, which there is already (built in)"),
    ("Text", "text, which there is already (built in)"), ("EventSource", "uses already"),
  ]) func namesThatClashAreRefused(_ name: String, _ sentence: String) throws {
    let folder = try TemporaryFolder()
    let refused = try Program.run(
      "plugin", "new", name, "--kit", kit(in: folder), "--directory", folder.url.path)
    #expect(refused.status == 64 && refused.errors.contains(sentence), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path(name)))
  }

  @Test func whatIsNoKitIsRefused() throws {
    let folder = try TemporaryFolder()
    let refused = try Program.run("plugin", "new", "MyTagger", "--kit", folder.url.path)
    #expect(
      refused.status == 64 && refused.errors.contains("--kit \(folder.url.path): holds no plugin kit"),
      "\(refused.errors)")
    let unknown = try Program.run("plugin", "new", "MyTagger", "--kind", "oracle")
    #expect(unknown.status == 64 && unknown.errors.contains("regression"), "\(unknown.errors)")
  }

  @Test func whatIsNoPluginIsNotChecked() throws {
    let outcome = try Program.run("plugin", "check", Samples.path("w-events.txt"))
    #expect(outcome.status == 65 && outcome.errors.contains("it is no library"), "\(outcome.errors)")
    let unknown = try Program.run("plugin", "check", "library.so", "--only", "beauty")
    #expect(
      unknown.status == 64 && unknown.errors.contains("choose one of configuration"), "\(unknown.errors)")
  }
}
