// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// What decisions read of events, one event after the other.
///
/// The numbers of a batch lie in flat arrays that keep their storage; ``event`` says which event the rest speaks of.
public struct DecisionInputs: Sendable {
  /// What is known of the events.
  public let sources: DecisionSources
  /// The event that is decided on, counted from the first of the batch.
  public var event = 0

  private var kinematics = Kinematics([.jetMomenta, .missingMomentum])
  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  private var jetOffsets = [0]
  /// The transverse momenta: `[jets]`.
  private var pt: [Double] = []
  private var rapidity: [Double] = []
  private var mass: [Double] = []
  /// The conditions, then what each head predicts, each row-major `[rows × width]`.
  private var numbers: [Float] = []
  /// The first of the numbers of the conditions and of each head: `[1 + heads]`.
  private var firstNumbers: [Int] = []
  /// The width of a row of the conditions and of each head: `[1 + heads]`.
  private let widths: [Int]
  /// The numbers of each observable column: `[observables]` of `[events]` or `[jets]`.
  private var observed: [[Double]]

  /// No events.
  public init(_ sources: DecisionSources) {
    self.sources = sources
    widths = [sources.conditions.count] + sources.heads.map(\.width)
    observed = Array(repeating: [], count: sources.observables.count)
  }

  /// Replaces the content by events and their jets, and keeps the storage; ``event`` is the first one.
  ///
  /// What the heads predict is still to be given, head by head, by ``append(predictions:)``. A condition that is no
  /// column of the events is NaN.
  ///
  /// - Precondition: `jets` are those of `events`, with the columns of the sources' observables.
  public mutating func replace(with events: Events, jets: Jets) {
    event = 0
    kinematics.replace(with: events, jets: jets)
    jetOffsets.removeAll(keepingCapacity: true)
    jetOffsets.append(contentsOf: jets.offsets)
    pt.removeAll(keepingCapacity: true)
    rapidity.removeAll(keepingCapacity: true)
    mass.removeAll(keepingCapacity: true)
    for jet in 0..<jets.jetCount {
      let p = jets.momentum(ofJet: jet)
      pt.append(p.pt)
      rapidity.append(p.rapidity)
      mass.append(p.mass)
    }
    for index in 0..<sources.observables.count {
      let column = sources.observables[index]
      // Decisions are about events and jets: those of other rows are of no use to them.
      guard column.rows == .events || column.rows == .jets else { continue }
      guard let values = jets.columns[column.rows][column.name]?.values else {
        fatalError("jets without the numbers \(column.name)")
      }
      observed[index].removeAll(keepingCapacity: true)
      observed[index].append(contentsOf: values)
    }
    firstNumbers.removeAll(keepingCapacity: true)
    firstNumbers.append(0)
    numbers.removeAll(keepingCapacity: true)
    for event in 0..<events.eventCount {
      // By indices, which ask for no memory even where nothing is optimised.
      for index in 0..<sources.conditions.count {
        numbers.append((events.columns[sources.conditions[index]]?.values[event]).map { Float($0) } ?? .nan)
      }
    }
  }

  /// Adds what the next head of ``sources`` predicts: row-major `[jets × width]` or `[events × width]`.
  public mutating func append(predictions: [Float]) {
    let head = sources.heads[firstNumbers.count - 1]
    firstNumbers.append(numbers.count)
    // Decisions are about events and jets: there is no column of other rows.
    guard head.rows == .jets || head.rows == .events else { return }
    let rows = head.rows == .jets ? kinematics.jets.count : eventCount
    require(
      predictions.count == rows * widths[firstNumbers.count - 1], "a row for each of the head's \(head.rows)")
    numbers.append(contentsOf: predictions)
  }

  /// The number of events of the batch.
  public var eventCount: Int { jetOffsets.count - 1 }

  /// The number of jets of the event.
  public var jetCount: Int { jetOffsets[event + 1] - jetOffsets[event] }

  /// The four-momentum of a jet of the event, by falling pT (falling E for e⁺e⁻ algorithms).
  public func momentum(ofJet jet: Int) -> FourMomentum { kinematics.jets[place(jet)] }

  /// The transverse momentum of a jet of the event in GeV.
  public func pt(ofJet jet: Int) -> Double { pt[place(jet)] }

  /// The rapidity of a jet of the event.
  public func rapidity(ofJet jet: Int) -> Double { rapidity[place(jet)] }

  /// The mass of a jet of the event in GeV, −√(−m²) where m² is negative.
  public func mass(ofJet jet: Int) -> Double { mass[place(jet)] }

  /// The transverse momentum that is missing, −Σ pT over the particles of the event; its mass and pz are 0.
  public var missingMomentum: FourMomentum {
    let missing = kinematics.missingMomentum
    return FourMomentum(
      px: missing.px[event], py: missing.py[event], pz: 0, energy: missing.pt(ofEvent: event))
  }

  /// The scalar sum of the transverse momenta of all particles of the event in GeV.
  public var scalarSum: Double { kinematics.missingMomentum.scalarSum[event] }

  /// A number of the event: what a head on events predicts, a condition or an observable.
  public subscript(column: DecisionColumn) -> Double {
    require(column.rows == .events, "a column of jets needs a jet")
    if column.block == DecisionColumn.observables { return observed[column.place][event] }
    return Double(numbers[firstNumbers[column.block] + event * widths[column.block] + column.place])
  }

  /// A number of a jet of the event: what a head on jets predicts, or an observable.
  public subscript(column: DecisionColumn, ofJet jet: Int) -> Double {
    require(column.rows == .jets, "a column of events has no jets")
    if column.block == DecisionColumn.observables { return observed[column.place][place(jet)] }
    return Double(numbers[firstNumbers[column.block] + place(jet) * widths[column.block] + column.place])
  }

  /// Where a jet of the event is found in the batch.
  private func place(_ jet: Int) -> Int {
    require(jet >= 0 && jet < jetCount, "the event has no such jet")
    return jetOffsets[event] + jet
  }
}
