// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

extension Events {
  /// Leaves out the events whose momenta are not usable or that have more particles than one may have, after
  /// they were passed to `onBadEvent`.
  ///
  /// This holds for all formats, whatever their readers check themselves.
  ///
  /// - Throws: what `onBadEvent` throws, and `EventInputError` if the arrays of the batch do not fit
  ///   together, which is a fault of the format.
  mutating func leaveOutUnusableEvents(
    _ limits: ReadingLimits, onBadEvent: (EventInputError) throws -> Void
  ) throws {
    try checkShapes(limits)
    guard !areUsable(limits) else { return }
    var good: [Int] = []
    for event in 0..<eventCount {
      if let problem = problem(ofEvent: event, limits) {
        try onBadEvent(
          EventInputError(
            source: source, event: eventNumbers[event], field: problem.field, problem: problem.problem))
      } else {
        good.append(event)
      }
    }
    self = events(at: good)
  }

  /// Whether all events are usable, found without asking which is not.
  private func areUsable(_ limits: ReadingLimits) -> Bool {
    let longest = zip(offsets, offsets.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) }
    guard longest <= limits.particlesOfEvent else { return false }
    let all = 0..<particleCount
    return momenta.namedComponents.allSatisfy { Events.firstUnusable(in: $0.values, all) == nil }
      && momenta.energy.withUnsafeBufferPointer { energy in
        // Without a branch the compiler can do several values at once.
        var isPositive = true
        for particle in all { isPositive = isPositive && energy[particle] >= 0 }
        return isPositive
      }
  }

  private func problem(ofEvent event: Int, _ limits: ReadingLimits) -> (field: String, problem: String)? {
    let range = particles(ofEvent: event)
    guard range.count <= limits.particlesOfEvent else {
      return (
        "particles",
        "are \(range.count), more than the \(limits.particlesOfEvent) that one event may have; "
          + "raise --max-memory if this is an event"
      )
    }
    return momentumProblem(range)
  }

  /// - Throws: `EventInputError` that blames the format.
  private func checkShapes(_ limits: ReadingLimits) throws {
    func fault(_ field: String, _ problem: String) -> EventInputError {
      EventInputError(
        source: source, event: eventNumbers.first, field: field,
        problem: problem + "; this is a fault of the reader of its format")
    }
    let count = particleCount
    guard offsets.count == eventCount + 1, offsets.first == 0, offsets.last == count,
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw fault("offsets", "do not fit \(eventCount) events of \(count) particles") }
    guard momenta.namedComponents.allSatisfy({ $0.values.count == count }) else {
      throw fault("momenta", "do not fit \(count) particles")
    }
    guard pdgID.isEmpty || pdgID.count == count else {
      throw fault("pdgid", "has \(pdgID.count) elements for \(count) particles")
    }
    for (name, column) in columns.sorted {
      guard column.width >= 0, column.width <= limits.numbersOfColumn,
        column.values.count == column.width * eventCount
      else {
        throw fault(
          name, "has \(column.values.count) numbers, \(column.width) an event, for \(eventCount) events")
      }
    }
    for (name, column) in particles.content.columns.sorted where column.values.count != column.width * count {
      throw fault(
        name, "has \(column.values.count) numbers, \(column.width) a particle, for \(count) particles")
    }
    guard givenJetsFit else { throw fault("givenJets", "do not fit \(eventCount) events") }
  }
}
