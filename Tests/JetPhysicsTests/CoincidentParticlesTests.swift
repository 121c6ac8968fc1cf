// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetComparison
import Foundation
import JetPhysics
import Testing

/// Padding, and many particles of one direction.
@Suite(.serialized) struct CoincidentParticlesTests {
  init() throws {
    // The first clusterer of the process silences FastJet's banner and warnings.
    _ = try JetClusterer(JetFinder(JetDefinition(.kt)))
  }

  private static let reclusterings: [JetDefinition.Algorithm?] = [nil, .cambridge]

  /// Groups of equal particles far from each other, of which FastJet itself makes jets.
  private func groups(_ count: Int, of size: Int, spherical: Bool) -> Events {
    let apart = spherical ? leptonEvents(1, seed: 7) : hadronEvents(1, particles: count...count, seed: 7)
    let particles = apart.momenta(ofEvent: 0).prefix(count)
    return Events([(0..<size).flatMap { _ in particles }])
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, reclusterings)
  func paddingChangesNoJet(algorithm: JetDefinition.Algorithm, recluster: JetDefinition.Algorithm?) throws {
    let finder = try JetFinder(JetDefinition(algorithm, radius: 0.6, power: -0.5), recluster: recluster)
    let events = algorithm.isSpherical ? leptonEvents(4, seed: 5) : hadronEvents(4, seed: 5)
    var generator = SeededGenerator(seed: 6)
    var places: [[Int32]] = []
    let padded = Events(
      (0..<4).map { event in
        var (momenta, place) = ([FourMomentum](), [Int32]())
        for momentum in events.momenta(ofEvent: event) {
          for _ in 0..<Int.random(in: 0...9, using: &generator) { momenta.append(.zero) }
          place.append(Int32(momenta.count))
          momenta.append(momentum)
        }
        places.append(place)
        return momenta + [.zero, FourMomentum(px: -0.0, py: 1e-200, pz: 0, energy: 0)]
      })
    var expected = try JetClusterer(finder).jets(in: events)
    for event in 0..<4 {
      for jet in expected.jets(ofEvent: event) {
        for index in expected.constituents(ofJet: jet) {
          expected.constituents.content[index] = places[event][Int(expected.constituents.content[index])]
        }
      }
    }
    #expect(try JetClusterer(finder).jets(in: padded) == expected)
  }

  @Test func paddingEndsAtTheBeamInTheHistory() throws {
    let pair = [
      FourMomentum(px: 3, py: 0, pz: 1, energy: 4), .zero, FourMomentum(px: 2, py: 0.1, pz: 1, energy: 3),
    ]
    let histories = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1)))
      .histories(of: Events([pair]))
    #expect(histories.offsets == [0, 6])
    #expect(histories.parent1 == [-2, -2, -2, 1, 0, 4] || histories.parent1 == [-2, -2, -2, 1, 2, 4])
    #expect(histories.parent2[3] == -1 && histories.distance[3] == 0 && histories.parent2[5] == -1)
    #expect(histories.momentum(ofEntry: 5) == FourMomentum(px: 5, py: 0.1, pz: 2, energy: 7))
  }

  /// A power of two of equal momenta is summed without rounding.
  @Test(arguments: JetDefinition.Algorithm.allCases, reclusterings)
  func manyEqualParticlesAreOneJet(
    algorithm: JetDefinition.Algorithm, recluster: JetDefinition.Algorithm?
  ) throws {
    let count = 4096
    let momentum = FourMomentum(px: 0.3, py: -0.4, pz: 1.7, energy: 1.8)
    let events = Events([[FourMomentum](repeating: momentum, count: count)])
    let finder = try JetFinder(
      JetDefinition(algorithm, radius: 0.4, power: 1),
      selection: JetSelection(algorithm.isSpherical ? .exclusiveJets(1) : .inclusive(minimumPt: 0)),
      recluster: recluster)
    let jets = try JetClusterer(finder).jets(in: events)
    try #require(jets.jetCount == 1 && jets.trees.nodeCount == 2 * count - 1)
    let scale = Double(count)
    #expect([jets.momenta.content.px[0], jets.momenta.content.py[0]] == [0.3 * scale, -0.4 * scale])
    #expect([jets.momenta.content.pz[0], jets.momenta.content.energy[0]] == [1.7 * scale, 1.8 * scale])
    #expect(jets.constituents.content == Array(0..<Int32(count)))
    // A network that reads it has few steps.
    var heights = [Int](repeating: 0, count: jets.trees.nodeCount)
    for node in count..<jets.trees.nodeCount {
      heights[node] = 1 + max(heights[Int(jets.trees.left[node])], heights[Int(jets.trees.right[node])])
    }
    #expect(heights.last == 12)
  }

  /// These are few enough for FastJet itself, which finds the same jets.
  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func jetsOfEqualParticlesAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try JetDefinition(algorithm, radius: 0.3, power: -1, recombination: scheme)
    let events = groups(15, of: 20, spherical: algorithm.isSpherical)
    let kind: JetSelection.Kind =
      algorithm.isSpherical ? .exclusiveJets(3) : .inclusive(minimumPt: 0)
    let jets = try JetClusterer(JetFinder(definition, selection: JetSelection(kind))).jets(in: events)
    let reference = Reference(events.momenta(ofEvent: 0), definition)
    try #require(reference.select(kind) == jets.jetCount)
    for jet in 0..<jets.jetCount {
      let constituents = Array(jets.constituents[jet])
      let same = try #require(
        (0..<jets.jetCount).first { reference.constituents(ofJet: $0).sorted() == constituents })
      let found = [
        jets.momenta.content.px[jet], jets.momenta.content.py[jet], jets.momenta.content.pz[jet],
        jets.momenta.content.energy[jet],
      ]
      #expect(agree(found, reference.jet(same), tolerance: 1e-9))
    }
  }

  /// The largest number of particles of one direction that is left to FastJet has FastJet's own history.
  @Test(arguments: [JetDefinition.Algorithm.antikt, .kt, .cambridge, .eeKt])
  func fewEqualParticlesHaveFastJetsHistory(algorithm: JetDefinition.Algorithm) throws {
    let definition = try JetDefinition(algorithm, radius: 0.5)
    let events = groups(12, of: 8, spherical: algorithm.isSpherical)
    let histories = try JetClusterer(JetFinder(definition)).histories(of: events)
    let reference = Reference(events.momenta(ofEvent: 0), definition)
    #expect(reference.differingEntries(histories, event: 0, tolerance: 0) == 0)
  }

  /// Momenta of one direction and different size, as towers of a calorimeter have them.
  @Test(arguments: JetDefinition.Algorithm.allCases)
  func collinearParticlesAreOneJet(algorithm: JetDefinition.Algorithm) throws {
    let unit = FourMomentum(px: 0.3, py: -0.4, pz: 1.2, energy: 1.3)
    let momenta = (1...1500).map { number in
      let scale = Double(number)
      return FourMomentum(
        px: scale * unit.px, py: scale * unit.py, pz: scale * unit.pz, energy: scale * unit.energy)
    }
    let kind: JetSelection.Kind = algorithm.isSpherical ? .exclusiveJets(1) : .inclusive(minimumPt: 0)
    let finder = try JetFinder(
      JetDefinition(algorithm, radius: 0.4, power: 0.5), selection: JetSelection(kind))
    let jets = try JetClusterer(finder).jets(in: Events([momenta]))
    try #require(jets.jetCount == 1)
    let sum = 1500.0 * 1501 / 2
    #expect(agree(jets.momentum(ofJet: 0).components, [0.3, -0.4, 1.2, 1.3].map { $0 * sum }))
  }

  /// Directions that 1 − cos θ does not tell apart, all different: FastJet alone would take minutes.
  @Test(arguments: [JetDefinition.Algorithm.eeKt, .eeGenkt], [1e-11, 1e-9, 1e-8, 1e-7])
  func nearlyCollinearParticlesAreOneJet(algorithm: JetDefinition.Algorithm, width: Double) throws {
    var generator = SeededGenerator(seed: 8)
    let momenta = (0..<3000).map { _ in
      func component(_ value: Double) -> Double {
        value + width * Double.random(in: -1...1, using: &generator)
      }
      let (x, y, z) = (component(0.3), component(-0.4), component(1.2))
      return FourMomentum(px: x, py: y, pz: z, energy: (x * x + y * y + z * z).squareRoot())
    }
    let finder = try JetFinder(
      JetDefinition(algorithm, radius: 0.4, power: 1), selection: JetSelection(.exclusiveJets(1)))
    let jets = try JetClusterer(finder).jets(in: Events([momenta]))
    try #require(jets.jetCount == 1 && jets.trees.nodeCount == 5999)
    let sum = momenta.reduce(FourMomentum.zero, +)
    #expect(agree(jets.momentum(ofJet: 0).components, sum.components))
    #expect(jets.constituents.content == Array(0..<3000))
  }

  /// Directions that are close but told apart have FastJet's own history.
  @Test(arguments: [JetDefinition.Algorithm.eeKt, .eeGenkt])
  func closeParticlesHaveFastJetsHistory(algorithm: JetDefinition.Algorithm) throws {
    var generator = SeededGenerator(seed: 9)
    let momenta = (0..<60).map { number in
      let angle = 1e-6 * Double(number) + 1e-7 * Double.random(in: 0...1, using: &generator)
      return FourMomentum(px: cos(angle), py: sin(angle), pz: 0.5, energy: 1.25.squareRoot())
    }
    let definition = try JetDefinition(algorithm, radius: 0.5, power: 1)
    let events = Events([momenta])
    let histories = try JetClusterer(JetFinder(definition)).histories(of: events)
    #expect(Reference(momenta, definition).differingEntries(histories, event: 0, tolerance: 0) == 0)
  }

  /// Events that readers accept have finite jets.
  @Test(arguments: JetDefinition.Algorithm.allCases, reclusterings)
  func theLargestMomentaHaveJets(
    algorithm: JetDefinition.Algorithm, recluster: JetDefinition.Algorithm?
  ) throws {
    let limit = MomentumLimit.largestComponent
    #expect(limit == 1e50)
    let corners = (0..<8).map { corner in
      FourMomentum(
        px: corner & 1 == 0 ? limit : -limit, py: corner & 2 == 0 ? limit : -limit / 3,
        pz: corner & 4 == 0 ? limit : -limit / 7, energy: limit)
    }
    let events = Events([corners + corners + hadronEvents(1, seed: 3).momenta(ofEvent: 0)])
    let finder = try JetFinder(JetDefinition(algorithm, radius: 0.4, power: -1), recluster: recluster)
    let jets = try JetClusterer(finder).jets(in: events)
    for values in [
      jets.momenta.content.px, jets.momenta.content.py, jets.momenta.content.pz, jets.momenta.content.energy,
      jets.trees.mergeScale, jets.rapidity, jets.mass,
    ] {
      #expect(values.allSatisfy { $0.isFinite })
    }
  }
}
