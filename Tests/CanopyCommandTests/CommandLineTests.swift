// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

@Suite struct CommandLineTests {
  /// Help texts name what the registries have.
  @Test func formatsAreListed() throws {
    let help = try Program.run("help", "cluster").text.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    #expect(help.contains(EventFormats.builtIn.summary), "\(help)")
    for list in [EventFormats.builtIn.names, ResultFormats.builtIn.names] {
      #expect(help.contains("(values: \(list.joined(separator: ", "))"), "\(help)")
    }
    #expect(help.contains(ResultFormats.builtIn.fileExtensions.joined(separator: ", ")))
  }

  /// Formats are those of plugins too, so that a name is looked up after these are loaded.
  @Test func formatsThatThereAreNotAreRefused() throws {
    for (command, option, names) in [
      ("cluster", "--input-format", "hdf5, lhe, hepmc3, hepmc2, jsonl, text"),
      ("inspect", "--input-format", "hdf5, lhe, hepmc3, hepmc2, jsonl, text"),
      ("cluster", "--format", "table, jsonl, hdf5, npz"),
    ] {
      let outcome = try Program.run(command, Samples.path("w-events.txt"), option, "parquet")
      #expect(
        outcome.status == 64
          && outcome.errors
            == "canopy: \(option) is parquet, which is no format; choose from \(names), or load the "
            + "library of another by --plugin.\n"
      )
    }
  }

  @Test func helpIsPrintedWithoutArguments() throws {
    let outcome = try Program.run()
    #expect(outcome.status == 0)
    for name in ["cluster", "embed", "classify", "train", "evaluate", "inspect", "bench"] {
      #expect(outcome.text.contains("\n  \(name) "))
      let help = try Program.run("help", name)
      #expect(help.status == 0)
      #expect(help.text.contains("canopy \(name) "))
    }
  }

  @Test func versionCitesFastJet() throws {
    let outcome = try Program.run("--version")
    #expect(outcome.status == 0)
    #expect(outcome.text.hasPrefix("canopy ") && outcome.text.contains("FastJet 3."))
    #expect(outcome.text.contains("arXiv:1111.6097"))
  }

  @Test(arguments: [
    (["clustr", "x"], "Did you mean 'cluster'?"),
    (["cluster"], "Missing expected argument"),
    (["cluster", "x", "--radus", "1"], "Did you mean '--radius'?"),
    (["cluster", "x", "--algorithm", "anti"], "antikt"),
    (["cluster", "x", "--radius=-1"], "--radius must lie between 1e-6 and 1000"),
    (["cluster", "x", "--radius", "nan"], "--radius must be a number, not nan"),
    (["cluster", "x", "--min-pt=-5"], "--min-pt must not be negative"),
    (["cluster", "x", "--algorithm", "genkt"], "needs a power"),
    (["cluster", "x", "--power", "1"], "--power means nothing for antikt; leave it out"),
    (
      ["cluster", "x", "--algorithm", "ee-kt", "--exclusive-jets", "2", "--radius", "1"],
      "--radius means nothing for ee-kt; leave it out"
    ),
    (["cluster", "x", "--algorithm", "ee-kt"], "give exclusive-jets or exclusive-dcut"),
    (
      ["cluster", "x", "--exclusive-jets", "2", "--exclusive-dcut", "3"],
      "--exclusive-dcut excludes exclusive-jets"
    ),
    (["cluster", "x", "--exclusive-jets", "2", "--min-pt", "3"], "--min-pt is for inclusive jets"),
    (["cluster", "x", "--exclusive-jets", "0"], "--exclusive-jets must be 1 or more"),
    (["cluster", "x", "--recluster", "kt"], "add --tree"),
    (["cluster", "x", "--threads", "0"], "from 1 to 1024"),
    (["cluster", "x", "--max-events=-1"], "must be 1 or more"),
    (["cluster", "x", "--skip-events=-1"], "must not be negative"),
    (["cluster", "x", "--format", "xml"], "jsonl"),
    (["classify", "x"], "--model"),
    (["evaluate", "x", "--model", "m", "--format", "jsonl"], "json"),
    (["train", "x.yaml"], "--output"),
    (["bench", "--only", "speed"], "clustering"),
    (["bench", "--threads", "0"], "from 1 to 1024"),
  ])
  func wrongCommandLinesSayWhatToDo(arguments: [String], advice: String) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 64 && outcome.hasExited)
    #expect(outcome.errors.contains(advice), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  @Test func aReaderThatGoesAwayIsNoFailure() throws {
    let folder = try TemporaryFolder()
    let pipe = Pipe()
    let process = try Program.start(
      ["cluster", Samples.path("w-events.txt"), Samples.path("w-events.txt"), "--format", "jsonl", "--tree"],
      folder: folder, output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    try pipe.fileHandleForReading.close()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(try folder.data("errors").isEmpty)
  }

  @Test func anInterruptedRunLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    let results = try TemporaryFolder()
    let input = Pipe()
    let process = try Program.start(
      ["cluster", "-", "--threads", "1", "-o", results.path("jets.jsonl")], input: input.fileHandleForReading,
      folder: folder)
    // More than a pipe holds: the program is at work when all of it is written.
    let events = String(repeating: "1 0 0 1\n#END\n", count: 40_000)
    try input.fileHandleForWriting.write(contentsOf: Data(events.utf8))
    process.terminate()
    process.waitUntilExit()
    try input.fileHandleForWriting.close()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
    #expect(try results.content == [])
  }
}
