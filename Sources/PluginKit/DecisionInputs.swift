// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
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
  /// What the sources' formulas read.
  private let formulaColumns: [FormulaColumn]
  /// Where these columns are; nil for those in ``formulaNumbers``: `[columns]`.
  private let formulaPlaces: [DecisionColumn?]
  /// The numbers of the columns that only formulas read: `[columns]` of `[rows]`.
  private var formulaNumbers: [[Double]]
  /// The first particle of each event, and their number at the end: `[events + 1]`.
  private var particleOffsets = [0]
  /// The first constituent of each jet, and their number at the end: `[jets + 1]`.
  private var constituentOffsets = [0]

  /// No events.
  public init(_ sources: DecisionSources) {
    self.sources = sources
    widths = [sources.conditions.count] + sources.heads.map(\.width)
    observed = Array(repeating: [], count: sources.observables.count)
    formulaColumns = sources.formulaColumns ?? []
    formulaPlaces = formulaColumns.map(sources.decisionColumn)
    formulaNumbers = Array(repeating: [], count: formulaPlaces.count)
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
      // Decisions read numbers of events and jets here; those of other rows are for formulas.
      guard column.rows == .events || column.rows == .jets else { continue }
      guard let values = jets.columns[column.rows][column.name]?.values else {
        fatalError("jets without the numbers \(column.name)")
      }
      observed[index].removeAll(keepingCapacity: true)
      observed[index].append(contentsOf: values)
    }
    if sources.formulaColumns != nil { keepFormulaColumns(of: events, jets) }
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

/// Formulas read the event that is decided on.
extension DecisionInputs: FormulaData {
  private mutating func keepFormulaColumns(of events: Events, _ jets: Jets) {
    let reconstructed = ReconstructedEvents(events, jets: jets)
    for index in 0..<formulaPlaces.count where formulaPlaces[index] == nil {
      reconstructed.read(formulaColumns[index], into: &formulaNumbers[index])
    }
    particleOffsets.removeAll(keepingCapacity: true)
    particleOffsets.append(contentsOf: events.offsets)
    constituentOffsets.removeAll(keepingCapacity: true)
    constituentOffsets.append(contentsOf: jets.constituents.offsets)
  }

  /// What a formula says of the event.
  ///
  /// - Parameters:
  ///   - formula: one of those of the decision, on events.
  ///   - values: those of the decision, which keep the memory that is needed.
  /// - Returns: the number, 1 or 0 for a condition; NaN if it is missing.
  public func value(of formula: CompiledFormula, using values: inout DecisionValues) -> Double {
    require(formula.rows == .event, "a formula with a number for each event is needed")
    values.memory.evaluate(formula, self)
    return values.memory.result(ofRow: 0)
  }

  /// The number of rows of the event.
  public func count(of rows: FormulaRows) -> Int { batchRange(of: rows).count }

  /// The jets or particles of the event, or the constituents or splittings of a jet, counted from the event's first.
  public func range(of rows: FormulaRows, inOwner owner: Int) -> Range<Int> {
    let all = batchRange(of: rows)
    let first = all.lowerBound
    guard rows.owner == .jet else { return 0..<all.count }
    let jet = jetOffsets[event] + owner
    let places = constituentOffsets[jet]..<constituentOffsets[jet + 1]
    return rows == .constituent
      ? places.lowerBound - first..<places.upperBound - first
      : places.lowerBound - jet - first..<places.upperBound - jet - 1 - first
  }

  /// Which rows of the batch are those of the event.
  private func batchRange(of rows: FormulaRows) -> Range<Int> {
    let jets = jetOffsets[event]..<jetOffsets[event + 1]
    switch rows {
    case .event: return event..<event + 1
    case .jet: return jets
    case .particle: return particleOffsets[event]..<particleOffsets[event + 1]
    case .constituent: return constituentOffsets[jets.lowerBound]..<constituentOffsets[jets.upperBound]
    // A binary tree has one splitting less than leaves.
    case .splitting:
      return constituentOffsets[jets.lowerBound] - jets.lowerBound..<constituentOffsets[jets.upperBound]
        - jets.upperBound
    }
  }

  /// Replaces `values` by the event's numbers of a column, and keeps the storage.
  public func read(_ column: FormulaColumn, into values: inout [Double]) {
    values.removeAll(keepingCapacity: true)
    for index in 0..<formulaPlaces.count where formulaColumns[index] == column {
      if let place = formulaPlaces[index] {
        if place.rows == .events {
          values.append(self[place])
        } else {
          for jet in 0..<jetCount { values.append(self[place, ofJet: jet]) }
        }
      } else {
        for row in batchRange(of: column.rows) { values.append(formulaNumbers[index][row]) }
      }
      return
    }
    fatalError(
      "the sources do not say that formulas read \(column.name); give them the formulas by reading(_:)")
  }
}
