// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// A format of event files by its name on the command line; which there are is known when plugins are loaded.
struct InputFormat: ExpressibleByArgument {
  /// The name.
  let name: String

  init(argument: String) { name = argument }

  /// The names of the built-in formats.
  static var allValueStrings: [String] { EventFormats.builtIn.names }
}

extension MomentumUnit: ExpressibleByArgument {}

/// What is in an event file, if the file does not say so itself, and how much of it is held at once.
struct ContentOptions: ParsableArguments {
  @Option(help: EventReadingOptions.help("format", valueName: "format"))
  var inputFormat: InputFormat?

  @Option(help: EventReadingOptions.help("units", valueName: "unit"))
  var units: MomentumUnit?

  @Option(
    help: ArgumentHelp(
      "The memory in MiB that reading may take (default: 1024).",
      discussion: """
        One event may have a sixteenth of it as text, and 1024 particles for each MiB; four times as much may be copied \
        to TMPDIR to read HDF5 that is compressed or comes through a pipe.
        """, valueName: "mib"))
  var maxMemory: Int?

  func validate() throws {
    do {
      _ = try maxMemory.map { try ReadingLimits(mebibytes: $0) }
    } catch let error as ReadingLimitsError {
      throw ValidationError("--max-memory is wrong: \(error.problem).")
    }
  }

  /// The name of the format that the user asks for; nil if it is told from the content.
  ///
  /// - Throws: `ValidationError` if there is no such format.
  func format(among formats: EventFormats) throws -> String? {
    guard let name = inputFormat?.name, formats[name] == nil else { return inputFormat?.name }
    throw ValidationError(unknownFormat("--input-format", name, formats.names))
  }

  /// How much of the input is held at once.
  var limits: ReadingLimits { maxMemory.map { ReadingLimits(memory: $0 << 20) } ?? ReadingLimits() }
}

/// What is said of a format that an option names and that there is not.
func unknownFormat(_ option: String, _ name: String, _ known: [String]) -> String {
  "\(option) is \(name), which is no format; choose from \(known.joined(separator: ", ")), or load the library of "
    + "another by --plugin."
}
