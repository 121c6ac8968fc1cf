// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Observables
import PluginKit
import Testing

/// The observables that tell pile-up, compared with sums over all pairs of particles.
@Suite struct PileUpTests {
  /// Particles of an event, each with its vertex.
  private struct Event {
    var momenta: [FourMomentum]
    var vertices: [Double]
  }

  /// Events of particles all around, some of which coincide or lie far forward.
  private static let events: [Event] = {
    var generator = SeededGenerator(seed: 77)
    func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
    return [0, 1, 60, 300].map { count in
      var event = Event(momenta: [], vertices: [])
      for particle in 0..<count {
        let y = particle % 17 == 0 ? random(9...13) : random(-4.5...4.5)
        let p = FourMomentum(pt: random(0.3...20), rapidity: y, phi: random(0...6.2831), mass: 0.14)
        event.momenta.append(particle % 23 == 5 ? event.momenta[particle - 1] : p)
        event.vertices.append([1, -1, -1, 0, 0, .nan][particle % 6])
      }
      return event
    }
  }()

  private static func batch(_ events: [Event], vertex: String = "vertex") throws -> Events {
    var batch = Events()
    for event in events { try batch.append(event.momenta, particleColumns: [vertex: event.vertices]) }
    return batch
  }

  /// What an observable gives of each particle, whatever its jet: `[events][quantities][particles]`.
  private static func values<O: Observable>(
    _ type: O.Type, _ configuration: O.Configuration, of events: Events
  ) throws -> [[[Double]]] {
    let set = try ObservableSet([ObservableChoice("o", type, configuration)])
    let finder = try JetFinder(JetDefinition(.antikt, radius: 0.7), trees: false)
    let jets = try JetReconstruction(finder, observables: set).jets(in: events)
    return (0..<events.eventCount).map { event in
      set.columns.map { column in
        var values = [Double](repeating: .infinity, count: events.particles(ofEvent: event).count)
        for place in jets.constituents(ofJets: jets.jets(ofEvent: event)) {
          values[Int(jets.constituents.content[place])] =
            jets.columns.constituents[column.name]!.values[place]
        }
        return values
      }
    }
  }

  private static func isClose(_ a: Double, _ b: Double) -> Bool {
    a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))
  }

  @Test(arguments: [0.05, 0.4, 1.3, 3]) func surroundingsAreSumsOverAllPairs(_ radius: Double) throws {
    var settings = VertexSurroundings.Configuration()
    settings.radius = radius
    let values = try Self.values(VertexSurroundings.self, settings, of: Self.batch(Self.events))
    for (event, found) in zip(Self.events, values) {
      for (i, p) in event.momenta.enumerated() {
        var sums = [0.0, 0, 0]
        for (j, q) in event.momenta.enumerated() where j != i && p.deltaR(to: q) <= radius {
          sums[event.vertices[j] > 0 ? 0 : event.vertices[j] < 0 ? 1 : 2] += q.pt
        }
        for quantity in 0..<3 {
          #expect(Self.isClose(found[quantity][i], log(1 + sums[quantity])), "particle \(i)")
        }
      }
    }
  }

  /// α and the weight by the formulas of the paper, from the χ² distribution as an integral.
  @Test(arguments: [(0.3, 0.02, 1.0), (0.8, 0.1, 2.0)])
  func puppiIsThatOfAllPairs(radius: Double, least: Double, power: Double) throws {
    var settings = Puppi.Configuration()
    (settings.radius, settings.leastDistance, settings.power) = (radius, least, power)
    (settings.centralPt, settings.forwardPt) = (0.5, 1)
    let values = try Self.values(Puppi.self, settings, of: Self.batch(Self.events))
    var kinds = Set<String>()
    for (event, found) in zip(Self.events, values) {
      let all = event.momenta.indices
      func alpha(_ i: Int, _ counts: (Int) -> Bool) -> Double? {
        let terms = all.filter { $0 != i && counts($0) }.compactMap { j -> Double? in
          let distance = event.momenta[i].deltaR(to: event.momenta[j])
          return least < distance && distance <= radius ? pow(event.momenta[j].pt / distance, power) : nil
        }
        return terms.isEmpty ? nil : log(terms.reduce(0, +))
      }
      let charged = all.map { i in alpha(i) { event.vertices[$0] > 0 } }
      let any = all.map { i in alpha(i) { _ in true } }
      for i in all {
        #expect(Self.isClose(found[0][i], charged[i] ?? .nan) && Self.isClose(found[1][i], any[i] ?? .nan))
        let isCentral = abs(event.momenta[i].pseudorapidity) < 2.5
        let alphas = isCentral ? charged : any
        let pileUp = all.filter { event.vertices[$0] < 0 }.compactMap { alphas[$0] }.sorted()
        let expected: Double
        if event.vertices[i] > 0 {
          expected = 1
        } else if event.vertices[i] < 0 {
          expected = 0
        } else if pileUp.isEmpty {
          expected = 1
        } else {
          let median = 0.5 * (pileUp[(pileUp.count - 1) / 2] + pileUp[pileUp.count / 2])
          let below = pileUp.filter { $0 < median }.map { ($0 - median) * ($0 - median) }
          let square = below.reduce(0, +) / Double(below.count)
          let distance = (alphas[i] ?? -.infinity) - median
          let weight = distance <= 0 ? 0 : Self.chiSquare(below: distance * distance / square)
          expected = weight < 0.1 || weight * event.momenta[i].pt < (isCentral ? 0.5 : 1) ? 0 : weight
        }
        #expect(abs(found[2][i] - expected) < 1e-5, "particle \(i): \(found[2][i]) for \(expected)")
        kinds.insert("\(isCentral) \(expected == 0 ? "none" : expected == 1 ? "all" : "some")")
      }
    }
    #expect(kinds.count == 6, "\(kinds)")
  }

  /// The share of a χ² distribution of one degree of freedom below a number, by Simpson's rule over its root.
  private static func chiSquare(below square: Double) -> Double {
    let end = min(square.squareRoot(), 12)
    let steps = 2000
    let h = end / Double(steps)
    func density(_ x: Double) -> Double { exp(-x * x / 2) * (2 / Double.pi).squareRoot() }
    var sum = density(0) + density(end)
    for step in 1..<steps { sum += density(Double(step) * h) * (step % 2 == 1 ? 4 : 2) }
    return sum * h / 3
  }

  @Test(arguments: [true, false]) func theThresholdIsTheMedianOfTheHardestInCells(_ tracks: Bool) throws {
    var settings = SoftKiller.Configuration()
    (settings.cell, settings.maxAbsRapidity, settings.tracks) = (1.0, 2.0, tracks)
    let values = try Self.values(SoftKiller.self, settings, of: Self.batch(Self.events))
    var thresholds: [Double] = []
    for (event, found) in zip(Self.events, values) where !event.momenta.isEmpty {
      // Four by six cells.
      var hardest: [String: Double] = [:]
      let counted = event.momenta.indices.filter { !tracks || !(abs(event.vertices[$0]) > 0) }
      for i in counted where abs(event.momenta[i].rapidity) < 2 {
        let p = event.momenta[i]
        let cell = "\(Int(floor(p.rapidity))) \(Int(floor(p.phi / (.pi / 3))))"
        hardest[cell] = max(hardest[cell] ?? 0, p.pt)
      }
      let sorted = (Array(hardest.values) + Array(repeating: 0, count: 24 - hardest.count)).sorted()
      let threshold = 0.5 * (sorted[11] + sorted[12])
      thresholds.append(threshold)
      for i in event.momenta.indices {
        let isCounted = counted.contains(i)
        let isKept = isCounted ? event.momenta[i].pt >= threshold : event.vertices[i] > 0
        #expect(found[0][i] == (isKept ? 1 : 0) && Self.isClose(found[1][i], threshold))
      }
    }
    #expect(thresholds.last! > 1)
  }

  /// What a particle is given does not depend on where it stands in its event.
  @Test func theOrderOfParticlesDoesNotMatter() throws {
    let event = Self.events[3]
    let places = Array(event.momenta.indices.reversed())
    let reversed = Event(
      momenta: places.map { event.momenta[$0] }, vertices: places.map { event.vertices[$0] })
    let (there, back) = (try Self.batch([event]), try Self.batch([reversed]))
    func compare<O: Observable>(_ type: O.Type, by isSame: (Double, Double) -> Bool) throws {
      let values = try Self.values(type, type.example, of: there)[0]
      let again = try Self.values(type, type.example, of: back)[0]
      for (one, other) in zip(values, again) {
        let areSame = zip(one, other.reversed()).allSatisfy(isSame)
        #expect(areSame, "\(type.identifier)")
      }
    }
    try compare(VertexSurroundings.self, by: Self.isClose)
    // Momenta are multiplied by these, so that the jets have the same bits too.
    try compare(Puppi.self) { $0.bitPattern == $1.bitPattern }
    try compare(SoftKiller.self) { $0.bitPattern == $1.bitPattern }
  }

  @Test func theColumnOfTheVertexIsNeeded() throws {
    let events = try Self.batch(Self.events, vertex: "fromPV")
    func check<O: Observable>(_ type: O.Type) throws {
      let error = #expect(throws: ObservableError.self) { try Self.values(type, type.example, of: events) }
      #expect(error?.event == 1 && error?.description.contains("no column vertex") == true, "\(error as Any)")
    }
    try check(VertexSurroundings.self)
    try check(Puppi.self)
    try check(SoftKiller.self)
    var other = Puppi.Configuration()
    other.vertex = "fromPV"
    let renamed = try Self.values(Puppi.self, other, of: events)
    let usual = try Self.values(Puppi.self, Puppi.example, of: Self.batch(Self.events))
    #expect("\(renamed)" == "\(usual)")
  }
}
