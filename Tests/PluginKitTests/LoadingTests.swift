// SPDX-License-Identifier: GPL-3.0-or-later

#if os(Linux)
  import Foundation
  import PluginKit
  import TestFiles
  import Testing

  /// What is no plugin for this program is refused, in one sentence and before it runs.
  ///
  /// Plugins that are loaded and used are tried by `Resources/Examples/plugin.sh`.
  @Suite struct LoadingTests {
    private let folder: TemporaryFolder
    private let marker: String

    init() throws {
      folder = try TemporaryFolder()
      marker = folder.path("marker")
    }

    /// Compiles a library from C, which writes a file when it is loaded.
    private func library(
      _ name: String = "libplugin.so", handshake: [String] = PluginHandshake.texts,
      code: String = "void canopy_plugin(void *registration) { (void)registration; }"
    ) throws -> String {
      let texts = handshake.enumerated().map { "const char handshake\($0)[] = \"\($1)\";" }
      let source = try folder.write(
        """
        #include <stdio.h>
        \(texts.joined(separator: "\n"))
        __attribute__((constructor)) static void run(void) { fclose(fopen("\(marker)", "w")); }
        \(code)
        """, to: "plugin.c")
      let compiler = Process()
      compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      compiler.arguments = ["cc", "-shared", "-fPIC", "-o", folder.path(name), source]
      try compiler.run()
      compiler.waitUntilExit()
      try #require(compiler.terminationStatus == 0)
      return folder.path(name)
    }

    /// What is said when a library is refused, without the file and the full stop.
    private func refusal(of path: String, mayRun: Bool = false) throws -> String {
      var registry = PluginRegistry()
      let error = #expect(throws: PluginError.self) { try registry.load(path) }
      #expect(registry.headIdentifiers.isEmpty && registry.origins.isEmpty)
      #expect(FileManager.default.fileExists(atPath: marker) == mayRun)
      let text = try #require(error?.description)
      #expect(text.hasPrefix("\(path): ") && text.hasSuffix(".") && !text.contains("\n"), "\(text)")
      return String(text.dropFirst(path.count + 2).dropLast())
    }

    /// The handshake of this program with another field of one of its texts.
    private func handshake(_ text: Int, _ field: Int, _ value: String) -> [String] {
      var texts = PluginHandshake.texts
      var fields = texts[text].split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      fields[field] = value
      texts[text] = fields.joined(separator: "|")
      return texts
    }

    @Test func whatIsNoLibrary() throws {
      #expect(try refusal(of: folder.path("none.so")).hasPrefix("there is no such file: "))
      #expect(try refusal(of: folder.url.path).hasPrefix("it is a folder without the library of a plugin: "))
      #expect(try refusal(of: "/dev/null").hasPrefix("it is no file: "))
      for text in ["", "\u{7F}EL", "text", PluginHandshake.texts.joined()] {
        #expect(try refusal(of: folder.write(text, to: "text.so")).hasPrefix("it is no library: "))
      }
      let torn = try folder.write("\u{7F}ELF" + PluginHandshake.texts.joined(separator: "\0"), to: "torn.so")
      #expect(try refusal(of: torn).hasPrefix("the library cannot be loaded: "))
    }

    /// Of a package the library of the release, else that of the debug build; of several libraries none is chosen.
    @Test func aFolderStandsForItsLibrary() throws {
      let files = FileManager.default
      let none = try library(handshake: [])
      for build in ["debug", "release"] {
        try files.createDirectory(
          atPath: folder.path("package/.build/\(build)"), withIntermediateDirectories: true)
        try files.copyItem(atPath: none, toPath: folder.path("package/.build/\(build)/libA.so"))
        #expect(try refusal(of: folder.path("package")).hasPrefix("it is a library, but no plugin"))
        if build == "debug" {
          // The one of the release is not looked for here.
          try files.copyItem(atPath: none, toPath: folder.path("package/.build/debug/libB.so"))
          #expect(
            try refusal(of: folder.path("package"))
              == "it has 2 libraries: give one of \(folder.path("package/.build/debug/libA.so")), "
              + folder.path("package/.build/debug/libB.so"))
        }
      }
      try files.moveItem(atPath: none, toPath: folder.path("package/libC.so"))
      #expect(try refusal(of: folder.path("package") + "/").hasPrefix("it is a library, but no plugin"))
    }

    @Test func whatIsNoPluginForThisProgram() throws {
      let none = "it is a library, but no plugin of Canopy"
      #expect(try refusal(of: library(handshake: [])).hasPrefix(none))
      #expect(try refusal(of: library(handshake: [PluginHandshake.texts[0]])).hasPrefix(none))
      #expect(try refusal(of: library(handshake: [PluginHandshake.texts[1]])).hasPrefix(none))
      #expect(
        try refusal(of: library(handshake: handshake(0, 1, "0.0.9"))).hasPrefix(
          "it is built with Canopy 0.0.9, and this is Canopy "))
      #expect(
        try refusal(of: library(handshake: handshake(0, 2, "Clang 1.0"))).hasPrefix(
          "it is built by another compiler, Clang 1.0, and this Canopy by "))
      #expect(
        try refusal(of: library(handshake: handshake(1, 1, "0123456789abcdef"))).hasPrefix(
          "it is built with other sources of Canopy "))
      // The first that is complete counts.
      let incomplete = PluginHandshake.texts[0].prefix(30) + "\\0"
      #expect(
        try refusal(
          of: library(handshake: [incomplete + handshake(0, 1, "0.0.8")[0], PluginHandshake.texts[1]])
        )
        .hasPrefix("it is built with Canopy 0.0.8, "))
    }

    /// The fingerprint of some files below a folder.
    private func fingerprint(of files: [String], in root: String) throws -> String {
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/SourceFingerprint/fingerprint.sh").standardizedFileURL.path
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [script, root, folder.path("Fingerprint.swift")] + files
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
      let written = try String(contentsOfFile: folder.path("Fingerprint.swift"), encoding: .utf8)
      let fields = written.split(separator: "|")
      try #require(fields.count == 3 && fields[1].count == 32)
      return String(fields[1])
    }

    /// A source that has changed, been added or been renamed gives another fingerprint; a folder elsewhere the same.
    @Test func sourcesHaveFingerprints() throws {
      func fingerprint(_ sources: [(name: String, text: String)]) throws -> String {
        let folder = try TemporaryFolder()
        return try self.fingerprint(
          of: sources.map { try folder.write($0.text, to: $0.name) }, in: folder.url.path)
      }
      let variants = [
        [("a.swift", "struct S { var x = 0 }\n"), ("b.h", "int b;\n")],
        [("a.swift", "struct S { var x = 0; var y = 0 }\n"), ("b.h", "int b;\n")],
        [("a.swift", "struct S { var x = 0 }\nint b;\n"), ("b.h", "")],
        [("a.swift", "struct S { var x = 0 }\n"), ("c.h", "int b;\n")],
        [("a.swift", "struct S { var x = 0 }\n")],
      ]
      let fingerprints = try variants.map { try fingerprint($0) }
      #expect(Set(fingerprints).count == variants.count)
      #expect(try fingerprint(variants[0]) == fingerprints[0])
    }

    /// The fingerprint of this program is that of all that a plugin can import: a change of any of it refuses a library
    /// that was built before.
    @Test func theFingerprintIsOfAllThatAPluginImports() throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL
      func folder(_ module: String) -> URL? {
        ["Sources", "Plugins"].map { root.appendingPathComponent("\($0)/\(module)") }
          .first { FileManager.default.fileExists(atPath: $0.path) }
      }
      let manifest = try String(
        contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
      let list = try #require(manifest.firstMatch(of: /let importedByPlugins = \[(.*)\]/)).1
      var modules = list.matches(of: /"(\w+)"/).map { String($0.1) }
      #expect(Set(modules).isSuperset(of: ["EventIO", "PluginKit", "RecursiveEmbedding"]))
      var sources: [URL] = []
      var next = 0
      while next < modules.count {
        let files = FileManager.default.enumerator(
          at: try #require(folder(modules[next])), includingPropertiesForKeys: nil)
        let found = (files?.compactMap { $0 as? URL } ?? [])
          .filter { ["c", "cpp", "h", "hpp", "modulemap", "swift"].contains($0.pathExtension) }
        for file in found {
          for match in try String(contentsOf: file, encoding: .utf8).matches(
            of: /(?m)^(?:@_exported |public )?import (\w+)$/)
          {
            let module = String(match.1)
            if folder(module) != nil, !modules.contains(module) { modules.append(module) }
          }
        }
        sources += found
        next += 1
      }
      let expected = try fingerprint(of: sources.map(\.path).sorted(), in: root.path)
      #expect(PluginHandshake.current.sources == expected, "\(modules)")
    }

    @Test func whatDoesNotRegister() throws {
      #expect(
        try refusal(of: library(code: ""), mayRun: true)
          == "the library has no function canopy_plugin, by which a plugin "
          + "registers itself")
      #expect(
        try refusal(of: library("none.so"), mayRun: true)
          == "the library registers no plugin: register one in canopy_plugin")
    }

    @Test func copiesOfTheCoreAreRefused() throws {
      let code =
        "void canopy_plugin_core(void) {} void canopy_plugin(void *registration) { (void)registration; }"
      #expect(
        try refusal(of: library(code: code), mayRun: true).hasPrefix(
          "the library has a copy of Canopy in it: build it against a plugin kit"))
    }

    @Test func missingSymbolsAreNamed() throws {
      let code = "void absent_function(void); void canopy_plugin(void *registration) { absent_function(); }"
      #expect(
        try refusal(of: library(code: code))
          == "the library cannot be loaded: undefined symbol: absent_function")
    }

    private func setMode(_ mode: mode_t, _ path: String) throws { try #require(chmod(path, mode) == 0) }

    /// Before anything of it runs.
    @Test func whatOthersMayWrite() throws {
      let file = try library()
      for (mode, who) in [(mode_t(0o775), "its group"), (0o757, "everybody"), (0o1777, "everybody")] {
        try setMode(mode, file)
        #expect(
          try refusal(of: file).hasPrefix("the library is refused: it may be written by \(who): others could")
        )
      }
      try setMode(0o755, file)
      try setMode(0o775, folder.url.path)
      let reason = try refusal(of: file)
      #expect(reason.contains("it lies in \(folder.url.path), which may be written by its group"))
      #expect(reason.contains("chmod go-w \(folder.url.path)"))
      // A link from elsewhere leads to the same place.
      let other = try TemporaryFolder()
      symlink(file, other.path("link.so"))
      #expect(try refusal(of: other.path("link.so")).contains("it lies in \(folder.url.path), which"))
      var registry = PluginRegistry()
      let error = #expect(throws: PluginError.self) { try registry.load(searchPath: folder.url.path) }
      #expect(
        error?.description.hasPrefix(
          "\(folder.url.path): the folder of plugins is refused: it may be written by its group") == true)
      // In such a folder nobody may replace another's file.
      try setMode(0o1777, folder.url.path)
      #expect(
        try refusal(of: file, mayRun: true)
          == "the library registers no plugin: register one in canopy_plugin")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away")) func whatBelongsToOthers() throws {
      let file = try library()
      try #require(chown(file, 12_345, 0) == 0)
      #expect(try refusal(of: file).hasPrefix("the library is refused: it belongs to user 12345: "))
      try #require(chown(file, 0, 0) == 0 && chown(folder.url.path, 12_345, 0) == 0)
      #expect(try refusal(of: file).contains("it lies in \(folder.url.path), which belongs to user 12345"))
    }

    @Test func searchPathsNameFilesAndFolders() throws {
      var registry = PluginRegistry()
      try registry.load(searchPath: "")
      try folder.write("notes", to: "notes.txt")
      try registry.load(searchPath: ":\(folder.url.path):")
      try folder.write("text", to: "text.so")
      let file = folder.path("text.so")
      for path in [folder.url.path, file, ":\(file)"] {
        let error = #expect(throws: PluginError.self) { try registry.load(searchPath: path) }
        #expect(error?.description.hasPrefix("\(file): it is no library") == true, "\(error!)")
      }
      let missing = #expect(throws: PluginError.self) {
        try registry.load(searchPath: folder.path("missing"))
      }
      #expect(missing?.description.contains("there is no such file") == true)
    }
  }
#endif
