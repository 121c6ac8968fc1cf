// SPDX-License-Identifier: GPL-3.0-or-later

/// Particles as flat arrays: four-momenta, identifiers and any further columns.
public struct Particles: Sendable, Equatable {
  /// The four-momenta: `[particles]`.
  public var momenta: FourMomenta
  /// Particle Data Group identifiers: `[particles]`, or empty if the input has none.
  public var pdgID: [Int32]
  /// The place that each particle has in its event in the input: `[particles]`; empty if no particle was left out, so
  /// that it is the place here.
  public var inputIndices: [Int32]
  /// Further quantities by name, such as `charge` or `d0`: each `[particles × width]`.
  public var columns: Columns

  /// Particles of these momenta; none unless given.
  public init(momenta: FourMomenta = FourMomenta(), pdgID: [Int32] = [], columns: Columns = Columns()) {
    self.momenta = momenta
    self.pdgID = pdgID
    inputIndices = []
    self.columns = columns
  }

  /// The number of particles.
  public var count: Int { momenta.energy.count }

  /// Whether ``inputIndices`` says where the particles were in the input.
  public var knowsInputIndices: Bool { !inputIndices.isEmpty && inputIndices.count == count }

  /// Adds some of the particles of another collection, which has the same columns.
  public mutating func append(contentsOf other: Particles, _ range: Range<Int>) {
    momenta.append(contentsOf: other.momenta, range)
    if !other.pdgID.isEmpty { pdgID.append(contentsOf: other.pdgID[range]) }
    if other.knowsInputIndices { inputIndices.append(contentsOf: other.inputIndices[range]) }
    columns.append(contentsOf: other.columns, range)
  }

  /// Adds the particles at some places of another collection, which has the same columns.
  public mutating func append(contentsOf other: Particles, at places: [Int]) {
    guard !places.isEmpty else { return }
    for place in places { momenta.append(other.momenta[place]) }
    if !other.pdgID.isEmpty { for place in places { pdgID.append(other.pdgID[place]) } }
    if other.knowsInputIndices { for place in places { inputIndices.append(other.inputIndices[place]) } }
    columns.append(contentsOf: other.columns, at: places)
  }

  /// Replaces the content by some of the particles of another collection, and keeps the storage.
  ///
  /// - Complexity: O(particles); no memory is asked for once there were as many particles of these columns.
  public mutating func replace(with other: Particles, _ range: Range<Int>) {
    momenta.removeAll()
    momenta.append(contentsOf: other.momenta, range)
    pdgID.replace(with: other.pdgID.isEmpty ? [] : other.pdgID[range])
    inputIndices.replace(with: other.knowsInputIndices ? other.inputIndices[range] : [])
    columns.replace(with: other.columns, rows: range)
  }

  /// Forgets all particles and keeps the storage.
  public mutating func removeAll() { removeAll(from: 0) }

  /// The values of a column of one number for each particle, `pdgid` being the identifiers; nil if there is none.
  public func numbers(_ name: String) -> [Double]? {
    if let column = columns[name] { return column.width == 1 ? column.values : nil }
    return name == "pdgid" && !pdgID.isEmpty ? pdgID.map(Double.init) : nil
  }

  /// Removes the particles from `count` on.
  mutating func removeAll(from count: Int) {
    momenta.removeLast(self.count - count)
    if pdgID.count > count { pdgID.removeLast(pdgID.count - count) }
    if inputIndices.count > count { inputIndices.removeLast(inputIndices.count - count) }
    columns.removeRows(from: count)
  }
}
