// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine
import RecurrentEncoder
import Testing

/// Which items of an event are read, in which order, and with which numbers.
@Suite struct EventFeaturesTests {
  /// The numbers of the items of each event, in the order in which they are read.
  private func itemNumbers(
    _ description: EventEncoderDescription, _ events: Events, _ jets: Jets? = nil
  ) throws -> [[Int32]] {
    var features = EventFeatures(description)
    try features.replace(with: events, jets: jets)
    return (0..<features.eventCount).map {
      Array(features.itemNumbers[features.offsets[$0]..<features.offsets[$0 + 1]])
    }
  }

  @Test func theHardestIsReadLast() throws {
    let pt: [[Double]] = [[10, 50, 30, 50, 20], [], [5], Array(repeating: 40, count: 3)]
    let jets = Jets(
      pt.map { $0.map { FourMomentum(pt: $0, rapidity: 0, phi: 1, mass: 1) } })
    let events = Events(pt.map { _ in [] })
    #expect(
      try itemNumbers(EventEncoderDescription(), events, jets) == [[0, 4, 2, 3, 1], [], [0], [2, 1, 0]])
    #expect(
      try itemNumbers(EventEncoderDescription(minimumPt: 20, leading: 3), events, jets)
        == [[2, 3, 1], [], [], [2, 1, 0]])
    #expect(
      try itemNumbers(EventEncoderDescription(leading: 1), events, jets) == [[1], [], [0], [0]])
  }

  @Test func particlesAreRankedAsSortingDoes() throws {
    let sample = SampleEvents()
    let description = try EventEncoderDescription(
      reads: .particles, embedding: false, minimumPt: 5, leading: 40)
    let read = try itemNumbers(description, sample.events)
    for (particles, numbers) in zip(sample.particles, read) {
      let expected = particles.indices.filter { particles[$0].momentum.pt >= 5 }
        .sorted { particles[$0].momentum.pt > particles[$1].momentum.pt }.prefix(40).reversed()
      #expect(numbers.map { Int($0) } == Array(expected))
    }
  }

  @Test func paperMomentaByHand() throws {
    let jet = FourMomentum(px: 30, py: -40, pz: 20, energy: 80)
    var features = EventFeatures(try EventEncoderDescription(momenta: .paper))
    try features.replace(with: Events([[Particle(jet)]]), jets: Jets([[jet]]))
    let expected: [Double] = [50, asinh(0.4), 2 * .pi - atan(4.0 / 3), 3500.0.squareRoot()]
    for (value, number) in zip(features.momenta, expected) { #expect(abs(Double(value) - number) < 1e-4) }
    #expect(features.momenta.count == 4 && ItemMomenta.paper.names.count == 4)
  }

  @Test func relativeMomentaByHand() throws {
    // Missing momentum points to +x. Σ pT cos θ is positive; Σ pT sin 2Δφ is that of the jet's own particle and the
    // one at 90°, which has none: 50 sin(2 · 200°) > 0.
    let axis = Double.pi * 200 / 180
    let jet = FourMomentum(pt: 50, rapidity: 0.7, phi: axis, mass: 9)
    let balance = FourMomentum(pt: -50 * sin(axis), rapidity: 0, phi: .pi / 2, mass: 0)
    var features = EventFeatures(
      try EventEncoderDescription(
        momenta: .relative, inputs: EventInputs(missingMomentum: true, scalarSum: true, itemCount: true)))
    try features.replace(with: Events([[Particle(jet), Particle(balance)]]), jets: Jets([[jet]]))
    let eta = asinh(jet.pz / 50)
    for (value, number) in zip(features.momenta, [log(50), eta, cos(axis), sin(axis), log(9)]) {
      #expect(abs(Double(value) - number) < 1e-5)
    }
    for (value, number) in zip(features.inputs, [log(-50 * cos(axis)), log(50 + balance.pt), 1]) {
      #expect(abs(Double(value) - number) < 1e-5)
    }
    #expect(features.momenta.count == 5 && features.inputs.count == 3)
    #expect(features.description.inputNames == ["ln pT_miss", "ln Σ pT", "number of jets"])
  }

  @Test(
    arguments: [
      { (p: FourMomentum) in
        FourMomentum(
          px: p.px * cos(2) - p.py * sin(2), py: p.px * sin(2) + p.py * cos(2), pz: p.pz, energy: p.energy)
      },
      { FourMomentum(px: $0.px, py: -$0.py, pz: $0.pz, energy: $0.energy) },
      { FourMomentum(px: $0.py, py: $0.px, pz: $0.pz, energy: $0.energy) },
      { FourMomentum(px: $0.px, py: $0.py, pz: -$0.pz, energy: $0.energy) },
    ] as [@Sendable (FourMomentum) -> FourMomentum])
  func rotationsAndReflectionsChangeNothing(_ change: @Sendable (FourMomentum) -> FourMomentum) throws {
    let inputs = try EventInputs(
      missingMomentum: true, scalarSum: true, itemCount: true, leptons: IsolatedParticles(count: 2),
      photons: IsolatedParticles(count: 1))
    var sample = SampleEvents()
    // An event along the beam has no frame of its own.
    sample.particles.remove(at: 6)
    sample.jets.remove(at: 6)
    // Particles that balance: missing momentum vanishes to rounding.
    sample.particles.append(
      [(30, 40, 20), (-30, 0, 10), (0, -40, -5)].map {
        Particle(FourMomentum(px: $0, py: $1, pz: $2, energy: 60))
      })
    sample.jets.append(sample.particles.last!.map(\.momentum))
    var moved = sample
    moved.particles = sample.particles.map { $0.map { $0.moved(change) } }
    moved.jets = sample.jets.map { $0.map(change) }
    for description in [
      try EventEncoderDescription(inputs: inputs),
      try EventEncoderDescription(reads: .particles, embedding: false, inputs: inputs),
    ] {
      var features = EventFeatures(description)
      try features.replace(with: sample.events, jets: sample.jetBatch)
      // What is handed over of an event: a number of each item, and an event input.
      let (names, event) = (features.shuffledNames.count, 4)
      let inputCount = features.inputs.count / (features.offsets.count - 1)
      func handedOver(_ place: Int) -> [UInt32] {
        var bits: [UInt32] = []
        features.forEachNumber(place, ofEvent: event, jets: 0..<0) { bits.append($0.bitPattern) }
        return bits
      }
      let items = (features.offsets[event]..<features.offsets[event + 1]).map {
        features.momenta[$0 * (names - inputCount) + 1].bitPattern
      }
      #expect(handedOver(1) == items && items.count >= 7)
      #expect(handedOver(names - 1) == [features.inputs[(event + 1) * inputCount - 1].bitPattern])
      var others = EventFeatures(description)
      try others.replace(with: moved.events, jets: moved.jetBatch)
      #expect(features.itemNumbers == others.itemNumbers && features.offsets == others.offsets)
      // The missing momentum of balanced particles is rounding, and ends at 1 MeV.
      for (a, b) in zip(features.momenta + features.inputs, others.momenta + others.inputs) {
        #expect(abs(a - b) < 2e-5 || a.isNaN && b.isNaN)
      }
    }
  }

  @Test func aCollinearSplittingChangesNoFrame() throws {
    let sample = SampleEvents(jetCounts: [5])
    var split = sample
    split.particles[0] = sample.particles[0].flatMap { particle -> [Particle] in
      [0.3, 0.7].map { share in
        particle.moved {
          FourMomentum(px: share * $0.px, py: share * $0.py, pz: share * $0.pz, energy: share * $0.energy)
        }
      }
    }
    var features = EventFeatures(EventEncoderDescription())
    try features.replace(with: sample.events, jets: sample.jetBatch)
    let momenta = features.momenta
    try features.replace(with: split.events, jets: split.jetBatch)
    for (a, b) in zip(momenta, features.momenta) { #expect(abs(a - b) < 1e-5) }
  }

  @Test(arguments: ItemMomenta.allCases)
  func everyEventHasFiniteNumbers(momenta: ItemMomenta) throws {
    let inputs = try EventInputs(
      missingMomentum: true, scalarSum: true, itemCount: true, leptons: IsolatedParticles(count: 3),
      photons: IsolatedParticles(count: 2, minimumPt: 4, maximumIsolation: 0.5))
    var sample = SampleEvents()
    sample.particles.append([
      Particle(FourMomentum(px: 1e200, py: -1e200, pz: 3, energy: 2e200), 11),
      Particle(FourMomentum(px: 1e-200, py: 0, pz: 1e-200, energy: 1e-200), 13),
      Particle(FourMomentum(px: 1, py: 2, pz: 2, energy: 2.9999), 22),
    ])
    sample.jets.append(sample.particles.last!.map(\.momentum))
    for reads in [EventEncoderDescription.Items.jets, .particles] where reads == .jets || momenta != .none {
      let description = try EventEncoderDescription(
        reads: reads, momenta: momenta, embedding: reads == .jets, inputs: inputs)
      var features = EventFeatures(description)
      try features.replace(with: sample.events, jets: sample.jetBatch)
      #expect(features.eventCount == sample.jets.count)
      #expect(features.inputs.count == description.inputNames.count * features.eventCount)
      #expect(features.momenta.count == momenta.count * features.itemCount)
      features.scale(by: EventScaling(fitting: features, 0..<features.eventCount))
      #expect((features.momenta + features.inputs).allSatisfy { $0.isFinite })
    }
  }

  @Test func collectionsGrow() throws {
    let sample = SampleEvents()
    let description = try EventEncoderDescription(inputs: EventInputs(scalarSum: true))
    var whole = EventFeatures(description)
    try whole.replace(with: sample.events, jets: sample.jetBatch)
    var parts = EventFeatures(description)
    var part = EventFeatures(description)
    for event in sample.particles.indices {
      try part.replace(with: Events([sample.particles[event]]), jets: Jets([sample.jets[event]]))
      parts.append(part)
    }
    #expect(parts.offsets == whole.offsets && parts.momenta == whole.momenta)
    #expect(parts.inputs == whole.inputs && parts.jetCounts == whole.jetCounts)
    #expect(parts.itemNumbers == whole.itemNumbers)
  }

  @Test func whatIsMissingIsSaid() throws {
    let leptons = EventFeatures(
      try EventEncoderDescription(inputs: EventInputs(leptons: IsolatedParticles(count: 1))))
    let conditions = EventFeatures(try EventEncoderDescription(inputs: EventInputs(conditions: ["mass"])))
    let particles = [[], [Particle(pt: 1, eta: 0, phi: 0)]]
    let jets = Jets([[], []])
    func problem(_ features: EventFeatures, _ change: (inout Events) -> Void) -> String? {
      var features = features
      var events = Events(particles)
      events.eventNumbers = [6, 7]
      change(&events)
      do {
        try features.replace(with: events, jets: jets)
        return nil
      } catch {
        #expect(features.eventCount == 0 && features.momenta.isEmpty && features.inputs.isEmpty)
        return "\(error)"
      }
    }
    #expect(problem(leptons) { _ in } == nil)
    #expect(
      problem(leptons) { $0.pdgID = [] }
        == "Leptons and photons are told by their identifiers, but the events have no pdgid: add it, or read no "
        + "leptons and photons.")
    #expect(problem(conditions) { $0.columns["mass"] = Column(values: [1, 2]) } == nil)
    #expect(
      problem(conditions) { _ in }
        == "The events have no column mass, which is read as a condition: add it to them, or give all of them one "
        + "value (--condition mass=VALUE).")
    #expect(
      problem(conditions) { $0.columns["mass"] = Column(width: 2, values: [1, 2, 3, 4]) }
        == "The column mass, which is read as a condition, has 2 numbers for each event: give it one.")
    #expect(
      problem(conditions) { $0.columns["mass"] = Column(values: [1, .infinity]) }
        == "Event 7: mass is inf, but a condition must be finite; give each event a number.")
    #expect(
      problem(leptons) { $0.momenta.py[0] = .nan }
        == "Event 7, particle 0: py is nan, but momenta must be finite; correct the event or leave it out.")
  }
}
