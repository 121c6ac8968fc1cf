// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// What comes with the program is found wherever the program and it lie beside each other.
@Suite struct ShippedTests {
  @Test func aShippedModelIsTakenByItsName() throws {
    let classify = ["classify", Samples.path("w-events.txt"), "--format", "jsonl", "--model"]
    let byName = try Program.run(classify + ["w-tagger"])
    let byFolder = try Program.run(classify + [Samples.path("../Models/w-tagger")])
    #expect(
      byName.status == 0 && !byName.output.isEmpty && byName.output == byFolder.output, "\(byName.errors)")
    let inspected = try Program.run("inspect", "w-tagger")
    #expect(inspected.status == 0 && inspected.text.contains("jet-tagger"), "\(inspected.errors)")
    let evaluated = try Program.run(
      "evaluate", Samples.path("w-vs-qcd-small.h5"), "--max-events", "50", "--model", "w-tagger", "--model",
      Samples.path("../Models/w-tagger"))
    #expect(evaluated.status == 0 && evaluated.text.contains("AUC"), "\(evaluated.errors)")
    let unknown = try Program.run(classify + ["w-tager"])
    #expect(unknown.status == 65 && unknown.errors.contains("w-tager"), "\(unknown.errors)")
  }

  @Test func whatIsThereGoesBeforeWhatIsShipped() throws {
    let folder = try TemporaryFolder()
    let outcome = try shell(
      "mkdir w-tagger && exec '\(Program.executable.path)' inspect w-tagger", in: folder)
    #expect(outcome.status == 65 && outcome.text.contains("model.json"), "\(outcome.text)")
  }

  @Test func anInstalledProgramShowsTheDemoBesideIt() throws {
    let folder = try TemporaryFolder()
    let install = "mkdir bin && cp '\(Program.executable.path)' bin/canopy"
    let without = try shell("\(install) && exec bin/canopy demo", in: folder)
    #expect(without.status == 64 && without.text.contains("../share/canopy"), "\(without.text)")
    let script = "mkdir -p share/canopy/Resources && echo 'echo shown by $1' > share/canopy/Resources/demo.sh"
    let outcome = try shell("\(script) && exec bin/canopy demo", in: folder)
    #expect(
      outcome.status == 0 && outcome.text.hasPrefix("shown by ") && outcome.text.hasSuffix("/bin/canopy\n"),
      "\(outcome.text)")
  }

  @Test func examplesAreCopiedWithTheirSamples() throws {
    let folder = try TemporaryFolder()
    let copied = try Program.run("demo", "--examples", folder.path("examples"))
    #expect(copied.status == 0, "\(copied.errors)")
    #expect(try folder.data("examples/Examples/onnx.py") == Samples.data("../Examples/onnx.py"))
    #expect(try folder.data("examples/Samples/w-events.txt") == Samples.data("w-events.txt"))
    try folder.write("mine", to: "examples/Examples/onnx.py")
    let again = try Program.run("demo", "--examples", folder.path("examples"))
    #expect(again.status == 64 && again.errors.contains("is there and has files"), "\(again.errors)")
    #expect(try folder.text("examples/Examples/onnx.py") == "mine")
  }

  /// Runs a line of bash in a folder; the text is of both outputs.
  private func shell(_ line: String, in folder: TemporaryFolder) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = folder.url
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
