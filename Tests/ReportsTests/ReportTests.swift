// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing
import CanopyModel
import PluginKit
import Reports

/// Two overlapping bells, from the quantiles of the logistic distribution.
private func classifier(_ name: String, separation: Double, count: Int = 4000) throws -> ClassifierEvaluation
{
  var scores: [Float] = []
  for i in 0..<count {
    let u = (Double(i / 2) + 0.5) / Double(count / 2)
    let logit = log(u / (1 - u)) + (i % 2 == 0 ? separation : -separation)
    scores.append(Float(1 / (1 + exp(-logit))))
  }
  return try ClassifierEvaluation(
    name: name, signalName: "W jets", backgroundName: "QCD jets", scores: scores,
    isSignal: (0..<count).map { $0 % 2 == 0 })
}

private let epochs = (1...12).map { epoch in
  EpochSummary(
    epoch: epoch, trainingLoss: 0.3 + 0.4 / Double(epoch), validationLoss: 0.33 + 0.35 / Double(epoch),
    metrics: [EpochSummary.Metric(name: "AUC", value: 0.93 - 0.1 / Double(epoch))], learningRate: 1e-3,
    eventCount: 80_000, seconds: 30, isBest: epoch <= 11)
}

/// A folder that is gone after the test.
private func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

private func isPNG(_ data: Data) -> Bool {
  data.starts(with: [0x89, 0x50, 0x4E, 0x47]) && data.count > 10_000
}

@Suite struct ReportTests {
  /// Two regressions, whose files carry their names.
  @Test func writesTheFilesOfRegressions() throws {
    let truth = (0..<400).map { 60 + Double($0) * 0.35 }
    let values = truth.enumerated().map { $1 * (0.8 + 0.1 * Double($0 % 5)) }
    func regression(_ name: String) throws -> RegressionEvaluation {
      try RegressionEvaluation(
        name: name, unit: "GeV",
        predictions: RegressionPredictions(
          "mass", values: values, interval: (values.map { $0 * 0.9 }, values.map { $0 * 1.2 })),
        others: [
          RegressionPredictions("half the mass, or none", values: values.map { $0 > 100 ? $0 / 2 : .nan })
        ],
        truth: truth, weights: truth.map { _ in 1 })
    }
    try withFolder { folder in
      try Report(title: "masses", regressions: [try regression("a"), try regression("b")])
        .write(to: folder, using: Gnuplot())
      for name in ["response", "resolution", "coverage", "pulls", "predictions"] {
        for prefix in ["a-", "b-"] {
          #expect(isPNG(try Data(contentsOf: folder.appendingPathComponent("\(prefix)\(name).png"))))
        }
      }
      let text = try String(contentsOf: folder.appendingPathComponent("a-response.csv"), encoding: .utf8)
      let rows = text.split(separator: "\n")
      #expect(rows.count == 15 && rows[1].hasPrefix("60,70,29,0,0,"))
      #expect(rows[0].contains("\"half the mass, or none bias_error\""))
      let density = try String(
        contentsOf: folder.appendingPathComponent("b-predictions.csv"), encoding: .utf8)
      #expect(density.hasPrefix("bin_centre,truth,truth_error,mass,mass error,"))
    }
  }

  private func head(_ name: String, _ figures: [HeadFigure], _ tables: [HeadTable] = []) -> Report.Head {
    Report.Head(
      name: name,
      HeadEvaluation(metrics: [Metric("m", Estimate(value: 1, error: nil))], figures: figures, tables: tables)
    )
  }

  /// Curves, points and histograms on linear and logarithmic axes, with numbers that are not known.
  @Test func writesFiguresAndTablesOfHeads() throws {
    let energy = HeadFigure.Axis("E_T, 'quoted'", unit: "GeV", isLogarithmic: true)
    let share = HeadFigure.Axis("Share", range: 0...1)
    let series: [HeadFigure.Series] = [
      .curve(
        "a curve, with a comma", x: [1, 10, 100, 1000], y: [0.1, .nan, 0.3, 0.4],
        errors: [0.1, 0.1, .nan, -1]),
      .points("points", x: [2, 20], y: [0.5, .infinity], errors: [0.05, 0.05]),
      .histogram("bins", edges: [1, 10, 1000], contents: [0.7, 0.2], errors: [0.02, .nan]),
      .points("beyond", x: [-1, 0], y: [0.5, 2]),
    ]
    let bare: [HeadFigure.Series] = [
      .curve("c", x: [1], y: [1]), .points("p", x: [0, 1], y: [3, 2]),
      .histogram("h", edges: [0, 1, 2], contents: [0, 5], errors: [1, 6]),
    ]
    let nothing = HeadFigure("nothing", x: energy, y: share, series: [.curve("c", x: [0, .nan], y: [1, 1])])
    let plain = HeadFigure.Axis("x")
    let table = HeadTable(
      "by class",
      columns: [
        HeadTable.Column("class", texts: ["b, c", "light"]),
        HeadTable.Column("pT", unit: "GeV", numbers: [20.5, .nan]),
        HeadTable.Column("bias", estimates: [Estimate(value: 0.5, error: 0.25), nil]),
      ])
    try withFolder { folder in
      let report = Report(
        title: "heads", classifiers: [try classifier("w", separation: 1)],
        heads: [
          head(
            "w",
            [
              HeadFigure("mixed", x: energy, y: share, series: series),
              HeadFigure("bare", x: plain, y: HeadFigure.Axis("y", isLogarithmic: true), series: bare),
              nothing,
            ], [table]),
          // Names that files would share.
          head("w-Bare", [HeadFigure("x y", x: plain, y: plain, series: bare)]),
          head("w", [HeadFigure("bare", x: plain, y: plain, series: bare)]),
        ])
      try report.write(to: folder, using: Gnuplot())
      for name in ["w-mixed", "w-bare", "w-bare-2", "w-Bare-x_y", "roc"] {
        #expect(isPNG(try Data(contentsOf: folder.appendingPathComponent("\(name).png"))), "\(name)")
      }
      func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("w-nothing.png").path))
      #expect(try text("w-nothing.csv") == "c x,c y,c error\n0,1,\n,1,\n")
      #expect(
        try text("w-mixed.csv") == """
          "a curve, with a comma x","a curve, with a comma y","a curve, with a comma error",points x,points y,points error,\
          bins least x,bins largest x,bins y,bins error,beyond x,beyond y,beyond error
          1,0.1,0.1,2,0.5,0.05,1,10,0.7,0.02,-1,0.5,
          10,,0.1,20,,0.05,10,1000,0.2,,0,2,
          100,0.3,,,,,,,,,,,
          1000,0.4,,,,,,,,,,,

          """)
      #expect(
        try text("w-by_class.csv") == "class,pT [GeV],bias,bias error\n\"b, c\",20.5,0.5,0.25\nlight,,,\n")
      let drawing = try text("w-mixed.svg")
      #expect(
        drawing.contains("E_T, ’quoted’ [GeV]") && drawing.contains("bins") && !drawing.contains("beyond"))

      struct Summary: Decodable {
        struct Head: Decodable {
          struct Figure: Decodable {
            struct Axis: Decodable {
              var label: String
              var unit: String?
              var isLogarithmic: Bool
              var range: [Double]?
            }
            struct Series: Decodable {
              var kind: String
              var x: [Double?]
              var y: [Double?]
              var errors: [Double?]?
            }
            var name: String
            var x: Axis
            var y: Axis
            var series: [Series]
          }
          var name: String
          var figures: [Figure]
        }
        var heads: [Head]
      }
      let summary = try JSONDecoder().decode(
        Summary.self, from: Data(contentsOf: folder.appendingPathComponent("report.json")))
      #expect(summary.heads.map(\.name) == ["w", "w-Bare", "w"])
      let figure = summary.heads[0].figures[0]
      #expect(
        figure.x.unit == "GeV" && figure.x.isLogarithmic && figure.x.range == nil && figure.y.range == [0, 1])
      #expect(figure.series.map(\.kind) == ["curve", "points", "histogram", "points"])
      #expect(figure.series[0].y == [0.1, nil, 0.3, 0.4] && figure.series[0].errors == [0.1, 0.1, nil, nil])
      #expect(figure.series[2].x == [1, 10, 1000] && figure.series[3].errors == nil)
      #expect(try text("report.json").contains("\"bias\""))
    }
  }

  @Test func writesEveryFile() throws {
    try withFolder { folder in
      let report = Report(
        title: "W tagger", classifiers: [try classifier("tagger", separation: 1.5)], epochs: epochs)
      try report.write(to: folder, using: Gnuplot())
      // A second report replaces the first.
      try report.write(to: folder, using: Gnuplot())
      let figures = ["calibration", "learning-curves", "rejection", "roc", "scores"]
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(
        names.sorted()
          == (figures.flatMap { ["\($0).png", "\($0).svg"] }
          + [
            "calibration.csv", "figures.gnuplot", "learning-curves.csv", "report.json", "roc.csv",
            "scores.csv",
          ]).sorted())
      for name in figures {
        #expect(isPNG(try Data(contentsOf: folder.appendingPathComponent("\(name).png"))))
        let drawing = try String(contentsOf: folder.appendingPathComponent("\(name).svg"), encoding: .utf8)
        #expect(drawing.hasPrefix("<?xml") && drawing.contains("</svg>") && drawing.contains("W tagger"))
      }
      let script = folder.appendingPathComponent("figures.gnuplot")
      #expect(!(try String(contentsOf: script, encoding: .utf8).contains(folder.path)))
    }
  }

  @Test func writesTheNumbersThatItShows() throws {
    try withFolder { folder in
      let tagger = try classifier("tagger", separation: 1.5)
      try Report(title: "t", classifiers: [tagger], epochs: epochs).write(to: folder, using: Gnuplot())
      func rows(_ name: String) throws -> [[Substring]] {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      }
      let curve = try rows("roc.csv")
      #expect(
        curve[0] == [
          "threshold", "signal_efficiency", "background_efficiency", "background_rejection",
          "background_rejection_error", "signal_efficiency_error",
        ])
      #expect(curve[1] == ["inf", "0", "0", "", "", "0"])
      #expect(curve.last?.dropFirst() == ["1", "1", "1", "0", "0"])
      let density = try rows("scores.csv").dropFirst().reduce(0.0) { $0 + (Double($1[1]) ?? .nan) }
      #expect(abs(density * tagger.signalScores.binWidth - 1) < 1e-9)
      let learning = try rows("learning-curves.csv")
      #expect(learning[0].last == "AUC")
      #expect(learning[2] == ["2", "0.5", "0.505", "0.001", "80000", "30", "1", "0.88"])

      struct Summary: Decodable {
        struct Classifier: Decodable {
          var name: String
          var signalCount: Int
          var auc: Estimate
          var rejections: [BackgroundRejection]
        }
        var title: String
        var classifiers: [Classifier]
        var epochs: [EpochSummary]
      }
      let summary = try JSONDecoder().decode(
        Summary.self, from: Data(contentsOf: folder.appendingPathComponent("report.json")))
      #expect(summary.title == "t")
      #expect(summary.classifiers[0].auc == tagger.auc)
      #expect(summary.classifiers[0].rejections == tagger.rejections)
      #expect(summary.classifiers[0].signalCount == 2000)
      #expect(summary.epochs == epochs)
    }
  }

  /// A report in the place of another has no files of it, and keeps what is the user's.
  @Test func aReportTakesThePlaceOfAnother() throws {
    try withFolder { folder in
      let report = folder.appendingPathComponent("report")
      func write(_ names: [String]) throws {
        try Report(
          title: "t", classifiers: names.map { try classifier($0, separation: 2) }, regressions: [],
          conditions: [],
          epochs: []
        ).write(to: report, using: Gnuplot())
      }
      try write(["first", "second"])
      let notes = report.appendingPathComponent("notes.txt")
      try Data("mine".utf8).write(to: notes)
      try write(["first"])
      let found = try FileManager.default.contentsOfDirectory(atPath: report.path)
      #expect(found.contains("notes.txt") && found.contains("report.json"))
      try FileManager.default.removeItem(at: report)
      try write(["first"])
      let alone = try FileManager.default.contentsOfDirectory(atPath: report.path)
      #expect(Set(found) == Set(alone + ["notes.txt"]))
    }
  }

  /// Names are the user's, and neither gnuplot nor a file system may take them for anything but text.
  @Test func treatsNamesAsText() throws {
    try withFolder { folder in
      let hostile = "'; system('touch injected') #`touch injected`\n$(touch injected) \"{/Bold x}_2"
      try Report(
        title: hostile,
        classifiers: [
          try classifier(hostile, separation: 1), try classifier("../../W/Z", separation: 2),
          try classifier("../../W:Z", separation: 2),
        ],
        epochs: [
          EpochSummary(
            epoch: 1, trainingLoss: 1, metrics: [.init(name: hostile, value: 0.5)], learningRate: 1,
            eventCount: 1, seconds: 1, isBest: true)
        ]
      ).write(to: folder, using: Gnuplot())
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(!names.contains("injected"))
      #expect(names.contains("______W_Z-2-roc.csv"))
      #expect(names.contains("______W_Z-3-scores.png"))
      #expect(names.count == 4 * 2 + 3 * 2 + 3 * 3 + 3)
      let drawing = try String(contentsOf: folder.appendingPathComponent("roc.svg"), encoding: .utf8)
      #expect(drawing.contains("../../W/Z, AUC = "))
      #expect(drawing.contains("’; system(’touch injected’) #`touch injected`\\u{a}$(touch injected)"))
    }
  }

  @Test func drawsTrainingAlone() throws {
    try withFolder { folder in
      let epoch = EpochSummary(
        epoch: 1, trainingLoss: 1, learningRate: 1, eventCount: 1, seconds: 1, isBest: false)
      try Report(title: "", epochs: [epoch]).write(to: folder, using: Gnuplot())
      #expect(isPNG(try Data(contentsOf: folder.appendingPathComponent("learning-curves.png"))))
    }
  }

  /// Scores far apart, all equal or few leave curves with almost nothing to draw.
  @Test func drawsDegenerateCurves() throws {
    for scores in [[0, 1], [0.5, 0.5], [-3e38, 3e38], [1e30, 1e30]] as [[Float]] {
      try withFolder { folder in
        let evaluation = try ClassifierEvaluation(name: "a", scores: scores, isSignal: [false, true])
        try Report(title: "t", classifiers: [evaluation]).write(to: folder, using: Gnuplot())
      }
    }
  }

  @Test func saysHowToGetGnuplot() throws {
    let error = #expect(throws: ReportError.self) { try Gnuplot(searchPath: "/nonexistent:") }
    #expect(try #require(error).description.contains("sudo apt install gnuplot-nox"))
  }

  @Test func leavesNothingWhereItFails() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
      // A gnuplot that fails.
      let program = folder.appendingPathComponent("gnuplot")
      try Data("#!/bin/sh\necho 'no fonts today' >&2\nexit 3\n".utf8).write(to: program)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
      let broken = try Gnuplot(searchPath: folder.path)
      let report = Report(title: "t", epochs: epochs)
      let target = folder.appendingPathComponent("report")
      let error = #expect(throws: ReportError.self) { try report.write(to: target, using: broken) }
      #expect(error?.description == "gnuplot could not draw the figures: no fonts today")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["gnuplot"])
      // A file where the folder should be: not even root can write there.
      let blocked = #expect(throws: ReportError.self) { try report.write(to: program, using: broken) }
      #expect(try #require(blocked).description.hasPrefix("\(program.path): the report cannot be written: "))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["gnuplot"])
    }
  }
}
