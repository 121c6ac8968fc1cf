// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// Outputs that would destroy an input, disks that are full, and signals.
@Suite struct OutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A report has files of its own names in a folder; the inputs there are not among them.
  @Test(arguments: [false, true]) func noFileOfAReportIsAnInput(isLinked: Bool) throws {
    let text = "0,1,0.5\n1,2,0.5\n"
    let name = isLinked ? "histogram" : "pairs.csv"
    let histogram = try folder.write(text, to: name)
    if isLinked {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("report.json"), withDestinationPath: histogram)
    }
    let menu = try folder.write("paths: [{name: all}]", to: "menu.yaml")
    let trigger = [
      "trigger", Samples.path("w-vs-qcd-small.h5"), "--menu", menu, "--model", Models.folder("w-tagger").path,
      "--max-events", "20", "--define", "mu=label",
      "--pile-up", "mu=\(histogram)",
    ]
    let lost = try Program.run(trigger + ["--report", folder.url.path])
    #expect(
      lost.status == 64 && lost.errors.contains("which a file of the report may replace"), "\(lost.errors)")
    #expect(try folder.text(name) == text)
    let elsewhere = try Program.run(trigger + ["--report", folder.path("report")])
    #expect(elsewhere.status == 0, "\(elsewhere.errors)")
  }

  @Test(arguments: ["link", "hard-link", "./events.txt", "sub/../events.txt", "/proc/self/fd/0"])
  func anInputIsNoOutput(name: String) throws {
    let files = FileManager.default
    let events = try folder.write("1 0 0 1\n#END\n", to: "events.txt")
    try files.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: events)
    try files.linkItem(atPath: events, toPath: folder.path("hard-link"))
    try files.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: false)
    let messages = try TemporaryFolder()
    let output = name.hasPrefix("/") ? name : folder.url.path + "/" + name
    let process = try Program.start(
      ["cluster", name.hasPrefix("/") ? "-" : events, "-o", output],
      input: FileHandle(forReadingFrom: URL(fileURLWithPath: events)), folder: messages)
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
    #expect(try messages.text("errors").contains("which would be lost; name another"))
    #expect(try folder.text("events.txt") == "1 0 0 1\n#END\n")
  }

  /// An ending that stands for no format is refused before the work, unless a format is named.
  @Test func anEndingNamesAFormat() throws {
    let events = Samples.path("w-events.txt")
    for arguments in [
      ["cluster", events], ["classify", events, "--model", "w-tagger"],
      ["generate", "--model", "jet-likelihood", "--class", "W", "-n", "1"],
      ["trigger", events, "--menu", "none.yaml", "--model", "w-tagger"],
    ] {
      let outcome = try Program.run(arguments + ["-o", folder.path("scores.root")])
      #expect(
        outcome.status == 64 && outcome.errors.contains("scores.root ends in none of ."), "\(outcome.errors)")
    }
    for options in [["scores.root", "--format", "table"], ["scores.txt"], ["scores"]] {
      let outcome = try Program.run(
        ["cluster", events, "--max-events", "1", "-o", folder.path(options[0])] + options.dropFirst())
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try folder.text(options[0]).contains("pt [GeV]"))
    }
  }

  @Test func aModelIsNoOutput() throws {
    let model = try TinyModel.folder()
    let weights = try Data(contentsOf: URL(fileURLWithPath: model + "/weights.safetensors"))
    let events = Samples.path("w-events.txt")
    for (arguments, input) in [
      (["classify", events, "--model", model, "-o", model + "/weights.safetensors"], "weights.safetensors"),
      (["evaluate", events, "--model", model, "--report", model], "model"),
    ] {
      let outcome = try Program.run(arguments)
      #expect(outcome.status == 64 && outcome.errors.contains(input), "\(outcome.errors)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: model + "/weights.safetensors")) == weights)
  }

  @Test func twoOutputsAreNotTheSame() throws {
    let menu = try folder.write("paths: [{name: all}]\n", to: "menu.yaml")
    let outcome = try Program.run(
      "trigger", Samples.path("w-events.txt"), "--menu", menu, "--model", try TinyModel.folder(), "--signal",
      Samples.path("w-events.txt"), "-o", folder.path("out"), "--report", folder.path("out"))
    #expect(outcome.status == 64 && outcome.errors.contains("are the same"), "\(outcome.errors)")
  }

  /// A limit on the size of files fails as a full disk does.
  @Test(arguments: ["out.jsonl", "out.h5", "out.npz"]) func aFullDiskLeavesNothing(name: String) throws {
    try folder.write("earlier", to: name)
    let outcome = try Program.run(
      ["cluster", Samples.path("w-vs-qcd-small.h5"), "--tree", "--constituents", "-o", folder.path(name)],
      fileLimit: 64)
    #expect(outcome.status == 1 && outcome.hasExited, "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("free some space"))
    #expect(try folder.content == [name])
    #expect(try folder.text(name) == "earlier")
  }

  @Test func aFullDiskEndsATraining() throws {
    let configuration = try folder.write(TinyModel.configuration(epochs: 1, events: 100), to: "c.yaml")
    let outcome = try Program.run(["train", configuration, "-o", folder.path("model")], fileLimit: 4)
    #expect(outcome.status == 1 && outcome.hasExited, "\(outcome.errors)")
    #expect(outcome.errors.contains("free some space"), "\(outcome.errors)")
    #expect(try folder.content == ["c.yaml"])
  }

  /// The cache of events is much larger than the limit, and the model is not written yet.
  @Test func aFullDiskHasNoRoomForTheCache() throws {
    let configuration = try folder.write(TinyModel.configuration(epochs: 1, events: 100), to: "c.yaml")
    let cache = try TemporaryFolder()
    let outcome = try Program.run(
      ["train", configuration, "-o", folder.path("model"), "--set", "data.cache=\(cache.url.path)"],
      fileLimit: 64)
    #expect(outcome.status == 1 && outcome.hasExited, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("canopy: \(cache.url.path): cannot be written")
        && outcome.errors.contains("free some space"),
      "\(outcome.errors)")
    #expect(try folder.content == ["c.yaml"] && cache.content == [])
  }

  @Test func aFullDiskGivesNoReport() throws {
    let outcome = try Program.run(
      [
        "evaluate", Samples.path("w-vs-qcd-small.h5"), "--max-events", "200", "--model",
        try TinyModel.folder(),
        "--report", folder.path("report"),
      ], fileLimit: 32)
    #expect(outcome.status == 1 && outcome.hasExited, "\(outcome.errors)")
    #expect(outcome.errors.contains("File too large"), "\(outcome.errors)")
    #expect(try folder.content == [])
  }

  /// Each command with an output, and the option that names it.
  private func commands() throws -> [(arguments: [String], isFolder: Bool)] {
    let model = try TinyModel.folder()
    let (events, sample) = (Samples.path("w-events.txt"), Samples.path("w-vs-qcd-small.h5"))
    let menu = try folder.write("paths: [{name: all}]\n", to: "menu.yaml")
    let configuration = try folder.write(TinyModel.configuration(), to: "tiny.yaml")
    let trigger = ["trigger", sample, "--menu", menu, "--model", model]
    return ["table", "jsonl", "hdf5", "npz"].map { (["cluster", events, "--format", $0, "-o"], false) } + [
      (["classify", events, "--model", model, "-o"], false),
      (["embed", events, "--model", model, "-o"], false),
      (trigger + ["-o"], false), (trigger + ["--output-format", "jsonl", "-o"], false),
      (trigger + ["--tune", "--signal", sample, "-o"], false),
      (["evaluate", sample, "--model", model, "--report"], true),
      (trigger + ["--signal", sample, "--report"], true), (["train", configuration, "-o"], true),
      (
        ["bench", "--quick", "--only", "size", "--samples", Samples.path(""), "--model", model, "--figure"],
        false
      ),
    ]
  }

  /// Not even root can make a file below a file.
  @Test func placesThatCanBeNoneAreErrorsOfTheCommandLine() throws {
    let file = try folder.write("", to: "file")
    let commands = try commands()
    let before = try folder.content
    for (arguments, isFolder) in commands {
      for place in [file + "/out", folder.path("none/out"), isFolder ? file : folder.url.path] {
        let outcome = try Program.run(arguments + [place])
        #expect(outcome.status == 64 && outcome.hasExited, "\(arguments) \(outcome.errors)")
        #expect(outcome.errors.hasPrefix("canopy: ") && outcome.errors.filter(\.isNewline).count == 1)
        #expect(outcome.errors.contains(place) && outcome.output.isEmpty, "\(outcome.errors)")
        #expect(try folder.content == before)
      }
    }
    // Its kit is looked at first.
    for place in [file, "/dev/null", folder.path("none")] {
      let outcome = try Program.run(
        "plugin", "new", "MyTagger", "--directory", place, "--kit", PluginTests().kit(in: folder))
      #expect(outcome.status == 64 && outcome.errors.contains(place), "\(outcome.errors)")
    }
  }

  /// Before its first epoch a training has nothing to leave, whatever it made for it.
  @Test func aTrainingThatIsStoppedEarlyLeavesNothing() throws {
    let configuration = try folder.write(TinyModel.configuration(epochs: 200), to: "c.yaml")
    let process = try Program.start(
      ["train", configuration, "-o", folder.path("model")], folder: try TemporaryFolder())
    while process.isRunning, !FileManager.default.fileExists(atPath: folder.path("model")) { usleep(200) }
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(try folder.content == ["c.yaml"])
  }

  /// The folder that it has made stays then, empty, and is taken by the next training.
  @Test func aTrainingThatIsKilledEarlyIsInNobodysWay() throws {
    let model = folder.path("model")
    let configuration = try folder.write(TinyModel.configuration(epochs: 1, events: 100), to: "c.yaml")
    let process = try Program.start(["train", configuration, "-o", model], folder: try TemporaryFolder())
    while process.isRunning, !FileManager.default.fileExists(atPath: model) { usleep(200) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(try FileManager.default.contentsOfDirectory(atPath: model) == [])
    let second = try Program.run("train", configuration, "-o", model)
    #expect(second.status == 0, "\(second.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: model).sorted() == [
        "checkpoint.safetensors", "learning-curve.csv", "model.json", "weights.safetensors",
      ])
  }

  @Test func oneTrainingAtATime() throws {
    let configuration = try folder.write(TinyModel.configuration(epochs: 200), to: "c.yaml")
    let messages = try TemporaryFolder()
    let first = try Program.start(["train", configuration, "-o", folder.path("model")], folder: messages)
    defer { first.terminate() }
    let checkpoint = folder.path("model/checkpoint.safetensors")
    while first.isRunning, !FileManager.default.fileExists(atPath: checkpoint) { usleep(2000) }
    let second = try Program.run("train", configuration, "-o", folder.path("model"), "--resume")
    #expect(second.status == 1, "\(second.errors)")
    #expect(second.errors.contains("process \(first.processIdentifier),"), "\(second.errors)")
  }

  /// Reading from a pipe that nobody writes to waits for ever.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func oneSignalEndsAReadThatIsBlocked(number: Int32) throws {
    let messages = try TemporaryFolder()
    let input = Pipe()
    let process = try Program.start(
      ["cluster", "-", "-o", folder.path("jets.h5")], input: input.fileHandleForReading, folder: messages)
    try input.fileHandleForWriting.write(contentsOf: Data("1 0 0 1\n".utf8))
    while process.isRunning, try folder.content.isEmpty { usleep(2000) }
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == number)
    #expect(try folder.content == [])
    withExtendedLifetime(input) {}
  }
}
