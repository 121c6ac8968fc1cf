// SPDX-License-Identifier: GPL-3.0-or-later

import Detector
import JetPhysics

/// Events that a stream has taken from its input, and what its options say of them.
struct UnparsedBatch: Sendable {
  private let events: TakenEvents
  private let options: EventReadingOptions
  private let sample: InputSample
  private let firstEvent: Int
  private let unit: MomentumUnit

  /// Events of an input of `sample` whose first event has the number `firstEvent` and whose momenta are in `unit`.
  init(
    _ events: TakenEvents, options: EventReadingOptions, sample: InputSample, firstEvent: Int,
    unit: MomentumUnit
  ) {
    self.sample = sample
    self.events = events
    self.options = options
    self.firstEvent = firstEvent
    self.unit = unit
  }

  /// About how many bytes of memory the events take.
  var byteCount: Int { events.byteCount }

  /// Parses the events, on any thread, whose `formulas` are worked out.
  ///
  /// Throws `EventInputError` at a bad event unless bad events are skipped.
  func parsed(_ formulas: EventFormulas) throws -> ParsedBatch {
    do {
      return try parse(formulas)
    } catch var error as EventInputError {
      error.sample = sample.name
      throw error
    }
  }

  private func parse(_ formulas: EventFormulas) throws -> ParsedBatch {
    var bad: [EventInputError] = []
    var badEventCount = 0
    var batch = try events.parse { error in
      var error = error.counted(from: firstEvent)
      error.canBePassed = true
      guard options.skipBadEvents else { throw error }
      badEventCount += 1
      error.sample = sample.name
      if bad.count < EventStream.maximumBadEventsKept { bad.append(error) }
    }
    try batch.leaveOutUnusableEvents(options.limits) { error in
      var error = error.counted(from: firstEvent)
      error.canBePassed = true
      guard options.skipBadEvents else { throw error }
      badEventCount += 1
      error.sample = sample.name
      if bad.count < EventStream.maximumBadEventsKept { bad.append(error) }
    }
    let goodEventCount = batch.eventCount
    let particleCount = batch.particleCount
    let hasIdentifiers = particleCount > 0 && !batch.pdgID.isEmpty
    batch.firstEventOfSource = firstEvent
    if unit != .gev { batch.scaleMomenta(by: unit.inGeV) }
    if let detector = options.detector {
      batch = try measured(batch, by: detector)
    } else if options.leavesOutParticles {
      var takesPart: [Bool] = []
      try options.leaveOutParticles(of: &batch, using: &takesPart)
    }
    let keptParticleCount = batch.particleCount
    if options.leavesOutParticles { try formulas.weigh(&batch) }
    batch.setColumns(sample.allColumns)
    let negativeWeightCount = try formulas.apply(to: &batch, times: sample.weight)
    batch.setColumns(Columns(options.columns.mapValues { Column(values: [$0]) }))
    return ParsedBatch(
      batch: batch.eventCount > 0 ? batch : nil, goodEventCount: goodEventCount,
      particleCount: particleCount, keptParticleCount: keptParticleCount, hasIdentifiers: hasIdentifiers,
      negativeWeightCount: negativeWeightCount, badEventCount: badEventCount, badEvents: bad)
  }
}

extension UnparsedBatch {
  /// What a detector measures of the particles that take part, as far as it meets the conditions on particles.
  private func measured(_ batch: Events, by detector: Detector) throws -> Events {
    var reaching = batch
    var takesPart: [Bool] = []
    var options = options
    options.particles.conditions = []
    try options.leaveOutParticles(of: &reaching, using: &takesPart)
    var measured = try EventPipeline.naming(batch) { try DetectorSimulation(detector).measure(reaching) }
    options.particles = ParticleSelection(keepsInvisible: true, conditions: self.options.particles.conditions)
    try options.leaveOutParticles(of: &measured, using: &takesPart)
    return measured
  }
}

/// The result of parsing the events that a stream has taken.
struct ParsedBatch: Sendable {
  /// The events that are wanted; nil if none is.
  let batch: Events?
  /// How many events were good, wanted or not.
  let goodEventCount: Int
  /// How many particles the good events have of the wanted statuses.
  let particleCount: Int
  /// How many of them take part, or are left to the user of the events to choose from.
  let keptParticleCount: Int
  /// Whether there are particles, and they have identifiers.
  let hasIdentifiers: Bool
  /// How many wanted events had a negative weight that did not stay.
  let negativeWeightCount: Int
  /// How many bad events were left out.
  let badEventCount: Int
  /// What was wrong with the first of them.
  let badEvents: [EventInputError]
}

extension Events {
  /// Gives every event the same columns, of which there is one row.
  fileprivate mutating func setColumns(_ row: Columns) {
    guard eventCount > 0, !row.isEmpty else { return }
    let all = row.rows(repeatElement(0, count: eventCount))
    for (name, column) in all.sorted {
      columns[name] = column
      unreadableColumns[name] = nil
    }
  }

  fileprivate mutating func scaleMomenta(by factor: Double) {
    func scale(_ values: inout [Double]) {
      for place in values.indices { values[place] *= factor }
    }
    scale(&momenta.px)
    scale(&momenta.py)
    scale(&momenta.pz)
    scale(&momenta.energy)
  }
}
