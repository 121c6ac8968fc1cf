// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics

/// Ordered parallel processing of the batches of a stream.
public enum EventPipeline {
  /// Works on the batches of `stream` in `threads` threads and hands the results over in the order of the input.
  ///
  /// Each thread makes its own worker by `makeWorker`, takes the next batch of at most `eventsPerBatch` events
  /// when it is free, and works on it. `consume` gets the results in the order of the input, on the calling
  /// thread, and after each of them `progress` hears how far reading was at its batch. Results do not depend on
  /// the number of threads as long as a worker's result depends on its batch alone. At most `2 * threads`
  /// batches are in memory at a time. With one thread all is done on the calling thread.
  ///
  /// The first error in the order of the input, whether of reading, working or consuming, is thrown after all
  /// threads have stopped; all results before it have been consumed. An `EventError` of a worker, which does
  /// not know its file, becomes an `EventInputError` that does. `stream` must not be used by others
  /// meanwhile.
  public static func run<Output: Sendable>(
    stream: EventStream, eventsPerBatch: Int = 256, threads: Int,
    makeWorker: @escaping @Sendable () throws -> ((EventBatch) throws -> Output),
    consume: (Output) throws -> Void, progress: (Progress) -> Void = { _ in }
  ) throws {
    guard threads > 1 else {
      let work = try makeWorker()
      while let batch = try stream.next(upTo: eventsPerBatch) {
        let place = Progress(stream)
        try consume(try naming(batch) { try work(batch) })
        progress(place)
      }
      return
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
    defer {
      queue.stop()
      workers.wait()
    }
    while let (output, place) = try queue.nextOutput() {
      try consume(output)
      progress(place)
    }
  }

  /// How far the reading of a stream is.
  public struct Progress: Sendable, Equatable {
    /// The number of events that are read, skipped or left out.
    public let events: Int
    /// The number of bytes that are read, as `EventStream.bytesRead` counts them.
    public let bytes: Int

    fileprivate init(_ stream: EventStream) {
      events = stream.nextEventNumber
      bytes = stream.bytesRead
    }
  }

  /// Does some work on a batch; an error that does not know its file gets the name of the batch's.
  fileprivate static func naming<Output>(_ batch: EventBatch, _ work: () throws -> Output) throws -> Output {
    do {
      return try work()
    } catch let error as any EventError {
      throw EventInputError(source: batch.source, problem: error.predicate)
    }
  }
}

/// The batches in flight, from the stream to the consumer.
///
/// The stream is used inside `reading` only, everything else inside `condition` only.
private final class OrderedQueue<Output: Sendable>: @unchecked Sendable {
  private let stream: EventStream
  private let eventsPerBatch: Int
  private let capacity: Int
  private let reading = NSLock()
  private let condition = NSCondition()
  private var results: [Int: Result<(Output, EventPipeline.Progress), any Error>] = [:]
  private var taken = 0
  private var consumed = 0
  private var isStopped = false

  init(stream: EventStream, eventsPerBatch: Int, capacity: Int) {
    self.stream = stream
    self.eventsPerBatch = eventsPerBatch
    self.capacity = capacity
  }

  /// The life of a worker thread.
  func work(_ makeWorker: () throws -> ((EventBatch) throws -> Output)) {
    var worker: Result<(EventBatch) throws -> Output, any Error>?
    while let (ticket, input) = takeBatch() {
      let result = Result {
        if worker == nil { worker = Result { try makeWorker() } }
        let work = try worker!.get()
        let (batch, place) = try input.get()
        return (try EventPipeline.naming(batch) { try work(batch) }, place)
      }
      finish(ticket, result)
    }
  }

  /// The next batch and its place in the order, when there is room for it; nil when there are no more.
  private func takeBatch() -> (Int, Result<(EventBatch, EventPipeline.Progress), any Error>)? {
    reading.lock()
    defer { reading.unlock() }
    guard let ticket = waitForRoom() else { return nil }
    switch Result(catching: { try stream.next(upTo: eventsPerBatch) }) {
    case .success(let batch?): return (ticket, .success((batch, EventPipeline.Progress(stream))))
    case .success(nil):
      end(before: ticket)
      return nil
    case .failure(let error):
      end(before: ticket + 1)
      return (ticket, .failure(error))
    }
  }

  private func waitForRoom() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while taken >= consumed + capacity, !isStopped { condition.wait() }
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

  private func finish(_ ticket: Int, _ result: Result<(Output, EventPipeline.Progress), any Error>) {
    condition.lock()
    results[ticket] = result
    // What comes behind an error is not wanted.
    if case .failure = result { isStopped = true }
    condition.broadcast()
    condition.unlock()
  }

  /// The next result in the order of the input, when it is there; nil behind the last.
  func nextOutput() throws -> (Output, EventPipeline.Progress)? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let result = results.removeValue(forKey: consumed) {
        consumed += 1
        condition.broadcast()
        return try result.get()
      }
      if isStopped, consumed >= taken { return nil }
      condition.wait()
    }
  }

  /// Lets the threads end after what they are working on.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }
}
