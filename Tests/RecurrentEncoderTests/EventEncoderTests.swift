// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine
import RecurrentEncoder
import Testing

/// The encoder from events and jets' embeddings to events' embeddings.
@Suite struct EventEncoderTests {
  private struct Setup {
    let encoder: EventEncoder
    let parameters: Parameters
    let scaling: EventScaling
    let sample: SampleEvents
    /// The scaled features of the sample's events.
    let features: EventFeatures
    /// Stands for the embeddings of all jets of the sample.
    let jetEmbedding: Matrix

    static let embeddingWidth = 6

    init(
      _ description: EventEncoderDescription, sample: SampleEvents = SampleEvents(),
      jetEmbedding: Matrix? = nil
    ) throws {
      var layout = ParameterLayout()
      encoder = try EventEncoder(description, jetEmbeddingWidth: Self.embeddingWidth, in: &layout)
      var generator = SeededGenerator(seed: 9)
      parameters = Parameters(layout: layout, using: &generator)
      self.sample = sample
      let rows = sample.jetBatch.jetCount
      self.jetEmbedding =
        jetEmbedding
        ?? Matrix(
          rows: rows, columns: Self.embeddingWidth,
          values: (0..<rows * Self.embeddingWidth).map { _ in Float.random(in: -1...1, using: &generator) })
      var features = EventFeatures(description)
      try features.replace(with: sample.events, jets: sample.jetBatch)
      scaling = EventScaling(fitting: features, 0..<features.eventCount)
      features.scale(by: scaling)
      self.features = features
    }

    /// The rows of jets' embeddings of some events.
    func jetEmbedding(of events: [Int]) -> Matrix {
      let offsets = sample.jetBatch.offsets
      let width = Self.embeddingWidth
      let values = events.flatMap { jetEmbedding.values[offsets[$0] * width..<offsets[$0 + 1] * width] }
      return Matrix(rows: values.count / width, columns: width, values: values)
    }

    func embedding(of events: [Int]) -> Matrix {
      let tape = Tape(parameters: parameters)
      let batch = EventSequenceBatch()
      batch.fill(features, events)
      return encoder(
        batch, jetEmbedding: tape.constant(jetEmbedding(of: events)),
        EventEncoder.PackedWeights(encoder, parameters), on: tape
      ).matrix
    }
  }

  private static let inputs = try! EventInputs(missingMomentum: true, scalarSum: true)

  private static let descriptions = [
    try! EventEncoderDescription(width: 12, inputs: inputs),
    try! EventEncoderDescription(momenta: .paper, embedding: false, width: 12, minimumPt: 50, leading: 5),
    try! EventEncoderDescription(momenta: .none, width: 12, bidirectional: true, leading: 3),
    try! EventEncoderDescription(
      reads: .particles, embedding: false, width: 12, bidirectional: true, leading: 30),
  ]

  @Test(arguments: descriptions)
  func anEventIsTheSameAloneAndInAnyOrder(description: EventEncoderDescription) throws {
    let setup = try Setup(description)
    let all = Array(0..<setup.features.eventCount)
    let together = setup.embedding(of: all)
    #expect(together.rows == all.count && together.columns == setup.encoder.width)
    #expect(together.values.allSatisfy { $0.isFinite })
    #expect((0..<12).allSatisfy { together[1, $0] == 0 }, "no items, no embedding")
    #expect((0..<12).contains { together[0, $0] != 0 })
    let shuffled = [4, 1, 3, 7, 0, 5, 2, 6]
    let other = setup.embedding(of: shuffled)
    for (row, event) in shuffled.enumerated() {
      let alone = setup.embedding(of: [event])
      for i in 0..<setup.encoder.width {
        #expect(abs(other[row, i] - together[event, i]) < 1e-5)
        #expect(abs(alone[0, i] - together[event, i]) < 1e-5)
      }
    }
  }

  @Test(arguments: descriptions)
  func theOrderOfJetsAndParticlesChangesNothing(description: EventEncoderDescription) throws {
    let setup = try Setup(description)
    var turned = setup.sample
    turned.jets = turned.jets.map { $0.reversed() }
    turned.particles = turned.particles.map { $0.reversed() }
    let offsets = setup.sample.jetBatch.offsets
    let width = Setup.embeddingWidth
    let embedding = (0..<setup.sample.jets.count).flatMap { event in
      (offsets[event]..<offsets[event + 1]).reversed().flatMap {
        setup.jetEmbedding.values[$0 * width..<($0 + 1) * width]
      }
    }
    let other = try Setup(
      description, sample: turned,
      jetEmbedding: Matrix(rows: setup.jetEmbedding.rows, columns: width, values: embedding))
    // Jets along the beam have equal pT, and are read in their own order.
    let events = [0, 1, 2, 3, 4, 5, 7]
    let (a, b) = (setup.embedding(of: events), other.embedding(of: events))
    for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) < 1e-5) }
  }

  /// Σ c y through a matrix that stands for the network that embeds the jets: gradients of that matrix and of
  /// the encoder.
  @Test func gradientsReachTheJetsAndEqualCentralDifferences() throws {
    let description = try EventEncoderDescription(width: 5, bidirectional: true, leading: 4)
    let setup = try Setup(description, sample: SampleEvents(jetCounts: [3, 0, 6, 1]))
    let events = [2, 0, 1, 2, 3]
    let batch = EventSequenceBatch()
    batch.fill(setup.features, events)
    let width = setup.encoder.width
    var generator = SeededGenerator(seed: 4)
    let coefficients = (0..<events.count * width).map { _ in Float.random(in: -1...1, using: &generator) }
    let matrix = setup.jetEmbedding(of: events)

    let gradients = Parameters(layout: setup.parameters.layout)
    let tape = Tape(parameters: setup.parameters, gradients: gradients)
    let jets = tape.input(matrix)
    let weights = EventEncoder.PackedWeights(setup.encoder, setup.parameters)
    let result = setup.encoder(batch, jetEmbedding: jets.tanh(), weights, on: tape)
    coefficients.withUnsafeBufferPointer { tape.seedGradient(of: result, $0) }
    tape.backward()

    let predicting = Tape(parameters: setup.parameters)
    func value(_ matrix: Matrix) -> Double {
      predicting.reset()
      weights.pack(setup.parameters)
      let y = setup.encoder(
        batch, jetEmbedding: predicting.constant(matrix).tanh(), weights, on: predicting)
      return zip(coefficients, y.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let step: Float = 1.0 / 128
    var moved = matrix
    for i in matrix.values.indices {
      moved.values[i] = matrix.values[i] + step
      let above = value(moved)
      moved.values[i] = matrix.values[i] - step
      let difference = (above - value(moved)) / Double(2 * step)
      moved.values[i] = matrix.values[i]
      #expect(abs(difference - Double(jets.gradient![i])) < 1e-3, "jet \(i / Setup.embeddingWidth)")
    }
    // Of the six jets of the first event the two softest are not read.
    let unread = (0..<6).filter { jet in
      (0..<Setup.embeddingWidth).allSatisfy { jets.gradient![jet * Setup.embeddingWidth + $0] == 0 }
    }
    let pt = setup.sample.jets[2].map(\.pt)
    #expect(unread.map { pt[$0] }.sorted() == Array(pt.sorted().prefix(2)))

    for entry in setup.parameters.layout.entries {
      for i in entry.offset..<entry.offset + entry.count {
        let number = setup.parameters.values[i]
        setup.parameters.values[i] = number + step
        let above = value(matrix)
        setup.parameters.values[i] = number - step
        let difference = (above - value(matrix)) / Double(2 * step)
        setup.parameters.values[i] = number
        #expect(abs(difference - Double(gradients.values[i])) < 2e-3, "\(entry.name)")
      }
    }
  }

  @Test func eventInputsComeInTheOrderOfTheSelection() throws {
    let setup = try Setup(Self.descriptions[0])
    let batch = EventSequenceBatch()
    batch.fill(setup.features, [3, 0])
    let inputs = batch.inputs(on: Tape(parameters: setup.parameters)).matrix
    #expect(inputs.rows == 2 && inputs.columns == 2)
    #expect(inputs.values == [6, 7, 0, 1].map { setup.features.inputs[$0] })
  }

  @Test func descriptionsAreReadAsTheyAreWritten() throws {
    let full = try EventEncoderDescription(
      reads: .particles, momenta: .paper, embedding: false, width: 7, bidirectional: true, minimumPt: 2.5,
      leading: 9,
      inputs: EventInputs(
        missingMomentum: true, scalarSum: true, itemCount: true,
        leptons: IsolatedParticles(count: 2, minimumPt: 10, isolationRadius: 0.4, maximumIsolation: 0.2),
        photons: IsolatedParticles(count: 1), conditions: ["resonance_mass"]))
    let copy = try JSONDecoder().decode(
      EventEncoderDescription.self, from: JSONEncoder().encode(full))
    #expect(copy == full)
    let text = #"{"reads": "particles", "min-pt": 1, "inputs": {"leptons": {"count": 2, "min-pt": 5}}}"#
    let read = try JSONDecoder().decode(EventEncoderDescription.self, from: Data(text.utf8))
    #expect(
      try read
        == EventEncoderDescription(
          reads: .particles, embedding: false, minimumPt: 1,
          inputs: EventInputs(leptons: IsolatedParticles(count: 2, minimumPt: 5))))
    #expect(Set(full.inputNames).count == full.inputNames.count)
    #expect(full.embeddingWidth == 14)
  }

  @Test(arguments: [
    (#"{"width": 0}"#, "width"), (#"{"width": 1025}"#, "width"), (#"{"leading": 0}"#, "leading"),
    (#"{"min-pt": -1}"#, "min-pt"), (#"{"reads": "particles", "embedding": true}"#, "embedding"),
    (#"{"momenta": "none", "embedding": false}"#, "momenta"),
    (#"{"inputs": {"leptons": {"count": 0}}}"#, "count"),
    (#"{"inputs": {"photons": {"count": 1, "isolation-radius": 0}}}"#, "isolation-radius"),
    (#"{"inputs": {"photons": {"count": 1, "max-isolation": -0.1}}}"#, "max-isolation"),
    (#"{"inputs": {"photons": {"count": 1, "min-pt": -1}}}"#, "min-pt"),
    (#"{"inputs": {"conditions": ["m", "m"]}}"#, "conditions"),
    (#"{"inputs": {"conditions": [""]}}"#, "conditions"),
  ])
  func whatMakesNoSenseIsRefused(text: String, field: String) {
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(EventEncoderDescription.self, from: Data(text.utf8))
    }
    guard case .dataCorrupted(let context)? = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(context.codingPath.last?.stringValue == field)
  }

  @Test func numbersOutOfRangeAreRefusedInSwiftToo() throws {
    func field(_ make: () throws -> Void) -> String? {
      #expect(throws: EventEncodingError.self, performing: make)?.field
    }
    #expect(field { _ = try EventEncoderDescription(width: 0) } == "width")
    #expect(field { _ = try EventEncoderDescription(reads: .particles) } == "embedding")
    #expect(field { _ = try EventInputs(conditions: ["m", "m"]) } == "conditions")
    #expect(field { _ = try IsolatedParticles(count: 101) } == "count")
    #expect(field { _ = try IsolatedParticles(count: 1, isolationRadius: 4) } == "isolation-radius")
  }

  @Test func anEncoderOfEmbeddingsNeedsThem() throws {
    var layout = ParameterLayout()
    let description = EventEncoderDescription()
    #expect(throws: EventEncodingError.self) {
      try EventEncoder(description, jetEmbeddingWidth: nil, in: &layout)
    }
  }
}
