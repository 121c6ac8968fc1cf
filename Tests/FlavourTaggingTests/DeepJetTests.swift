// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import FlavourTagging

@Suite struct DeepJetTests {
  /// A stage with its parameters, and jets of random particles; one of them has no charged constituent, one no neutral one.
  private struct Setting {
    var configuration = DeepJet.Configuration()
    let stage: DeepJet
    let parameters: Parameters
    var particles: [[Particle]] = []

    struct Particle {
      var p: FourMomentum
      var pdgID: Int32
      var significance: Double
      var isHadron: Double
    }

    init(maximumConstituents: Int = 4) throws {
      configuration.chargedColumns = ["significance"]
      configuration.neutralColumns = ["hadron"]
      configuration.order = "significance"
      configuration.maximumConstituents = maximumConstituents
      configuration.chargedLayers = [6, 5]
      configuration.neutralLayers = [4]
      configuration.chargedMemory = 7
      configuration.neutralMemory = 3
      configuration.layers = [8, 4]
      var builder = StageBuilder(.embedding, layout: ParameterLayout())
      stage = try DeepJet(configuration: configuration, builder: &builder)
      var generator = SeededGenerator(seed: 6)
      parameters = Parameters(layout: builder.layout, using: &generator)
      for entry in builder.layout.entries where entry.rows == 1 {
        for i in entry.offset..<entry.offset + entry.count {
          parameters.values[i] = Float.random(in: -0.2...0.4, using: &generator)
        }
      }
      for jet in 0..<12 {
        particles.append(
          (0..<jet % 7 + 2).map { _ in
            let kinds: [Int32] = jet == 3 ? [22, 130] : jet == 4 ? [211, -211] : [211, -13, 22, 130]
            return Particle(
              p: FourMomentum(
                pt: Double.random(in: 1...50, using: &generator),
                rapidity: Double.random(in: -0.4...0.4, using: &generator),
                phi: Double.random(in: -0.4...0.4, using: &generator), mass: 0),
              pdgID: kinds.randomElement(using: &generator)!,
              significance: Double.random(in: -2...3, using: &generator),
              isHadron: Double.random(in: 0...1, using: &generator))
          })
      }
    }

    static func events(_ particles: [[Particle]]) throws -> Events {
      var events = Events()
      for event in particles { try events.append(event.map(\.p)) }
      let all = particles.flatMap(\.self)
      events.particles.content.pdgID = all.map(\.pdgID)
      events.particles.content.columns["significance"] = Column(values: all.map(\.significance))
      events.particles.content.columns["hadron"] = Column(values: all.map(\.isHadron))
      return events
    }

    func features(of events: Events) throws -> JetSequences {
      var features = stage.makeFeatures()
      let finder = try JetFinder(JetDefinition(.antikt, radius: 4))
      try features.replace(with: events, jets: JetClusterer(finder).jets(in: events))
      return features
    }

    /// `[jets × width]`.
    func embeddings(_ particles: [[Particle]]) throws -> Matrix {
      let features = try features(of: Self.events(particles))
      let batch = features.makeBatch()
      let jets = Array(particles.indices)
      features.fill(batch, events: jets, jets: jets)
      let tape = Tape(parameters: parameters)
      let inputs = HeadInputs(eventCount: jets.count, eventOfJet: jets.map { Int32($0) }, on: tape)
      return stage(StageInputs(inputs, batch: batch, weights: NoStageWeights(), on: tape)).matrix
    }
  }

  /// The network written plainly in double precision, from the parameters by their names and the particles.
  private struct Reference {
    let setting: Setting

    func values(_ name: String) -> [Double] {
      let entry = setting.parameters.layout.entries.first { $0.name == "embedding.\(name)" }!
      return setting.parameters.values[entry.offset..<entry.offset + entry.count].map { Double($0) }
    }

    func dense(_ name: String, _ x: [Double]) -> [Double] {
      let (weight, bias) = (values("\(name).weight"), values("\(name).bias"))
      return bias.indices.map { row in
        var sum = bias[row]
        for (column, number) in x.enumerated() { sum += weight[row * x.count + column] * number }
        return sum
      }
    }

    func layers(_ name: String, _ count: Int, _ x: [Double]) -> [Double] {
      (1...count).reduce(x) { dense("\(name)\($1)", $0).map { max($0, 0) } }
    }

    func memory(_ name: String, width: Int, _ items: [[Double]]) -> [Double] {
      var (h, c) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
      func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
      for item in items {
        let gates = zip(dense("\(name).input", item), dense("\(name).recurrent", h)).map { $0 + $1 }
        for i in 0..<width {
          let kept = sigmoid(gates[width + i]) * c[i]
          c[i] = kept + sigmoid(gates[i]) * tanh(gates[2 * width + i])
        }
        h = (0..<width).map { sigmoid(gates[3 * width + $0]) * tanh(c[$0]) }
      }
      return h
    }

    func embedding(_ jet: [Setting.Particle]) -> [Double] {
      var (px, py, pz) = (0.0, 0.0, 0.0)
      for particle in jet {
        px += particle.p.px
        py += particle.p.py
        pz += particle.p.pz
      }
      let pt = hypot(px, py)
      let (eta, phi) = (asinh(pz / pt), atan2(py, px))
      func numbers(_ particle: Setting.Particle, _ column: Double) -> [Double] {
        let p = particle.p
        let ptOfParticle = hypot(p.px, p.py)
        let (deltaEta, deltaPhi) = (asinh(p.pz / ptOfParticle) - eta, atan2(p.py, p.px) - phi)
        return [
          log(ptOfParticle / pt), log(ptOfParticle), deltaEta, deltaPhi, hypot(deltaEta, deltaPhi), column,
        ]
      }
      let most = setting.configuration.maximumConstituents
      let charged = jet.filter { [211, 13].contains($0.pdgID.magnitude) }
      let neutral = jet.filter { ![211, 13].contains($0.pdgID.magnitude) }
      let tracks = charged.sorted { $0.significance > $1.significance }.prefix(most).reversed()
      let deposits = neutral.sorted { hypot($0.p.px, $0.p.py) > hypot($1.p.px, $1.p.py) }.prefix(most)
        .reversed()
      let readTracks = tracks.map { layers("charged.layer", 2, numbers($0, $0.significance)) }
      let readDeposits = deposits.map { layers("neutral.layer", 1, numbers($0, $0.isHadron)) }
      let ofJet: [Double] = [log(pt), eta, Double(charged.count), Double(neutral.count)]
      let states = memory("charged.memory", width: 7, readTracks)
      return layers("layer", 2, ofJet + states + memory("neutral.memory", width: 3, readDeposits))
    }
  }

  @Test(arguments: [2, 25]) func theNetworkIsThatOfTheEquations(constituents: Int) throws {
    let setting = try Setting(maximumConstituents: constituents)
    let found = try setting.embeddings(setting.particles)
    let reference = Reference(setting: setting)
    for (jet, particles) in setting.particles.enumerated() {
      let expected = reference.embedding(particles)
      for (column, value) in expected.enumerated() {
        #expect(abs(Double(found[jet, column]) - value) < 1e-4 * (1 + abs(value)))
      }
    }
    #expect(found.values.contains { $0 > 0.1 })
  }

  @Test func theOrderOfParticlesDoesNotMatter() throws {
    var setting = try Setting()
    // Equal ones stand by their momenta.
    for place in setting.particles[5].indices { setting.particles[5][place].significance = 1 }
    let found = try setting.embeddings(setting.particles)
    let others = try setting.embeddings(setting.particles.map { $0.reversed() })
    for (a, b) in zip(found.values, others.values) { #expect(abs(a - b) < 1e-5 * (1 + abs(a))) }
  }

  @Test func aTrackWithoutSignificanceStandsLast() throws {
    var setting = try Setting(maximumConstituents: 1)
    setting.particles = [
      [
        Setting.Particle(
          p: FourMomentum(pt: 10, rapidity: 0, phi: 0, mass: 0), pdgID: 211, significance: -1, isHadron: 0),
        Setting.Particle(
          p: FourMomentum(pt: 20, rapidity: 0, phi: 0, mass: 0), pdgID: 211, significance: .nan, isHadron: 0),
      ]
    ]
    let features = try setting.features(of: Setting.events(setting.particles))
    let batch = features.makeBatch()
    features.fill(batch, events: [0], jets: [0])
    #expect(batch.charged.values.last == -1)
    #expect(batch.jets.values.suffix(2) == [2, 0])
  }

  @Test func whatParticlesLackIsNamed() throws {
    let setting = try Setting()
    let events = try Setting.events(setting.particles)
    func error(_ change: (inout Particles) -> Void) -> ParticleColumnError? {
      var events = events
      change(&events.particles.content)
      return #expect(throws: ParticleColumnError.self) { try setting.features(of: events) }
    }
    let missing = error { $0.columns["hadron"] = nil }
    #expect(missing?.field == "hadron" && missing?.event == 0)
    #expect(
      missing?.predicate
        == "cannot be embedded: The column hadron of particles, which the network reads, is not there; give each "
        + "particle one number.")
    #expect(error { $0.columns["significance"] = nil }?.field == "significance")
    #expect(error { $0.pdgID = [] }?.field == "pdgid")
    #expect(
      error {
        $0.columns["significance"] = Column(width: 2, values: Array(repeating: 0, count: 2 * $0.count))
      }?
      .description.contains("has several numbers for each particle") == true)
    let tracks = events.pdgID.map { $0.magnitude == 211 }
    let large = error { $0.columns["significance"]!.values = tracks.map { $0 ? 1e31 : 0 } }
    #expect(large?.field == "significance" && large?.description.contains("below 1e30") == true)
  }

  @Test func sizesThatMakeNoSenseAreRefused() {
    func problem(_ yaml: String) -> String? {
      let error = #expect(throws: (any Error).self) {
        try ConfigurationNode(yaml: yaml, source: "test").decode(DeepJet.Configuration.self)
      }
      return error.map { "\($0)" }
    }
    #expect(problem("{layers: []}")?.contains("are []; name 1 to 20, each 1 to 1024") == true)
    #expect(problem("{neutral-layers: [0]}")?.contains("are [0]; name 1") == true)
    #expect(problem("{charged-columns: [d0, d0]}")?.contains("name a column twice") == true)
    #expect(problem("{max-constituents: 0}")?.contains("max-constituents") == true)
  }
}
