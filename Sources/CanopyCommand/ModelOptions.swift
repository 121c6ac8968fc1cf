// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// Which model is used.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"), help: ArgumentHelp("The folder of the model.", valueName: "dir"),
    completion: .directory)
  var folder: String

  /// Reads the model.
  func read() throws -> Model {
    try Model(contentsOf: URL(fileURLWithPath: folder), plugins: .builtIn)
  }
}
