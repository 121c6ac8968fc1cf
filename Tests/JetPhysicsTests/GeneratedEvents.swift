// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics

/// SplitMix64: the same events on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }

  mutating func exponential(mean: Double) -> Double { -mean * log(1 - uniform(0...0.999_999)) }

  mutating func normal() -> Double {
    (-2 * log(1 - uniform(0...0.999_999))).squareRoot() * cos(uniform(0...(2 * .pi)))
  }
}

extension Events {
  /// The batch of these events, numbered from `firstNumber`.
  init(_ events: [[FourMomentum]], firstNumber: Int = 0) {
    self.init(source: "generated")
    for (index, event) in events.enumerated() {
      eventNumbers.append(firstNumber + index)
      for momentum in event { momenta.append(momentum) }
      offsets.append(particleCount)
    }
  }

  /// The particles of one event.
  func momenta(ofEvent event: Int) -> [FourMomentum] {
    particles(ofEvent: event).map { momentum(ofParticle: $0) }
  }
}

/// Events like those of a hadron collider: a few hard, collimated sprays over many soft particles, all pions.
func hadronEvents(_ count: Int, particles: ClosedRange<Int> = 0...250, seed: UInt64) -> Events {
  var generator = SeededGenerator(seed: seed)
  return Events(
    (0..<count).map { _ in
      let size = Int.random(in: particles, using: &generator)
      let axes = (0..<3).map { _ in (generator.uniform(-2.5...2.5), generator.uniform(0...(2 * .pi))) }
      return (0..<size).map { particle in
        guard particle % 3 == 0, let axis = axes.randomElement(using: &generator) else {
          return FourMomentum(
            pt: 0.2 + generator.exponential(mean: 0.6), rapidity: generator.uniform(-5...5),
            phi: generator.uniform(0...(2 * .pi)), mass: 0.13957)
        }
        return FourMomentum(
          pt: 0.5 + generator.exponential(mean: 12), rapidity: axis.0 + 0.15 * generator.normal(),
          phi: axis.1 + 0.15 * generator.normal(), mass: 0.13957)
      }
    })
}

/// Events like those of an e⁺e⁻ collider: particles around two to four axes in all directions.
func leptonEvents(_ count: Int, seed: UInt64) -> Events {
  var generator = SeededGenerator(seed: seed)
  return Events(
    (0..<count).map { _ in
      let axes = (0..<Int.random(in: 2...4, using: &generator)).map { _ in
        (generator.normal(), generator.normal(), generator.normal())
      }
      return (0..<Int.random(in: 1...60, using: &generator)).map { _ in
        let axis = axes.randomElement(using: &generator)!
        let scale = generator.exponential(mean: 3)
        let momentum = [axis.0, axis.1, axis.2].map { scale * ($0 + 0.2 * generator.normal()) }
        let modulus2 = momentum.reduce(0.13957 * 0.13957) { $0 + $1 * $1 }
        return FourMomentum(
          px: momentum[0], py: momentum[1], pz: momentum[2], energy: modulus2.squareRoot())
      }
    })
}

/// Valid events at the edges of floating-point arithmetic and of the coordinates, each with its name.
func degenerateEvents() -> [(name: String, event: [FourMomentum])] {
  func p(_ px: Double, _ py: Double, _ pz: Double, _ energy: Double) -> FourMomentum {
    FourMomentum(px: px, py: py, pz: pz, energy: energy)
  }
  let particle = p(3, 4, 5, 50.0.squareRoot())
  let ordinary = hadronEvents(1, particles: 80...80, seed: 3).momenta(ofEvent: 0)
  let beam = [p(0, 0, 7, 7), p(0, 0, -9, 9), p(0, 0, 7.2, 7.2), p(0, 0, 7, 7), p(0, 0, -100, 100)]
  // Energies below |p|, as rounding makes them.
  let imaginary = [p(0, 0, 7, 6.999_999), p(0, 0, 7, 6.999_999), p(0, 0, -3, 2.999_999), p(1, 1, 40, 39.99)]
  let zeros = [FourMomentum](repeating: .zero, count: 4)
  let atRest = [p(0, 0, 0, 5), p(0, 0, 0, 5), p(0, 0, 0, 1)]
  return [
    ("no particle", []),
    ("one particle", [particle]),
    ("one zero", [.zero]),
    ("two particles", [particle, p(-1, 2, 3, 4)]),
    ("identical", [FourMomentum](repeating: particle, count: 60)),
    (
      "collinear",
      (1...60).map { p(3 * Double($0), 4 * Double($0), 5 * Double($0), 50.0.squareRoot() * Double($0)) }
    ),
    ("back to back", [p(3, 4, 5, 8), p(-3, -4, -5, 8), p(3, 4, 5, 8), p(-3, -4, -5, 8)]),
    ("zeros", zeros),
    ("beam", beam),
    ("imaginary masses along the beam", imaginary),
    ("at rest", atRest),
    ("no energy", [p(1, 0, 0, 0), p(0, 1, 1, 0), p(1, 0, 0, 0), p(2, 2, 2, 1e-3)]),
    (
      "tiny",
      [
        p(1e-160, 1e-160, 1e-160, 2e-160), p(1e-140, 0, 1e-140, 2e-140),
        p(.leastNonzeroMagnitude, 0, 0, .leastNonzeroMagnitude),
      ]
    ),
    (
      "huge",
      [p(1e49, 1e49, 1e49, 2e49), p(-1e49, 1e49, 0, 3e49), p(0, 0, 1e50, 1e50), p(1e-149, 0, 1e50, 1e50)]
    ),
    ("mixed", ordinary + beam + imaginary + zeros + atRest + [particle, particle]),
    ("many beams", ordinary + (1...120).map { p(0, 0, $0.isMultiple(of: 2) ? 7 : -7, 7) }),
    ("many zeros", ordinary + [FourMomentum](repeating: .zero, count: 80)),
  ]
}
