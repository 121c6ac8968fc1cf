// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation

/// The way of particles through the field, to the surface of its cylinder.
///
/// A charged particle moves on a helix of radius ρ = pT / (0.2998 |q B|), in m, GeV and T, around an axis at the distance ρ from it. It leaves
/// through the side where its circle first meets the cylinder, or through an end if it is there before. A circle that does not meet the
/// cylinder leads to an end, however many turns it takes.
struct Propagation: Sendable {
  /// Where a particle leaves the field, and how it passes the beam.
  struct Path {
    /// The place on the surface in m.
    var x: Double
    var y: Double
    var z: Double
    /// The transverse impact parameter in mm: (x py − y px) / pT at the point of closest approach to the z axis, as in Delphes.
    var d0: Double
    /// The z of that point in mm.
    var dz: Double

    var pseudorapidity: Double {
      let radius = (x * x + y * y).squareRoot()
      return radius > 0 ? asinh(z / radius) : z >= 0 ? .infinity : -.infinity
    }

    /// In [0, 2π).
    var phi: Double {
      let phi = atan2(y, x)
      return phi < 0 ? min(phi + 2 * .pi, (2 * Double.pi).nextDown) : phi
    }
  }

  /// The speed of light in m/ns: a charge of 1 in a field of 1 T turns with a radius of pT / 0.2998 GeV in m.
  static let lightSpeed = 0.299792458

  private let radius: Double
  private let halfLength: Double
  private let strength: Double

  init(_ field: FieldSection) {
    radius = field.radius
    halfLength = field.halfLength
    strength = field.strength
  }

  /// The path of a particle that begins at x, y and z, in mm; nil if it begins outside the cylinder, or never leaves it.
  func path(
    of momentum: FourMomentum, charge: Double, fromX x: Double, y: Double, z: Double
  ) -> Path? {
    let (x, y, z) = (1e-3 * x, 1e-3 * y, 1e-3 * z)
    let pt = momentum.pt
    guard pt > 1e-9, x * x + y * y <= radius * radius, abs(z) <= halfLength else { return nil }
    let (ux, uy, slope) = (momentum.px / pt, momentum.py / pt, momentum.pz / pt)
    let toEnd = slope == 0 ? Double.infinity : ((slope > 0 ? halfLength : -halfLength) - z) / slope
    let bending = Self.lightSpeed * charge * strength
    let path =
      bending == 0
      ? line(x, y, z, ux, uy, slope, toEnd)
      : helix(x, y, z, ux, uy, slope, toEnd, rho: pt / abs(bending), turns: bending > 0 ? -1 : 1)
    guard let path, path.x.isFinite, path.y.isFinite, path.z.isFinite else { return nil }
    return path
  }

  private func line(
    _ x: Double, _ y: Double, _ z: Double, _ ux: Double, _ uy: Double, _ slope: Double, _ toEnd: Double
  ) -> Path? {
    let along = x * ux + y * uy
    let across = x * uy - y * ux
    let toSide = max(0, radius * radius - across * across).squareRoot() - along
    let length = min(toSide, toEnd)
    return Path(
      x: x + length * ux, y: y + length * uy, z: z + length * slope, d0: 1e3 * across,
      dz: 1e3 * (z - along * slope))
  }

  /// The path on a circle of the radius `rho` in m; `turns` is 1 if the azimuth of the momentum grows on the way, else −1.
  private func helix(
    _ x: Double, _ y: Double, _ z: Double, _ ux: Double, _ uy: Double, _ slope: Double, _ toEnd: Double,
    rho: Double,
    turns: Double
  ) -> Path? {
    // The axis is to the left of the momentum if its azimuth grows.
    let (nx, ny) = (-turns * uy, turns * ux)
    let along = x * nx + y * ny
    let (axisX, axisY) = (x + rho * nx, y + rho * ny)
    let distance = (axisX * axisX + axisY * axisY).squareRoot()
    // The least distance to the beam, by which distance exceeds rho, without the difference of two large numbers.
    let excess = (x * x + y * y + 2 * rho * along) / (distance + rho)
    // The angle, around the axis, from the point that is nearest to the beam to the start.
    let start = distance > 0 ? atan2(x * ny - y * nx, rho + along) : 0
    // From there to where the circle meets the cylinder, by the square of the sine of its half.
    let half = (radius * radius - excess * excess) / (4 * rho * distance)
    let toSide = half < 1 ? rho * max(0, 2 * asin(max(0, half).squareRoot()) - turns * start) : .infinity
    let length = min(toSide, toEnd)
    guard length.isFinite else { return nil }
    let angle = length / rho
    // The chord from the start has half of the angle to the momentum.
    let chord = 2 * rho * sin(0.5 * angle)
    let (cosine, sine) = (cos(0.5 * angle), turns * sin(0.5 * angle))
    let turned = -turns * start
    let (startCosine, startSine) = (cos(start), sin(start))
    // The direction at the point nearest to the beam, which is turned back by the angle to the start.
    let (nearUx, nearUy) = (ux * startCosine + uy * startSine, uy * startCosine - ux * startSine)
    let (nearX, nearY) =
      distance > 0 ? (axisX / distance * excess, axisY / distance * excess) : (x, y)
    return Path(
      x: x + chord * (ux * cosine - uy * sine), y: y + chord * (uy * cosine + ux * sine),
      z: z + length * slope,
      d0: 1e3 * (nearX * nearUy - nearY * nearUx), dz: 1e3 * (z + rho * turned * slope))
  }
}
