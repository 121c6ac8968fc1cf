// SPDX-License-Identifier: GPL-3.0-or-later

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
        "event-classifier", "jet-tagger", "mass-regression",
      ])
    #expect(
      plugins.filter { $0.kind == "decision" }.map(\.plugin) == [
        "event-output", "ht", "invariant-mass", "jet", "jet-count", "missing-momentum", "scalar-sum",
      ])
    #expect(plugins.allSatisfy { $0.from == "built in" })
    let table = try Program.run("plugin", "list").text
    #expect(table.contains("jet-count 1.0.0") && table.contains("quantities  ht in GeV"), "\(table)")
  }

  @Test func aPackageIsWrittenWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let arguments = ["plugin", "new", "MyTagger", "--directory", folder.url.path]
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.text.contains("canopy train my-tagger.yaml"))
    let files = FileManager.default
    let written = try files.subpathsOfDirectory(atPath: folder.path("MyTagger")).filter { $0.contains(".") }
    #expect(
      written.sorted() == [
        ".gitignore", "Package.swift", "README.md", "Sources/MyTagger/MyTagger.swift",
        "Sources/MyTagger/Registration.swift", "Tests/MyTaggerTests/MyTaggerTests.swift", "my-tagger.yaml",
      ])
    let again = try Program.run(arguments)
    #expect(again.status == 65 && again.errors.contains("exists already"), "\(again.errors)")
    for (name, sentence) in [
      ("myTagger", "cannot be the name of a plugin"), ("My-Tagger", "cannot be the name of a plugin"),
      ("Head", "uses already"),
    ] {
      let refused = try Program.run("plugin", "new", name, "--directory", folder.url.path)
      #expect(refused.status == 65 && refused.errors.contains(sentence), "\(refused.errors)")
    }
    let nowhere = try Program.run("plugin", "new", "Tagger", "--directory", folder.path("absent/folder"))
    #expect(nowhere.status == 65 && nowhere.errors.contains("cannot be written"), "\(nowhere.errors)")
    #expect(
      try files.contentsOfDirectory(atPath: folder.url.path).filter { $0.contains("Tagger") } == ["MyTagger"])
  }

  @Test func whatIsNoPluginIsNotChecked() throws {
    let outcome = try Program.run("plugin", "check", Samples.path("w-events.txt"))
    #expect(outcome.status == 65 && outcome.errors.contains("it is no library"), "\(outcome.errors)")
    let unknown = try Program.run("plugin", "check", "library.so", "--only", "beauty")
    #expect(
      unknown.status == 64 && unknown.errors.contains("choose one of configuration"), "\(unknown.errors)")
  }
}
