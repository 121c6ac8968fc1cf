// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// `canopy plugin new`.
struct PluginNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Writes a package with a plugin that works, to start from.",
    discussion: """
      The package has a plugin, an example that uses it (a training configuration, a menu or a file of events), tests, \
      and a README. It builds and \
      passes its tests as it is, in seconds: it is compiled against the plugin kit that comes with canopy.

      EXAMPLES:
        canopy plugin new MyTagger
        canopy plugin new MyMass --kind regression
        canopy plugin new BackToBack --kind decision --directory ~/plugins
        canopy plugin new MyTable --kind format
      """)

  @Argument(help: "The name of the plugin: a Swift type such as MyTagger.")
  var name: String

  @Option(help: ArgumentHelp("What the plugin is: \(Kind.meanings).", valueName: Kind.names))
  var kind = Kind(type: HeadTemplate.self)

  @Option(
    help: ArgumentHelp("Where the folder NAME is made.", valueName: "dir"), completion: .directory)
  var directory = "."

  @Option(
    help: ArgumentHelp(
      "The plugin kit to compile against (default: that of this canopy).", valueName: "dir"),
    completion: .directory)
  var kit: String?

  /// A kind of plugin that a user names.
  struct Kind: ExpressibleByArgument {
    let type: any PluginKindTemplate.Type

    init(type: any PluginKindTemplate.Type) { self.type = type }

    init?(argument: String) {
      guard let type = PluginTemplate.kinds.first(where: { $0.kind == argument }) else { return nil }
      self.type = type
    }

    var defaultValueDescription: String { type.kind }

    static var allValueStrings: [String] { PluginTemplate.kinds.map { $0.kind } }

    static var names: String { allValueStrings.joined(separator: "|") }

    static var meanings: String {
      PluginTemplate.kinds.map { "\($0.kind), \($0.meaning)" }.joined(separator: "; ")
    }
  }

  func validate() throws { try PluginNames.check(name) }

  func run() throws {
    try reportingFailures {
      let plugins = try PluginOptions.registry(loading: [])
      let names = try PluginNames(name, kit: kitFolder(), registry: plugins)
      let template = PluginTemplate(kind.type, names)
      let path =
        directory == "." ? name : URL(fileURLWithPath: directory).appendingPathComponent(name).relativePath
      try template.write(to: URL(fileURLWithPath: path))
      let commands = ["cd \(path)"] + template.commands
      try writeToStandardOutput(
        Data(
          """
          \(path) has the plugin \(names.identifier). To build, test, check and use it:

          \(commands.map { "  \($0)" }.joined(separator: "\n"))

          """.utf8))
    }
  }

  /// The plugin kit that the user names, else that of this canopy.
  private func kitFolder() throws -> PluginKitFolder {
    guard let kit else { return try PluginKitFolder() }
    do {
      return try PluginKitFolder(kit)
    } catch let error as PluginError {
      throw ValidationError("--kit \(error)")
    }
  }
}
