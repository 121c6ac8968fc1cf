// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Foundation

/// `canopy demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows canopy at work on the events and models that come with it.",
    discussion: """
      Twelve steps cluster, embed, classify, evaluate and trigger, in some seconds. Each prints the command that it runs; the first \
      line has the folder to run them in, whose Resources have models, samples, configurations and menus. The demo is a script for bash.

      EXAMPLES:
        canopy demo
      """)

  func run() throws {
    try reportingFailures {
      guard let folder = ShippedResources.folder, let program = Bundle.main.executablePath else {
        throw ValidationError(
          "The demo is not beside this canopy, in ../share/canopy: install Canopy by make install or as a wheel."
        )
      }
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
}
