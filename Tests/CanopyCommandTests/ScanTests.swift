// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// `canopy scan`.
@Suite struct ScanTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A configuration of a scan, with the few events that a training of a moment needs.
  private func configuration(_ scan: String, epochs: Int = 2) throws -> String {
    let text = TinyModel.configuration(epochs: epochs, events: 120)
      .replacingOccurrences(of: "  threads: 2", with: "  threads: 1")
    return try folder.write("\(text)\nscan: \(scan)\n", to: "scan.yaml")
  }

  /// The lines of `scan.csv`, each by its columns.
  private func comparison() throws -> [[String: String]] {
    let lines = try folder.text("out/scan.csv").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  private func scan(_ configuration: String, _ arguments: String...) throws -> Outcome {
    try Program.run(["scan", configuration, "-o", folder.path("out")] + arguments)
  }

  /// The seconds since an epoch at which a file of a point last changed.
  private func time(_ name: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: folder.path("out/\(name)"))[.modificationDate] as? Date
  }

  @Test func aGridIsTrainedAndCompared() throws {
    let file = try configuration(
      "{grid: {training.learning-rate: [0.02, 1e-4], embedding.cell: [gated, simple]}}")
    let outcome = try scan(file, "--parallel", "2")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let rows = try comparison()
    #expect(Set(rows.map { $0["point"] }) == ["1", "2", "3", "4"])
    #expect(rows.allSatisfy { $0["state"] == "finished" && $0["epochs"] == "2" })
    // The last setting changes first.
    let points = Dictionary(uniqueKeysWithValues: rows.map { ($0["point"]!, $0) })
    #expect(
      ["1", "2", "3", "4"].map { points[$0]!["training.learning-rate"] } == [
        "0.02", "0.02", "0.0001", "0.0001",
      ])
    #expect(
      ["1", "2", "3", "4"].map { points[$0]!["embedding.cell"] } == ["gated", "simple", "gated", "simple"])
    let areas = rows.map { Double($0["AUC"]!)! }
    #expect(areas == areas.sorted(by: >) && areas[0] > areas[3])

    // A point is what a training with its settings is.
    let alone = try Program.run(
      "train", file, "-o", folder.path("alone"), "--set", "training.learning-rate=0.02", "--set",
      "embedding.cell=simple")
    #expect(alone.status == 0)
    #expect(try folder.data("alone/weights.safetensors") == folder.data("out/002/weights.safetensors"))
    let curve = try folder.text("alone/learning-curve.csv").split(separator: "\n").dropFirst()
    #expect(curve.contains { line in line.hasSuffix(points["2"]!["AUC"]!) })

    let table = outcome.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(
      table[0] == ["point", "training.learning-rate", "embedding.cell", "AUC", "epoch", "of", "state"])
    #expect(table.dropFirst().map { $0[0] } == rows.map { $0["point"] })
    let figure = try folder.text("out/scan.svg")
    #expect(figure.contains("training.learning-rate") && figure.contains("simple"))

    // Further values keep the numbers of the points, and what is finished stays.
    let before = try time("001/model.json")
    let more = try scan(
      file, "--set", "scan.grid={training.learning-rate: [0.02, 0.01], embedding.cell: [gated, simple]}")
    #expect(more.status == 0 && more.errors.contains("4 points, of which 2 are finished"), "\(more.errors)")
    #expect(Set(try comparison().map { $0["point"] }) == ["1", "2", "5", "6"])
    #expect(try time("001/model.json") == before)
  }

  @Test func pointsAreDrawnFromRanges() throws {
    let file = try configuration(
      """
      {random: 3, seed: 4, values: {training.learning-rate: {from: 1e-4, to: 1e-1, scale: log},
         embedding.width: {from: 3, to: 6, whole: true}}}
      """, epochs: 1)
    #expect(try scan(file).status == 0)
    let rows = try comparison().sorted { $0["point"]! < $1["point"]! }
    let rates = rows.map { Double($0["training.learning-rate"]!)! }
    #expect(rates.count == 3 && Set(rates).count == 3 && rates.allSatisfy { (1e-4...1e-1).contains($0) })
    #expect(rows.allSatisfy { (3...6).contains(Int($0["embedding.width"]!) ?? 0) })
    // More points of the same seed begin with these.
    #expect(try scan(file, "--set", "scan.random=4").status == 0)
    let more = try comparison().sorted { $0["point"]! < $1["point"]! }
    #expect(
      more.count == 4
        && more.prefix(3).map { $0["training.learning-rate"] } == rows.map { $0["training.learning-rate"] })
  }

  @Test func pointsThatFailDoNotStopTheOthers() throws {
    let file = try configuration("{grid: {training.learning-rate: [0.01, 1e30, 0.02]}}")
    let outcome = try scan(file)
    #expect(outcome.status == 1 && outcome.hasExited)
    #expect(
      outcome.errors.contains("point 2  training.learning-rate=1e+30  failed: In step "), "\(outcome.errors)")
    #expect(outcome.text.contains("failed\n  2  In step "), "\(outcome.text)")
    let rows = try comparison()
    #expect(rows.map { $0["state"] } == ["finished", "finished", "failed"] && rows[2]["AUC"] == "")
  }

  /// What was stopped goes on, and has the bits of a scan that was not.
  @Test(arguments: [SIGINT, SIGTERM]) func anInterruptedScanGoesOn(number: Int32) throws {
    let file = try configuration("{grid: {training.learning-rate: [0.01, 0.02]}}", epochs: 30)
    let messages = try TemporaryFolder()
    let process = try Program.start(
      ["scan", file, "-o", folder.path("out"), "--parallel", "2"], folder: messages)
    let checkpoint = folder.path("out/002/checkpoint.safetensors")
    while process.isRunning, !FileManager.default.fileExists(atPath: checkpoint) { usleep(1000) }
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == number)
    #expect(try messages.text("errors").hasSuffix("canopy: the same command goes on with the scan.\n"))
    // Its trainings have ended with it, so that another may take their folders.
    let rest = try scan(file)
    #expect(rest.status == 0, "\(rest.errors)")
    #expect(try comparison().allSatisfy { $0["state"] == "finished" && $0["epochs"] == "30" })
    let whole = try Program.run(
      "train", file, "-o", folder.path("whole"), "--set", "training.learning-rate=0.02")
    #expect(whole.status == 0)
    #expect(try folder.data("whole/weights.safetensors") == folder.data("out/002/weights.safetensors"))
  }

  static let refused: [(scan: String, fragment: String)] = [
    ("{}", "give a grid, or random and values, and not both"),
    ("{random: 3}", "random and values go together"),
    ("{grid: {}}", "names no setting"),
    ("{grid: {training.epochs: []}}", "scan.grid.training.epochs is empty; give at least one value"),
    ("{grid: {training.epochs: [1, 1]}}", "has the same value twice"),
    ("{grid: {training.epochs: {from: 1, to: 2}}}", "has a range for training.epochs"),
    ("{grid: {training.criterion: [loss, AUC]}}", "has training.criterion, which is the same for all points"),
    ("{grid: {training.epoch: [1]}}", "unknown key 'epoch' in training; did you mean 'epochs'?"),
    (
      "{random: 2, values: {training.learning-rate: {from: 0, to: 1, scale: log}}}",
      "must be positive for scale: log"
    ),
    ("{random: 2, values: {training.learning-rate: {from: 2, to: 1}}}", "must be finite and more than from"),
    ("{random: 2, values: {training.epochs: {from: 1.2, to: 1.8, whole: true}}}", "of which there are none"),
  ]

  @Test(arguments: refused) func whatIsNoScanIsRefused(scan text: String, fragment: String) throws {
    let outcome = try scan(configuration(text))
    #expect(outcome.status == 65 && outcome.hasExited && outcome.output.isEmpty)
    #expect(outcome.errors.contains(fragment), "\(outcome.errors)")
    #expect(try folder.content == ["scan.yaml"])
  }

  @Test func foldersOfOthersAreRefused() throws {
    let file = try configuration("{grid: {training.epochs: [1]}}")
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
    try folder.write("mine", to: "out/notes.txt")
    let outcome = try scan(file)
    #expect(outcome.status == 64 && outcome.errors.contains("holds other files than a scan"))
    let plain = try folder.write(TinyModel.configuration(), to: "plain.yaml")
    let none = try Program.run("scan", plain, "-o", folder.path("other"))
    #expect(none.status == 65 && none.errors.contains("plain.yaml: has no section scan; write one"))
  }
}
