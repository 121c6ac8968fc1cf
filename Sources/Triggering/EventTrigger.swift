// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import JetPhysics
import PluginKit
import Triggers

/// A trigger inside another program: it decides about one event at a time, and asks for no memory once it has
/// seen events as large, if the heads of the model ask for none.
///
/// It belongs to one thread at a time, and counts its own prescales. It decides the same as `canopy trigger`
/// about the same events.
///
/// ```swift
/// let trigger = try EventTrigger(model: model, menu: menu)
/// if try trigger.decide(event) { … trigger.decisions.pathBits … }
/// ```
public final class EventTrigger {
  /// The menu.
  public let menu: TriggerMenu
  /// What was decided about the last event, and the numbers that conditions wrote: one event.
  public private(set) var decisions = TriggerDecisions()
  /// What was counted so far.
  public private(set) var state: TriggerState
  /// How many seconds the last event took.
  public private(set) var seconds = 0.0

  private let evaluator: EventEvaluator
  private let conditions: [String: Double]
  private let particles: ParticleSelection
  /// Which particles of the event take part, for ``particles``.
  private var takesPart: [Bool] = []
  /// The event that is decided about, with the model's conditions.
  private var event = Events()

  /// A trigger that has seen no event.
  ///
  /// - Parameters:
  ///   - model: the model whose heads the menu names.
  ///   - menu: the menu.
  ///   - conditions: the value of each condition that the model reads, for all events.
  ///   - timeLimit: how many seconds an event may take; nil if there is no limit. One that takes longer
  ///     passes through: it is accepted and marked.
  ///   - plugins: where the observable or model that the menu applies to particles comes from.
  /// - Throws: ``TriggerError`` if a condition is missing or not the model's, `MenuError` or `ModelError` if there is nothing of the
  ///   name that the menu applies, `JetPhysicsError` if FastJet refuses the model's jet definition.
  public init(
    model: Model, menu: TriggerMenu, conditions: [String: Double] = [:], timeLimit: Double? = nil,
    plugins: PluginRegistry = PluginRegistry()
  ) throws {
    let known = Set(DecisionSources(model).conditions)
    if let unknown = conditions.keys.filter({ !known.contains($0) }).min() {
      throw TriggerError("The model reads no condition \(unknown); leave it out.")
    }
    if let missing = known.filter({ conditions[$0] == nil }).min() {
      throw TriggerError("The model reads the condition \(missing), which has no value; give one.")
    }
    self.menu = menu
    self.conditions = conditions
    particles = model.description.particles ?? ParticleSelection()
    state = TriggerState(menu)
    evaluator = try EventEvaluator(
      model: model, menu: menu, weighting: menu.weighting(for: model, plugins), timeLimit: timeLimit)
    event.columns = Columns(conditions.mapValues { Column(values: [$0]) })
    event.offsets = [0, 0]
    event.eventNumbers = [0]
  }

  /// Decides about an event of particles: their four-momenta in GeV and Particle Data Group identifiers.
  ///
  /// All are `[particles]`; there are no identifiers if they are not known, and no further columns. Particles that the model is not
  /// for take no part, invisible ones among them.
  ///
  /// - Returns: whether the event is accepted.
  /// - Throws: `JetPhysicsError` if jets cannot be made from the event, `EventEncodingError` if it lacks what
  ///   the network reads; no prescale counts the event then.
  public func decide(
    px: UnsafeBufferPointer<Double>, py: UnsafeBufferPointer<Double>, pz: UnsafeBufferPointer<Double>,
    energy: UnsafeBufferPointer<Double>, pdgID: UnsafeBufferPointer<Int32>
  ) throws -> Bool {
    if !event.particles.content.columns.isEmpty { event.particles.content.columns.removeAll() }
    return try decideWithColumns(px: px, py: py, pz: pz, energy: energy, pdgID: pdgID)
  }

  /// Decides about an event of particles, whose columns are there already.
  private func decideWithColumns(
    px: UnsafeBufferPointer<Double>, py: UnsafeBufferPointer<Double>, pz: UnsafeBufferPointer<Double>,
    energy: UnsafeBufferPointer<Double>, pdgID: UnsafeBufferPointer<Int32>
  ) throws -> Bool {
    event.momenta.px.replaceAll(with: px)
    event.momenta.py.replaceAll(with: py)
    event.momenta.pz.replaceAll(with: pz)
    event.momenta.energy.replaceAll(with: energy)
    event.pdgID.replaceAll(with: pdgID)
    event.particles.content.inputIndices.removeAll(keepingCapacity: true)
    event.offsets[1] = energy.count
    event.eventNumbers[0] = state.eventCount
    try particles.apply(to: &event, using: &takesPart)
    seconds = try evaluator.evaluate(&event, into: &decisions)
    menu.decide(&decisions, &state)
    return decisions.isAccepted[0]
  }

  /// Decides about the one event of a batch, whose columns of particles what is applied to them may read.
  ///
  /// - Returns: whether the event is accepted.
  /// - Throws: as ``decide(px:py:pz:energy:pdgID:)``.
  /// - Precondition: the batch has one event.
  public func decide(_ event: Events) throws -> Bool {
    precondition(event.eventCount == 1, "one event at a time")
    self.event.particles.content.columns = event.particles.content.columns
    return try event.momenta.px.withUnsafeBufferPointer { px in
      try event.momenta.py.withUnsafeBufferPointer { py in
        try event.momenta.pz.withUnsafeBufferPointer { pz in
          try event.momenta.energy.withUnsafeBufferPointer { energy in
            try event.pdgID.withUnsafeBufferPointer { pdgID in
              try decideWithColumns(px: px, py: py, pz: pz, energy: energy, pdgID: pdgID)
            }
          }
        }
      }
    }
  }
}

extension Array {
  /// Replaces the elements and keeps the storage.
  fileprivate mutating func replaceAll(with elements: UnsafeBufferPointer<Element>) {
    removeAll(keepingCapacity: true)
    append(contentsOf: elements)
  }
}
