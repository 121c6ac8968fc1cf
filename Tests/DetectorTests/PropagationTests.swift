// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation
import Testing

@testable import Detector

/// Paths through the field against the equation of motion, integrated in small steps, and against cases that are worked out by hand.
@Suite struct PropagationTests {
  private static func field(
    radius: Double = 1.2, halfLength: Double = 3, strength: Double = 3.8
  ) -> FieldSection {
    var field = FieldSection()
    (field.radius, field.halfLength, field.strength) = (radius, halfLength, strength)
    return field
  }

  /// Where the equation dp/ds = 0.2998 q (p × B) / |p| leads, by the midpoint rule, and the point nearest to the z axis on the first turn.
  private static func integrated(
    _ momentum: FourMomentum, charge: Double, from start: (x: Double, y: Double, z: Double),
    _ field: FieldSection
  ) -> (x: Double, y: Double, z: Double) {
    let step = 2e-5
    let modulus = momentum.modulus
    var (x, y, z) = start
    var (ux, uy) = (momentum.px / modulus, momentum.py / modulus)
    let uz = momentum.pz / modulus
    let turn = 0.299792458 * charge * field.strength / modulus
    while x * x + y * y < field.radius * field.radius, abs(z) < field.halfLength {
      let (middleX, middleY) = (ux + 0.5 * step * turn * uy, uy - 0.5 * step * turn * ux)
      ux += step * turn * middleY
      uy -= step * turn * middleX
      x += step * middleX
      y += step * middleY
      z += step * uz
    }
    return (x, y, z)
  }

  @Test(arguments: [
    (px: 1.0, py: 0.3, pz: 0.5, charge: 1.0), (px: -0.8, py: 0.9, pz: -2.0, charge: -1.0),
    (px: 0.4, py: -0.2, pz: 0.05, charge: 1.0), (px: 5.0, py: 20, pz: 1.0, charge: -1.0),
    (px: 0.7, py: 0.7, pz: 3.0, charge: 2.0), (px: 0.3, py: -0.5, pz: 0.4, charge: -1.0),
  ]) func aPathIsThatOfTheEquationOfMotion(px: Double, py: Double, pz: Double, charge: Double) throws {
    let field = Self.field()
    let momentum = FourMomentum(
      px: px, py: py, pz: pz, energy: (px * px + py * py + pz * pz + 0.02).squareRoot())
    for start in [(x: 0.0, y: 0.0, z: 0.0), (x: 0.012, y: -0.03, z: 0.2), (x: -0.4, y: 0.5, z: -1.0)] {
      let path = try #require(
        Propagation(field).path(
          of: momentum, charge: charge, fromX: 1e3 * start.x, y: 1e3 * start.y, z: 1e3 * start.z))
      let expected = Self.integrated(momentum, charge: charge, from: start, field)
      #expect(abs(path.x - expected.x) < 5e-4)
      #expect(abs(path.y - expected.y) < 5e-4)
      #expect(abs(path.z - expected.z) < 5e-4)
    }
  }

  /// The point nearest to the z axis, found by going along the circle to both sides of the start.
  @Test func impactParametersAreThoseOfTheNearestPoint() throws {
    let field = Self.field()
    let (x, y, z) = (0.02, -0.05, 0.1)
    let momentum = FourMomentum(px: 0.9, py: 0.8, pz: 0.6, energy: 2)
    for charge in [1.0, -1.0] {
      let path = try #require(
        Propagation(field).path(of: momentum, charge: charge, fromX: 1e3 * x, y: 1e3 * y, z: 1e3 * z))
      let turn = -0.299792458 * charge * field.strength / momentum.pt
      let azimuth = atan2(momentum.py, momentum.px)
      var nearest = (distance: Double.infinity, d0: 0.0, dz: 0.0)
      for place in stride(from: -0.3, through: 0.3, by: 1e-6) {
        // A circle of that curvature through the start, by the length along it.
        let angle = azimuth + turn * place
        let (ownX, ownY) = (
          x + (sin(angle) - sin(azimuth)) / turn, y - (cos(angle) - cos(azimuth)) / turn
        )
        let distance = ownX * ownX + ownY * ownY
        if distance < nearest.distance {
          nearest = (distance, ownX * sin(angle) - ownY * cos(angle), z + place * momentum.pz / momentum.pt)
        }
      }
      #expect(abs(path.d0 - 1e3 * nearest.d0) < 1e-3)
      #expect(abs(path.dz - 1e3 * nearest.dz) < 1e-2)
      #expect(abs(abs(path.d0) - 1e3 * nearest.distance.squareRoot()) < 1e-3)
    }
  }

  @Test func aNeutralParticleGoesStraight() throws {
    let momentum = FourMomentum(px: 3, py: 4, pz: 5, energy: 8)
    let path = try #require(Propagation(Self.field()).path(of: momentum, charge: 0, fromX: 0, y: 0, z: 0))
    #expect(abs(path.x - 0.72) < 1e-12)
    #expect(abs(path.y - 0.96) < 1e-12)
    #expect(abs(path.z - 1.2) < 1e-12)
    #expect(abs(path.pseudorapidity - momentum.pseudorapidity) < 1e-12)
    let forward = FourMomentum(px: 0.1, py: 0, pz: -5, energy: 5.1)
    let end = try #require(Propagation(Self.field()).path(of: forward, charge: 0, fromX: 0, y: 0, z: 0))
    #expect(abs(end.z + 3) < 1e-12)
    #expect(abs(end.x - 0.06) < 1e-12)
  }

  @Test func aStiffTrackIsAStraightLine() throws {
    let momentum = FourMomentum(px: 3e6, py: 4e6, pz: 5e6, energy: 8e6)
    let path = try #require(Propagation(Self.field()).path(of: momentum, charge: 1, fromX: 10, y: -2, z: 5))
    let line = try #require(Propagation(Self.field()).path(of: momentum, charge: 0, fromX: 10, y: -2, z: 5))
    #expect(abs(path.x - line.x) < 1e-6)
    #expect(abs(path.y - line.y) < 1e-6)
    #expect(abs(path.z - line.z) < 1e-6)
    #expect(abs(path.d0 - line.d0) < 1e-6)
    #expect(abs(path.dz - line.dz) < 1e-6)
  }

  /// pT = 0.3 GeV turns with a radius of 0.26 m in 3.8 T, and never meets a cylinder of 1.2 m.
  @Test func aCurlingParticleLeavesThroughAnEndOrNotAtAll() throws {
    let propagation = Propagation(Self.field())
    let forward = FourMomentum(px: 0.3, py: 0, pz: 0.02, energy: 0.4)
    let path = try #require(propagation.path(of: forward, charge: 1, fromX: 0, y: 0, z: 0))
    #expect(path.z == 3)
    #expect((path.x * path.x + path.y * path.y).squareRoot() < 2 * 0.3 / (0.299792458 * 3.8) + 1e-9)
    let flat = FourMomentum(px: 0.3, py: 0, pz: 0, energy: 0.4)
    #expect(propagation.path(of: flat, charge: 1, fromX: 0, y: 0, z: 0) == nil)
    #expect(propagation.path(of: flat, charge: 0, fromX: 1300, y: 0, z: 0) == nil)
  }
}
