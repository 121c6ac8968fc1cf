// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import Support

/// Finds the jets of batches of events, works out observables, and leaves out jets that do not meet cuts.
///
/// It keeps its memory from batch to batch and belongs to one thread at a time.
///
/// ```swift
/// let reconstruction = try JetReconstruction(
///   finder, observables: ObservableSet([try ObservableChoice("soft-drop", plugins.observable("soft-drop"))]),
///   cuts: [ObservableCut("soft-drop/mass > 60")])
/// let jets = try reconstruction.jets(in: events)
/// let masses = jets.columns.jets["soft-drop/mass"]!.values
/// ```
public final class JetReconstruction {
  /// How jets are found.
  public let finder: JetFinder
  /// What is worked out of them.
  public let observables: ObservableSet
  /// What jets must meet.
  public let cuts: [ObservableCut]

  private let clusterer: JetClusterer
  /// The observables that cuts compare, which are computed before jets are left out, and the others.
  private let before: [any ObservableWorker]
  private let after: [any ObservableWorker]
  private let columnNames: Set<String>
  /// What observables cluster once more, shared among them.
  private let reclusterings = Reclusterings()
  /// Kept for its storage.
  private var firstParticles: [Int] = []
  private var isKept: [Bool] = []
  /// Those of the cuts that are formulas.
  private var formulas: [FormulaEvaluator]

  /// A reconstruction; without observables and cuts unless given.
  ///
  /// - Throws: `JetPhysicsError` if FastJet refuses the jet definition, ``PluginError`` if a cut is on no number of jets
  ///   that is worked out.
  public init(
    _ finder: JetFinder, observables: ObservableSet = ObservableSet(), cuts: [ObservableCut] = []
  )
    throws
  {
    self.finder = finder
    self.observables = observables
    self.cuts = cuts
    for cut in cuts { try cut.check(observables) }
    formulas = try cuts.compactMap { try $0.compiled(observables) }.map(FormulaEvaluator.init)
    clusterer = try JetClusterer(finder)
    let (named, others) = observables.divided(by: Set(cuts.flatMap(\.columns)))
    before = try named.map { try $0.makeWorker() }
    after = try others.map { try $0.makeWorker() }
    columnNames = Set(observables.columns.map(\.name))
  }

  /// The jets of `events`, with columns.
  ///
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from, ``ObservableError`` for one that
  ///   lacks what an observable needs, ``PluginError`` if an observable gives another number of rows.
  public func jets(in events: Events) throws -> Jets {
    var jets = Jets()
    try findJets(in: events, into: &jets)
    return jets
  }

  /// Replaces the content of `jets` by the jets of `events`, with columns, and keeps its storage.
  ///
  /// - Throws: as ``jets(in:)``; `jets` has no meaning then.
  public func findJets(in events: Events, into jets: inout Jets) throws {
    try clusterer.findJets(in: events, into: &jets)
    if jets.columns.count > 0 {
      removeOtherColumns(from: &jets)
      // Rows of other jets, which cuts must not touch.
      jets.columns.removeRows()
    }
    guard !before.isEmpty || !after.isEmpty || !cuts.isEmpty else { return }
    require(
      finder.trees || !observables.readsTrees, "observables that read trees need a finder that makes trees")
    reclusterings.removeAll()
    try compute(before, events, &jets)
    if !cuts.isEmpty { applyCuts(to: &jets, of: events) }
    try compute(after, events, &jets)
  }

  private func removeOtherColumns(from jets: inout Jets) {
    jets.columns.events.keep(columnNames)
    jets.columns.jets.keep(columnNames)
    jets.columns.constituents.keep(columnNames)
    jets.columns.splittings.keep(columnNames)
  }

  private func compute(_ workers: [any ObservableWorker], _ events: Events, _ jets: inout Jets) throws {
    guard !workers.isEmpty else { return }
    firstParticles.replace(withFirstParticlesOf: jets, in: events)
    for index in 0..<workers.count {
      try workers[index].compute(events, jets, finder, firstParticles, reclusterings)
      workers[index].store(in: &jets.columns)
    }
  }

  private func applyCuts(to jets: inout Jets, of events: Events) {
    isKept.removeAll(keepingCapacity: true)
    for _ in 0..<jets.jetCount { isKept.append(true) }
    for index in 0..<cuts.count {
      guard let condition = cuts[index].condition else { continue }
      let values = jets.columns.jets[condition.name]!.values
      for jet in isKept.indices where !condition.isMet(by: values[jet]) { isKept[jet] = false }
    }
    for index in 0..<formulas.count {
      formulas[index].evaluate(ReconstructedEvents(events, jets: jets))
      for jet in isKept.indices where formulas[index].values[jet] == 0 { isKept[jet] = false }
    }
    guard isKept.contains(false) else { return }
    jets.keepJets(isKept)
    reclusterings.keepJets(isKept)
  }
}

@available(*, unavailable)
extension JetReconstruction: Sendable {}

/// Computes one observable on one thread.
private protocol ObservableWorker: AnyObject {
  func compute(
    _ events: Events, _ jets: Jets, _ finder: JetFinder, _ firstParticles: [Int],
    _ reclusterings: Reclusterings
  ) throws
  func store(in columns: inout ObservedColumns)
}

private final class Worker<O: Observable>: ObservableWorker {
  private let name: String
  private let observable: O
  private let rows: HeadRows
  private let columns: [ObservableColumn]
  private let scratch: O.Scratch
  /// Row-major `[rows × columns]`.
  private var values: [Double] = []

  init(_ member: ObservableSet.Member, _ observable: O) throws {
    name = member.name
    self.observable = observable
    rows = observable.rows
    columns = member.columns
    scratch = try observable.makeScratch()
  }

  func compute(
    _ events: Events, _ jets: Jets, _ finder: JetFinder, _ firstParticles: [Int],
    _ reclusterings: Reclusterings
  ) throws {
    values.removeAll(keepingCapacity: true)
    let inputs = ObservableInputs<O>(
      events, jets, foundBy: finder, scratch: scratch, firstParticles: firstParticles,
      reclusterings: reclusterings)
    do {
      try observable(inputs, &values)
    } catch let error as PluginError {
      throw ObservableError(name, error, events)
    }
    let count = jets.count(of: rows)
    guard values.count == count * columns.count else {
      throw PluginError(
        "The observable \(name) gives \(values.count) numbers for \(count) \(rows.rawValue), but "
          + "\(columns.count) for each are \(count * columns.count): mend the plugin \(O.identifier).")
    }
  }

  func store(in observed: inout ObservedColumns) {
    for place in 0..<columns.count {
      let (name, unit) = (columns[place].name, columns[place].unit)
      // Not by a subscript, which asks for memory where it is not specialised.
      switch rows {
      case .events:
        observed.events.replace(name, unit: unit, with: values, from: place, stride: columns.count)
      case .jets: observed.jets.replace(name, unit: unit, with: values, from: place, stride: columns.count)
      case .constituents:
        observed.constituents.replace(name, unit: unit, with: values, from: place, stride: columns.count)
      case .splittings:
        observed.splittings.replace(name, unit: unit, with: values, from: place, stride: columns.count)
      }
    }
  }
}

extension ObservableSet.Member {
  fileprivate func makeWorker() throws -> any ObservableWorker {
    func worker<O: Observable>(_ observable: O) throws -> any ObservableWorker {
      try Worker(self, observable)
    }
    return try worker(observable)
  }
}

extension Columns {
  /// Takes away the columns of other names.
  fileprivate mutating func keep(_ kept: Set<String>) {
    var place = 0
    while place < names.count {
      if kept.contains(names[place]) { place += 1 } else { remove(names[place]) }
    }
  }
}

/// An event that lacks what an observable needs.
public struct ObservableError: Error, Sendable, Hashable, EventError, CustomStringConvertible {
  /// The number of the event, counted from 0 through all inputs.
  public let event: Int?
  /// The name of the observable.
  public let field: String
  /// What is wrong and what to do about it, as one sentence.
  public let description: String
  private let clause: String

  /// The sentence, to follow the name of the file.
  public var predicate: String { "\(field): \(clause)" }

  init(_ name: String, _ error: PluginError, _ events: Events) {
    event =
      error.row.flatMap { events.eventNumbers.indices.contains($0) ? events.eventNumbers[$0] : nil }
      ?? events.eventNumbers.first
    field = name
    description = error.description
    clause = error.clause
  }
}
