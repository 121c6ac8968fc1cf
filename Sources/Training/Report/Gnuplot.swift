// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine

/// The plotting program, found on this machine.
public struct Gnuplot: Sendable {
  private let executable: URL

  /// Finds gnuplot in the folders of `searchPath`, which are separated by colons; PATH unless given.
  ///
  /// - Throws: ``ReportError`` with how to install it.
  public init(searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? "") throws {
    let candidates = searchPath.split(separator: ":").map {
      URL(fileURLWithPath: String($0), isDirectory: true).appendingPathComponent("gnuplot")
    }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) })
    else {
      throw ReportError(
        description: "The report's figures need gnuplot, which is not installed; "
          + "install it with 'sudo apt install gnuplot-nox' or from <http://gnuplot.info>.")
    }
    executable = found
  }

  /// Runs a script in its own folder, without a shell.
  func run(script: URL) throws {
    let process = Process()
    process.executableURL = executable
    // Without the user's start-up file, figures look the same everywhere.
    process.arguments = ["-d", script.lastPathComponent]
    process.currentDirectoryURL = script.deletingLastPathComponent()
    process.environment = ["LC_ALL": "C.UTF-8", "PATH": executable.deletingLastPathComponent().path]
      .merging(ProcessInfo.processInfo.environment) { ours, _ in ours }
    let complaints = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = complaints
    let output: Data
    do {
      try process.run()
      output = complaints.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
    } catch {
      throw ReportError(description: "gnuplot cannot be run: \(error.fileReason).")
    }
    guard process.terminationStatus == 0 else {
      let lines = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline)
      let reason = lines.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "it gives no reason"
      throw ReportError(description: "gnuplot could not draw the figures: \(reason)")
    }
  }
}
