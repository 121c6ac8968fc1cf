// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Dispatch
import EventIO
import Foundation

/// What finds jets, or predicts, on one thread at a time.
private final class EventWorker {
  private let work: (Events, inout Prediction) throws -> Void
  private let particles: ParticleSelection
  private let weigher: ParticleWeigher?
  private let conditions: Columns
  private var events = Events()
  private var prediction = Prediction()
  /// The numbers of the momenta as the call gives them: `[4][particles]`.
  private var numbers = Array(repeating: [Double](), count: 4)
  private var takesPart: [Bool] = []
  /// What was found by several threads, before it is put together.
  let store = ResultStore()

  init(_ plan: EventWork.Plan) throws {
    work = try plan.makeWork()
    particles = plan.particles
    weigher = try plan.weighting?.weighting.makeWeigher()
    conditions = plan.conditions
  }

  /// Adds what is found of some events to `store`.
  func run(_ given: GivenEvents, _ range: Range<Int>, into store: ResultStore) throws {
    var first = range.lowerBound
    while first < range.upperBound {
      var end = first + 1
      while end < range.upperBound, end - first < EventWork.eventsAtOnce,
        given.particles(ofEvents: first..<end + 1).count <= EventWork.particlesAtOnce
      {
        end += 1
      }
      try given.copy(first..<end, to: &events, using: &numbers)
      for (name, column) in conditions.sorted {
        events.columns[name] = Column(values: Array(repeating: column.values[0], count: end - first))
      }
      try particles.apply(to: &events, using: &takesPart)
      try weigher?.weigh(&events)
      try work(events, &prediction)
      store.append(prediction, of: events)
      first = end
    }
  }
}

/// Finds jets, or predicts, for calls of any number of threads at once.
final class EventWork: @unchecked Sendable {
  /// What each thread does.
  struct Plan: Sendable {
    /// Makes what replaces a prediction by that for events.
    let makeWork: @Sendable () throws -> (Events, inout Prediction) throws -> Void
    /// The particles that take part.
    var particles = ParticleSelection(keepsInvisible: true)
    /// What their momenta are multiplied by; nil for nothing.
    var weighting: AppliedWeighting?
    /// Columns that all events have, one number each.
    var conditions = Columns()
  }

  /// The most events, and particles of several events, that are copied at once, so that their numbers stay in a
  /// processor's cache.
  static let eventsAtOnce = 256
  static let particlesAtOnce = 1 << 15

  private let plan: Plan
  private let fields: ResultFields
  private let threads: Int
  private let lock = NSLock()
  /// Those that no call uses just now.
  private var idle: [EventWorker] = []

  /// - Throws: what makes no worker.
  init(_ plan: Plan, fields: [ResultField], threads: Int) throws {
    self.plan = plan
    self.fields = ResultFields(fields)
    self.threads = threads
    idle = [try EventWorker(plan)]
  }

  /// Fills `results` with what is found of events.
  ///
  /// - Throws: what is wrong with the first event that is bad.
  func run(_ given: GivenEvents, into results: ResultStore) throws {
    results.begin(fields)
    let count = min(threads, max(1, given.eventCount / 4))
    guard count == 1 else { return try run(given, on: count, into: results) }
    let worker = try take()
    defer { giveBack(worker) }
    try worker.run(given, 0..<given.eventCount, into: results)
  }

  private func run(_ given: GivenEvents, on count: Int, into results: ResultStore) throws {
    let ranges = ranges(of: given, count)
    let workers = try ranges.map { _ in try take() }
    defer { workers.forEach(giveBack) }
    let errors = Errors(count: count)
    let parts = Parts(given: given, workers: workers)
    DispatchQueue.concurrentPerform(iterations: count) { thread in
      let worker = parts.workers[thread]
      worker.store.begin(fields)
      do {
        try worker.run(parts.given, ranges[thread], into: worker.store)
      } catch {
        errors.of[thread] = error
      }
    }
    // Of the first events that are bad, whatever the number of threads.
    for error in errors.of { if let error { throw error } }
    for worker in workers {
      results.append(worker.store)
      worker.store.begin(fields)
    }
  }

  /// Divides the events into ranges of about as many particles.
  private func ranges(of given: GivenEvents, _ count: Int) -> [Range<Int>] {
    let total = given.particles(ofEvents: 0..<given.eventCount).count + given.eventCount
    var ends = [0]
    var done = 0
    for event in 0..<given.eventCount {
      done += given.particles(ofEvents: event..<event + 1).count + 1
      while ends.count < count, done * count >= total * ends.count { ends.append(event + 1) }
    }
    ends += Array(repeating: given.eventCount, count: count + 1 - ends.count)
    return zip(ends, ends.dropFirst()).map { $0..<$1 }
  }

  private func take() throws -> EventWorker {
    if let worker = lock.withLock({ idle.popLast() }) { return worker }
    return try EventWorker(plan)
  }

  private func giveBack(_ worker: EventWorker) { lock.withLock { idle.append(worker) } }
}

/// What several threads share, each its own element.
private final class Errors: @unchecked Sendable {
  let of: UnsafeMutableBufferPointer<(any Error)?>

  init(count: Int) {
    of = .allocate(capacity: count)
    of.initialize(repeating: nil)
  }

  deinit {
    of.deinitialize()
    of.deallocate()
  }
}

private struct Parts: @unchecked Sendable {
  let given: GivenEvents
  let workers: [EventWorker]
}
