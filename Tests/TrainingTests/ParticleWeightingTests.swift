// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import Observables
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Training

/// Particles that are multiplied by their weights when events are read, by observables and by models that are trained for it.
@Suite struct ParticleWeightingTests {
  private let folder: TemporaryFolder
  private let input: String
  private static let plugins = PluginRegistry.shipped

  /// Events of two sprays of the hard interaction among soft particles all around, the first without any particle.
  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 31)
    func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
    var lines = [
      "{\"particles\": [], \"vertex\": [], \"is_pileup\": [], \"number\": 0}\n"
    ]
    for event in 1..<60 {
      let axes = [(random(-2...2), random(0...6)), (random(-2...2), random(0...6))]
      var momenta: [FourMomentum] = []
      var (vertices, isPileUp): ([String], [String]) = ([], [])
      for particle in 0..<80 {
        let isHard = particle % 4 == 0
        let axis = axes[particle / 4 % 2]
        momenta.append(
          FourMomentum(
            pt: isHard ? random(2...20) : random(0.5...3),
            rapidity: isHard ? axis.0 + random(-0.2...0.2) : random(-4...4),
            phi: isHard ? axis.1 + random(-0.2...0.2) : random(0...6.28), mass: 0.14))
        isPileUp.append(isHard ? "0" : "1")
        vertices.append(
          particle % 3 == 0 || abs(momenta.last!.pseudorapidity) > 2.5 ? "0" : isHard ? "1" : "-1")
      }
      lines.append(
        ToyJets.line(
          momenta, "\"vertex\": [\(vertices.joined(separator: ", "))]",
          "\"is_pileup\": [\(isPileUp.joined(separator: ", "))]", "\"number\": \(event)"))
    }
    input = try folder.write(lines.joined(), to: "events.jsonl")
  }

  private func options(_ weighting: ParticleWeighting? = nil) -> EventReadingOptions {
    var options = EventReadingOptions(particleColumns: ["is_pileup"])
    options.weighting = weighting
    return options
  }

  private func events(
    _ weighting: ParticleWeighting?, perBatch: Int = 64, threads: Int = 1
  ) throws -> Events {
    let stream = try EventStream(inputs: [input], options: options(weighting))
    var all: Events?
    try EventPipeline.run(
      stream: stream, eventsPerBatch: perBatch, threads: threads, makeWorker: { { $0 } },
      consume: { batch in if all == nil { all = batch } else { all!.append(batch) } })
    return try #require(all)
  }

  private func puppi(_ radius: Double = 0.4) throws -> ParticleWeighting {
    var settings = Puppi.Configuration()
    settings.radius = radius
    settings.centralPt = 0
    return try ParticleWeighting(ObservableChoice("puppi", Puppi.self, settings))
  }

  /// Weights of all particles, from jets of another radius than those of the weighting.
  private func weights(_ choice: ObservableChoice, of events: Events) throws -> [Double] {
    let finder = try JetFinder(JetDefinition(.cambridge, radius: 1), trees: false)
    let set = try ObservableSet([choice])
    let jets = try JetReconstruction(finder, observables: set).jets(in: events)
    var weights = [Double](repeating: .nan, count: events.particleCount)
    for event in 0..<events.eventCount {
      for place in jets.constituents(ofJets: jets.jets(ofEvent: event)) {
        weights[events.offsets[event] + Int(jets.constituents.content[place])] =
          jets.columns.constituents["\(choice.name)/weight"]!.values[place]
      }
    }
    return weights
  }

  /// Makes sure that weighted events are others times weights, without what has none.
  private func check(_ weighted: Events, are events: Events, times weights: [Double]) throws {
    #expect(weighted.eventNumbers == events.eventNumbers)
    for event in 0..<events.eventCount {
      let kept = events.particles(ofEvent: event).filter { weights[$0] != 0 }
      let found = Array(weighted.particles(ofEvent: event))
      try #require(found.count == kept.count)
      for (particle, own) in zip(kept, found) {
        let (p, q, w) = (events.momenta[particle], weighted.momenta[own], weights[particle])
        #expect(q == FourMomentum(px: p.px * w, py: p.py * w, pz: p.pz * w, energy: p.energy * w))
        // Without a particle that is left out, places are those of the input.
        let content = weighted.particles.content
        let place = content.knowsInputIndices ? Int(content.inputIndices[own]) : own - weighted.offsets[event]
        #expect(place == particle - events.offsets[event])
        #expect(
          weighted.particles.content.columns["is_pileup"]!.values[own]
            == events.particles.content.columns["is_pileup"]!.values[particle])
      }
    }
  }

  @Test func momentaAreMultipliedByTheWeightsOfAnObservable() throws {
    var options = options()
    options.particleColumns = ["vertex", "is_pileup"]
    let events = try #require(try EventStream(inputs: [input], options: options).next(upTo: 1000))
    var settings = Puppi.Configuration()
    settings.centralPt = 0
    let weights = try weights(ObservableChoice("puppi", Puppi.self, settings), of: events)
    #expect(weights.contains(0) && weights.contains(1) && weights.contains { 0 < $0 && $0 < 1 })
    try check(self.events(puppi()), are: events, times: weights)
  }

  /// Jets leave out particles without momentum, which no weight would change.
  @Test func particlesWithoutMomentumAreKept() throws {
    let path = try folder.write(
      #"{"particles": [[5, 0, 1, 6], [0, 0, 0, 0], [1e-200, 0, 0, 2e-200]], "vertex": [1, 1, 0], "is_pileup": [0, 0, 0]}"#
        + "\n", to: "still.jsonl")
    let stream = try EventStream(inputs: [path], options: options(puppi()))
    let events = try #require(try stream.next(upTo: 10))
    #expect(events.particleCount == 3)
    #expect(events.momenta[0].px == 5)
  }

  @Test func bitsDoNotDependOnBatchesAndThreads() throws {
    let once = try events(puppi())
    for (perBatch, threads) in [(1, 1), (7, 1), (64, 3), (5, 3)] {
      #expect(try events(puppi(), perBatch: perBatch, threads: threads) == once)
    }
    #expect(try events(puppi(0.8)) != once)
  }

  /// Formulas read what is left of the particles.
  @Test func formulasReadWeightedParticles() throws {
    var options = options(try puppi())
    options.definitions = [ColumnDefinition("ht", try Formula("sum(particle.pt)"))]
    let events = try #require(try EventStream(inputs: [input], options: options).next(upTo: 1000))
    for event in 0..<events.eventCount {
      let sum = events.particles(ofEvent: event).reduce(0) { $0 + events.momenta[$1].pt }
      #expect(abs(events.columns["ht"]!.values[event] - sum) < 1e-9 * max(1, sum))
    }
  }

  private func model(minPt: String = "0", head: String = "weight: hard") throws -> Model {
    let yaml = """
      data: {inputs: [\(input)], validation-fraction: 0.3}
      jets: {radius: 0.4, min-pt: \(minPt), recluster: cambridge}
      embedding: {cell: simple, width: 3, features: [lund, particle.vertex]}
      heads:
        pileup:
          plugin: particle-identification
          configuration:
            truth: is_pileup
            classes: [hard, pile-up]
            \(head)
            pt-power: 1
            inputs: [{of: constituent-kinematics/pt, scale: log}, particle.vertex, puppi/alpha, vertex-surroundings/leading]
            hidden: [8]
      training: {epochs: 4, batch-size: 4, learning-rate: 0.02, threads: 1}
      """
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    let run = TrainingRun(
      try TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins)
    return try run.run(
      into: folder.url.appendingPathComponent("model-\(minPt)-\(head.count)"), resuming: false,
      observer: ToyJets.Log())
  }

  /// A model learns to tell pile-up, and particles are multiplied by what it says of each.
  @Test func momentaAreMultipliedByTheWeightsOfAModel() throws {
    let model = try model()
    var all = options()
    all.particleColumns = ["vertex", "is_pileup"]
    let evaluation = try Evaluation(
      of: model, on: EventStream(inputs: [input], options: all), threads: 2)
    #expect((evaluation.heads[0].evaluation?.classifiers[0].auc?.value ?? 0) > 0.9)
    let events = try #require(try EventStream(inputs: [input], options: all).next(upTo: 1000))
    let prediction = try Predictor(model).predict(events)
    var weights = [Double](repeating: .nan, count: events.particleCount)
    let jets = prediction.jets
    for event in 0..<events.eventCount {
      for place in jets.constituents(ofJets: jets.jets(ofEvent: event)) {
        weights[events.offsets[event] + Int(jets.constituents.content[place])] = Double(
          prediction["pileup/weight"]!.values[place])
      }
    }
    let weighting = try ParticleWeighting(model, name: "pileup")
    let once = try self.events(weighting)
    try check(once, are: events, times: weights)
    for (perBatch, threads) in [(1, 1), (7, 3)] {
      #expect(try self.events(weighting, perBatch: perBatch, threads: threads) == once)
    }
    // Those of the file, which is named with the event.
    let bare = try folder.write("{\"particles\": [[1, 0, 0, 1]]}\n", to: "bare.jsonl")
    let error = #expect(throws: EventInputError.self) {
      _ = try EventStream(inputs: [bare], options: options(weighting)).next(upTo: 1)
    }
    #expect(error?.description.contains("bare.jsonl") == true && "\(error!)".contains("vertex"), "\(error!)")
  }

  // MARK: - Trainings

  /// A tagger of jets, which has nothing to learn.
  private func tagger(_ input: String, apply: String?, into name: String) throws -> Model {
    let yaml = """
      data: {inputs: [\(input)], define: {label: number % 2}, validation-fraction: 0.3\(apply.map { ", apply: \($0)" } ?? "")}
      jets: {radius: 0.6, min-pt: 5, recluster: cambridge}
      observables: {wide: {plugin: puppi, radius: 0.6, central-pt: 0}}
      embedding: {cell: simple, width: 3, features: lund}
      heads: {tagger: {plugin: jet-tagger, configuration: {truth: label, classes: [even, odd]}}}
      training: {epochs: 2, batch-size: 8, threads: 1}
      """
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "\(name).yaml"))
    let log = ToyJets.Log()
    let model = try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins
    ).run(into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
    return model
  }

  private func read(_ name: String) throws -> Model {
    try Model(contentsOf: folder.url.appendingPathComponent(name), plugins: Self.plugins)
  }

  /// The same as a training on a file of particles that are multiplied by hand.
  @Test func aTrainingReadsWeightedParticlesAndItsModelKeepsHow() throws {
    var options = options()
    options.particleColumns = ["vertex", "is_pileup"]
    let events = try #require(try EventStream(inputs: [input], options: options).next(upTo: 1000))
    var settings = Puppi.Configuration()
    settings.radius = 0.6
    settings.centralPt = 0
    let choice = ObservableChoice("wide", Puppi.self, settings)
    let weights = try weights(choice, of: events)
    let lines = (0..<events.eventCount).map { event in
      ToyJets.line(
        events.particles(ofEvent: event).filter { weights[$0] != 0 }.map { particle in
          let (p, w) = (events.momenta[particle], weights[particle])
          return FourMomentum(px: p.px * w, py: p.py * w, pz: p.pz * w, energy: p.energy * w)
        }, "\"number\": \(event)")
    }
    let byHand = try folder.write(lines.joined(), to: "by-hand.jsonl")
    _ = try tagger(input, apply: "wide", into: "applied")
    _ = try tagger(byHand, apply: nil, into: "plain")
    #expect(try folder.data("applied/weights.safetensors") == folder.data("plain/weights.safetensors"))
    let (applied, plain) = (try read("applied"), try read("plain"))
    #expect(try applied.weighting == AppliedWeighting("wide", observables: [choice], plugins: Self.plugins))
    #expect(try applied.weighting != AppliedWeighting("puppi", plugins: Self.plugins))
    #expect(plain.weighting == nil && plain.description.weighting == nil)
    let weighted = try self.events(applied.weighting?.weighting)
    let multiplied = try #require(try EventStream(inputs: [byHand]).next(upTo: 1000))
    #expect(
      try Predictor(applied).predict(weighted)["tagger/score"]!.values
        == Predictor(plain).predict(multiplied)["tagger/score"]!.values)
    // Evaluations and trainings that are gone on with say what differs.
    #expect(applied.remark(on: nil)?.contains("it now reads them as they are") == true)
    #expect(applied.remark(on: applied.weighting) == nil && plain.remark(on: applied.weighting) == nil)
  }

  /// A model that weights has its files in the folder of the model that it weights for.
  @Test func aModelKeepsTheModelThatWeights() throws {
    let weighter = try model()
    let name = "model-0-12"
    try #require(FileManager.default.fileExists(atPath: folder.path(name)))
    let applied = try AppliedWeighting(folder.path(name), plugins: Self.plugins)
    _ = try tagger(input, apply: folder.path(name), into: "tagger")
    try FileManager.default.removeItem(atPath: folder.path(name))
    let read = try read("tagger")
    #expect(read.weighting == applied && read.description.weighting == .model(name))
    #expect(read.weighting?.folder == nil)
    #expect(read.files(in: folder.url).count == 4)
    let once = try events(ParticleWeighting(weighter, name: "weighter"))
    #expect(try events(read.weighting?.weighting) == once)
    // One that weights for another reads particles as they are.
    let own = folder.url.appendingPathComponent("tagger")
    let copy = folder.url.appendingPathComponent("copy")
    try FileManager.default.copyItem(at: own, to: copy)
    try FileManager.default.removeItem(at: own.appendingPathComponent("apply"))
    try FileManager.default.copyItem(at: copy, to: own.appendingPathComponent("apply"))
    let error = #expect(throws: ModelError.self) { try self.read("tagger") }
    #expect(error?.description.contains("cannot be for weighted particles itself") == true, "\(error!)")
    try FileManager.default.removeItem(at: own.appendingPathComponent("apply"))
    #expect(throws: ModelError.self) { try self.read("tagger") }
    // What names no folder in the model's own.
    let description = copy.appendingPathComponent("model.json")
    let json = try String(contentsOf: description, encoding: .utf8)
    for wrong in ["", ".", "..", "a/b", "../../etc", "a\\u0000b"] {
      try json.replacing("\"model\" : \"\(name)\"", with: "\"model\" : \"\(wrong)\"").write(
        to: description, atomically: true, encoding: .utf8)
      let error = #expect(throws: ModelError.self) { try self.read("copy") }
      #expect(error?.description.contains("apply.model: “") == true, "\(wrong): \(String(describing: error))")
    }
  }

  /// Weights are applied as events are read, before they could be changed.
  @Test func weightedEventsAreNotChanged() throws {
    let model = try tagger(input, apply: "puppi", into: "tagger")
    var study = EvaluationStudy()
    study.changes = [.ghosts]
    let stream = try EventStream(inputs: [input], options: options(model.weighting?.weighting))
    let error = #expect(throws: SampleError.self) {
      try Evaluation(of: model, on: stream, study: study, threads: 1)
    }
    #expect(error?.description.contains("before they could be changed") == true)
  }

  @Test func whatATrainingCannotApplyIsRefused() throws {
    for (name, words) in [("pupi", "no observable and no model"), ("isolation", "no number “weight”")] {
      let error = #expect(throws: TrainingError.self) { try tagger(input, apply: name, into: "none") }
      #expect(
        error?.description.contains("data.apply is \(name)") == true && "\(error!)".contains(words),
        "\(error!)")
    }
  }

  @Test func modelsAndObservablesWithoutWeightsOfAllParticlesAreRefused() throws {
    let cut = #expect(throws: ModelError.self) { try ParticleWeighting(model(minPt: "5"), name: "cut") }
    #expect(cut?.description.contains("leaves out jets") == true)
    let without = #expect(throws: ModelError.self) {
      try ParticleWeighting(model(head: "dropout: 0.1"), name: "none")
    }
    #expect(without?.description.contains("no head of the model") == true)
    let observable = #expect(throws: PluginError.self) {
      try ParticleWeighting(ObservableChoice("isolation", Self.plugins.observable("isolation")))
    }
    #expect(observable?.description.contains("no number “weight”") == true)
  }
}
