// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics

/// Ordered parallel processing of the batches of a stream.
public enum EventPipeline {
  /// Works on the batches of `stream` in `threads` threads and hands the results over in the order of the input.
  ///
  /// Each thread makes its own worker by `makeWorker`, takes the next batch of at most `eventsPerBatch` events
  /// when it is free, parses it, and works on it. `consume` gets the results in the order of the input, on the calling
  /// thread, and after each of them `progress` hears how far reading was at its batch. Results do not depend on
  /// the number of threads as long as a worker's result depends on its batch alone. At most `2 * threads`
  /// batches are in memory at a time. With one thread all is done on the calling thread.
  ///
  /// The first error in the order of the input, whether of reading, working or consuming, is thrown after all
  /// threads have stopped; all results before it have been consumed. An `EventError` of a worker, which does
  /// not know its file, becomes an `EventInputError` that does. `stream` must not be used by others in the
  /// meantime.
  ///
  /// - Returns: what the threads did with their time.
  @discardableResult
  public static func run<Output: Sendable>(
    stream: EventStream, eventsPerBatch: Int = 64, threads: Int,
    makeWorker: @escaping @Sendable () throws -> ((Events) throws -> Output),
    consume: (Output) throws -> Void, progress: (Progress) throws -> Void = { _ in }
  ) throws -> Times {
    let start = now
    var times = Times()
    guard threads > 1 else {
      let work = try makeWorker()
      let formulas = EventFormulas(stream.options)
      while let unparsed = try times.reading.measure({ try stream.take(upTo: eventsPerBatch) }) {
        let parsed = try times.parsing.measure { try unparsed.parsed(formulas) }
        stream.note(parsed)
        guard let batch = parsed.batch else { continue }
        let place = Progress(stream, Place(stream))
        let output = try times.working.measure { try naming(batch) { try work(batch) } }
        try times.consuming.measure {
          try consume(output)
          try progress(place)
        }
      }
      try stream.checkEnd()
      times.total = now - start
      return times
    }
    // One more batch is with the consumer.
    let queue = OrderedQueue<Output>(
      stream: stream, eventsPerBatch: eventsPerBatch, capacity: 2 * threads - 1)
    let workers = DispatchGroup()
    for _ in 0..<threads {
      workers.enter()
      let thread = Thread {
        queue.work(makeWorker)
        workers.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    func end() {
      queue.stop()
      workers.wait()
    }
    do {
      while let result = try queue.nextResult() {
        // The threads that read use no part of the stream that this changes.
        stream.note(result.parsed)
        guard let output = result.output else { continue }
        try times.consuming.measure {
          try consume(output)
          try progress(Progress(stream, result.place))
        }
      }
    } catch {
      end()
      throw error
    }
    end()
    try stream.checkEnd()
    queue.addTimes(to: &times)
    times.total = now - start
    return times
  }

  /// What the threads of a pipeline did with their time, in seconds.
  public struct Times: Sendable, Equatable {
    /// Reading batches, which one thread does at a time; for most formats, parsing them too.
    public internal(set) var reading = 0.0
    /// Parsing batches of formats that all threads parse, such as HepMC, added over the threads.
    public internal(set) var parsing = 0.0
    /// Working on batches, added over the threads.
    public internal(set) var working = 0.0
    /// Consuming results, which the calling thread does.
    public internal(set) var consuming = 0.0
    /// Waiting for another thread to read or for the consumer, added over the threads.
    public internal(set) var waiting = 0.0
    /// From the beginning to the end.
    public internal(set) var total = 0.0

    /// No time.
    public init() {}
  }

  fileprivate static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// How far the reading of a stream is.
  public struct Progress: Sendable, Equatable {
    /// The number of events that are read, skipped or left out.
    public let events: Int
    /// The number of bytes that are read, as `EventStream.bytesRead` counts them.
    public let bytes: Int
    /// How many bad events were left out.
    public let badEventCount: Int
    /// What was wrong with the first bad events.
    public let badEvents: [EventInputError]

    fileprivate init(_ stream: EventStream, _ place: Place) {
      events = place.events
      bytes = place.bytes
      badEventCount = stream.badEventCount
      badEvents = stream.badEvents
    }
  }

  /// How far a stream was when it had taken a batch.
  fileprivate struct Place {
    let events: Int
    let bytes: Int

    init(_ stream: EventStream) {
      events = stream.nextEventNumber
      bytes = stream.bytesRead
    }
  }

  /// Does some work on a batch; an error that does not know its file, or where its events begin, gets the batch's.
  static func naming<Output>(_ batch: Events, _ work: () throws -> Output) throws -> Output {
    do {
      return try work()
    } catch let error as any EventError {
      // The event is named before the sentence, by its number in the file.
      let problem = ["Event", "event"].reduce(error.predicate) { problem, word in
        guard let event = error.event else { return problem }
        return [", ", ": "].reduce(problem) { $0.replacingOccurrences(of: "\(word) \(event)\($1)", with: "") }
      }
      throw EventInputError(
        source: batch.source, event: error.event, firstEvent: batch.firstEventOfSource, problem: problem)
    } catch let error as EventInputError where error.source == batch.source {
      throw error.counted(from: batch.firstEventOfSource)
    }
  }
}

/// The batches in flight, from the stream to the consumer.
///
/// Batches are taken from the stream inside `reading` only, and everything else is used inside `condition` only.
private final class OrderedQueue<Output: Sendable>: @unchecked Sendable {
  /// The result of a batch: nothing if none of its events is wanted.
  struct BatchResult {
    let output: Output?
    let parsed: ParsedBatch
    let place: EventPipeline.Place
    let byteCount: Int
  }

  private let stream: EventStream
  private let eventsPerBatch: Int
  private let capacity: Int
  /// The bytes that batches in flight may take.
  private let memory: Int
  private var bytesInFlight = 0
  private let reading = NSLock()
  private let condition = NSCondition()
  /// Of all threads but the consumer's; the time of reading belongs to `reading`.
  private var times = EventPipeline.Times()
  private var readingTime = 0.0
  private var results: [Int: Result<BatchResult, any Error>] = [:]
  private var taken = 0
  private var consumed = 0
  private var isStopped = false

  init(stream: EventStream, eventsPerBatch: Int, capacity: Int) {
    self.stream = stream
    self.eventsPerBatch = eventsPerBatch
    self.capacity = capacity
    memory = stream.options.limits.memory
  }

  /// The life of a worker thread.
  func work(_ makeWorker: () throws -> ((Events) throws -> Output)) {
    var worker: Result<(Events) throws -> Output, any Error>?
    let formulas = EventFormulas(stream.options)
    while let (ticket, input) = takeBatch() {
      var (parsing, working) = (0.0, 0.0)
      let result = Result {
        if worker == nil { worker = Result { try makeWorker() } }
        let work = try worker!.get()
        let (unparsed, place) = try input.get()
        let parsed = try parsing.measure { try unparsed.parsed(formulas) }
        let output = try parsed.batch.map { batch in
          try working.measure { try EventPipeline.naming(batch) { try work(batch) } }
        }
        return BatchResult(output: output, parsed: parsed, place: place, byteCount: unparsed.byteCount)
      }
      finish(ticket, result, parsing, working)
    }
  }

  /// The next batch and its place in the order, when there is room for it; nil when there are no more.
  private func takeBatch() -> (Int, Result<(UnparsedBatch, EventPipeline.Place), any Error>)? {
    let start = EventPipeline.now
    reading.lock()
    defer { reading.unlock() }
    guard let ticket = waitForRoom(since: start) else { return nil }
    let batch = readingTime.measure { Result { try stream.take(upTo: eventsPerBatch) } }
    switch batch {
    case .success(let batch?):
      condition.withLock { bytesInFlight += batch.byteCount }
      return (ticket, .success((batch, EventPipeline.Place(stream))))
    case .success(nil):
      end(before: ticket)
      return nil
    case .failure(let error):
      end(before: ticket + 1)
      return (ticket, .failure(error))
    }
  }

  /// The place of the next batch when there is room for it; notes the time of waiting.
  private func waitForRoom(since start: Double) -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while taken >= consumed + capacity || bytesInFlight > memory, !isStopped { condition.wait() }
    times.waiting += EventPipeline.now - start
    guard !isStopped else { return nil }
    taken += 1
    return taken - 1
  }

  /// Notes that there are no more than `count` batches.
  private func end(before count: Int) {
    condition.lock()
    taken = count
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  private func finish(
    _ ticket: Int, _ result: Result<BatchResult, any Error>, _ parsing: Double, _ working: Double
  ) {
    condition.lock()
    times.parsing += parsing
    times.working += working
    results[ticket] = result
    // What comes after an error is not wanted.
    if case .failure = result { isStopped = true }
    condition.broadcast()
    condition.unlock()
  }

  /// The next result in the order of the input, when it is there; nil after the last.
  func nextResult() throws -> BatchResult? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let result = results.removeValue(forKey: consumed) {
        consumed += 1
        if case .success(let batch) = result { bytesInFlight -= batch.byteCount }
        condition.broadcast()
        return try result.get()
      }
      if isStopped, consumed >= taken { return nil }
      condition.wait()
    }
  }

  /// Adds what the threads did, once they have ended.
  func addTimes(to total: inout EventPipeline.Times) {
    total.reading += readingTime
    total.parsing += times.parsing
    total.working += times.working
    total.waiting += times.waiting
  }

  /// Lets the threads end after what they are working on.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }
}

extension Double {
  /// Adds the seconds that `body` takes.
  fileprivate mutating func measure<Value>(_ body: () throws -> Value) rethrows -> Value {
    let start = EventPipeline.now
    defer { self += EventPipeline.now - start }
    return try body()
  }
}
