// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import TestFiles
import TestPlugins
import Testing
import Training

/// Trainings whose columns, conditions and weights are formulas over jets.
@Suite struct JetFormulaTrainingTests {
  private let folder: TemporaryFolder
  /// Events without any column but a label.
  private let plain: String
  /// The same with what their jets come to, as a program outside would write it.
  private let written: String

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 9)
    let clusterer = try JetClusterer(ToyJets.finder())
    var lines: [[String]] = [[], []]
    for event in 0..<120 {
      var particles = ToyJets.particles(prongs: 1 + event % 2, using: &generator)
      if event % 3 == 0 { particles += ToyJets.particles(prongs: 1, phi: 4, using: &generator) }
      var events = Events()
      try events.append(particles)
      let jets = try clusterer.jets(in: events)
      let momenta = (0..<jets.jetCount).map { jets.momentum(ofJet: $0) }
      let label = "\"label\": \(event % 2)"
      lines[0].append(ToyJets.line(particles, label))
      lines[1].append(
        ToyJets.line(
          particles, label, "\"ht\": \(momenta.reduce(0) { $0 + $1.pt })", "\"nj\": \(momenta.count)",
          "\"heavy\": \(momenta[0].mass > 35 ? 1 : 0)"))
    }
    plain = try folder.write(lines[0].joined(), to: "plain.jsonl")
    written = try folder.write(lines[1].joined(), to: "written.jsonl")
  }

  private func run(_ yaml: String, into name: String) throws -> (model: Model, summary: TrainingRun.Summary) {
    let log = ToyJets.Log()
    let configuration = try TrainingConfiguration(
      contentsOf: URL(fileURLWithPath: folder.write(yaml, to: "\(name).yaml")), plugins: .shipped)
    let model = try TrainingRun(configuration, plugins: .shipped).run(
      into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
    return (model, try #require(log.summary))
  }

  private func configuration(_ file: String, _ data: String) -> String {
    ToyJets.configuration(file, training: "epochs: 2, batch-size: 16, seed: 4, threads: 2")
      .replacingOccurrences(of: "truth: label", with: "truth: heavy")
      .replacingOccurrences(of: "  validation-fraction: 0.3\n", with: data)
  }

  private func losses(_ model: Model) -> [Double?] {
    model.description.training?.epochs.map(\.validationLoss) ?? []
  }

  private static let definitions =
    "  define: {ht: sum(jet.pt), nj: count(jet), heavy: \"jet[0].mass > 35\"}\n"

  /// Everything that names columns takes those of jets, and comes to what it comes to with columns of the file.
  @Test(arguments: [
    "  where: ht > 130\n  weight: ht / 100\n  validation: \"floor(ht) % 3 == 0\"\n  test: nj > 1 and ht > 300\n",
    "  where: ht > 130\n  stratify: nj\n  balance: heavy\n  max-events: 100\n  folds: {count: 2, by: nj}\n",
  ])
  func theModelIsThatOfColumnsOfTheFile(data: String) throws {
    let own = try run(configuration(plain, Self.definitions + data), into: "own")
    let other = try run(configuration(written, data), into: "other")
    #expect(own.summary.events == other.summary.events && own.summary.events < 100)
    #expect(own.summary.trainingEvents == other.summary.trainingEvents)
    #expect(own.summary.validationEvents == other.summary.validationEvents)
    for (first, second) in zip([own.model] + own.model.members, [other.model] + other.model.members) {
      #expect(first.parameters.values.elementsEqual(second.parameters.values))
      #expect(losses(first) == losses(second) && losses(first).count == 2)
      #expect(first.description.training?.fingerprint == second.description.training?.fingerprint)
    }
    #expect(own.model.members.count == other.model.members.count)
  }

  @Test func formulasOverJetsStandForColumns() throws {
    let data =
      "  where: sum(jet.pt) > 130\n  weight: sum(jet.pt) / 100\n  validation: \"floor(sum(jet.pt)) % 3 == 0\"\n"
    let own = try run(
      configuration(plain, "  define: {heavy: \"any(jet.tight/mass > 35) and jet[0].mass > 35\"}\n" + data)
        + "\nobservables: {tight: {plugin: soft-drop, z-cut: 0}}\n", into: "own")
    // Soft drop with a cut of 0 takes nothing away, so that the first jet's own mass decides.
    let other = try run(
      configuration(
        written, "  where: ht > 130\n  weight: ht / 100\n  validation: \"floor(ht) % 3 == 0\"\n"),
      into: "other")
    #expect(own.model.parameters.values.elementsEqual(other.model.parameters.values))
    #expect(own.summary.remarks == other.summary.remarks)
    // The network reads no observable, and the model keeps none.
    #expect(own.model.description.observables.isEmpty)
  }

  /// Folds by jets are those of a column of the file, in the training and when the model is used.
  @Test func foldsGoByJets() throws {
    let definition = "  define: {heavy: \"jet[0].mass > 35\"}\n"
    let own = try run(configuration(plain, definition + "  folds: {count: 2, by: count(jet)}\n"), into: "own")
    let other = try run(configuration(written, "  folds: {count: 2, by: nj}\n"), into: "other")
    for (first, second) in zip(own.model.members, other.model.members) {
      #expect(first.parameters.values.elementsEqual(second.parameters.values))
    }
    #expect(try #require(own.model.folds).goByParticles && other.model.folds?.goByParticles == false)
    let stream = try EventStream(inputs: [written])
    var events = Events()
    while let next = try stream.next(upTo: 50) { events.append(next) }
    let read = try Model(contentsOf: folder.url.appendingPathComponent("own"), plugins: .shipped)
    let predictions = try [read, other.model].map { try Predictor($0).predict(events).heads[0].values }
    #expect(predictions[0] == predictions[1] && !predictions[0].isEmpty)
  }

  @Test func mistakesAreToldWithTheCharacter() throws {
    for (data, problem) in [
      (
        "  where: max(jet.ptt) > 3\n",
        "where \"max(jet.ptt) > 3\" is wrong at character 5: jets have no column ptt"
      ),
      (
        "  define: {heavy: count(jet)}\n  folds: {count: 2, by: count(jt)}\n",
        "data.folds.by \"count(jt)\" is wrong"
      ),
      (
        "  define: {heavy: count(jet)}\n  folds: {count: 2, by: floor(max(jet.soft-drop/mass))}\n",
        "data.folds.by reads soft-drop/mass, which the network does not read"
      ),
      (
        "  define: {heavy: count(jet)}\n  folds: {count: 2, by: count(particle.d0 > 1)}\n",
        "data.folds.by reads the column d0 of particles, which the network does not read"
      ),
      ("  define: {label: count(jet)}\n", "define.label has the name of a column of the events"),
      (
        "  validation: jet.pt > 3\n",
        "validation \"jet.pt > 3\" is wrong at character 1: there is a value for each jet"
      ),
    ] {
      let error = #expect(throws: (any Error).self) { try run(configuration(plain, data), into: "none") }
      #expect("\(error.map { "\($0)" } ?? "")".contains(problem), "\(error.map { "\($0)" } ?? "")")
    }
  }
}
