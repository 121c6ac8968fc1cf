// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Foundation
import Support

/// `canopy demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows canopy at work on the events and models that come with it.",
    discussion: """
      Eighteen steps cluster, embed, classify, evaluate, trigger, generate and measure, in some seconds. Each prints the command that it \
      runs; the first line has the folder to run them in, whose Resources have models, samples, configurations and menus. The demo is a script for bash.

      EXAMPLES:
        canopy demo
        canopy demo --examples canopy-examples
      """)

  @Option(
    help: ArgumentHelp(
      "Copy the examples instead into a new folder, with the samples that they read.",
      discussion: "They are programs in Python, C and C++, and a notebook.", valueName: "folder"),
    completion: .directory)
  var examples: String?

  func run() throws {
    try reportingFailures {
      guard let folder = ShippedResources.folder, let program = Bundle.main.executablePath else {
        throw ValidationError(
          "The demo is not beside this canopy, in ../share/canopy: install Canopy by make install or as a wheel."
        )
      }
      if let examples { return try Self.copyExamples(from: folder, to: examples) }
      // The script takes this program's place; the signals that this program ignores are to end the script's commands.
      signal(SIGPIPE, SIG_DFL)
      signal(SIGXFSZ, SIG_DFL)
      let arguments: [UnsafeMutablePointer<CChar>?] =
        ["bash", "\(folder)/demo.sh", program].map { (argument: String) in strdup(argument) } + [nil]
      execvp("bash", arguments)
      throw ValidationError(
        "bash, which runs the demo, cannot be started: \(String(cString: strerror(errno))).")
    }
  }

  private static func copyExamples(from resources: String, to folder: String) throws {
    guard (try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? true else {
      throw ValidationError("--examples \(folder) is there and has files; name a new folder.")
    }
    try OutputPlace.checkFolder(folder)
    let copy = try WholeFolder(beside: folder)
    for name in ["Examples", "Samples"] {
      do {
        try FileManager.default.copyItem(
          atPath: "\(resources)/\(name)", toPath: copy.url.appendingPathComponent(name).path)
      } catch {
        throw FileOutputError(folder, code: error.systemCode)
      }
    }
    try copy.commit()
    print("The examples are in \(folder)/Examples.")
  }
}
