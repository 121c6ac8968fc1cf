// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// `canopy trigger`.
@Suite struct TriggerTests {
  private static let model = Models.folder("w-tagger").path
  private static let input = Samples.path("w-vs-qcd-small.h5")
  private static let menu = """
    rate: {input: 1000, budget: 900}
    paths:
      - name: tagged
        conditions:
          - jet: {quantity: w-tagger/score}
            min: 0.5
      - name: all
        prescale: 7
    """

  private let folder: TemporaryFolder
  private let menu: String

  init() throws {
    folder = try TemporaryFolder()
    menu = try folder.write(Self.menu, to: "menu.yaml")
  }

  private func arguments(_ more: [String]) -> [String] {
    ["trigger", Self.input, "--menu", menu, "--model", Self.model] + more
  }

  /// The report without what is measured by a clock.
  private func report(_ output: Data) throws -> NSDictionary {
    var report = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
    #expect(report.removeValue(forKey: "latency") != nil)
    return report as NSDictionary
  }

  /// Stops a run by signals, each as soon as the journal has grown, and expects that it comes to what a run does that
  /// was never stopped.
  private func stopAndResume(
    _ name: String, by signals: [Int32], look: (_ process: Process, _ errors: String) throws -> Void
  ) throws {
    let options = ["--max-events", "1500", "--format", "json", "--threads", "2"]
    let whole = try Program.run(arguments(options + ["-o", folder.path("whole-\(name)")]))
    try #require(whole.status == 0, "\(whole.errors)")
    let resumed = arguments(options + ["-o", folder.path(name), "--resume"])
    func size() -> Int { (try? folder.data("\(name).journal").count) ?? 0 }
    for signal in signals {
      let before = size()
      let messages = try TemporaryFolder()
      let process = try Program.start(resumed, folder: messages)
      while process.isRunning, size() <= before { usleep(2000) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      try look(process, messages.text("errors"))
    }
    let last = try Program.run(resumed)
    try #require(last.status == 0, "\(last.errors)")
    #expect(try report(last.output) == report(whole.output))
    #expect(try folder.data(name) == folder.data("whole-\(name)"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("\(name).journal")))
  }

  @Test(arguments: ["out.jsonl", "out.h5"])
  func aRunThatIsKilledGoesOn(output: String) throws {
    try stopAndResume(output, by: Array(repeating: SIGKILL, count: 4)) { _, _ in }
  }

  @Test func aRunThatIsInterruptedSaysHowToGoOn() throws {
    try stopAndResume("out.h5", by: [SIGINT, SIGTERM]) { process, errors in
      #expect(process.terminationReason == .uncaughtSignal)
      #expect([SIGINT, SIGTERM].contains(process.terminationStatus))
      #expect(errors.hasPrefix("canopy: The run was stopped") && errors.contains("--resume"), "\(errors)")
      let left = try folder.content
      #expect(left == ["menu.yaml", "out.h5.journal", "whole-out.h5"])
    }
  }

  @Test func aJournalIsNotPassedOver() throws {
    try folder.write("left", to: "out.h5.journal")
    let outcome = try Program.run(arguments(["--max-events", "5", "-o", folder.path("out.h5")]))
    #expect(outcome.status == 64 && outcome.errors.contains("add --resume to go on with it"))
  }

  @Test func acceptedEventsAreReadByOtherCommands() throws {
    let accepted = try Program.run(arguments(["--max-events", "60", "--format", "jsonl"]))
    try #require(accepted.status == 0, "\(accepted.errors)")
    let lines = accepted.text.split(separator: "\n")
    #expect(lines.count > 8 && lines.count < 60 && accepted.errors.contains("latency of a decision"))
    let again = try Program.run(
      "classify", "-", "--model", Self.model, "--where", "trigger.all=1", "--format", "jsonl",
      input: accepted.output)
    #expect(again.text.split(separator: "\n").count == 8 && again.status == 0)
  }

  /// A condition that is given is decided by; what is written is what the input had.
  @Test func noColumnOfTheInputIsReplaced() throws {
    let input = Samples.path("dihiggs/hh-vs-ttbar-small.h5")
    let all = try folder.write("paths: [{name: all}]\n", to: "all.yaml")
    let run = try Program.run(
      "trigger", input, "--model", Models.folder("dihiggs").path, "--menu", all, "--condition",
      "resonance_mass=500",
      "--max-events", "8", "-o", folder.path("accepted.jsonl"))
    #expect(run.status == 0, "\(run.errors)")
    let lines = String(decoding: try folder.data("accepted.jsonl"), as: UTF8.self).split(separator: "\n")
    let masses = try lines.map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["resonance_mass"]
        as? Double
    }
    #expect(masses == [650, 500, 400, 400, 300, 800, 400, 500])
  }

  @Test func allMistakesInAMenuAreToldAtOnce() throws {
    let bad = """
      rate: {input: 100, budget: 0}
      paths:
        - name: one
          seed: two
          conditions:
            - jet: {quantity: w-tager/score}
              min: 0.5
        - name: two
          seed: one
          prescale: 0
        - name: three
          conditions:
            - jet: {quantity: w-tagger/scor}
              min: 0.5
      """
    let path = try folder.write(bad, to: "bad.yaml")
    let outcome = try Program.run("trigger", Self.input, "--menu", path, "--model", Self.model)
    #expect(outcome.status == 65 && outcome.output.isEmpty)
    let lines = outcome.errors.split(separator: "\n").map(String.init)
    #expect(lines.allSatisfy { $0.hasPrefix("canopy: \(path):") }, "\(outcome.errors)")
    for sentence in [
      "no head and no observable w-tager", "no output scor", "prescale must be 1 or more", "circle", "budget",
    ] {
      #expect(lines.contains { $0.contains(sentence) }, "\(sentence) in \(outcome.errors)")
    }
    // A circle is told at each of its paths.
    #expect(lines.count == 6)
  }

  @Test func optionsThatDoNotFitAreRefused() throws {
    for options in [
      ["--resume"], ["--tune"], ["--format", "jsonl", "-o", "x.h5"], ["--time-limit", "0"], ["--rate", "-1"],
      ["--report", "r", "--turn-on", "scalar-sum"], ["--keep-embeddings", "1"],
      ["--keep-embeddings", "-1", "-o", "x.h5"], ["--signal-weight", "w"], ["--luminosity", "0"],
      ["--accepted-of", "0"],
      ["--accepted-of", "9", "--weight", "label"], ["--accepted-of", "9", "--pile-up", "mu=3"],
      ["--pile-up", "mu"], ["--pile-up", "mu=-1"], ["--pile-up", "=3"], ["--output-format", "hdf5"],
      ["--pile-up", "mu=3", "--pile-up", "mu=4"],
    ] {
      #expect(try Program.run(arguments(options)).status == 64)
    }
    let unknown = try Program.run(arguments(["--output-format", "jsnl", "-o", folder.path("out")]))
    #expect(
      unknown.status == 64
        && unknown.errors
          == "canopy: --output-format is jsnl, which is no format; choose from hdf5, jsonl, or load the library of "
          + "another by --plugin.\n"
    )
  }

  /// What another menu accepted, with each of its options, in the report's table and in JSON.
  @Test func rateStudiesAreReported() throws {
    let first = try folder.write(
      """
      paths:
        - {name: heavy, conditions: [{jet: {quantity: mass}, min: 60}], prescale: 2}
        - {name: some, prescale: 5}
      """, to: "first.yaml")
    let accepted = try Program.run(
      "trigger", Self.input, "--menu", first, "--model", Self.model, "--max-events", "200", "-o",
      folder.path("accepted.h5"))
    try #require(accepted.status == 0, "\(accepted.errors)")
    let second = try folder.write(
      """
      rate: {input: 1000, luminosity: 2}
      time-budget: 0.001
      paths:
        - {name: window, conditions: ["70 < jet[0].mass < 100"]}
        - {name: hard, conditions: [{jet: {}, min: 230}], time-budget: 1e9}
      """, to: "second.yaml")
    let emulate = [
      "trigger", folder.path("accepted.h5"), "--menu", second, "--model", Self.model, "--luminosity", "3",
      "--path-times",
    ]
    let table = try Program.run(emulate + ["--accepted-of", "200"])
    try #require(table.status == 0, "\(table.errors)")
    for text in [
      "of 200; others, which the menus before cannot accept, are not counted", "events of equal weight",
      "input rate  1500.0 Hz", "3.0, rates times 1.5: in proportion, with the pile-up of the sample",
      "pairs of paths that accepted the same events", "time of a decision", "shared by all paths",
    ] {
      #expect(table.text.contains(text), "\(text) in \(table.text)")
    }
    let excess = "µs of an event on average, more than the time-budget of 0.001 µs\n"
    #expect(table.errors.hasPrefix("canopy: the menu takes ") && table.errors.hasSuffix(excess))
    #expect(!table.errors.contains("hard"))
    let output = try Program.run(emulate + ["--accepted-of", "200", "--format", "json"]).output
    let report = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
    #expect(report["acceptedOf"] as? Int == 200 && report["luminosity"] as? Double == 3)
    let pairs = try #require(report["pairs"] as? [[String: Any]])
    #expect(pairs.count == 1 && pairs[0]["first"] as? String == "window" && pairs[0]["correlation"] != nil)
    let times = try #require(report["times"] as? [String: Any])
    #expect((times["decision"] as? [String: Any])?["exceedsBudget"] as? Bool == true)
    let paths = try #require(times["paths"] as? [[String: Any]])
    #expect(paths.map { $0["exceedsBudget"] as? Bool } == [nil, false])
    let written = try Program.run(emulate + ["--accepted-of", "200", "--report", folder.path("report")])
    #expect(written.status == 0, "\(written.errors)")
    func rows(_ name: String) throws -> [[String]] {
      try folder.text("report/\(name)").split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
    }
    let pathRows = try rows("paths.csv")
    #expect(
      pathRows.map(\.first) == ["path", "\"window\"", "\"hard\""] && pathRows.allSatisfy { $0.count == 14 })
    let pairRows = try rows("pairs.csv")
    #expect(pairRows.count == 2 && pairRows.allSatisfy { $0.count == pairRows[0].count })
    #expect(Double(pairRows[1].last!) == pairs[0]["correlation"] as? Double)
    let watched = try Program.run(emulate + ["--accepted-of", "200", "--drift"])
    #expect(
      watched.status == 0
        && watched.text.contains("what the network reads, the farthest from its training first"),
      "\(watched.errors)")
    let few = try Program.run(emulate + ["--accepted-of", "20"])
    #expect(
      few.status == 64 && few.errors.contains("events that were accepted; give the number of all events"))
    let fewer = try Program.run(emulate + ["--accepted-of", "110"])
    #expect(
      fewer.status == 64 && fewer.errors.contains("--accepted-of is 110, but the accepted events stand for"),
      "\(fewer.errors)")

    let target = try folder.write("0,1,1\n1,2,3\n", to: "label.csv")
    let reweighted = try Program.run(arguments(["--pile-up", "label=\(target)", "--max-events", "60"]))
    #expect(reweighted.status == 0 && reweighted.text.contains("label with the wanted distribution\n"))
    let missing = try Program.run(arguments(["--pile-up", "label=5", "--max-events", "60"]))
    #expect(missing.status == 65 && missing.errors.contains("% of the events where the sample has none"))
    let lacking = try Program.run(arguments(["--pile-up", "lable=\(target)"]))
    #expect(lacking.status == 65 && lacking.errors.contains("did you mean label?"))
    let none = try Program.run(arguments(["--pile-up", "label=\(folder.path("none.csv"))"]))
    #expect(none.status != 0 && none.errors.contains("none.csv"))
  }

  /// Models of earlier versions do not know what they read in their training.
  @Test func driftNeedsWhatTheTrainingRead() throws {
    let model = folder.path("model")
    try FileManager.default.copyItem(atPath: Self.model, toPath: model)
    let file = URL(fileURLWithPath: model + "/model.json")
    var description = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    var training = try #require(description["training"] as? [String: Any])
    training["inputs"] = nil
    description["training"] = training
    try JSONSerialization.data(withJSONObject: description).write(to: file)
    let menu = try folder.write("paths: [{name: all}]", to: "all.yaml")
    let unknown = try Program.run("trigger", Self.input, "--menu", menu, "--model", model, "--drift")
    #expect(unknown.status == 65 && unknown.errors.contains("train it with this version of Canopy"))
  }

  /// A run whose output is a device cannot be gone on with.
  @Test func aDeviceHasNoJournal() throws {
    for (device, status) in [("full", 1), ("null", 0)] as [(String, Int32)] {
      let out = folder.path(device)
      try FileManager.default.createSymbolicLink(atPath: out, withDestinationPath: "/dev/\(device)")
      let outcome = try Program.run(arguments(["--max-events", "30", "-o", out, "--output-format", "jsonl"]))
      #expect(outcome.status == status, "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: out + ".journal"))
    }
  }

  /// By its name, whatever the ending, and HDF5 without an ending.
  @Test func theFormatOfTheOutputIsChosen() throws {
    for (name, options, start) in [
      ("out.events", ["--output-format", "jsonl"], Data("{".utf8)),
      ("out.events", ["--output-format", "hdf5"], Data([0x89] + "HDF".utf8)),
      ("out", [], Data([0x89] + "HDF".utf8)),
    ] {
      let outcome = try Program.run(
        arguments(["--max-events", "30", "-o", folder.path(name)] + options))
      #expect(outcome.status == 0, "\(outcome.errors)")
      let written = try folder.data(name)
      #expect(written.starts(with: start), "\(options)")
    }
  }

  /// Three events that a path accepts by turns, of weights 1, 2 and 5 by either name, or −3 instead of the last.
  @Test(arguments: [(5.0, 0.25), (-3.0, nil)]) func ratesKnowWeights(last: Double, share: Double?) throws {
    let lines = [1.0, 2, last].map {
      #"{"particles": [[300, 0, 0, 400], [300, 10, 0, 400]], "weight.nominal": \#($0), "pair": [1, 2]}"#
    }
    let input = try folder.write(lines.joined(separator: "\n") + "\n", to: "weighted.jsonl")
    let menu = try folder.write("paths: [{name: second, prescale: 2}]", to: "weights.yaml")
    func run(_ weight: String, _ format: String = "json") throws -> Outcome {
      try Program.run(
        "trigger", input, "--menu", menu, "--model", Self.model, "--format", format, "--weight", weight,
        "--signal", input, "--signal-weight", weight)
    }
    for name in ["nominal", "weight.nominal"] {
      let outcome = try run(name)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let report = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
      let total = try #require(report["total"] as? [String: Any])
      #expect(total["count"] as? Int == 1 && total["weight"] as? Double == 2)
      #expect(report["eventWeight"] as? Double == 3 + last)
      #expect((total["share"] as? [String: Any])?["value"] as? Double == share)
      #expect((report["efficiency"] as? [String: Any])?["value"] as? Double == share)
    }
    let table = try run("nominal", "table").text
    #expect(table.contains("pure  shared  weight"))
    #expect(table.contains("events of equal weight") == (share != nil))
    #expect(table.contains("do not add up to more than 0") == (share == nil))
    for (name, sentence) in [
      ("nominl", "asks for a column nominl, which the events lack; their columns are weight.nominal"),
      (
        "weight.nominl",
        "asks for a column weight.nominl, which the events lack; did you mean weight.nominal?"
      ),
      ("pair", "asks for pair, which has 2 numbers an event; choose one, as in pair[0]"),
    ] {
      let outcome = try run(name)
      #expect(outcome.status == 65 && outcome.output.isEmpty)
      #expect(
        outcome.errors == "canopy: \(input), weight \(sentence)\n",
        "\(outcome.errors)")
    }
  }

  private static let openMenu = """
    rate: {input: 1000, budget: 300}
    paths:
      - name: tagged   # half of these events are W bosons
        conditions:
          - jet: {quantity: w-tagger/score}
            min: tune
    """

  @Test func outputsThatCannotBeWrittenAreFoundBeforeTheEvents() throws {
    let open = try folder.write(Self.openMenu, to: "open.yaml")
    let names = ["a/b.yaml": "does not exist", "c": "is a folder"]
    try FileManager.default.createDirectory(atPath: folder.path("c"), withIntermediateDirectories: true)
    // Events that are never reached: these are none.
    let input = try folder.write("not an event\n", to: "input")
    for (name, reason) in names {
      for options in [["--menu", open, "--tune", "--signal", input], ["--menu", menu]] {
        let outcome = try Program.run(
          ["trigger", input, "--model", Self.model, "-o", folder.path(name)] + options)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(
          outcome.errors.contains(reason) && outcome.errors.contains(folder.path(name)), "\(outcome.errors)")
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1)
      }
    }
    #expect(try folder.content == ["c", "input", "menu.yaml", "open.yaml"])
  }

  @Test func aMenuIsTunedForItsBudget() throws {
    try folder.write(Self.openMenu, to: "open.yaml")
    func run(_ more: String...) throws -> Outcome {
      try Program.run(
        ["trigger", Self.input, "--max-events", "400", "--model", Self.model, "--format", "json"] + more)
    }
    let open = try run("--menu", folder.path("open.yaml"))
    #expect(open.status == 65 && open.errors.contains("tune the menu first"))
    let tuned = try run(
      "--menu", folder.path("open.yaml"), "--tune", "--signal", Samples.path("w-events.txt"), "-o",
      folder.path("tuned.yaml"))
    try #require(tuned.status == 0, "\(tuned.errors)")
    #expect(try folder.text("tuned.yaml").contains("# half of these events are W bosons"))
    let used = try run("--menu", folder.path("tuned.yaml"))
    let report = try #require(try JSONSerialization.jsonObject(with: used.output) as? [String: Any])
    let total = try #require(report["total"] as? [String: Any])
    let count = try #require(total["count"] as? Int)
    #expect(count <= 120 && count > 0)
  }

  /// Decisions are on the numbers of `classify`, by the key of the menu and by the option.
  @Test func particlesAreWeightedAsByClassify() throws {
    // A jet at φ = 1 and particles from pile-up all around, each a little different.
    let events = (0..<40).map { event in
      var particles: [[Double]] = []
      var vertices: [Int] = []
      for place in 0..<12 {
        let (eta, phi) = (0.3 * sin(Double(event + 3 * place)), 1 + 0.3 * cos(Double(place)))
        particles.append(momentum(24 + Double((event + place) % 5), eta, phi))
        vertices.append(place % 3 == 0 ? 0 : 1)
      }
      for place in 0..<40 {
        let pt = 2 + sin(Double(event * place))
        particles.append(momentum(pt, 2.4 * cos(Double(place)), 0.16 * Double(place)))
        vertices.append(place % 2 == 0 ? -1 : 0)
      }
      return "{\"particles\": \(particles), \"vertex\": \(vertices), \"label\": \(event % 2)}\n"
    }
    let input = try folder.write(events.joined(), to: "events.jsonl")
    let tagged = "paths: [{name: tagged, conditions: [{jet: {quantity: w-tagger/score}, min: 0}]}]\n"
    let plain = try folder.write(tagged, to: "plain.yaml")
    let applying = try folder.write("apply: puppi\n" + tagged, to: "applying.yaml")
    func scores(_ menu: String, _ more: String...) throws -> [Double] {
      let outcome = try Program.run(
        ["trigger", input, "--menu", menu, "--model", Self.model, "-o", folder.path("out.h5")] + more)
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try hdf5Array(folder.path("out.h5"), "event/trigger.tagged.score")
    }
    func classified(_ more: String...) throws -> [Double] {
      let outcome = try Program.run(
        ["classify", input, "--model", Self.model, "-o", folder.path("scores.h5")] + more)
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try hdf5Array(folder.path("scores.h5"), "jet/w-tagger/score")
    }
    let expected = try classified("--apply", "puppi")
    #expect(try expected.count == 40 && expected != classified())
    #expect(
      try scores(applying) == expected && scores(plain, "--apply", "puppi", "--threads", "2") == expected)
    #expect(try scores(applying, "--apply", "none") == classified() && scores(plain) == classified())
    let arguments = ["trigger", input, "--model", Self.model, "--menu"]
    for (menu, more, status, words) in [
      (plain, ["--apply", "pupi"], 64, "--apply pupi is refused: There is no observable"),
      (try folder.write(tagged + "apply: pupi\n", to: "bad.yaml"), [], 65, "bad.yaml:2:8: apply is refused"),
      (
        plain, ["--apply", "puppi", "--tune", "--signal", input, "-o", "t.yaml"], 64,
        "write apply: puppi into it"
      ),
    ] as [(String, [String], Int32, String)] {
      let outcome = try Program.run(arguments + [menu] + more)
      #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome.errors)")
    }
    // What an evaluation is of.
    func evaluated(_ more: String...) throws -> [String: Any]? {
      let outcome = try Program.run(["evaluate", input, "--model", Self.model, "--format", "json"] + more)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let numbers = try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any]
      return ((numbers?["heads"] as? [[String: Any]])?[0]["metrics"] as? [String: Any])?["AUC"]
        as? [String: Any]
    }
    let auc = try #require(try evaluated("--apply", "puppi")?["value"] as? Double)
    var (right, pairs) = (0.0, 0.0)
    for odd in stride(from: 1, to: 40, by: 2) {
      for even in stride(from: 0, to: 40, by: 2) {
        right += expected[odd] > expected[even] ? 1 : expected[odd] == expected[even] ? 0.5 : 0
        pairs += 1
      }
    }
    #expect(abs(auc - right / pairs) < 1e-6)
  }

  /// px, py, pz and E of a pion.
  private func momentum(_ pt: Double, _ eta: Double, _ phi: Double) -> [Double] {
    [pt * cos(phi), pt * sin(phi), pt * sinh(eta), (pt * pt * cosh(eta) * cosh(eta) + 0.0195).squareRoot()]
  }

  @Test func anUnknownQuantityOfCurvesIsTheCommandLinesFault() throws {
    let outcome = try Program.run(
      arguments(["--signal", Self.input, "--report", folder.path("report"), "--turn-on", "leading-jet-tp"]))
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(
      outcome.errors
        == "canopy: --turn-on: There is no quantity leading-jet-tp; did you mean leading-jet-pt?\n")
  }

  /// The model keeps the hardest jet alone.
  @Test func conditionsThatAreNeverMetAreTold() throws {
    let menu = try folder.write(
      "paths: [{name: two, conditions: [{jet: {rank: 2}, min: 20}]}]", to: "two.yaml")
    let outcome = try Program.run(
      "trigger", Self.input, "--menu", menu, "--model", Self.model, "--max-events", "20")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.errors.contains(
        "two.yaml:1:40: paths[0].conditions[0].jet can never be met: it takes 2 jets, and the model keeps at most 1 of an "
          + "event.\n"),
      "\(outcome.errors)")
  }
}
