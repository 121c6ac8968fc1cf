// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// The outcome of a run of `canopy`.
struct Outcome {
  let status: Int32
  /// Whether the program ended by itself.
  let hasExited: Bool
  let output: Data
  let errors: String

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }
}

/// The program under test.
enum Program {
  /// Next to the tests, where the package manager builds both.
  static let executable: URL = {
    let folders = Bundle.allBundles.map(\.bundleURL) + [Bundle.main.executableURL!]
    let candidates = folders.map { $0.deletingLastPathComponent().appendingPathComponent("canopy") }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates.last!
  }()

  /// Runs `canopy` to its end.
  static func run(_ arguments: String..., input: Data = Data()) throws -> Outcome {
    try run(arguments, input: input)
  }

  /// Runs `canopy` to its end.
  ///
  /// - Parameters:
  ///   - arguments: the arguments.
  ///   - input: what the program reads from standard input.
  ///   - fileLimit: the largest size of a file in KiB; none if nil.
  /// - Returns: the outcome.
  /// - Throws: an error if the program cannot be started or its files cannot be used.
  static func run(_ arguments: [String], input: Data = Data(), fileLimit: Int? = nil) throws -> Outcome {
    let folder = try TemporaryFolder()
    let inputFile = try folder.write(input, to: "input")
    let process = try start(
      arguments, input: FileHandle(forReadingFrom: URL(fileURLWithPath: inputFile)), folder: folder,
      fileLimit: fileLimit)
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, hasExited: process.terminationReason == .exit,
      output: try Data(contentsOf: folder.url.appendingPathComponent("output")),
      errors: String(
        decoding: try Data(contentsOf: folder.url.appendingPathComponent("errors")), as: UTF8.self))
  }

  /// Starts `canopy`; what it writes goes to the files `output`, unless another is given, and `errors` in
  /// `folder`.
  static func start(
    _ arguments: [String], input: FileHandle = .nullDevice, folder: TemporaryFolder,
    output: FileHandle? = nil, fileLimit: Int? = nil
  ) throws -> Process {
    let process = Process()
    if let fileLimit {
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", "ulimit -f \(fileLimit); exec \"$@\"", "bash", executable.path] + arguments
    } else {
      process.executableURL = executable
      process.arguments = arguments
    }
    process.standardInput = input
    process.standardOutput =
      try output
      ?? FileHandle(forWritingTo: URL(fileURLWithPath: try folder.write("", to: "output")))
    process.standardError = try FileHandle(
      forWritingTo: URL(fileURLWithPath: try folder.write("", to: "errors")))
    // Threads that tests run in may block signals, which the program would inherit.
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    return process
  }
}
