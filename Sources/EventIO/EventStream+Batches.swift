// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

extension EventStream {
  /// The events in batches of at most `count`, from the place of the stream on, as an asynchronous sequence.
  ///
  /// ```swift
  /// for try await events in try EventStream(inputs: ["events.h5"]).batches(of: 256) { … }
  /// ```
  ///
  /// The elements are those of ``next(upTo:)``, and so are the errors. They are read on the caller's actor.
  public func batches(of count: Int) -> Batches { Batches(stream: self, count: count) }

  /// The events of a stream in batches.
  public struct Batches: AsyncSequence {
    fileprivate let stream: EventStream
    fileprivate let count: Int

    /// Reads the batches one after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
      fileprivate let stream: EventStream
      fileprivate let count: Int

      /// The next batch; nil at the end.
      ///
      /// - Throws: what ``EventStream/next(upTo:)`` throws.
      public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Events? {
        try stream.next(upTo: count)
      }

      /// The next batch; nil at the end.
      ///
      /// - Throws: what ``EventStream/next(upTo:)`` throws.
      public mutating func next() async throws -> Events? { try stream.next(upTo: count) }
    }

    /// An iterator, which goes on from the place of the stream.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: stream, count: count) }
  }
}
