// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// Decorrelated heads by the command: what is measured, trained and compared.
@Suite struct DecorrelationCommandTests {
  private let folder: TemporaryFolder
  private let jets = Samples.path("w-vs-qcd-small.h5")

  init() throws { folder = try TemporaryFolder() }

  private struct Numbers: Decodable {
    struct Head: Decodable {
      var metrics: [String: Estimate?]
    }
    var heads: [Head]
  }

  private func metrics(_ arguments: String...) throws -> [String: Estimate?] {
    let outcome = try Program.run(["evaluate"] + arguments + ["--format", "json", "--threads", "2"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Numbers.self, from: outcome.output).heads[0].metrics
  }

  /// A training of a moment with a decorrelated head.
  private func configuration(_ by: String, _ rest: String = "") throws -> String {
    let text = TinyModel.configuration(events: 400).replacingOccurrences(
      of: "    plugin: jet-tagger\n    configuration:\n      truth: label\n      classes: [QCD, W]\n",
      with: "    plugin: decorrelated\n    configuration:\n"
        + "      head: {plugin: jet-tagger, configuration: {truth: label, classes: [QCD, W]}}\n"
        + "      nuisances: [kinematics/mass]\n      by: \(by)\n")
    #expect(text.contains("decorrelated"))
    return try folder.write("\(text)\n\(rest)\n", to: "decorrelated.yaml")
  }

  /// The divergence of any head, by plain loops over what `canopy classify` writes.
  @Test func divergencesOfAnyHead() throws {
    let model = Models.folder("w-tagger").path
    let edges = [50.0, 60, 70, 80, 90, 100, 110]
    let name = "1/JSD of kinematics/mass at 50 %"
    let option = "kinematics/mass=" + edges.map { "\(Int($0))" }.joined(separator: ",")
    let found = try #require(try metrics(jets, "--model", model, "--nuisance", option)[name] ?? nil)
    #expect(try metrics(jets, "--model", model)[name] == nil)
    let file = folder.path("scores.h5")
    #expect(try Program.run("classify", jets, "--model", model, "-o", file).status == 0)
    let (scores, masses) = try (hdf5Array(file, "jet/w-tagger/score"), hdf5Array(file, "jet/mass"))
    let labels = try hdf5Array(jets, "event/label")
    let signal = scores.indices.filter { labels[$0] == 1 }.map { scores[$0] }.sorted(by: >)
    let threshold = signal[(signal.count + 1) / 2 - 1]
    var spectra = [[Double]](repeating: [Double](repeating: 0, count: 6), count: 2)
    for row in scores.indices where labels[row] == 0 {
      let bin = edges.lastIndex { Double(Float(masses[row])) >= $0 } ?? 0
      spectra[scores[row] >= threshold ? 1 : 0][min(bin, 5)] += 1
    }
    let shares = spectra.map { spectrum in spectrum.map { $0 / spectrum.reduce(0, +) } }
    var divergence = 0.0
    for bin in 0..<6 {
      let mean = (shares[0][bin] + shares[1][bin]) / 2
      for share in [shares[0][bin], shares[1][bin]] where share > 0 {
        divergence += share * log2(share / mean) / 2
      }
    }
    #expect(abs(found.value * divergence - 1) < 1e-6, "\(found.value), \(1 / divergence)")
    let report = try Program.run(
      "evaluate", jets, "--model", model, "--nuisance", "kinematics/mass", "--report", folder.path("report"))
    #expect(report.status == 0 && report.text.contains("1/JSD of an independent score"), "\(report.errors)")
    let bins = try folder.text("report/w-tagger-kinematics-mass-bins.csv").split(separator: "\n")
    #expect(bins.count == 11 && bins[0].contains("ε_B at 50 %"))
    #expect(try folder.text("report/w-tagger-kinematics-mass-spectra.svg").contains("kinematics/mass"))
  }

  @Test func aNumberThatIsNone() throws {
    let outcome = try Program.run(
      "evaluate", jets, "--model", Models.folder("w-tagger").path, "--nuisance", "label")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("label is the same in all of the background"), "\(outcome.errors)")
  }

  /// Methods side by side in one scan, with a figure of the rejection against 1/JSD.
  @Test func methodsAreCompared() throws {
    let key = "heads.w-tagger.configuration.by"
    let scan =
      "scan: {grid: {\(key): [none, quantile, {method: disco, strength: 5}, {method: adversarial, adversary: {hidden: [8]}}, conditional]}}"
    let outcome = try Program.run(
      "scan", configuration("none", scan), "-o", folder.path("out"), "--parallel", "1", "--set",
      "training.threads=1")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = try folder.text("out/scan.csv").split(separator: "\n")
    #expect(lines.count == 6 && lines[0].hasSuffix("1/ε_B at 50 %,1/JSD of kinematics/mass at 50 %"))
    let figure = try folder.text("out/trade-off.svg")
    for method in ["adversarial", "conditional", "disco", "none", "quantile"] {
      #expect(figure.contains(method))
    }
    let evaluated = try Program.run("evaluate", jets, "--model", folder.path("out/002"))
    #expect(evaluated.status == 0 && evaluated.text.contains("1/JSD of background"), "\(evaluated.errors)")
    // The rejection at 50 % is a metric of the head, and a line of the classifier.
    #expect(evaluated.text.ranges(of: "1/ε_B at").count == 3, "\(evaluated.text)")
    // What reads an observable in Swift is in no graph; a penalty of the training is in none either.
    let refused = try Program.run("export", folder.path("out/002"), "-o", folder.path("no.onnx"))
    #expect(refused.status != 0 && refused.errors.contains("reads kinematics/mass"), "\(refused.errors)")
    #expect(try Program.run("export", folder.path("out/003"), "-o", folder.path("yes.onnx")).status == 0)
  }

  /// A model is mapped as it is: the weights of a model that has the head inside alone, and no training.
  @Test func aModelIsMapped() throws {
    let model = try TinyModel.folder()
    let outcome = try Program.run(
      "train", configuration("quantile"), "-o", folder.path("mapped"), "--set", "training.from=\(model)",
      "--set", "training.rates={embedding: 0, heads: 0}")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let files = ["\(model)/weights.safetensors", folder.path("mapped/weights.safetensors")]
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: files[0])) == Data(contentsOf: URL(fileURLWithPath: files[1]))
    )
    let adversarial = try Program.run(
      "train", configuration("adversarial"), "-o", folder.path("other"), "--set", "training.from=\(model)")
    #expect(
      adversarial.status == 65 && adversarial.errors.contains("adversary1.weight"), "\(adversarial.errors)")
  }
}
