// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The text of some events of a generator's record, which any thread may parse.
public protocol GeneratorText: Sendable {
  /// The number of bytes.
  var size: Int { get }

  /// Parses the events; bad ones are left out after they were passed to `onBadEvent`.
  ///
  /// - Throws: what `onBadEvent` throws.
  func parse(_ onBadEvent: (EventInputError) throws -> Void) throws -> GeneratorEvents
}

/// Events of a generator's record.
public struct GeneratorEvents: Sendable {
  /// The good events, with their columns.
  public var batch: Events
  /// The columns of the first good event of the input; nil if there was none.
  public var schema: GeneratorColumns.Schema?

  /// Events whose columns are those of `columns`.
  public init(_ batch: Events, columns: GeneratorColumns) {
    self.batch = batch
    self.batch.columns = columns.columns
    schema = columns.schema
  }
}

extension TakenEvents {
  /// The events of a text, for another thread to parse once the columns of the input are known, which the first good
  /// event says.
  ///
  /// - Parameters:
  ///   - text: the text, which knows `schema`.
  ///   - eventCount: how many events it has, bad ones included.
  ///   - schema: the columns of the input; nil before the first good event.
  /// - Throws: what parsing throws.
  public init(_ text: some GeneratorText, eventCount: Int, schema: inout GeneratorColumns.Schema?) throws {
    guard schema == nil else {
      self.init(eventCount: eventCount, byteCount: text.size) { try text.parse($0).batch }
      return
    }
    var bad: [EventInputError] = []
    let parsed = try text.parse { bad.append($0) }
    schema = parsed.schema
    self.init(parsed.batch, bad: bad)
  }
}
