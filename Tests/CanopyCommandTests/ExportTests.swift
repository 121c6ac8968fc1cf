// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// `canopy export` and its `--check`, in which a script stands in for Python; test_onnx.py has ONNX Runtime itself.
@Suite struct ExportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Exports the tiny model while `script` is Python.
  private func check(_ script: String, _ options: String...) throws -> (status: Int32, text: String) {
    let python = try folder.write("#!/bin/bash\n\(script)\n", to: "python")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
    let process = Process()
    process.executableURL = Program.executable
    process.arguments =
      [
        "export", try TinyModel.folder(), "-o", folder.path("tiny.onnx"), "--check",
        Samples.path("w-events.txt"),
      ]
      + options
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHON": python]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  private var isWritten: Bool { FileManager.default.fileExists(atPath: folder.path("tiny.onnx")) }

  /// A script that says of all events that they differ by so much.
  private func answer(_ difference: String, compared: Int = 20) -> String {
    "cat > \(folder.path("given")); "
      + #"echo '{"difference":\#(difference),"output":"w-tagger/score","seconds":0.25,"compared":\#(compared)}'"#
  }

  @Test func aGraphThatAgreesIsWritten() throws {
    let outcome = try check(answer("3e-6"))
    #expect(outcome.status == 0 && isWritten, "\(outcome.text)")
    #expect(
      outcome.text.contains("differ by 3.0e-06 at most (w-tagger/score), on 20 events"), "\(outcome.text)")
    // The graph, and its inputs and outputs by their names.
    let given = try folder.data("given")
    #expect(given.range(of: try folder.data("tiny.onnx")) != nil)
    for name in ["node_momenta", "node_children", "jet_embedding", #"w-tagger\/score"#] {
      #expect(given.range(of: Data("\"\(name)\"".utf8)) != nil, "\(name)")
    }
  }

  @Test func aGraphThatDiffersIsNotWritten() throws {
    let outcome = try check(answer("2e-5"))
    #expect(outcome.status != 0 && outcome.text.contains("too large") && !isWritten, "\(outcome.text)")
    let wider = try check(answer("2e-5"), "--precision", "float16")
    #expect(wider.status == 0 && isWritten, "\(wider.text)")
  }

  @Test(arguments: [
    ("exit 3", "python has no onnxruntime, or no NumPy: install them by"),
    (
      "cat > /dev/null; echo no such operation; exit 1",
      "cannot run the graph by ONNX Runtime: no such operation."
    ),
  ]) func aFailureIsOneSentence(script: String, sentence: String) throws {
    let outcome = try check(script)
    #expect(outcome.status != 0 && outcome.text.contains(sentence) && !isWritten, "\(outcome.text)")
  }

  @Test func aCheckOfNothingIsRefused() throws {
    let outcome = try check(answer("0", compared: 0))
    #expect(
      outcome.status != 0 && outcome.text.contains("Nothing is compared") && !isWritten, "\(outcome.text)")
  }
}
