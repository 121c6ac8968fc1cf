// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import EventIO
import Foundation
import Support

// The functions that canopy.h declares for writing events. Their documentation is there.

/// `canopy_writer_open`.
@_cdecl("canopy_writer_open")
public func openWriter(
  _ path: UnsafePointer<CChar>?, _ format: UnsafePointer<CChar>?
) -> OpaquePointer? {
  reporting {
    guard let path else { throw CallError("The path of the file is null.") }
    return Handle.make(
      try OpenWriter(
        String(cString: path), format.map { String(cString: $0) }, LoadedPlugins.registry.eventOutputFormats))
  }
}

/// `canopy_writer_close`.
@_cdecl("canopy_writer_close")
public func closeWriter(_ writer: OpaquePointer?) { Handle.release(writer, as: OpenWriter.self) }

/// `canopy_write`.
@_cdecl("canopy_write")
public func write(_ writer: OpaquePointer?, _ events: UnsafePointer<canopy_events>?) -> canopy_status {
  status {
    try Handle.object(writer, as: OpenWriter.self, "writer").write(GivenEvents(events))
  }
}

/// `canopy_writer_finish`.
@_cdecl("canopy_writer_finish")
public func finishWriter(_ writer: OpaquePointer?) -> canopy_status {
  status { try Handle.object(writer, as: OpenWriter.self, "writer").finish() }
}

/// An open writer.
private final class OpenWriter {
  private enum State {
    case empty
    case writing(any EventWriter)
    case finished
  }

  /// How many events are copied at once.
  private static let eventsAtOnce = 1024

  private let format: any EventOutputFormat
  private let path: String
  private var state = State.empty
  private var eventCount = 0
  private var numbers = Array(repeating: [Double](), count: 4)

  init(_ path: String, _ name: String?, _ formats: EventOutputFormats) throws {
    self.path = path
    if let name {
      guard let format = formats[name] else {
        throw CallError(
          "Events are written in no format \(name); choose from \(formats.names.joined(separator: ", ")).")
      }
      self.format = format
    } else {
      let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
      guard formats.fileExtensions.contains("." + ending) else {
        throw CallError(
          "\(path): events are written in no format of this name's ending; give one of "
            + "\(formats.fileExtensions.joined(separator: ", ")), or name a format: "
            + "\(formats.names.joined(separator: ", ")).")
      }
      format = formats.format(ofFile: path)
    }
  }

  func write(_ given: GivenEvents) throws {
    let writer: any EventWriter
    switch state {
    case .finished: throw CallError("\(path): the writer is finished; open another one.")
    case .writing(let open): writer = open
    case .empty:
      writer = try format.makeWriter(to: .file(path), units: [:], schema: schema(of: given))
      state = .writing(writer)
    }
    try forEachPart(of: given) { try writer.append($0) }
    eventCount += given.eventCount
  }

  func finish() throws {
    if case .finished = state { throw CallError("\(path): the writer is finished already.") }
    if case .empty = state { state = .writing(try format.makeWriter(to: .file(path))) }
    guard case .writing(let writer) = state else { return }
    state = .finished
    try writer.finish()
  }

  /// What all events have, so that the first of them do not decide for the others.
  private func schema(of given: GivenEvents) throws -> EventSchema? {
    var schema: EventSchema?
    try forEachPart(of: given) { events in
      if schema == nil { schema = try EventSchema(events, .groups) } else { try schema!.admit(events) }
    }
    return schema
  }

  private func forEachPart(of given: GivenEvents, _ body: (Events) throws -> Void) throws {
    // No events have columns too.
    for first in stride(from: 0, to: max(1, given.eventCount), by: Self.eventsAtOnce) {
      var events = Events(source: path)
      try given.copy(first..<min(first + Self.eventsAtOnce, given.eventCount), to: &events, using: &numbers)
      for place in events.eventNumbers.indices { events.eventNumbers[place] += eventCount }
      try body(events)
    }
  }
}
