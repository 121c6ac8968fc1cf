// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// What `canopy evaluate` says for a study, compared with plain loops over what `canopy classify` writes.
@Suite struct StudyTests {
  private let folder: TemporaryFolder
  private let sample = Samples.path("dihiggs/hh-vs-ttbar-small.h5")
  private let model = Models.folder("dihiggs").path
  private let jets = Samples.path("w-vs-qcd-small.h5")
  private let tagger = Models.folder("w-tagger").path

  init() throws { folder = try TemporaryFolder() }

  private struct Numbers: Decodable {
    struct Classifier: Decodable {
      var name: String
      var signalCount: Int
      var backgroundCount: Int
      var auc: Estimate?
      var rejections: [BackgroundRejection]?
      var significance: Significance?
    }
    struct Significance: Decodable {
      var signalYield: Double
      var backgroundYield: Double
    }
    struct Condition: Decodable {
      var condition: String
      var least: Double
      var largest: Double
      var rowCount: Int
      var metrics: [String: Estimate?]
      var classifiers: [Classifier]
    }
    struct Templates: Decodable {
      struct Sample: Decodable {
        struct Variation: Decodable {
          var name: String
          var up: [Double]
          var down: [Double]
        }
        var name: String
        var contents: [Double]
        var errors: [Double]
        var variations: [Variation]
      }
      var edges: [Double]
      var samples: [Sample]
      var significance: Estimate
    }
    struct Compared: Decodable {
      var classifier: Classifier
      var aucDifference: Estimate
      var rejectionRatios: [ScoreComparison.RejectionRatio]
    }
    struct Head: Decodable {
      var name: String
      var classifiers: [Classifier]
      var conditions: [Condition]
      var templates: Templates?
      var compared: [Compared]?
    }
    var model: String?
    var heads: [Head]
    var others: [Numbers]?
  }

  private func numbers(_ arguments: [String]) throws -> Numbers {
    let outcome = try Program.run(["evaluate"] + arguments + ["--format", "json", "--threads", "2"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Numbers.self, from: outcome.output)
  }

  /// The share of pairs of signal and background in the right order.
  private func area(_ scores: [Double], _ labels: [Double], of rows: [Int]) -> Double {
    var (sum, total) = (0.0, 0.0)
    for i in rows where labels[i] == 1 {
      for j in rows where labels[j] == 0 {
        total += 1
        sum += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0
      }
    }
    return sum / total
  }

  @Test func workspacesHoldTheScoresInBins() throws {
    let file = folder.path("workspace.json")
    let arguments = [
      sample, "--model", model, "--signal-yield", "25", "--background-yield", "400", "--workspace", file,
      "--define",
      "up = 1 + 0.0004*(resonance_mass - 400)", "--variation", "mass=up",
    ]
    let templates = try #require(try numbers(arguments + ["--bins", "5"]).heads[0].templates)
    #expect(try Program.run("classify", sample, "--model", model, "-o", folder.path("scores.h5")).status == 0)
    let scores = try hdf5Array(folder.path("scores.h5"), "event/dihiggs/score")
    let labels = try hdf5Array(sample, "event/label")
    let masses = try hdf5Array(sample, "event/resonance_mass")
    #expect(templates.samples.map(\.name) == ["dihiggs", "ttbar"])
    var square = 0.0
    for bin in templates.edges.indices.dropLast() {
      let (low, high) = (templates.edges[bin], templates.edges[bin + 1])
      var contents: [Double] = []
      for (place, label) in [1.0, 0].enumerated() {
        let factor = (label == 1 ? 25.0 : 400) / 200
        let rows = labels.indices.filter {
          labels[$0] == label && scores[$0] >= low && (scores[$0] < high || high == 1)
        }
        contents.append(factor * Double(rows.count))
        let process = templates.samples[place]
        #expect(abs(process.contents[bin] - contents[place]) < 1e-9)
        #expect(abs(process.errors[bin] - factor * Double(rows.count).squareRoot()) < 1e-9)
        let up = factor * rows.reduce(0) { $0 + 1 + 0.0004 * (masses[$1] - 400) }
        #expect(abs(process.variations[0].up[bin] - up) < 1e-4)
        #expect(abs(process.variations[0].down[bin] - (2 * contents[place] - up)) < 1e-4)
      }
      let (s, b) = (contents[0], contents[1])
      square += 2 * ((s + b) * log(1 + s / b) - s)
    }
    #expect(abs(templates.significance.value - square.squareRoot()) < 1e-9)

    struct Workspace: Decodable {
      struct Channel: Decodable {
        struct Sample: Decodable {
          struct Modifier: Decodable {
            var name: String
            var type: String
          }
          var name: String
          var data: [Double]
          var modifiers: [Modifier]
        }
        var name: String
        var samples: [Sample]
      }
      struct Observation: Decodable {
        var data: [Double]
      }
      var channels: [Channel]
      var observations: [Observation]
      var version: String
    }
    let workspace = try JSONDecoder().decode(
      Workspace.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    #expect(workspace.version == "1.0.0" && workspace.channels.map(\.name) == ["dihiggs"])
    let samples = workspace.channels[0].samples
    #expect(samples.map(\.data) == templates.samples.map(\.contents))
    #expect(
      samples.map { $0.modifiers.map(\.type) } == [
        ["normfactor", "staterror", "histosys", "normsys"], ["staterror", "histosys", "normsys"],
      ])
    #expect(samples[0].modifiers.map(\.name) == ["mu", "staterror_dihiggs", "mass", "mass"])
    for (bin, observed) in workspace.observations[0].data.enumerated() {
      #expect(abs(observed - samples[0].data[bin] - samples[1].data[bin]) < 1e-9)
    }

    let table = try Program.run(["evaluate"] + arguments + ["--report", folder.path("report")])
    #expect(table.text.contains("dihiggs in bins of the score") && table.text.contains("binned Asimov: "))
    #expect(table.errors.contains("bins of the score instead of 10"), "\(table.errors)")
    #expect(try folder.data("report/dihiggs-templates.png").count > 10_000)
  }

  /// A varied sample is scaled as the nominal one is, here its first three quarters.
  @Test func variedFilesAreScaledAsTheNominalOne() throws {
    let arguments = [
      sample, "--model", model, "--signal-yield", "25", "--background-yield", "400", "--workspace",
      folder.path("w.json"),
      "--define", "up = 1.1", "--max-events", "300", "--bins", "3", "--variation-files", "more=\(sample)",
      "--variation-files",
      "both=\(sample),\(sample)", "--variation", "mass=up",
    ]
    let templates = try #require(try numbers(arguments).heads[0].templates)
    #expect(try Program.run("classify", sample, "--model", model, "-o", folder.path("scores.h5")).status == 0)
    let scores = try hdf5Array(folder.path("scores.h5"), "event/dihiggs/score")
    let labels = try hdf5Array(sample, "event/label")
    for (place, label) in [1.0, 0].enumerated() {
      let process = templates.samples[place]
      #expect(process.variations.map(\.name).sorted() == ["both", "mass", "more"])
      let factor = (label == 1 ? 25.0 : 400) / Double(labels.prefix(300).count { $0 == label })
      for bin in process.contents.indices {
        let (low, high) = (templates.edges[bin], templates.edges[bin + 1])
        let rows = labels.indices.filter {
          labels[$0] == label && scores[$0] >= low && (scores[$0] < high || high == 1)
        }
        #expect(abs(process.contents[bin] - factor * Double(rows.count { $0 < 300 })) < 1e-9)
        for variation in process.variations where variation.name != "mass" {
          let up = factor * Double(rows.count)
          #expect(abs(variation.up[bin] - up) < 1e-9)
          let mirrored = max(0, 2 * process.contents[bin] - up)
          let down = variation.name == "both" ? up : mirrored
          #expect(abs(variation.down[bin] - down) < 1e-3)
        }
      }
    }
    let missing = try Program.run(
      ["evaluate"] + arguments.dropLast(6) + ["--variation-files", "a=\(folder.path("none.h5"))"])
    #expect(missing.status == 65 && missing.errors.contains("none.h5"), "\(missing.errors)")
  }

  @Test func studiesThatMakeNoSense() throws {
    let yields = ["--signal-yield", "25", "--background-yield", "400"]
    let workspace = ["--workspace", folder.path("w.json")]
    for (arguments, status, fragment) in [
      (workspace, 64, "--workspace needs the numbers of events"),
      (yields + ["--bins", "5"], 64, "--bins is for a workspace"),
      (yields + ["--variation", "a=b"], 64, "--variation is for a workspace"),
      (yields + ["--variation-files", "a=b"], 64, "--variation-files is for a workspace"),
      (yields + workspace + ["--bins", "signal"], 64, "--bins"),
      (yields + workspace + ["--bins", "0"], 64, "--bins"),
      (yields + workspace + ["--variation", "mu=label"], 64, "--variation"),
      (yields + workspace + ["--variation", "a=label,label,label"], 64, "--variation"),
      (
        yields + workspace + ["--variation", "a=label", "--variation", "a=label"], 64,
        "--variation gives a twice"
      ),
      (yields + workspace + ["--variation", "a=lable"], 65, "no column lable"),
      (["--in", "label=3"], 64, "two or more finite numbers that rise"),
      (["--nuisance", "label=3,2"], 64, "two or more finite numbers that rise"),
      (["--in", "label=a,b"], 64, "the edge \"a\" is no number"),
      (["--in", "=1,2"], 64, "the name of a number"),
      (["--in", "lable"], 65, "no column lable"),
      (
        ["--in", "kinematics/pt"], 65,
        "kinematics/pt is a number of jets, of which events have none or several"
      ),
      (["--in", "ranked-jets/p"], 65, "There is no observable number ranked-jets/p"),
      (yields + workspace + ["--variation", "staterror_dihiggs=label"], 64, "staterror_dihiggs=label"),
      (["--compare", "label", "--compare", "label"], 64, "--compare gives label twice"),
      (["--model", model], 64, "--model gives \(model) twice"),
    ] {
      let outcome = try Program.run(["evaluate", sample, "--model", model] + arguments)
      #expect(outcome.status == status && outcome.hasExited, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(fragment), "\(arguments): \(outcome.errors)")
    }
    #expect(try folder.content.isEmpty)
    let tagging = try Program.run(["evaluate", jets, "--model", tagger] + yields + workspace)
    #expect(tagging.status == 65 && tagging.errors.contains("classes of events apart"), "\(tagging.errors)")
    let stream = try Program.run("evaluate", "-", "--model", model, "--model", tagger)
    #expect(
      stream.status == 64 && stream.errors.contains("Standard input can be read once"), "\(stream.errors)")
  }

  @Test func headsAreJudgedInIntervalsOfNumbers() throws {
    let edges = [250.0, 262.5, 275, 300]
    let head = try numbers([
      jets, "--model", tagger, "--in", "kinematics/pt=250,262.5,275,300", "--in", "hard", "--define",
      "hard = max(particle.pt) > 40",
    ]).heads[0]
    let file = folder.path("scores.h5")
    #expect(
      try Program.run("classify", jets, "--model", tagger, "--observable", "kinematics", "-o", file).status
        == 0)
    let scores = try hdf5Array(file, "jet/w-tagger/score")
    let momenta = try hdf5Array(file, "jet/kinematics/pt").map { Double(Float($0)) }
    let labels = try hdf5Array(jets, "event/label")
    let parts = head.conditions.filter { $0.condition == "kinematics/pt" }
    #expect(parts.map(\.least) == edges.dropLast() && parts.map(\.largest) == Array(edges.dropFirst()))
    for part in parts {
      let rows = momenta.indices.filter {
        momenta[$0] >= part.least && (momenta[$0] < part.largest || part.largest == 300 && momenta[$0] == 300)
      }
      #expect(part.rowCount == rows.count && rows.count > 100)
      #expect(abs(try #require(part.classifiers[0].auc).value - area(scores, labels, of: rows)) < 1e-9)
      let name = "signal efficiency at working point 0.1"
      #expect((part.metrics[name] ?? nil) != nil)
    }
    let flags = head.conditions.filter { $0.condition == "hard" }
    #expect(flags.map(\.least) == [0, 1] && flags.reduce(0) { $0 + $1.rowCount } == 2000)

    let table = try Program.run([
      "evaluate", jets, "--model", tagger, "--in", "kinematics/pt", "--report", folder.path("report"),
    ])
    #expect(table.status == 0 && table.text.contains("w-tagger by kinematics/pt\n"), "\(table.errors)")
    #expect(table.text.contains("w-tagger by kinematics/pt, other metrics\n"))
    #expect(try folder.text("report/conditions.csv").split(separator: "\n").count == 11)
    for figure in ["conditions", "w-tagger-metrics_by_kinematics_pt"] {
      #expect(try folder.data("report/\(figure).png").count > 10_000)
    }
  }

  /// The mass hypotheses are those of the model, each with all yields; intervals that are asked for share them.
  @Test func yieldsAreSharedAmongIntervals() throws {
    let arguments = [sample, "--model", model, "--signal-yield", "20", "--background-yield", "500"]
    let head = try numbers(arguments + ["--in", "ranked-jets/count=0,4,50"]).heads[0]
    let masses = head.conditions.filter { $0.condition == "resonance_mass" }
    #expect(masses.count == 5)
    for part in masses { #expect(part.classifiers[0].significance?.signalYield == 20) }
    let parts = head.conditions.filter { $0.condition == "ranked-jets/count" }
    for part in parts {
      let (classifier, whole) = (part.classifiers[0], head.classifiers[0])
      let significance = try #require(classifier.significance)
      #expect(
        abs(significance.signalYield - 20 * Double(classifier.signalCount) / Double(whole.signalCount)) < 1e-9
      )
      #expect(
        abs(
          significance.backgroundYield - 500 * Double(classifier.backgroundCount)
            / Double(whole.backgroundCount)) < 1e-9)
    }
    #expect(parts.reduce(0) { $0 + ($1.classifiers[0].significance?.signalYield ?? 0) } > 19.99)
    // Edges that are asked for take the place of the model's own values.
    let replaced = try numbers(arguments + ["--in", "resonance_mass=0,450,1000"]).heads[0]
    #expect(replaced.conditions.map(\.rowCount).reduce(0, +) == 400 && replaced.conditions.count == 2)
  }

  @Test func numbersAreComparedAsScores() throws {
    let arguments = [
      jets, "--model", tagger, "--compare", "n-subjettiness/tau-21", "--compare", "kinematics/mass",
    ]
    let compared = try #require(try numbers(arguments).heads[0].compared)
    let file = folder.path("scores.h5")
    #expect(
      try Program.run(
        "classify", jets, "--model", tagger, "--observable", "kinematics", "--observable", "n-subjettiness",
        "-o", file
      ).status == 0)
    let scores = try hdf5Array(file, "jet/w-tagger/score")
    let labels = try hdf5Array(jets, "event/label")
    for (place, name) in ["n-subjettiness/tau-21", "kinematics/mass"].enumerated() {
      let values = try hdf5Array(file, "jet/\(name)").map { Double(Float($0)) }
      let all = Array(scores.indices)
      let rising = area(values, labels, of: all)
      let found = compared[place]
      #expect(found.classifier.name == (rising < 0.5 ? "\(name), low is signal" : name))
      #expect(abs(try #require(found.classifier.auc).value - max(rising, 1 - rising)) < 1e-6)
      #expect(
        abs(found.aucDifference.value - max(rising, 1 - rising) + area(scores, labels, of: all)) < 1e-6)
      #expect(found.rejectionRatios.map(\.signalEfficiency) == [0.3, 0.5, 0.8])
    }
    // Rows without the number, here the first thousand, rank last in either direction.
    let some = try #require(
      try numbers([jets, "--model", tagger, "--define", "late = log(number - 1000)", "--compare", "late"])
        .heads[0].compared?.first)
    let late = (0..<labels.count).map { $0 > 1000 ? Double(Float(log(Double($0 - 1000)))) : .nan }
    let ranks = [1.0, -1.0].map { sign in late.map { $0.isNaN ? -1e9 : sign * $0 } }
    let areas = ranks.map { area($0, labels, of: Array(labels.indices)) }
    #expect(abs(try #require(some.classifier.auc).value - areas.max()!) < 1e-6)
    // There is nothing to compare in one class, which does not silence the rest.
    let one = try numbers([jets, "--model", tagger, "--where", "label == 1", "--compare", "kinematics/mass"])
    #expect(one.heads[0].compared?.isEmpty ?? true)
    let table = try Program.run(["evaluate"] + arguments + ["--report", folder.path("report")])
    #expect(
      table.status == 0 && table.text.contains("w-tagger compared with other scores"), "\(table.errors)")
    #expect(try folder.text("report/rejection.svg").contains("kinematics/mass"))
    #expect(
      try folder.text("report/w-tagger-compared.csv").hasPrefix(
        "score,AUC,AUC error,AUC less that of w-tagger"))
  }

  @Test func calibrationsArePrintedInBins() throws {
    struct Result: Decodable {
      struct Head: Decodable {
        struct Classifier: Decodable {
          struct Bin: Decodable {
            var least: Double
            var largest: Double
            var count: Int
            var share: Double
            var meanScore: Double
            var signalFraction: Estimate
          }
          var calibration: [Bin]?
        }
        var classifiers: [Classifier]
      }
      var heads: [Head]
    }
    let outcome = try Program.run("evaluate", jets, "--model", tagger, "--format", "json")
    let bins = try #require(
      try JSONDecoder().decode(Result.self, from: outcome.output).heads[0].classifiers[0].calibration)
    let file = folder.path("scores.h5")
    #expect(try Program.run("classify", jets, "--model", tagger, "-o", file).status == 0)
    let scores = try hdf5Array(file, "jet/w-tagger/score")
    let labels = try hdf5Array(jets, "event/label")
    #expect(bins.count == 15)
    for (place, bin) in bins.enumerated() {
      let rows = scores.indices.filter { min(14, Int(scores[$0] * 15)) == place }
      #expect(bin.count == rows.count && abs(bin.share - Double(rows.count) / 2000) < 1e-12)
      #expect(abs(bin.meanScore - rows.reduce(0) { $0 + scores[$1] } / Double(rows.count)) < 1e-9)
      #expect(abs(bin.signalFraction.value - rows.reduce(0) { $0 + labels[$1] } / Double(rows.count)) < 1e-12)
      #expect(
        abs(bin.least - Double(place) / 15) < 1e-12 && abs(bin.largest - Double(place + 1) / 15) < 1e-12)
    }
    let table = try Program.run("evaluate", jets, "--model", tagger, "--calibration").text
    #expect(table.contains("w-tagger in bins of the score, with the share of signal"))
    #expect(table.contains("0.933 … 1.000 "), "\(table)")
  }

  /// What is lost by a condition is what is lost on events whose conditions somebody else has shuffled.
  @Test func inputsAreShuffled() throws {
    struct Table: Decodable {
      struct Column: Decodable {
        enum Cells: Decodable {
          case texts([String])
          case numbers([Double])
          init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let texts = try? container.decode([String].self) {
              self = .texts(texts)
            } else {
              self = .numbers(try container.decode([Double].self))
            }
          }
        }
        var name: String
        var values: Cells
        var errors: [Double?]?
      }
      var columns: [Column]
    }
    struct Answer: Decodable {
      struct Head: Decodable {
        var importance: Table
      }
      var heads: [Head]
    }
    func importance(
      _ arguments: [String]
    ) throws -> (losses: [String: Double], errors: [Double?], names: [String]) {
      let outcome = try Program.run(["evaluate"] + arguments + ["--format", "json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let answer = try JSONDecoder().decode(Answer.self, from: outcome.output)
      let columns = answer.heads[0].importance.columns
      guard case .texts(let names) = columns[0].values, case .numbers(let losses) = columns[1].values else {
        throw MetricError(description: "other columns")
      }
      #expect(columns[1].name == "loss of AUC" && losses == losses.sorted(by: >))
      return (Dictionary(uniqueKeysWithValues: zip(names, losses)), columns[1].errors ?? [], names)
    }
    let arguments = [jets, "--model", try TinyModel.folder(), "--max-events", "300", "--importance", "3"]
    let one = try importance(arguments + ["--threads", "1"])
    let two = try importance(arguments + ["--threads", "2"])
    // The same bits whatever the number of threads.
    #expect(one.losses == two.losses && one.names == two.names && one.errors.allSatisfy { ($0 ?? -1) >= 0 })
    #expect(one.names.allSatisfy { $0.hasSuffix(" of nodes") } && one.losses.values.max()! > 0.01)

    let masses = try importance([sample, "--model", model, "--importance", "4"])
    let scores = folder.path("scores.h5")
    let labels = try hdf5Array(sample, "event/label")
    // Each event under the hypothesis of all masses: the mean over all shuffles, nearly.
    var byMass: [Double: [Double]] = [:]
    for mass in [300.0, 400, 500, 650, 800] {
      #expect(
        try Program.run(
          "classify", sample, "--model", model, "--condition", "resonance_mass=\(mass)", "-o", scores
        )
        .status == 0)
      byMass[mass] = try hdf5Array(scores, "event/dihiggs/score")
    }
    #expect(try Program.run("classify", sample, "--model", model, "-o", scores).status == 0)
    let all = Array(labels.indices)
    let whole = area(try hdf5Array(scores, "event/dihiggs/score"), labels, of: all)
    let own = try hdf5Array(sample, "event/resonance_mass")
    var generator = SeededGenerator(seed: 8)
    let losses = (0..<20).map { _ in
      let shuffled = own.shuffled(using: &generator)
      return whole - area(all.map { byMass[shuffled[$0]]![$0] }, labels, of: all)
    }
    let mean = losses.reduce(0, +) / 20
    let spread = (losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19).squareRoot()
    // Of 4 and of 20 shuffles; four standard deviations.
    #expect(
      abs(try #require(masses.losses["resonance_mass"]) - mean) < 4 * spread
        * (1.0 / 4 + 1.0 / 20).squareRoot())
    #expect(masses.names.contains { $0.hasSuffix(" of jets") })
    let bad = try Program.run("evaluate", sample, "--model", model, "--importance", "0")
    #expect(bad.status == 64 && bad.errors.contains("--importance is 0"), "\(bad.errors)")
  }

  @Test func modelsAreComparedOnTheSameEvents() throws {
    let tiny = try TinyModel.folder()
    let both = try numbers([jets, "--model", tagger, "--model", tiny])
    let compared = try #require(both.heads[0].compared?.first)
    let other = try #require(both.others?.first)
    #expect(other.model == "model" && compared.classifier.name == "model w-tagger")
    #expect(both.heads[0].classifiers[0].name == "w-tagger w-tagger")
    let areas = [other, both].map { $0.heads[0].classifiers[0].auc?.value ?? .nan }
    #expect(abs(compared.aucDifference.value - (areas[0] - areas[1])) < 1e-12)
    #expect(try numbers([jets, "--model", tiny]).heads[0].classifiers[0].auc?.value == areas[0])
    let rejections = [other, both].map { $0.heads[0].classifiers[0].rejections?[2].rejection.value ?? .nan }
    let ratio = try #require(compared.rejectionRatios[2].ratio)
    #expect(abs(ratio.value - rejections[0] / rejections[1]) < 1e-9)

    let apart = try Program.run("evaluate", sample, "--model", model, "--model", tagger)
    #expect(
      apart.status == 0 && apart.errors.contains("w-tagger has no head that tells ttbar and dihiggs"),
      "\(apart.errors)")
    let report = try Program.run(
      "evaluate", jets, "--model", tagger, "--model", tiny, "--report", folder.path("r"))
    #expect(report.status == 0 && report.text.contains("model model\n"), "\(report.errors)")
    #expect(try folder.text("r/roc.svg").contains("model w-tagger"))
  }
}
