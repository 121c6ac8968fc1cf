// SPDX-License-Identifier: GPL-3.0-or-later

import Detector
import Formulas
import JetPhysics

/// Which events and particles of the input take part, and how the input is to be understood.
public struct EventReadingOptions: Sendable, Equatable {
  /// A part of a selection of particles, by the name of its option.
  public enum Demand: String, Sendable {
    /// Statuses, which generator records alone have.
    case status
    /// Conditions that particles meet.
    case particles
    /// Which particles are invisible, told by their identifiers.
    case invisible
    /// That invisible particles, told by their identifiers, take part.
    case keepInvisible = "keep-invisible"
  }

  /// Which particles of the events take part.
  public var particles: ParticleSelection
  /// Which parts of ``particles`` the user asks for, and not a model: an input that they cannot apply to is an error.
  public var demands: Set<Demand>
  /// Whether particles that do not take part are left out, and the others multiplied by the weights of ``weighting``; otherwise the
  /// user of the events has to do both.
  ///
  /// The statuses of generator records are looked at in any case, and formulas read what takes part.
  public var leavesOutParticles: Bool
  /// The columns of particles that are read, in addition to those that ``particles`` asks for; all if it is nil.
  public var particleColumns: Set<String>?
  /// How many events to read after the skipped ones; all if it is nil.
  ///
  /// Bad events count.
  public var maximumEvents: Int?
  /// How many events to pass over at the start, counted through all inputs.
  public var skipEvents: Int
  /// Whether bad events are counted and left out; otherwise the first one is an error.
  public var skipBadEvents: Bool
  /// Columns that every event gets, each of one number, over those that the input has of the same names.
  public var columns: [String: Double]
  /// Conditions that an event must meet to take part, on its columns and on its particles; all others are passed over.
  public var selection: [Formula] { didSet { noteColumns() } }
  /// Columns that every event gets, by formulas over its own, its particles' and those defined before.
  public var definitions: [ColumnDefinition] { didSet { noteColumns() } }
  /// The jets that formulas may read, of the events that all other formulas leave; nil if formulas know no jets.
  public var jets: FormulaJets? { didSet { noteColumns() } }
  /// The columns of particles that formulas name.
  private var columnsOfFormulas: Set<String> = []
  /// Those that observables read which formulas name.
  private var columnsOfObservables: Set<String> = []
  /// What the weight of each event is; 1 if it is nil.
  public var weight: EventWeight? { didSet { noteColumns() } }
  /// What becomes of events of negative weight.
  public var negativeWeights = NegativeWeights.asTheyAre
  /// The detector that measures the particles that take part; nil if they are read as they are.
  ///
  /// ``particles`` then applies twice: its statuses and visibility to what reaches the detector, its conditions to what that
  /// measures, which formulas read too.
  public var detector: Detector?
  /// What multiplies the momenta of the particles that take part, after a detector has measured them and before formulas read
  /// them; nil if they stay as they are.
  public var weighting: ParticleWeighting?
  /// The unit of the momenta of inputs that do not state theirs; GeV if it is nil.
  ///
  /// An input that states another unit is an error.
  public var units: MomentumUnit?
  /// The formats that inputs may have.
  public var formats: EventFormats
  /// The name of the format of all inputs, such as `hepmc3`; told from the content of each if it is nil.
  public var format: String?
  /// How much of the input is held at once.
  public var limits: ReadingLimits
  /// Events that are in memory already, by the names that inputs have for them, which are no files then.
  ///
  /// ```swift
  /// var options = EventReadingOptions()
  /// options.held["array"] = events
  /// let stream = try EventStream(inputs: ["array"], options: options)
  /// ```
  public var held: [String: Events] = [:]

  /// Options, by default those that read every visible particle of every event and stop at a bad one.
  public init(
    particles: ParticleSelection = ParticleSelection(), demands: Set<Demand> = [],
    leavesOutParticles: Bool = true,
    particleColumns: Set<String>? = nil, maximumEvents: Int? = nil, skipEvents: Int = 0,
    skipBadEvents: Bool = false, columns: [String: Double] = [:], selection: [Formula] = [],
    definitions: [ColumnDefinition] = [], jets: FormulaJets? = nil, weight: EventWeight? = nil,
    units: MomentumUnit? = nil, formats: EventFormats = .builtIn, format: String? = nil,
    limits: ReadingLimits = ReadingLimits()
  ) {
    self.particles = particles
    self.demands = demands
    self.leavesOutParticles = leavesOutParticles
    self.particleColumns = particleColumns
    self.maximumEvents = maximumEvents
    self.skipEvents = skipEvents
    self.skipBadEvents = skipBadEvents
    self.columns = columns
    self.selection = selection
    self.definitions = definitions
    self.jets = jets
    self.weight = weight
    self.units = units
    self.formats = formats
    self.format = format
    self.limits = limits
    noteColumns()
  }

  /// Demands all of ``particles`` that differs from what is usual.
  public mutating func demandSelection() {
    let usual = ParticleSelection()
    if particles.statuses != usual.statuses { demands.insert(.status) }
    if !particles.conditions.isEmpty { demands.insert(.particles) }
    if particles.invisible != usual.invisible { demands.insert(.invisible) }
    if particles.keepsInvisible { demands.insert(.keepInvisible) }
  }

  /// Whether a column of particles is read if the input has it.
  public func reads(particleColumn name: String) -> Bool {
    particleColumns?.contains(name) ?? true || asks(forParticleColumn: name)
  }

  /// Whether a column of particles is named by who reads the events, rather than read because all are.
  package func asks(forParticleColumn name: String) -> Bool {
    particleColumns?.contains(name) ?? false || requires(particleColumn: name)
      || columnsOfObservables.contains(name) || detector != nil && MeasuredColumns.vertex.contains(name)
      || weighting?.particleColumns.contains(name) ?? false
  }

  /// Leaves out the particles of `events` that do not take part, with memory, `takesPart`, that is kept from call to call.
  ///
  /// - Throws: `EventInputError` if a condition is on a quantity that the events lack.
  public func leaveOutParticles(of events: inout Events, using takesPart: inout [Bool]) throws {
    do {
      try particles.apply(to: &events, using: &takesPart)
    } catch let error as JetPhysicsError {
      throw EventInputError(
        source: events.source, field: error.field, problem: "is asked for but not there: \(error.problem)")
    }
  }

  /// Whether events without this column of particles, though the input has it, are an error.
  public func requires(particleColumn name: String) -> Bool {
    // A detector makes the columns of what it measures.
    detector == nil && (particles.columns.contains(name) || columnsOfFormulas.contains(name))
  }

  /// All formulas: conditions, definitions and the weight.
  package var formulas: [Formula] {
    selection + definitions.map(\.formula) + [weight?.formula].compactMap(\.self)
  }

  private mutating func noteColumns() {
    columnsOfFormulas = formulas.reduce(into: []) { columns, formula in
      columns.formUnion(formula.columns(of: .particle))
      guard let jets else { return }
      columns.formUnion(formula.columns(of: .constituent).filter { !jets.observables.knows($0) })
    }
    // An observable that makes no sense is told of when jets are found.
    columnsOfObservables = (try? jets?.observables(for: formulas))?.particleColumns ?? []
  }
}
