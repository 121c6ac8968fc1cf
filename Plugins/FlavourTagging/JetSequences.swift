// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Jets as ``DeepJet`` reads them: sequences of charged and of neutral constituents, and numbers of the jet itself.
///
/// Of each constituent there are ln pT/pT_jet, ln pT, Δη, Δφ and ΔR to the jet, with η the pseudorapidity, and the columns of
/// particles that the configuration names; of each jet ln pT, η and the numbers of its charged and neutral constituents.
/// Constituents are charged by their identifiers. Charged ones stand by falling value of the column `order` of the
/// configuration, neutral ones by falling pT; the same values by pT, η and φ, so that the order of the file does not matter.
public struct JetSequences: StageFeatures {
  /// The scaling of the three kinds of rows.
  public struct Scaling: Codable, Sendable, Equatable {
    /// That of jets.
    public let jets: FeatureScaling
    /// That of charged constituents.
    public let charged: FeatureScaling
    /// That of neutral constituents.
    public let neutral: FeatureScaling
  }

  /// Some jets.
  public final class Batch {
    fileprivate(set) var rows: [JetRows]

    fileprivate init(_ rows: [JetRows]) { self.rows = rows }

    var jets: JetRows { rows[0] }
    var charged: JetRows { rows[1] }
    var neutral: JetRows { rows[2] }
  }

  private let configuration: DeepJet.Configuration
  /// Jets, charged and neutral constituents.
  private var rows: [JetRows]

  /// Kept for its storage.
  private var ranking: [(order: Double, p: FourMomentum, particle: Int)] = []

  static let numbersOfJets = ["ln pT", "η", "charged constituents", "neutral constituents"]
  static let momenta = ["ln pT/pT_jet", "ln pT", "Δη", "Δφ", "ΔR"]

  /// No jets.
  init(_ configuration: DeepJet.Configuration) {
    self.configuration = configuration
    rows = [
      JetRows("jets", names: Self.numbersOfJets),
      JetRows("charged constituents", names: Self.momenta + configuration.chargedColumns),
      JetRows("neutral constituents", names: Self.momenta + configuration.neutralColumns),
    ]
  }

  /// Replaces the content by events and their jets, with numbers that are not scaled, and keeps the storage.
  ///
  /// - Throws: `ParticleColumnError` if particles lack identifiers or a column, or a number of a column is out of range.
  public mutating func replace(with events: Events, jets: Jets) throws {
    removeAll()
    let particles = events.particles.content
    guard particles.pdgID.count == particles.count else { throw ParticleColumnError("pdgid", events) }
    let read = try [configuration.chargedColumns, configuration.neutralColumns].map { names in
      (names: names, columns: try Self.columns(names, events))
    }
    let order = try configuration.order.map { try Self.columns([$0], events)[0] }
    for event in 0..<events.eventCount {
      for jet in jets.jets(ofEvent: event) {
        let axis = jets.momentum(ofJet: jet)
        rows[0].append(Self.logarithm(axis.pt))
        rows[0].append(Self.boundedEta(axis))
        for kind in 1...2 {
          ranking.removeAll(keepingCapacity: true)
          for constituent in jets.constituents.content[jets.constituents(ofJet: jet)] {
            let particle = events.offsets[event] + Int(constituent)
            let isCharged = (ParticleCharge.ofParticle(particles.pdgID[particle]) ?? 0) != 0
            guard isCharged == (kind == 1) else { continue }
            let p = particles.momenta[particle]
            let value = kind == 1 ? order?[particle] ?? p.pt : p.pt
            ranking.append((value.isNaN ? -.infinity : value, p, particle))
          }
          rows[0].append(Double(ranking.count))
          ranking.sort(by: Self.stands)
          for (_, p, particle) in ranking.prefix(configuration.maximumConstituents) {
            appendMomentum(p, axis, to: kind)
            for (name, column) in zip(read[kind - 1].names, read[kind - 1].columns) {
              let value = column[particle]
              try ParticleColumnError.check(value, of: name, event: events.eventNumbers[event])
              rows[kind].append(value)
            }
          }
          rows[kind].endJet()
        }
        rows[0].endJet()
      }
    }
  }

  /// The columns of these names: `[particles]` each.
  private static func columns(_ names: [String], _ events: Events) throws -> [[Double]] {
    try names.map { name in
      guard let column = events.particles.content.columns[name], column.width == 1 else {
        throw ParticleColumnError(name, events)
      }
      return column.values
    }
  }

  /// Whether a constituent stands before another.
  private static func stands(
    _ one: (order: Double, p: FourMomentum, particle: Int),
    before other: (order: Double, p: FourMomentum, particle: Int)
  ) -> Bool {
    if one.order != other.order { return one.order > other.order }
    return (one.p.pt, boundedEta(one.p), one.p.phi) > (other.p.pt, boundedEta(other.p), other.p.phi)
  }

  private mutating func appendMomentum(_ p: FourMomentum, _ axis: FourMomentum, to kind: Int) {
    let deltaEta = Self.boundedEta(p) - Self.boundedEta(axis)
    let deltaPhi = remainder(p.phi - axis.phi, 2 * .pi)
    rows[kind].append(Self.logarithm(p.pt) - Self.logarithm(axis.pt))
    rows[kind].append(Self.logarithm(p.pt))
    rows[kind].append(deltaEta)
    rows[kind].append(deltaPhi)
    rows[kind].append((deltaEta * deltaEta + deltaPhi * deltaPhi).squareRoot())
  }

  /// ln pT, of 1 MeV at least.
  private static func logarithm(_ pt: Double) -> Double { log(max(pt, 1e-3)) }

  /// Beyond ±10 there is no detector; a momentum along the beam has a finite place there.
  private static func boundedEta(_ p: FourMomentum) -> Double { min(max(p.pseudorapidity, -10), 10) }

  /// Adds the events of another collection after these.
  public mutating func append(_ other: JetSequences) {
    for kind in rows.indices { rows[kind].append(other.rows[kind]) }
  }

  /// The scaling of some jets and of their constituents.
  public func scaling(fitting events: [Int], jets: [Int]) -> Scaling {
    let scalings = rows.map { $0.scaling(fitting: jets) }
    return Scaling(jets: scalings[0], charged: scalings[1], neutral: scalings[2])
  }

  /// Throws unless there is a scaling for each number.
  public func check(_ scaling: Scaling, at place: String) throws {
    try scaling.jets.check(count: rows[0].width, at: "\(place).jets")
    try scaling.charged.check(count: rows[1].width, at: "\(place).charged")
    try scaling.neutral.check(count: rows[2].width, at: "\(place).neutral")
  }

  /// Scales all numbers.
  public mutating func scale(by scaling: Scaling) {
    for (kind, scaling) in [scaling.jets, scaling.charged, scaling.neutral].enumerated() {
      rows[kind].scale(by: scaling)
    }
  }

  /// What the numbers were in some jets.
  public func extents(ofEvents events: [Int], jets: [Int]) -> [FeatureExtent] {
    rows.flatMap { $0.extents(ofJets: jets) }
  }

  /// The numbers of jets and of constituents of both kinds.
  public var shuffledNames: [String] { rows.flatMap(\.fullNames) }

  /// The rows that have one of the numbers, and its column.
  private func column(_ place: Int) -> (kind: Int, column: Int) {
    var column = place
    for (kind, rows) in rows.enumerated() {
      if column < rows.width { return (kind, column) }
      column -= rows.width
    }
    preconditionFailure("there is no number \(place)")
  }

  /// Deals a number out again among all its rows.
  public mutating func shuffle(_ place: Int, using generator: inout SeededGenerator) {
    let (kind, column) = column(place)
    rows[kind].shuffle(column: column, using: &generator)
  }

  /// Hands over a number of all rows of an event's jets.
  public func forEachNumber(_ place: Int, ofEvent event: Int, jets: Range<Int>, _ body: (Float) -> Void) {
    let (kind, column) = column(place)
    rows[kind].forEachNumber(column: column, ofJets: jets, body)
  }

  /// The constituents that are read of some consecutive jets.
  public func nodeCount(ofJets jets: Range<Int>) -> Int {
    rows.dropFirst().reduce(0) { $0 + $1.offsets[jets.upperBound] - $1.offsets[jets.lowerBound] }
  }

  /// Forgets all jets and keeps the storage.
  public mutating func removeAll() {
    for kind in rows.indices { rows[kind].removeAll() }
  }

  /// Writes the jets of an event.
  public func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter) {
    for rows in rows { rows.write(jets, to: &record) }
  }

  /// Adds the jets of an event that were written.
  ///
  /// - Throws: `PluginError` if the record ends before.
  public mutating func append(from record: inout EventRecordReader) throws {
    for kind in rows.indices { try rows[kind].append(from: &record) }
  }

  /// A batch without jets.
  public func makeBatch() -> Batch { Batch(rows.map { JetRows($0.kind, names: $0.names) }) }

  /// Replaces the content of a batch by some jets.
  public func fill(_ batch: Batch, events: [Int], jets: [Int]) {
    for kind in rows.indices {
      batch.rows[kind].removeAll()
      for jet in jets { batch.rows[kind].append(jet, of: rows[kind]) }
    }
  }
}
