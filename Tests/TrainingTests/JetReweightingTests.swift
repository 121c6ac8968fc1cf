// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import JetTaggers
import NeuralEngine
import PluginKit
import Settings
import TestFiles
import TestPlugins
import Testing

@testable import Training

/// Weights that jets have of their own, in events with several of them.
@Suite struct JetReweightingTests {
  private let folder: TemporaryFolder
  private let file: String
  private static let eventCount = 150

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 3)
    let lines = (0..<Self.eventCount).map { event in
      // Jets of one prong are harder; every third event has two jets.
      let prongs = 1 + event % 2
      var particles = ToyJets.particles(prongs: prongs, using: &generator)
      if event % 3 == 0 { particles += ToyJets.particles(prongs: prongs, phi: 4, using: &generator) }
      let factor = prongs == 1 ? Double.random(in: 1...2, using: &generator) : 1
      return ToyJets.line(
        particles.map {
          FourMomentum(px: factor * $0.px, py: factor * $0.py, pz: factor * $0.pz, energy: factor * $0.energy)
        }, "\"label\": \(event % 2)", "\"w\": \(1 + event % 4)")
    }
    file = try folder.write(lines.joined(), to: "pairs.jsonl")
  }

  private func section(_ yaml: String) throws -> ReweightingSection {
    try ConfigurationNode(yaml: yaml, source: "c.yaml").decode()
  }

  private func dataset(_ network: Network, _ section: ReweightingSection?) throws -> EventDataset {
    var options = EventReadingOptions(weight: EventWeight("w"))
    options.jets = FormulaJets(try ToyJets.finder(), observables: ObservableCatalogue(plugins: .shipped))
    return try EventDataset(
      EventStream(inputs: [file], options: options), jets: ToyJets.finder(), for: network, reweight: section,
      threads: 2)
  }

  private static let reweighting =
    "{of: jets, in: {pt: 4, kinematics/mass: [0, 30, 1000]}, classes: label}"

  @Test func eachJetHasItsWeight() throws {
    let network = try ToyJets.network(["label"])
    let plain = try dataset(network, nil)
    let weighted = try dataset(network, section(Self.reweighting))
    // The same by hand, from what FastJet finds.
    var values: [String: [Float]] = ["pt": [], "kinematics/mass": [], "label": []]
    var weights: [Float] = []
    var constituents: [Int] = []
    let clusterer = try JetClusterer(ToyJets.finder())
    let events = try #require(try EventStream(inputs: [file]).next(upTo: 1000))
    let jets = try clusterer.jets(in: events)
    for event in 0..<events.eventCount {
      for jet in jets.jets(ofEvent: event) {
        values["pt"]!.append(Float(jets.momentum(ofJet: jet).pt))
        values["kinematics/mass"]!.append(Float(jets.momentum(ofJet: jet).mass))
        values["label"]!.append(Float(events.columns["label"]!.values[event]))
        weights.append(Float(events.columns["w"]!.values[event]))
        constituents.append(jets.constituents(ofJet: jet).count)
      }
    }
    #expect(jets.jetCount > 180)
    let expected = try SpectrumReweighting(
      section(Self.reweighting), values: values, weights: weights, seed: 1
    )
    .weights
    let all = Array(0..<events.eventCount)
    let (before, found) = (
      plain.weights(for: network.heads[0], of: all), weighted.weights(for: network.heads[0], of: all)
    )
    #expect(before == weights && found.count == expected.count)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * abs($1) })
    #expect(Set(zip(found, before).map { $0 / $1 }).count > 4)
    // Rows are those of the events that are asked for, in their order.
    let some = [5, 3, 0]
    let rows = some.flatMap { Array(jets.jets(ofEvent: $0)) }
    #expect(weighted.weights(for: network.heads[0], of: some) == rows.map { found[$0] })
    let total = weighted.totalWeight(for: network.heads[0], of: some)
    #expect(abs(total - rows.reduce(0) { $0 + Double(found[$1]) }) < 1e-6 * total)
    // Events keep their weights, and constituents and splittings have what their jet has.
    #expect(weighted.weights == plain.weights)
    let factors = zip(found, before).map { $0 / $1 }
    let (own, split) = (weighted.rowFactors[.constituents]!, weighted.rowFactors[.splittings]!)
    #expect(own.count == constituents.reduce(0, +) && split.count == own.count - jets.jetCount)
    var first = 0
    for (jet, count) in constituents.enumerated() {
      #expect(own[first..<first + count].allSatisfy { abs($0 - factors[jet]) <= 1e-6 * factors[jet] })
      first += count
    }
    let whole = EventSplit(plain, validationFraction: 0.3, seed: 1)
    #expect(weighted.fingerprints(whole) != plain.fingerprints(whole))
  }

  private func run(_ reweighting: String, heads: String = "", into name: String) throws -> (Model, [String]) {
    let log = ToyJets.Log()
    let yaml = ToyJets.configuration(file, training: "epochs: 1, seed: 2, threads: 1")
      .replacingOccurrences(
        of: "  validation-fraction", with: "  reweight: \(reweighting)\n  validation-fraction")
    let configuration = try TrainingConfiguration(
      contentsOf: URL(fileURLWithPath: folder.write(yaml + heads, to: "c.yaml")), plugins: .shipped)
    let model = try TrainingRun(configuration, plugins: .shipped).run(
      into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
    return (model, log.remarks)
  }

  @Test(arguments: [
    ("{of: jets, in: {pt: 3, soft-drop/mass: 4}, to: equal, classes: label, by: classifier}", "jets"),
    ("{of: jets, in: {pt: 3, max(splitting.kt): 2}, classes: label}", "jets"),
    ("{of: jets, in: {\"max(constituent.pt) / pt\": 4, tight/mass: 2}, to: equal, classes: label}", "jets"),
    ("{in: {w: 2}, to: equal, classes: label}", "events"),
  ]) func theModelKeepsTheSpectra(reweighting: String, noun: String) throws {
    let (model, remarks) = try run(
      reweighting, heads: "\nobservables: {tight: {plugin: soft-drop, z-cut: 0.3}}\n", into: "model")
    let spectra = try #require(model.description.training?.spectra)
    #expect(
      spectra.count >= 1 && spectra.allSatisfy { $0.classes.map(\.name) == ["label = 0.0", "label = 1.0"] })
    #expect(remarks.contains { $0.contains("\(noun) of equal weight") }, "\(remarks)")
    #expect(remarks.count { $0.contains("as Kolmogorov and Smirnov measure it") } == spectra.count)
    #expect(remarks.contains { $0.contains("tight has no effect") } == !reweighting.contains("tight"))
    let read = try Model(contentsOf: folder.url.appendingPathComponent("model"), plugins: .shipped)
    #expect(read.description == model.description)
    let lines = String(
      decoding: try Data(contentsOf: folder.url.appendingPathComponent("model/reweighting.csv")),
      as: UTF8.self)
    #expect(lines.contains(",\(noun),weight before,weight after\n"))
    // Bins that do not go with their edges are refused when the model is read.
    let description = folder.url.appendingPathComponent("model/model.json")
    let text = String(decoding: try Data(contentsOf: description), as: UTF8.self)
    try Data(text.replacing(/"edges" : \[\s*/, with: "\"edges\" : [ -1e9, ").utf8).write(to: description)
    #expect(throws: ModelError.self) {
      try Model(contentsOf: folder.url.appendingPathComponent("model"), plugins: .shipped)
    }
  }

  @Test func mistakes() throws {
    for (reweighting, problem) in [
      (
        "{of: jets, in: {ptt: 3}}",
        "data.reweight \"ptt\" is wrong at character 1: jets have no column ptt; did you mean pt?"
      ),
      (
        "{of: jets, in: {constituent.pt: 3}}",
        "there is a value for each constituent, and one for each jet is needed"
      ),
      ("{of: jets, in: {pt: 3}, classes: lable}", "\"lable\" is wrong at character 1"),
    ] {
      let error = #expect(throws: (any Error).self) { try run(reweighting, into: "none") }
      #expect("\(error.map { "\($0)" } ?? "")".contains(problem), "\(error.map { "\($0)" } ?? "")")
    }
  }
}
