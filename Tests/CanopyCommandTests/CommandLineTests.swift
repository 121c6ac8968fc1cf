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

  /// All sections of a training configuration and of a menu, with those of plugins.
  @Test func settingsPrintsATableOfEachSection() throws {
    let outcome = try Program.run(["settings"])
    let titles = outcome.text.matches(of: #/(?m)^## ([a-z]+)$/#).map { String($0.1) }
    #expect(
      titles == [
        "data", "jets", "observables", "cuts", "embedding", "events", "heads", "training", "scan", "menu",
      ])
    for row in [
      "A list of conditions on numbers of observables", "| `gated` | ", "The keys of the head `jet-tagger`:",
      "| `seed-only` | false |", "The keys of the decision `invariant-mass`:", "(page Observables)",
    ] {
      #expect(outcome.text.contains(row), "\(row)")
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
    (["cluster"], "No events are given"),
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
    (
      ["cluster", "x", "--where", "label = 1 +"],
      "--where \"label = 1 +\" is wrong at character 7: = is not known"
    ),
    (
      ["cluster", "x", "--where", "foo(label) > 1"],
      "--where \"foo(label) > 1\" is wrong at character 1: there is no function foo()"
    ),
    (["cluster", "x", "--where", "sum(particle.pt)"], "this is a number, and a condition is needed"),
    (["cluster", "x", "--where", "particle.pt > 1"], "put it into any(), all() or count()"),
    (["cluster", "x", "--where", "jet[0].ptt > 1"], "jets have no column ptt; did you mean pt?"),
    (["cluster", "x", "--where", "max(jet.ptt) > 1"], "is wrong at character 5: jets have no column ptt"),
    (["cluster", "x", "--define", "a = count(splitting.pt > 1)"], "there is a value for each jet"),
    (["cluster", "x", "--define", "a = sum(met)"], "--define a: \"sum(met)\" is wrong at character 5"),
    (["cluster", "x", "--define", "a = particle.pt"], "put it into sum(), mean(), min() or max()"),
    (["cluster", "x", "--define", "a = hypot(b)"], "hypot() takes 2 arguments, not 1"),
    (["cluster", "x", "--define", "number = 1"], "--define gives number, which means something else"),
    (["cluster", "x", "--define", "particle = 1"], "--define gives particle, which means something else"),
    (["cluster", "x", "--cut", "soft-drop/mass >"], "a number is missing"),
    (["cluster", "x", "--cut", "soft-dop/mass > 3"], "did you mean soft-drop?"),
    (["cluster", "x", "--cut", "soft-drop/mas > 3"], "did you mean soft-drop/mass?"),
    (["cluster", "x", "--observable", "soft-dop"], "did you mean soft-drop?"),
    (["cluster", "x", "--observable", "a: {plugin: soft-drop, z-cut: 7}"], "must be less than 0.5"),
    (["cluster", "x", "--particles", "pt >"], "a number is missing"),
    (["cluster", "x", "--invisible", "none"], "is no particle identifier"),
    (["cluster", "x", "--status", "final"], "is no status"),
    (["cluster", "x", "--max-memory", "0"], "--max-memory is wrong"),
    (["cluster", "-", "x", "-"], "Standard input, -, is given twice"),
    (["trigger", "-", "--signal", "-", "--model", "m", "--menu", "m"], "Standard input, -, is given twice"),
    (["classify", "x"], "--model"),
    (["classify", "x", "--model", "m", "--condition", "mass"], "--condition"),
    (
      ["classify", "x", "--model", "m", "--condition", "mass=1", "--define", "mass = 2"],
      "--condition and --define both give mass"
    ),
    (["embed", "x", "--model", "m", "--where", "count(particle)"], "a condition is needed"),
    (["evaluate", "x", "--model", "m", "--where", "mean(met) > 1"], "one value for each event"),
    (["evaluate", "x", "--model", "m", "--signal-yield", "5"], "--background-yield"),
    (["trigger", "x", "--model", "m", "--menu", "m", "--where", "bar() > 1"], "there is no function bar()"),
    (["trigger", "x", "--model", "m", "--menu", "m", "--rate", "0"], "--rate is 0.0"),
    (["plugin", "new", "tagger"], "choose a capital letter"),
    (["plugin", "new", "Foundation"], "a name that Swift or Canopy uses already"),
    (["settings", "jet"], "jets"),
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

  /// What depends on the columns that a file has is not the command line's fault, nor is a name that a file may have.
  @Test(arguments: [
    (["--where", "nolabel == 1"], "events have no column nolabel"),
    (["--where", "jet.pt > 1"], "put it into any()"), (["--where", "particle > 1"], "is no number"),
    (
      ["--where", "max(jet.soft-drop/mas) > 1"],
      "character 5: jets have no column soft-drop/mas; did you mean"
    ),
    (["--where", "max(jet.soft-dop/mass) > 1"], "character 5: jets have no column soft-dop/mass"),
    (["--where", "soft-drop/mass > 1"], "jets have one: write jet.soft-drop/mass"),
    (["--define", "a = b + sum(jet.pt)", "--define", "b = 1"], "character 1: events have no column b"),
    (["--define", "label = count(jet)"], "define.label has the name of a column of the events"),
    (["--where", "label == 7", "--where", "max(jet.pt) > nolabel"], "events have no column nolabel"),
    (["--where", "any(particle.puppiWeight > 1)"], "particles have no column puppiWeight"),
    (["--define", "a = b + 1"], "events have no column b"),
    (["--define", "a = 1", "--define", "a-b = a-c"], "events have no column a-c"),
  ])
  func whatDependsOnTheFileIsTheInputs(arguments: [String], advice: String) throws {
    let outcome = try Program.run(["cluster", Samples.path("w-vs-qcd-small.h5")] + arguments)
    #expect(outcome.status == 65 && outcome.errors.contains(advice), "\(outcome.errors)")
    let files = try Program.run(
      "cluster", Samples.path("w-events.txt"), "--define", "n = count(particle)", "--where",
      "n > 0 and count(particle.pt > 1) > 0", "--max-events", "2", "--format", "jsonl")
    #expect(files.status == 0 && files.text.contains("\"event\":1"), "\(files.errors)")
  }

  /// A value of an option is the command line's fault, the same in a file is the file's.
  @Test func wrongSettingsAreWhosePlaceTheyStandIn() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      data: {inputs: [\(Samples.path("w-vs-qcd-small.h5"))]}
      jets: {algorithm: antikt, radius: 1.0}
      embedding: {cell: simple, width: 2, features: lund}
      heads: {tagger: {plugin: jet-tagger, configuration: {truth: label, classes: [QCD, W]}}}
      training: {epochs: 1}

      """, to: "training.yaml")
    for (setting, advice) in [
      ("training.epochs=-1", "training.epochs"), ("training.epoch=1", "did you mean 'epochs'?"),
      ("training", "write KEY.KEY=VALUE"),
      ("heads.tagger.plugin=jet-tager", "There is no plugin jet-tager here"),
      ("jets.radius={", "this is not YAML"),
    ] {
      let outcome = try Program.run("train", file, "-o", folder.path("model"), "--set", setting)
      #expect(
        outcome.status == 64 && outcome.errors.hasPrefix("canopy: --set \(setting)")
          && outcome.errors.contains(advice), "\(outcome.errors)")
    }
    let wrong = try folder.write(
      String(contentsOfFile: file, encoding: .utf8).replacing("epochs: 1", with: "epochs: -1"),
      to: "wrong.yaml")
    let outcome = try Program.run("train", wrong, "-o", folder.path("model"), "--set", "jets.radius=0.5")
    #expect(outcome.status == 65 && outcome.errors.contains("wrong.yaml:5:"), "\(outcome.errors)")
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
