// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Computes the numbers of one event at a time, with memory that is kept.
///
/// Loops are over indices: generic algorithms of the standard library take memory if they are not
/// specialised.
struct EventReading: Sendable {
  /// The transverse momenta of the event's particles in GeV: `[particles of the event]`.
  private(set) var pt: [Double] = []
  /// The items to read, the hardest first.
  private(set) var ranking: [Int] = []

  private var heap = HardestFirst()

  /// Checks the particles of an event, finds their pT and the frame that the event is seen in.
  mutating func begin(
    _ event: Int, of events: Events, _ description: EventEncoderDescription
  ) throws -> EventFrame {
    pt.removeAll(keepingCapacity: true)
    let particles = events.particles(ofEvent: event)
    for particle in particles {
      let p = events.momentum(ofParticle: particle)
      guard (p.px + p.py + p.pz + p.energy).isFinite else {
        throw Self.error(p, event: events.eventNumbers[event], particle: particle - particles.lowerBound)
      }
      pt.append(p.pt)
    }
    return EventFrame(events, particles, pt: pt, isOwn: description.momenta != .paper)
  }

  private static func error(_ p: FourMomentum, event: Int, particle: Int) -> EventEncodingError {
    let components = [("px", p.px), ("py", p.py), ("pz", p.pz), ("E", p.energy)]
    let (field, value) = components.first { !$0.1.isFinite } ?? ("E", .infinity)
    return EventEncodingError(
      event: event, field: field,
      problem: "Event \(event), particle \(particle): \(field) is \(value), but momenta must be finite; "
        + "correct the event or leave it out.")
  }

  /// Puts the numbers of the hardest of `itemCount` items into `ranking`; returns how many are above the minimum pT.
  mutating func rank(
    _ itemCount: Int, _ description: EventEncoderDescription, pt: (Int) -> Double
  ) -> Int {
    heap.removeAll()
    ranking.removeAll(keepingCapacity: true)
    var count = 0
    for item in 0..<itemCount {
      let pt = pt(item)
      guard pt >= description.minimumPt else { continue }
      heap.insert(item, pt: pt)
      count += 1
    }
    while ranking.count < description.leading ?? .max, let item = heap.popFirst() { ranking.append(item) }
    return count
  }

  /// Adds the event inputs of an event that `EventInputs.check` has passed to the end of `inputs`.
  ///
  /// - Throws: ``EventEncodingError`` if a condition is not finite.
  mutating func appendInputs(
    _ description: EventEncoderDescription, _ event: Int, of events: Events, _ frame: EventFrame,
    itemCount: Int, to inputs: inout [Float]
  ) throws {
    let asked = description.inputs
    if asked.missingMomentum {
      let missing = FourMomentum(px: frame.missingX, py: frame.missingY, pz: 0, energy: frame.missingPt)
      inputs.append(Float(missing.logPt))
      if description.momenta == .paper {
        let (cosine, sine) = frame.direction(of: missing)
        inputs.append(Float(cosine))
        inputs.append(Float(sine))
      }
    }
    if asked.scalarSum { inputs.append(Float(FourMomentum.logPt(frame.scalarSum))) }
    if asked.itemCount { inputs.append(Float(itemCount)) }
    if let leptons = asked.leptons { append(.lepton, leptons, event, of: events, frame, to: &inputs) }
    if let photons = asked.photons { append(.photon, photons, event, of: events, frame, to: &inputs) }
    for condition in 0..<asked.conditions.count {
      let name = asked.conditions[condition]
      let value = events.columns[name]!.values[event]
      guard value.isFinite else {
        throw EventEncodingError(
          event: events.eventNumbers[event], field: name,
          problem:
            "Event \(events.eventNumbers[event]): \(name) is \(value), but a condition must be finite; "
            + "give each event a number.")
      }
      inputs.append(Float(value))
    }
  }

  /// Adds the numbers of the hardest particles of a kind that pass a selection, in the order of
  /// `EventEncoderDescription.inputNames`.
  private mutating func append(
    _ kind: IsolatedParticles.Kind, _ selection: IsolatedParticles, _ event: Int, of events: Events,
    _ frame: EventFrame, to inputs: inout [Float]
  ) {
    let particles = events.particles(ofEvent: event)
    heap.removeAll()
    for particle in particles where kind.includes(events.pdgID[particle]) {
      let pt = pt[particle - particles.lowerBound]
      if pt >= selection.minimumPt { heap.insert(particle, pt: pt) }
    }
    var found = 0
    while found < selection.count, let particle = heap.popFirst() {
      let isolation = events.isolation(
        ofParticle: particle, among: particles, pt: pt, radius: selection.isolationRadius)
      if let limit = selection.maximumIsolation, isolation > limit { continue }
      found += 1
      let p = events.momentum(ofParticle: particle)
      let (cosine, sine) = frame.direction(of: p)
      inputs.append(1)
      inputs.append(Float(p.logPt))
      inputs.append(Float(frame.pseudorapidity(of: p)))
      inputs.append(Float(cosine))
      inputs.append(Float(sine))
      inputs.append(Float(log1p(isolation)))
      if kind == .lepton {
        // Leptons have negative charge, antileptons negative identifiers.
        inputs.append(events.pdgID[particle] > 0 ? -1 : 1)
        inputs.append(events.pdgID[particle].magnitude == 13 ? 1 : 0)
      }
    }
    // What an event does not have is NaN, which scaling turns into 0.
    for _ in found..<selection.count {
      inputs.append(0)
      for _ in 1..<kind.count { inputs.append(.nan) }
    }
  }
}

extension EventInputs {
  /// Checks that events have the identifiers and columns that are read.
  ///
  /// - Throws: ``EventEncodingError`` if the column of a condition is missing or has several numbers an
  ///   event, or if there are no identifiers for leptons or photons.
  func check(_ events: Events) throws {
    if leptons != nil || photons != nil, events.pdgID.count != events.particleCount {
      throw EventEncodingError(
        event: events.eventNumbers.first, field: "pdgid",
        problem: "Leptons and photons are told by their identifiers, but the events have no pdgid: add it, "
          + "or read no leptons and photons.")
    }
    for condition in 0..<conditions.count {
      let name = conditions[condition]
      guard let column = events.columns[name] else {
        throw EventEncodingError(
          event: events.eventNumbers.first, field: name,
          problem: "The events have no column \(name), which is read as a condition: add it to them, "
            + "or give all of them one value (--condition \(name)=VALUE).")
      }
      guard column.categories == nil else {
        throw EventEncodingError(
          event: events.eventNumbers.first, field: name,
          problem: "The column \(name), which is read as a condition, is text: define a number by it.")
      }
      guard column.width == 1, column.values.count == events.eventCount else {
        throw EventEncodingError(
          event: events.eventNumbers.first, field: name,
          problem: "The column \(name), which is read as a condition, has \(column.width) numbers for each "
            + "event: give it one.")
      }
    }
  }
}
