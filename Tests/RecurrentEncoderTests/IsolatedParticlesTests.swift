// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine
import RecurrentEncoder
import Testing

/// Leptons and photons against a plain loop over all pairs of particles.
@Suite struct IsolatedParticlesTests {
  private struct Found {
    var index: Int
    var isolation: Double
  }

  /// The particles of a kind that pass, the hardest first.
  private func expected(
    _ particles: [Particle], _ identifiers: Set<Int32>, _ selection: IsolatedParticles
  ) -> [Found] {
    let found = particles.indices.filter {
      identifiers.contains(abs(particles[$0].pdgID)) && particles[$0].momentum.pt >= selection.minimumPt
    }
    let isolated = found.sorted { particles[$0].momentum.pt > particles[$1].momentum.pt }.map { index in
      let p = particles[index].momentum
      var sum = 0.0
      for (other, q) in particles.enumerated() where other != index {
        let deltaEta = q.momentum.pseudorapidity - p.pseudorapidity
        let deltaPhi = acos(cos(q.momentum.phi - p.phi))
        if hypot(deltaEta, deltaPhi) <= selection.isolationRadius { sum += q.momentum.pt }
      }
      return Found(index: index, isolation: p.pt > 0 ? sum / p.pt : 0)
    }
    return Array(
      isolated.filter { $0.isolation <= selection.maximumIsolation ?? .infinity }.prefix(selection.count))
  }

  @Test(arguments: [nil, 0.4] as [Double?], [0.2, 1.8, 3])
  func equalAPlainLoop(maximumIsolation: Double?, radius: Double) throws {
    let leptons = try IsolatedParticles(
      count: 4, minimumPt: 10, isolationRadius: radius, maximumIsolation: maximumIsolation)
    let photons = try IsolatedParticles(count: 2, isolationRadius: radius)
    let sample = SampleEvents(jetCounts: [0, 1, 30, 80, 5])
    let description = try EventEncoderDescription(
      momenta: .paper, inputs: EventInputs(leptons: leptons, photons: photons))
    var features = EventFeatures(description)
    try features.replace(with: sample.events, jets: sample.jetBatch)
    let names = description.inputNames
    #expect(
      names[0...8] == [
        "lepton 1: found", "lepton 1: ln pT", "lepton 1: η", "lepton 1: cos φ", "lepton 1: sin φ",
        "lepton 1: ln(1 + isolation)", "lepton 1: charge", "lepton 1: muon", "lepton 2: found",
      ])
    for (event, particles) in sample.particles.enumerated() {
      let row = features.inputs[event * names.count..<(event + 1) * names.count].map { Double($0) }
      var numbers: [Double] = []
      for found in expected(particles, [11, 13], leptons) {
        let particle = particles[found.index]
        numbers += numbersOf(particle.momentum, found.isolation)
        numbers += [particle.pdgID < 0 ? 1 : -1, abs(particle.pdgID) == 13 ? 1 : 0]
      }
      while numbers.count < 4 * 8 { numbers += [0] + Array(repeating: .nan, count: 7) }
      for found in expected(particles, [22], photons) {
        numbers += numbersOf(particles[found.index].momentum, found.isolation)
      }
      while numbers.count < names.count { numbers += [0] + Array(repeating: .nan, count: 5) }
      #expect(row.count == numbers.count)
      for (index, (value, number)) in zip(row, numbers).enumerated() {
        #expect(
          abs(value - number) < 1e-5 * max(1, abs(number)) || value.isNaN && number.isNaN,
          "event \(event), \(names[index])")
      }
    }
  }

  private func numbersOf(_ p: FourMomentum, _ isolation: Double) -> [Double] {
    [
      1, log(max(p.pt, 1e-3)), min(max(p.pseudorapidity, -10), 10), p.pt > 0 ? cos(p.phi) : 0,
      p.pt > 0 ? sin(p.phi) : 0, log(1 + isolation),
    ]
  }

  @Test func theConeCrossesTheCutOfAzimuth() throws {
    let selection = try IsolatedParticles(count: 1, isolationRadius: 0.3)
    var features = EventFeatures(try EventEncoderDescription(inputs: EventInputs(leptons: selection)))
    let particles = [
      Particle(pt: 40, eta: 0.5, phi: 0.1, 13), Particle(pt: 8, eta: 0.5, phi: 6.2),
      Particle(pt: 4, eta: 0.5, phi: 0.5), Particle(pt: 2, eta: 0.79, phi: 0.1),
      Particle(pt: 1, eta: 0.75, phi: 0.3), Particle(pt: 0.5, eta: 0.7, phi: 0.3, -11),
    ]
    try features.replace(with: Events([particles]), jets: Jets([[]]))
    #expect(abs(features.inputs[5] - Float(log(1 + 10.5 / 40))) < 1e-6)
  }
}
