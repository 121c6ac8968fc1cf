// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// What is known of the interaction that a particle comes from.
enum VertexOrigin {
  /// A track of the leading vertex.
  case leading
  /// A track of another vertex.
  case pileUp
  /// No track.
  case unknown

  /// By the number of a column that is positive for tracks of the leading vertex, negative for those of others, and 0 or NaN for
  /// particles without a track.
  init(_ vertex: Double) { self = vertex > 0 ? .leading : vertex < 0 ? .pileUp : .unknown }
}

extension Events {
  /// The column of particles that a ``VertexOrigin`` is made from: `[particles]`.
  ///
  /// - Throws: `PluginError` with the event if there is none.
  func vertexColumn(_ name: String, event: Int) throws -> [Double] {
    if let column = particles.content.columns[name], column.width == 1 { return column.values }
    throw PluginError(
      "The particles have no column \(name) of one number, which is to be positive for tracks of the leading vertex, negative for those "
        + "of others and 0 for particles without a track: give it, or name another by the setting vertex.",
      row: event)
  }
}

/// The particles of one event with where they come from, and a grid in rapidity and azimuth that finds those near each other.
///
/// It is filled event by event and keeps its storage.
struct ParticleNeighbours {
  /// The transverse momenta in GeV: `[particles]`.
  private(set) var pt: [Double] = []
  /// The rapidities: `[particles]`.
  private(set) var rapidity: [Double] = []
  /// The azimuths in [0, 2π): `[particles]`.
  private(set) var phi: [Double] = []
  /// Where the particles come from: `[particles]`.
  private(set) var origin: [VertexOrigin] = []

  /// The cells along rapidity and azimuth, neither smaller than `width`.
  private var shape = (y: 1, phi: 1)
  private var width = 1.0
  /// The first particle of each cell in `order`: `[cells + 1]`.
  private var starts: [Int] = []
  /// The particles cell by cell, in each by their number.
  private var order: [Int] = []
  private var cellOfParticle: [Int] = []

  /// Beyond this rapidity all particles share the outermost cells.
  private static let gridEnd = 10.0
  /// No cell is smaller, so that there are never many more cells than particles.
  private static let leastWidth = 0.1

  /// The number of particles.
  var count: Int { pt.count }

  /// Replaces the particles by those of an event.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - events: the events that it is one of.
  ///   - vertex: the column of particles that tells the origin.
  ///   - radius: no two particles that are farther from each other are neighbours.
  /// - Throws: `PluginError` with the event if the events lack the column.
  mutating func replace(with event: Int, of events: Events, vertex: String, radius: Double) throws {
    pt.removeAll(keepingCapacity: true)
    rapidity.removeAll(keepingCapacity: true)
    phi.removeAll(keepingCapacity: true)
    origin.removeAll(keepingCapacity: true)
    let particles = events.particles(ofEvent: event)
    guard !particles.isEmpty else { return }
    let vertices = try events.vertexColumn(vertex, event: event)
    for particle in particles {
      let p = events.momentum(ofParticle: particle)
      pt.append(p.pt)
      rapidity.append(p.rapidity)
      phi.append(p.phi)
      origin.append(VertexOrigin(vertices[particle]))
    }
    sort(width: max(radius, Self.leastWidth))
  }

  /// Sorts the particles into cells.
  private mutating func sort(width: Double) {
    self.width = width
    shape = (
      y: max(1, Int((2 * Self.gridEnd / width).rounded(.down))),
      phi: max(1, Int((2 * .pi / width).rounded(.down)))
    )
    starts.removeAll(keepingCapacity: true)
    starts.append(contentsOf: repeatElement(0, count: shape.y * shape.phi + 1))
    cellOfParticle.removeAll(keepingCapacity: true)
    for particle in 0..<count {
      let cell = row(of: rapidity[particle]) * shape.phi + column(of: phi[particle])
      cellOfParticle.append(cell)
      starts[cell + 1] += 1
    }
    for cell in 0..<starts.count - 1 { starts[cell + 1] += starts[cell] }
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: repeatElement(0, count: count))
    // From the last on, so that each cell has its particles by their number when `starts` is back where it was.
    for cell in 0..<starts.count - 1 { starts[cell] = starts[cell + 1] }
    for particle in (0..<count).reversed() {
      let cell = cellOfParticle[particle]
      starts[cell] -= 1
      order[starts[cell]] = particle
    }
  }

  private func row(of rapidity: Double) -> Int {
    let place = ((rapidity + Self.gridEnd) / width).rounded(.down)
    return Int(min(max(place, 0), Double(shape.y - 1)))
  }

  private func column(of phi: Double) -> Int {
    min(Int(phi / (2 * .pi) * Double(shape.phi)), shape.phi - 1)
  }

  /// Hands over each other particle within the radius, with the square of its distance Δy² + Δφ².
  func forEachNeighbour(of particle: Int, within radius: Double, _ body: (Int, Double) -> Void) {
    let (y, azimuth) = (rapidity[particle], phi[particle])
    let (row, column) = (row(of: y), column(of: azimuth))
    let most = radius * radius
    // With fewer than three cells around the beam, the one on the left is that on the right.
    let columns = shape.phi < 3 ? 0..<shape.phi : column - 1..<column + 2
    for row in max(row - 1, 0)...min(row + 1, shape.y - 1) {
      for column in columns {
        let cell = row * shape.phi + (column + shape.phi) % shape.phi
        for place in starts[cell]..<starts[cell + 1] {
          let other = order[place]
          guard other != particle else { continue }
          let deltaY = rapidity[other] - y
          let deltaPhi = abs(phi[other] - azimuth)
          let distance = min(deltaPhi, 2 * .pi - deltaPhi)
          let square = deltaY * deltaY + distance * distance
          if square <= most { body(other, square) }
        }
      }
    }
  }
}
