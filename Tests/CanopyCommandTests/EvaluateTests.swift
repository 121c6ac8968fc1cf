// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// `canopy evaluate` for a classifier of events with a condition, compared with plain loops over the scores.
@Suite struct EvaluateTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A classifier of events that reads a condition, trained for a moment on the shipped events, once for all tests.
  private static let model = Result {
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: EvaluateTests.home) }
    let configuration = home.appendingPathComponent("tiny.yaml")
    try Data(
      """
      data: {inputs: [\(Samples.path("dihiggs/hh-vs-ttbar-small.h5"))], max-events: 150, validation-fraction: 0.3}
      jets: {radius: 0.4, min-pt: 30, max-abs-rapidity: 2.5}
      events:
        embedding: false
        width: 4
        inputs: {missing-momentum: true, scalar-sum: true, conditions: [resonance_mass]}
      heads:
        dihiggs: {plugin: event-classifier, configuration: {truth: label, classes: [ttbar, HH], hidden: [4]}}
      training: {epochs: 3, batch-size: 16, learning-rate: 0.01, threads: 1}
      """.utf8
    ).write(to: configuration)
    let model = home.appendingPathComponent("model").path
    let outcome = try Program.run("train", configuration.path, "-o", model)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return model
  }

  /// A folder of this process alone, which is removed with it.
  private static let home = FileManager.default.temporaryDirectory.appendingPathComponent(
    "canopy-evaluate-" + UUID().uuidString)

  /// What is reported for the first 150 of the 400 events, which the model was trained on.
  private static let overlap =
    "canopy: Some 100 % of the events that the model was trained on are among these"

  /// The same for some of these events.
  private static let overlapping = "canopy: Some "

  private struct Numbers: Decodable {
    struct Significance: Decodable {
      var signalYield: Double
      var backgroundYield: Double
      var simple: BestCut
      var asimov: BestCut
    }

    struct Classifier: Decodable {
      var name: String
      var signalCount: Int
      var backgroundCount: Int
      var auc: Estimate?
      var rejections: [BackgroundRejection]?
      var calibrationError: Estimate?
      var significance: Significance?
    }

    struct Condition: Decodable {
      var condition: String
      var least: Double
      var largest: Double
      var rowCount: Int
      var metrics: [String: Estimate?]
      var classifiers: [Classifier]
    }

    struct Head: Decodable {
      var name: String
      var rows: HeadRows
      var metrics: [String: Estimate?]
      var classifiers: [Classifier]
      var conditions: [Condition]
    }

    var events: Int
    var heads: [Head]
  }

  private func numbers(_ arguments: [String]) throws -> Numbers {
    let outcome = try Program.run(["evaluate"] + arguments + ["--format", "json", "--threads", "2"])
    let remarks = outcome.errors.split(separator: "\n")
    #expect(
      outcome.status == 0
        && remarks.allSatisfy {
          $0.hasPrefix(Self.overlap) || $0.contains(" lies outside of what the model ")
        },
      "\(outcome.errors)")
    return try JSONDecoder().decode(Numbers.self, from: outcome.output)
  }

  /// The weighted share of pairs of signal and background in the right order.
  private func area(_ scores: [Float], _ labels: [Double], _ weights: [Double], of rows: [Int]) -> Double {
    var (sum, total) = (0.0, 0.0)
    for i in rows where labels[i] == 1 {
      for j in rows where labels[j] == 0 {
        let weight = weights[i] * weights[j]
        total += weight
        sum += weight * (scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0)
      }
    }
    return sum / total
  }

  /// A condition that is given replaces the events' own column.
  @Test func conditionsAreThoseOfTheCommandLine() throws {
    let model = try Self.model.get()
    let sample = Samples.path("dihiggs/hh-vs-ttbar-small.h5")
    let condition = ["--condition", "resonance_mass=500"]
    let head = try numbers([sample, "--model", model] + condition).heads[0]
    #expect(head.conditions.map(\.least) == [500] && head.conditions[0].rowCount == 400)
    let file = folder.path("at-500.h5")
    #expect(try Program.run(["classify", sample, "--model", model, "-o", file] + condition).status == 0)
    let scores = try hdf5Array(file, "event/dihiggs/score").map(Float.init)
    let labels = try hdf5Array(sample, "event/label")
    let auc = area(scores, labels, labels.map { _ in 1 }, of: Array(0..<400))
    #expect(abs(try #require(head.classifiers[0].auc).value - auc) < 1e-9)

    // HepMC has no such column.
    let events = Samples.path("dihiggs/ttbar-events.hepmc.zst")
    let without = try Program.run("classify", events, "--model", model)
    #expect(
      without.status == 65 && without.errors.contains("--condition resonance_mass=VALUE"), "\(without.errors)"
    )
    let inside = try Program.run(["classify", events, "--model", model, "-o", file] + condition)
    #expect(inside.status == 0 && !inside.errors.contains("resonance_mass"), "\(inside.errors)")
    let outside = try Program.run([
      "classify", events, "--model", model, "-o", file, "--condition", "resonance_mass=5000",
    ])
    #expect(
      outside.status == 0
        && outside.errors.contains(
          #/canopy: resonance_mass lies outside of what the model was trained on \(300.0 to 800.0\) in (\d+) of \1 /#
        ),
      "\(outside.errors)")
    let twice = try Program.run(["classify", events, "--model", model, "--model", "other"] + condition)
    #expect(twice.status == 64 && twice.errors.contains("--model is given 2 times"), "\(twice.errors)")
    let wrong = try Program.run("classify", events, "--model", model, "--condition", "mass=5")
    #expect(
      wrong.status == 65 && wrong.errors.contains("its conditions are: resonance_mass"), "\(wrong.errors)")
  }

  @Test func numbersAreThoseOfTheScores() throws {
    let model = try Self.model.get()
    let sample = Samples.path("dihiggs/hh-vs-ttbar-small.h5")
    let yields = ["--signal-yield", "20", "--background-yield", "500"]
    let plain = try numbers([sample, "--model", model] + yields)
    let weighted = try numbers([sample, "--model", model, "--weight", "resonance_mass"])
    let scoresFile = folder.path("scores.h5")
    #expect(try Program.run("classify", sample, "--model", model, "-o", scoresFile).status == 0)
    let scores = try hdf5Array(scoresFile, "event/dihiggs/score").map(Float.init)
    let labels = try hdf5Array(sample, "event/label")
    let masses = try hdf5Array(sample, "event/resonance_mass")
    let ones = masses.map { _ in 1.0 }

    #expect(plain.events == 400 && plain.heads.map(\.rows) == [.events])
    let head = plain.heads[0]
    #expect(
      abs(try #require(head.classifiers[0].auc).value - area(scores, labels, ones, of: Array(0..<400))) < 1e-9
    )
    #expect(
      abs(
        try #require(weighted.heads[0].classifiers[0].auc).value
          - area(scores, labels, masses, of: Array(0..<400)))
        < 1e-9)
    #expect(weighted.heads[0].classifiers[0].significance == nil)
    #expect(head.conditions.map(\.least) == [300, 400, 500, 650, 800])
    for part in head.conditions {
      let rows = masses.indices.filter { masses[$0] == part.least }
      #expect(part.condition == "resonance_mass" && part.largest == part.least && part.rowCount == rows.count)
      let classifier = part.classifiers[0]
      #expect(classifier.signalCount == 40 && classifier.backgroundCount == rows.count - 40)
      #expect(abs(try #require(classifier.auc).value - area(scores, labels, ones, of: rows)) < 1e-9)
      #expect(part.metrics["AUC"] == classifier.auc)
      #expect(classifier.significance != nil)
    }

    // The best of all cuts, tried in turn.
    let significance = try #require(head.classifiers[0].significance)
    #expect(significance.signalYield == 20 && significance.backgroundYield == 500)
    var best = (simple: 0.0, asimov: 0.0)
    for cut in Set(scores) {
      let passing = scores.indices.filter { scores[$0] >= cut }
      let background = passing.filter { labels[$0] == 0 }.count
      guard background >= 10 else { continue }
      let s = 20 * Double(passing.count - background) / 200
      let b = 500 * Double(background) / 200
      best.simple = max(best.simple, s / (s + b).squareRoot())
      best.asimov = max(best.asimov, (2 * ((s + b) * log(1 + s / b) - s)).squareRoot())
    }
    #expect(abs(significance.simple.significance.value - best.simple) < 1e-9)
    #expect(abs(significance.asimov.significance.value - best.asimov) < 1e-9)

    // Fifteen bins of the score.
    var error = 0.0
    for bin in 0..<15 {
      let rows = scores.indices.filter { min(14, Int(Double(scores[$0]) * 15)) == bin }
      error += abs(rows.reduce(0) { $0 + labels[$1] - Double(scores[$1]) }) / 400
    }
    #expect(abs(try #require(head.classifiers[0].calibrationError).value - error) < 1e-9)
  }

  @Test func tablesAndReportsShowTheConditions() throws {
    let model = try Self.model.get()
    let outcome = try Program.run(
      "evaluate", Samples.path("dihiggs/hh-vs-ttbar-small.h5"), "--model", model, "--signal-yield", "20",
      "--background-yield", "500", "--report", folder.path("report"))
    #expect(outcome.status == 0 && outcome.errors.hasPrefix(Self.overlap), "\(outcome.errors)")
    for text in [
      "200 events: HH", "200 events: ttbar", "calibration error", "best s/√(s + b)",
      "best Asimov",
      "at score ≥ ", "dihiggs by resonance_mass", "1/ε_B at 50 %", "     650 ",
    ] {
      #expect(outcome.text.contains(text), "\(text): \(outcome.text)")
    }
    let rows = try folder.text("report/conditions.csv").split(separator: "\n").map(String.init)
    #expect(rows.count == 6)
    #expect(
      rows[0].hasPrefix(
        "classifier,condition,least,largest,signal_count,background_count,auc,auc_error,rejection_"))
    #expect(rows[5].hasPrefix("dihiggs,resonance_mass,800,800,40,"))
    for row in rows { #expect(row.split(separator: ",", omittingEmptySubsequences: false).count == 20) }
    let calibration = try folder.text("report/calibration.csv").split(separator: "\n")
    #expect(calibration[0].hasPrefix("least_score,largest_score,mean_score,signal_fraction,"))
    for figure in ["calibration", "conditions"] {
      #expect(try folder.data("report/\(figure).png").count > 10_000)
    }
    let drawing = try folder.text("report/conditions.svg")
    #expect(drawing.contains("resonance_mass") && drawing.contains("AUC"))
  }

  /// If a condition has many values, intervals hold equal numbers; an interval without signal has nothing to
  /// compare.
  @Test func manyValuesOfAConditionAreJudgedInIntervals() throws {
    let events = (0..<100).map { i in
      let label = i < 10 ? 0 : i % 2
      return
        "{\"particles\": [[\(40 + i), 0, 1, \(50 + i)]], \"label\": \(label), \"resonance_mass\": \(300 + 7 * i % 100)}"
    }
    let file = try folder.write(events.joined(separator: "\n") + "\n")
    let arguments = ["evaluate", file, "--model", try Self.model.get()]
    let head = try numbers(Array(arguments.dropFirst())).heads[0]
    #expect(head.conditions.count == 10)
    #expect(head.conditions.map(\.rowCount) == Array(repeating: 10, count: 10))
    for (index, part) in head.conditions.enumerated() {
      #expect(part.least == Double(300 + 10 * index) && part.largest == part.least + 9)
    }
    let table = try Program.run(arguments).text
    #expect(table.contains("300 … 309"), "\(table)")

    let single = try folder.write(
      events.map { $0.replacingOccurrences(of: "mass\": 3", with: "mass\": 4") }
        .enumerated().map { $0 < 10 ? events[0] : $1 }.joined(separator: "\n"), to: "single")
    let parts = try numbers([single, "--model", try Self.model.get()]).heads[0].conditions
    #expect(parts[0].least == 300 && parts[0].rowCount == 10)
    #expect(parts[0].classifiers.map(\.backgroundCount) == [10] && parts[0].classifiers[0].auc == nil)
    #expect(parts[0].metrics.keys.sorted() == ["AUC"] && parts[0].metrics["AUC"] == .some(nil))
    #expect(parts.dropFirst().contains { $0.classifiers[0].auc != nil })
  }

  /// Events of one class show which part of it passes the working points, and nothing about the other class.
  @Test(arguments: [("signal", "1"), ("background", "0")]) func oneClassTellsItsEfficiencies(
    present: String, label: String
  ) throws {
    let sample = [Samples.path("w-vs-qcd-small.h5"), "--model", Models.folder("w-tagger").path]
    let one = sample + ["--where", "label=\(label)"]
    let head = try numbers(one).heads[0]
    let scores = folder.path("scores.h5")
    #expect(try Program.run(["classify"] + one + ["-o", scores]).status == 0)
    let passed = try hdf5Array(scores, "jet/w-tagger/working-point")
    for point in [0.1, 0.01] {
      func metric(_ kind: String) -> Estimate?? {
        head.metrics["\(kind) efficiency at working point \(point)"]
      }
      let share = Double(passed.filter { Float($0) <= Float(point) }.count) / Double(passed.count)
      let estimate = try #require(metric(present) ?? nil)
      #expect(abs(estimate.value - share) < 1e-12)
      #expect(metric(present == "signal" ? "background" : "signal") == .some(nil))
    }
    #expect(head.metrics["AUC"] == .some(nil))
    let classifier = try #require(head.classifiers.first)
    #expect(classifier.signalCount == (label == "1" ? passed.count : 0))
    #expect(classifier.backgroundCount == (label == "0" ? passed.count : 0))
    #expect(classifier.auc == nil && classifier.rejections == nil && classifier.calibrationError == nil)
    let json = try Program.run(["evaluate"] + one + ["--format", "json"]).text
    for member in ["auc", "rejections", "calibrationError", "significance", "AUC"] {
      #expect(json.contains("\"\(member)\" : null"), "\(member): \(json)")
    }

    let outcome = try Program.run(["evaluate"] + one + ["--report", folder.path("report")])
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    for line in [/AUC +-\n/, /1\/ε_B at ε_S = 50 % +-\n/, /calibration error +-\n/] {
      #expect(outcome.text.contains(line), "\(outcome.text)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("report"))
    #expect(files.contains("scores.png") && files.contains("scores.csv") && files.contains("report.json"))
    #expect(
      !files.contains { $0.hasPrefix("roc") || $0.hasPrefix("rejection") || $0.hasPrefix("calibration") })
    #expect(try folder.text("report/report.json").contains("\"auc\" : null"))
  }

  /// If a condition has only one class at each of its values, there is nothing to draw against it.
  @Test func yieldsOfAnAbsentClassAreADash() throws {
    let outcome = try Program.run(
      "evaluate", Samples.path("dihiggs/hh-vs-ttbar-small.h5"), "--where", "label=1", "--model",
      try Self.model.get(), "--signal-yield", "20", "--background-yield", "500", "--report",
      folder.path("report"))
    #expect(outcome.status == 0 && outcome.errors.hasPrefix(Self.overlapping), "\(outcome.errors)")
    #expect(outcome.text.contains(/best Asimov +-\n/), "\(outcome.text)")
    let rows = try folder.text("report/conditions.csv").split(separator: "\n")
    #expect(rows.count == 6 && rows[1].hasPrefix("dihiggs,resonance_mass,300,300,40,0,,,"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("report/conditions.png")))
  }

  /// A weight that its generator named `up` is the column `weight.up`.
  @Test func aWeightIsChosenByItsName() throws {
    let events = try folder.write(
      (0..<40).map { i in
        "{\"particles\": [[\(50 + i * 7 % 31), 0, 1, \(90 + i)]], \"label\": \(i % 2), \"resonance_mass\": 500, "
          + "\"weight.up\": \(1 + i % 5)}"
      }.joined(separator: "\n"))
    let arguments = [events, "--model", try Self.model.get()]
    func area(_ weight: [String]) throws -> Estimate? {
      try numbers(arguments + weight).heads[0].classifiers[0].auc
    }
    let named = try #require(try area(["--weight", "up"]))
    #expect(try named == area(["--weight", "weight.up"]) && named != area([]))
  }

  @Test func yieldsAndWeightsThatMakeNoSense() throws {
    let events = try folder.write(
      """
      {"particles": [[50, 0, 0, 60]], "label": 1, "resonance_mass": 500, "weight": 1}
      {"particles": [[50, 0, 0, 60]], "label": 0, "resonance_mass": 500, "weight": -2}
      """)
    let model = try Self.model.get()
    let jets = [Samples.path("w-vs-qcd-small.h5"), "--model", try TinyModel.folder(), "--max-events", "50"]
    let yields = ["--signal-yield", "1", "--background-yield", "2"]
    for (arguments, fragments) in [
      (jets + yields, ["No head of the model tells classes of events apart"]),
      (
        [events, "--model", model, "--weight", "weight"],
        [events, "The weights of the background have the sum -2.0"]
      ),
      (
        [events, "--model", model, "--weight", "wieght"], [events, "a column wieght", "did you mean weight?"]
      ),
    ] {
      let outcome = try Program.run(["evaluate"] + arguments)
      #expect(outcome.status == 65 && outcome.hasExited)
      for fragment in fragments { #expect(outcome.errors.contains(fragment), "\(outcome.errors)") }
      #expect(outcome.errors.filter(\.isNewline).count == 1)
    }
    for (arguments, advice) in [
      (["--signal-yield", "1"], "Give both"), (["--background-yield", "1"], "Give both"),
      (["--signal-yield", "0", "--background-yield", "1"], "number of signal events is 0.0"),
      (["--signal-yield", "1", "--background-yield=-3"], "number of background events is -3.0"),
      (["--signal-yield", "1", "--background-yield", "nan"], "number of background events is nan"),
    ] {
      let outcome = try Program.run(["evaluate", events, "--model", model] + arguments)
      #expect(outcome.status == 64 && outcome.errors.contains(advice), "\(outcome.errors)")
    }
  }
}
