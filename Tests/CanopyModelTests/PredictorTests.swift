// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Dispatch
import Foundation
import JetPhysics
import NeuralEngine
import RecursiveEmbedding
import TestCells
import TestFiles
import TestPlugins
import Testing

/// What predictions must not depend on, on the jets of real events.
@Suite struct PredictorTests {
  private let events: Events

  init() throws { events = try SampleModel.events.get() }

  /// Whether two sets of predictions agree to a few roundings of the network's single precision.
  private func expectAgreement(
    _ a: Prediction, _ b: Prediction, tolerance: Float = 2e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(a.jets.offsets == b.jets.offsets, sourceLocation: sourceLocation)
    for (ours, others) in zip(a.numbers, b.numbers) {
      #expect(ours.count == others.count, sourceLocation: sourceLocation)
      let largest = zip(ours, others).map { abs($0 - $1) / max(1, abs($0)) }.max() ?? 0
      #expect(largest <= tolerance, sourceLocation: sourceLocation)
    }
  }

  @Test func shapesFitTheJets() throws {
    let model = try SampleModel.gated.get()
    let prediction = try Predictor(model).predict(events)
    let jets = prediction.jets.jetCount
    #expect(jets > 60 && prediction.jets.eventCount == 40)
    #expect(prediction.embeddingWidth == 7 && prediction.embedding.count == 7 * jets)
    #expect(prediction.heads.map(\.name) == ["tagger", "origin"])
    #expect(prediction.heads.map(\.width) == [1, 3])
    #expect(prediction.heads[0].outputs.map(\.name) == ["score"])
    #expect(prediction.heads[1].outputs.map(\.name) == ["W", "q", "g"])
    let origin = prediction.heads[1].matrix
    #expect(origin.rows == jets && origin.columns == 3)
    for jet in 0..<jets {
      #expect((0...1).contains(prediction.heads[0].values[jet]))
      #expect(abs(origin[jet, 0] + origin[jet, 1] + origin[jet, 2] - 1) < 1e-5)
    }
    // The tests below say something only if jets differ by much more than their tolerance.
    for column in 0..<7 {
      let values = (0..<jets).map { prediction.embedding[$0 * 7 + column] }
      #expect(values.max()! - values.min()! > 0.1)
    }
  }

  @Test func outputsGoByTheNamesOfResultFiles() throws {
    let predictor = try Predictor(SampleModel.gated.get())
    var prediction = try predictor.predict(events)
    let origin = prediction.heads[1].values
    for (column, name) in ["W", "q", "g"].enumerated() {
      let numbers = try #require(prediction["origin/\(name)"])
      #expect(numbers.rows == prediction.jets.jetCount && numbers.columns == 1)
      #expect(numbers.values == stride(from: column, to: origin.count, by: 3).map { origin[$0] })
    }
    #expect(prediction["tagger/score"]?.values == prediction.heads[0].values)
    for name in ["", "/", "origin", "origin/", "origin/score", "tagger/W", "/W", "origin/W/", "Origin/W"] {
      #expect(prediction[name] == nil, "\(name)")
    }
    try predictor.predict(events, into: &prediction, heads: false)
    #expect(prediction["origin/W"] == nil)
  }

  @Test(arguments: testedCells, NodeFeatures.allCases)
  func theOrderOfTheParticlesDoesNotMatter(cell: RecursiveNetwork.Cell, features: NodeFeatures) throws {
    let predictor = try Predictor(SampleModel.make(cell, features))
    var generator = SeededGenerator(seed: 8)
    let shuffled = events.map { $0.shuffled(using: &generator) }
    #expect(shuffled.momenta.px != events.momenta.px)
    expectAgreement(try predictor.predict(events), try predictor.predict(shuffled))
  }

  @Test func lundEmbeddingsDoNotDependOnTheAzimuth() throws {
    let rotated = events.map { $0.map { $0.rotated(by: 2) } }
    let lund = try Predictor(SampleModel.make(.gated, .lund))
    expectAgreement(try lund.predict(events), try lund.predict(rotated))
    // The paper's features hold φ itself.
    let paper = try Predictor(SampleModel.make(.gated, .paper))
    let pairs = zip(try paper.predict(events).embedding, try paper.predict(rotated).embedding)
    #expect(pairs.map { abs($0 - $1) }.max()! > 0.1)
  }

  /// Which Lund features a transformation of the particles leaves unchanged, and how it changes the others.
  private func lundFeatures(of events: Events) throws -> [String: [Float]] {
    let jets = try JetClusterer(SampleModel.finder()).jets(in: events)
    let names = NodeFeatures.lund.names
    var trees = FeatureTrees(featureCount: names.count)
    trees.replace(with: jets.trees, features: .lund)
    let features = trees.features
    return Dictionary(
      uniqueKeysWithValues: names.indices.map { column in
        (names[column], stride(from: column, to: features.count, by: names.count).map { features[$0] })
      })
  }

  private func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { $0.isNaN && $1.isNaN ? 0 : abs($0 - $1) }.max() ?? 0
  }

  @Test func aReflectionAlongTheBeamTurnsTheDifferenceInPseudorapidityAlone() throws {
    let before = try lundFeatures(of: events)
    let after = try lundFeatures(of: events.map { $0.map { $0.reflectedAlongBeam } })
    for (name, values) in before {
      let expected = name == "Δη" ? values.map { -$0 } : values
      #expect(largestDifference(after[name]!, expected) < 1e-5, "\(name)")
    }
    #expect(before["Δη"]!.contains { abs($0) > 0.1 })
  }

  /// Transverse momenta, masses and distances in rapidity are invariant; energies are not, nor is the
  /// pseudorapidity of anything with a mass.
  @Test func aBoostAlongTheBeamLeavesTransverseFeaturesAlone() throws {
    // Momenta of six digits leave some masses imaginary, which have no rapidity that a boost shifts.
    let pions = events.map { $0.map(\.asPion) }
    let before = try lundFeatures(of: pions)
    let after = try lundFeatures(of: pions.map { $0.map { $0.boostedAlongBeam(by: 0.7) } })
    for (name, values) in before {
      let difference = largestDifference(after[name]!, values)
      if ["ln E/E_jet", "Δη", "ΔR"].contains(name) {
        #expect(difference > 0.01, "\(name)")
      } else {
        #expect(difference < 1e-4, "\(name)")
      }
    }
  }

  @Test func theSizeOfTheBatchDoesNotMatter() throws {
    let predictor = try Predictor(SampleModel.gated.get())
    let together = try predictor.predict(events)
    var one = Prediction()
    var embedding: [Float] = []
    var scores: [Float] = []
    for event in 0..<events.eventCount {
      var single = Events()
      single.append(events.momenta(ofEvent: event))
      try predictor.predict(single, into: &one)
      embedding += one.embedding
      scores += one.heads[0].values
    }
    #expect(largestDifference(embedding, together.embedding) == 0)
    #expect(largestDifference(scores, together.heads[0].values) == 0)
  }

  /// Events have the same predictions one by one and together, in another order and together with others.
  @Test func encodedEventsDoNotDependOnTheirNeighbours() throws {
    let model = try SampleModel.withEvents()
    let predictor = try Predictor(model)
    var some = events
    // Events of no jet, with nothing at all and with particles along the beam only.
    some.append([])
    some.append([FourMomentum(px: 0, py: 0, pz: 50, energy: 50)])
    let together = try predictor.predict(some)
    #expect(
      together.eventEmbedding.count == 6 * some.eventCount && together.numbers.joined().allSatisfy(\.isFinite)
    )
    #expect(together.heads[0].matrix.rows == some.eventCount)
    #expect(together.heads[1].matrix.rows == together.jets.jetCount)
    var alone: [[Float]] = [[], [], []]
    for place in (0..<some.eventCount) {
      let one = try predictor.predict(some.events(at: place..<place + 1))
      alone[0] += one.eventEmbedding
      alone[1] += one.heads[0].values
      alone[2] += one.heads[1].values
    }
    #expect(largestDifference(alone[0], together.eventEmbedding) == 0)
    #expect(largestDifference(alone[1], together.heads[0].values) == 0)
    #expect(largestDifference(alone[2], together.heads[1].values) == 0)
    let reversed = try predictor.predict(some.events(at: (0..<some.eventCount).reversed()))
    #expect(largestDifference(reversed.heads[0].values.reversed(), together.heads[0].values) == 0)
    #expect(together.heads[0].values.max()! - together.heads[0].values.min()! > 0.01)

    // The files hold the same model.
    let folder = try TemporaryFolder()
    let place = folder.url.appendingPathComponent("model")
    try model.write(to: place)
    let copy = try Model(contentsOf: place, plugins: .shipped)
    #expect(copy.description == model.description)
    #expect(try Predictor(copy).predict(some).heads[0].values == together.heads[0].values)
  }

  @Test func headsCanBeLeftOut() throws {
    let predictor = try Predictor(SampleModel.gated.get())
    let whole = try predictor.predict(events)
    var prediction = whole
    try predictor.predict(events, into: &prediction, heads: false)
    #expect(prediction.heads.isEmpty && prediction.embedding == whole.embedding)
    try predictor.predict(events, into: &prediction)
    #expect(prediction.numbers == whole.numbers)
  }

  @Test func aPredictionCanBeUsedAgainForAnotherModel() throws {
    let other = try SampleModel.make(
      .simple, .paper, width: 3, heads: ["a": ["x", "y", "z", "u"], "b": ["x", "y"]])
    var prediction = try Predictor(SampleModel.gated.get()).predict(events)
    try Predictor(other).predict(events, into: &prediction)
    let expected = try Predictor(other).predict(events)
    #expect(prediction.numbers == expected.numbers && prediction.embeddingWidth == 3)
    #expect(prediction.heads.map(\.name) == ["a", "b"])
    #expect(prediction.heads.map(\.outputs) == expected.heads.map(\.outputs))
  }

  @Test func eventsWithLittleInThemAreValid() throws {
    let particle = FourMomentum(px: 300, py: 40, pz: 20, energy: 310)
    let model = try SampleModel.gated.get()
    let predictor = try Predictor(model)
    func predict(_ batch: [[FourMomentum]]) throws -> Prediction {
      var events = Events()
      for event in batch { events.append(event) }
      return try predictor.predict(events)
    }
    for nothing in [[], [[]], [[], []], [[.zero]], [[FourMomentum(px: 1, py: 1, pz: 1, energy: 2)]]] {
      let prediction = try predict(nothing)
      #expect(prediction.jets.jetCount == 0 && prediction.numbers == [[], [], []])
      #expect(prediction.heads.map(\.matrix.rows) == [0, 0])
    }
    let one = try predict([[], [particle], []])
    #expect(one.jets.offsets == [0, 0, 1, 1] && one.jets.trees.nodeCount == 1)
    #expect(one.numbers.allSatisfy { $0.allSatisfy(\.isFinite) })
    // Momenta at the limit of what jet finding accepts.
    let huge = [particle, FourMomentum(px: 1e49, py: 0, pz: 1e49, energy: 2e49), .zero]
    #expect(try predict([huge]).numbers.allSatisfy { $0.allSatisfy(\.isFinite) })
    // A jet gives the same whatever stands before and after it.
    var around = events
    around.append([particle])
    around.append([])
    let prediction = try predictor.predict(around)
    #expect(largestDifference(Array(prediction.embedding.suffix(7)), one.embedding) == 0)
  }

  @Test func badEventsAreErrors() throws {
    let predictor = try Predictor(SampleModel.gated.get())
    var bad = events
    bad.momenta.px[bad.offsets[3]] = .nan
    let error = #expect(throws: JetPhysicsError.self) { try predictor.predict(bad) }
    #expect(error?.event == 3 && error?.field == "px")
    // The predictor is as good as new.
    #expect(try predictor.predict(events).numbers == Predictor(predictor.model).predict(events).numbers)
  }

  @Test func predictorsInThreadsGiveTheSameBits() throws {
    let model = try SampleModel.gated.get()
    let events = events
    let expected = try Predictor(model).predict(events).numbers
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      let result = Result {
        let predictor = try Predictor(model)
        var prediction = Prediction()
        return try (0..<3).map { _ in
          try predictor.predict(events, into: &prediction)
          return prediction.numbers
        }
      }
      results.add(result)
    }
    #expect(results.all.count == 4)
    for result in results.all { #expect(try result.get().allSatisfy { $0 == expected }) }
  }

  /// What threads found.
  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var all: [Result<[[[Float]]], any Error>] = []

    func add(_ result: Result<[[[Float]]], any Error>) { lock.withLock { all.append(result) } }
  }

  @Test func anEmbeddingOutOfRangeNamesItsEventAndNumber() throws {
    let model = try SampleModel.make()
    for place in model.parameters.values.indices { model.parameters.values[place] *= 1e12 }
    var later = events
    for event in later.eventNumbers.indices { later.eventNumbers[event] += 100 }
    let error = #expect(throws: EmbeddingRangeError.self) { try Predictor(model).predict(later) }
    #expect(error?.event == 100)
    let field = try #require(error?.field)
    #expect(field.hasSuffix(" of nodes"))
    #expect(
      error?.description.hasPrefix(
        "Event 100 cannot be judged: The embedding is out of range: \(field) lies ") == true)
  }
}

extension FourMomentum {
  fileprivate func rotated(by azimuth: Double) -> FourMomentum {
    FourMomentum(
      px: px * cos(azimuth) - py * sin(azimuth), py: px * sin(azimuth) + py * cos(azimuth), pz: pz,
      energy: energy)
  }

  fileprivate var reflectedAlongBeam: FourMomentum {
    FourMomentum(px: px, py: py, pz: -pz, energy: energy)
  }

  fileprivate var asPion: FourMomentum {
    FourMomentum(px: px, py: py, pz: pz, energy: (modulus * modulus + 0.13957 * 0.13957).squareRoot())
  }

  fileprivate func boostedAlongBeam(by rapidity: Double) -> FourMomentum {
    FourMomentum(
      px: px, py: py, pz: pz * cosh(rapidity) + energy * sinh(rapidity),
      energy: energy * cosh(rapidity) + pz * sinh(rapidity))
  }
}
