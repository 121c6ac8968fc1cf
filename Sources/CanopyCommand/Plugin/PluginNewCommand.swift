// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

extension PluginTemplate.Kind: ExpressibleByArgument {}

/// `canopy plugin new`.
struct PluginNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Writes a package with a plugin that works, to start from.",
    discussion: """
      The package has a head that tells two classes of jets apart with a training configuration, or a decision that \
      measures two jets with a menu of a trigger; tests; and a README. It builds and passes its tests as it is.

      EXAMPLES:
        canopy plugin new MyTagger
        canopy plugin new BackToBack --kind decision
        canopy plugin new MyTagger --directory ~/plugins --canopy https://example.org/canopy.git
      """)

  @Argument(help: "The name of the plugin: a Swift type such as MyTagger.")
  var name: String

  @Option(help: "What the plugin is: a head, which is trained, or a decision for menus of triggers.")
  var kind = PluginTemplate.Kind.head

  @Option(
    help: ArgumentHelp("Where the folder NAME is made.", valueName: "dir"), completion: .directory)
  var directory = "."

  @Option(
    help: ArgumentHelp(
      "Canopy's sources: a folder, or the URL of a repository (default: the folder that canopy was built in).",
      valueName: "path-or-url"))
  var canopy: String?

  func run() throws {
    try reportingFailures {
      let template = try PluginTemplate(
        kind, name: name, canopy: canopy.map(CanopySources.init) ?? CanopySources())
      let path =
        directory == "." ? name : URL(fileURLWithPath: directory).appendingPathComponent(name).relativePath
      try template.write(to: URL(fileURLWithPath: path))
      try writeToStandardOutput(
        Data(
          """
          \(path) has the plugin \(template.identifier). To build, test, check and use it:

            cd \(path)
            swift test
            swift build -c release
            canopy plugin check .build/release/lib\(name).so
            \(template.use)

          """.utf8))
    }
  }
}
