// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension PluginRegistry {
  /// The formats of events that the program reads: the built-in ones, and those that were registered.
  public var eventFormats: EventFormats { self[EventFormats.self] ?? .builtIn }

  /// The formats that the program writes results in: the built-in ones, and those that were registered.
  public var resultFormats: ResultFormats { self[ResultFormats.self] ?? .builtIn }

  /// The formats that the program writes events in: the built-in ones, and those that were registered.
  public var eventOutputFormats: EventOutputFormats { self[EventOutputFormats.self] ?? .builtIn }

  /// Makes a format of events known, with which inputs are compared before all built-in ones.
  ///
  /// A type that writes events too is registered twice, `as any EventFormat` and `as any EventOutputFormat`.
  ///
  /// - Throws: `PluginError` if the name is taken by another format, or does not serve as one.
  public mutating func register(_ format: any EventFormat) throws {
    var formats = eventFormats
    try register(part: "event format", format.name) { try formats.register(format) }
    self[EventFormats.self] = formats
  }

  /// Makes a format of results known.
  ///
  /// - Throws: `PluginError` if the name is taken by another format, or the name or an ending does not serve as one.
  public mutating func register(_ format: any ResultFormat) throws {
    var formats = resultFormats
    try register(part: "result format", format.name) { try formats.register(format) }
    self[ResultFormats.self] = formats
  }

  /// Makes a format known that events are written in.
  ///
  /// - Throws: `PluginError` if the name is taken by another format, or the name or an ending does not serve as one.
  public mutating func register(_ format: any EventOutputFormat) throws {
    var formats = eventOutputFormats
    try register(part: "event output format", format.name) { try formats.register(format) }
    self[EventOutputFormats.self] = formats
  }

  private mutating func register(part kind: String, _ name: String, _ register: () throws -> Void) throws {
    do {
      try register()
    } catch let error as EventFormatError {
      throw PluginError(error.description)
    }
    note(part: kind, name)
  }

  /// Where the format of events of a name comes from; nil if there is none.
  public func origin(ofEventFormat name: String) -> PluginOrigin? {
    eventFormats[name].map { _ in origin(ofPart: "event format", name) ?? .builtIn }
  }

  /// Where the format of results of a name comes from; nil if there is none.
  public func origin(ofResultFormat name: String) -> PluginOrigin? {
    resultFormats[name].map { _ in origin(ofPart: "result format", name) ?? .builtIn }
  }

  /// Where the format of a name that events are written in comes from; nil if there is none.
  public func origin(ofEventOutputFormat name: String) -> PluginOrigin? {
    eventOutputFormats[name].map { _ in origin(ofPart: "event output format", name) ?? .builtIn }
  }
}
