// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas
import PluginKit

/// Works out what options say of events: the weights of particles and, by formulas, columns that are defined, which events take
/// part, and their weights.
///
/// Formulas over events and particles come first. Jets are found of the events that they leave, and only if a formula can be
/// worked out in no other way. An instance keeps its memory from batch to batch and belongs to one thread at a time.
final class EventFormulas {
  private let options: EventReadingOptions
  private var reconstruction: JetReconstruction?
  private var weigher: ParticleWeigher?

  init(_ options: EventReadingOptions) { self.options = options }

  /// Multiplies the momenta of particles by their weights, if options ask for that, and leaves out those of weight 0.
  ///
  /// - Throws: `EventInputError` that names the event if a particle has no weight.
  func weigh(_ batch: inout Events) throws {
    guard let weighting = options.weighting, batch.particleCount > 0 else { return }
    let weigher = try weigher ?? weighting.makeWeigher()
    self.weigher = weigher
    batch = try EventPipeline.naming(batch) {
      var weighted = batch
      try weigher.weigh(&weighted)
      return weighted
    }
  }

  /// Adds the columns that are defined, leaves out the events that are not selected, and gives the others their weights,
  /// which are multiplied by `factor`.
  ///
  /// Formulas know the particles that take part, weighted, also if the events keep all as they are.
  ///
  /// - Returns: how many events had a negative weight, and lost it or were left out.
  /// - Throws: `EventInputError` if a formula reads what the events lack, a column is there already or a weight is no number to
  ///   calculate with, `PluginError` if an observable makes no sense.
  func apply(to batch: inout Events, times factor: Double) throws -> Int {
    guard batch.eventCount > 0 else { return 0 }
    if !options.formulas.isEmpty || options.weight != nil {
      var events = batch
      if !options.leavesOutParticles {
        var takesPart: [Bool] = []
        try options.leaveOutParticles(of: &events, using: &takesPart)
        try weigh(&events)
      }
      let ofJets = try applyWithoutJets(to: &events, &batch)
      if ofJets.isEmpty {
        if let weight = options.weight { batch.weights = try weights(weight, in: events, of: events) }
      } else {
        try applyWithJets(ofJets, to: events, &batch)
      }
    }
    return try options.applyWeight(to: &batch, times: factor)
  }

  /// Formulas that need jets.
  private struct FormulasOfJets {
    /// The names of the columns that are defined by some.
    var definitions: Set<String> = []
    var selection: [Formula] = []
    var areOfWeight = false

    var isEmpty: Bool { definitions.isEmpty && selection.isEmpty && !areOfWeight }
  }

  /// Works out all but the formulas that need jets, and leaves out what is not selected of `events`, those of `batch` with the
  /// particles that take part, and of `batch`.
  ///
  /// - Returns: the formulas that need jets.
  private func applyWithoutJets(
    to events: inout Events, _ batch: inout Events
  ) throws -> FormulasOfJets {
    var ofJets = FormulasOfJets()
    for definition in options.definitions {
      try check(definition.name, definition.origin, events)
      if needsJets(definition.formula, events, ofJets.definitions) {
        ofJets.definitions.insert(definition.name)
      } else {
        events.columns[definition.name] = Column(
          values: try values(
            definition.formula, definition.origin, isCondition: definition.isCondition, in: events,
            of: events))
      }
    }
    var isWanted = Array(repeating: true, count: events.eventCount)
    for formula in options.selection {
      if needsJets(formula, events, ofJets.definitions) {
        ofJets.selection.append(formula)
      } else {
        try select(&isWanted, formula, in: events, of: events)
      }
    }
    if let weight = options.weight, events.column(forWeight: weight.text) == nil, let formula = weight.formula
    {
      ofJets.areOfWeight = needsJets(formula, events, ofJets.definitions)
    }
    keep(isWanted, &events, &batch)
    return ofJets
  }

  /// Works out the formulas that need jets.
  private func applyWithJets(_ ofJets: FormulasOfJets, to events: Events, _ batch: inout Events) throws {
    var reconstructed = try reconstruct(events)
    // A formula reads what is defined before it, and nothing that is defined after it.
    for definition in options.definitions { reconstructed.events.columns[definition.name] = nil }
    for definition in options.definitions {
      reconstructed.events.columns[definition.name] =
        ofJets.definitions.contains(definition.name)
        ? Column(
          values: try values(
            definition.formula, definition.origin, isCondition: definition.isCondition, in: reconstructed,
            of: events))
        : events.columns[definition.name]
    }
    var isWanted = Array(repeating: true, count: events.eventCount)
    for formula in ofJets.selection { try select(&isWanted, formula, in: reconstructed, of: events) }
    if let weight = options.weight {
      reconstructed.events.weights = try weights(weight, in: reconstructed, of: reconstructed.events)
    }
    keep(isWanted, &reconstructed.events, &batch)
  }

  /// Leaves out the events that are not wanted, and gives `batch` the columns and weights of `events`.
  private func keep(_ isWanted: [Bool], _ events: inout Events, _ batch: inout Events) {
    for definition in options.definitions { batch.columns[definition.name] = events.columns[definition.name] }
    batch.weights = events.weights
    guard isWanted.contains(false) else { return }
    let places = isWanted.indices.filter { isWanted[$0] }
    batch = batch.events(at: places)
    events = options.leavesOutParticles ? batch : events.events(at: places)
  }

  /// The jets of events.
  private func reconstruct(_ events: Events) throws -> ReconstructedEvents {
    let reconstruction = try self.reconstruction ?? options.jets!.makeReconstruction(for: options.formulas)
    self.reconstruction = reconstruction
    return try EventPipeline.naming(events) {
      ReconstructedEvents(events, jets: try reconstruction.jets(in: events))
    }
  }

  /// Makes sure that a column that is defined takes no other's name.
  private func check(_ name: String, _ origin: String, _ events: Events) throws {
    func refusal(_ problem: String) -> EventInputError {
      EventInputError(source: events.source, field: origin, problem: problem)
    }
    guard !Events.formulaNames.contains(name) else {
      throw refusal("has a name that means something else in formulas; choose another name")
    }
    guard options.columns[name] == nil else {
      throw refusal("has the name of a condition that is given; leave one of the two out")
    }
    guard events.columns[name] == nil else {
      throw refusal("has the name of a column of the events; choose another name")
    }
  }

  /// Whether a formula reads jets, or one of the columns `later` of formulas that do.
  private func needsJets(_ formula: Formula, _ events: Events, _ later: Set<String>) -> Bool {
    guard let jets = options.jets,
      jets.areNamed(by: formula) || !later.isDisjoint(with: formula.columns(of: .event))
    else { return false }
    // A column of the file may be called like a number of jets, and comes first.
    return (try? CompiledFormula(formula, for: .event, in: events)) == nil
  }

  /// Marks the events that do not meet a condition.
  private func select(
    _ isWanted: inout [Bool], _ formula: Formula, in data: some FormulaSchema & FormulaData, of events: Events
  ) throws {
    let values = try values(formula, "where", isCondition: true, in: data, of: events)
    for event in isWanted.indices where values[event] == 0 { isWanted[event] = false }
  }

  /// The weight of each event.
  private func weights(
    _ weight: EventWeight, in data: some FormulaSchema & FormulaData, of events: Events
  ) throws -> [Double] {
    guard let (name, column) = events.column(forWeight: weight.text) else {
      return try values(weight.formula(for: events), "weight", isCondition: false, in: data, of: events)
    }
    guard column.width == 1 else {
      throw EventInputError(
        source: events.source, field: "weight",
        problem: "asks for \(name), which has \(column.width) numbers an event; choose one, as in \(name)[0]")
    }
    return column.values
  }

  /// What a formula says of each event.
  ///
  /// - Parameters:
  ///   - formula: the formula.
  ///   - field: what messages call it.
  ///   - isCondition: whether it has to be a condition.
  ///   - data: what it reads.
  ///   - events: the events of `data`.
  /// - Returns: a number for each event.
  /// - Throws: `EventInputError` if the formula reads what `data` lacks.
  private func values(
    _ formula: Formula, _ field: String, isCondition: Bool, in data: some FormulaSchema & FormulaData,
    of events: Events
  ) throws(EventInputError) -> [Double] {
    let compiled: CompiledFormula
    do {
      compiled =
        isCondition
        ? try CompiledFormula(condition: formula, for: .event, in: data)
        : try CompiledFormula(formula, for: .event, in: data)
    } catch {
      // A column that the file has, but in a form that cannot be read, is the better reason.
      let particles = [FormulaRows.particle, .constituent].flatMap(formula.columns).map { "particle/" + $0 }
      for name in (formula.columns(of: .event) + particles).sorted() {
        guard let reason = events.unreadableColumns[name] else { continue }
        throw EventInputError(
          source: events.source, field: field, problem: "asks for \(name), which cannot be read: \(reason)")
      }
      throw EventInputError(source: events.source, field: field, problem: "\(error)")
    }
    for column in compiled.columns {
      let own: Column? =
        switch column.rows {
        case .event: events.columns[column.name]
        case .particle, .constituent: events.particles.content.columns[column.name]
        case .jet, .splitting: nil
        }
      guard own?.remainders.contains(where: { $0 != 0 }) == true else { continue }
      throw EventInputError(
        source: events.source, field: field,
        problem: "reads \(column.name), which has whole numbers beyond 2^53 that formulas would round")
    }
    var evaluator = FormulaEvaluator(compiled)
    evaluator.evaluate(data)
    return evaluator.values
  }
}
