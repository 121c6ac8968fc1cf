// SPDX-License-Identifier: GPL-3.0-or-later

/// The template of a format that events are read from and written in.
struct FormatTemplate: PluginKindTemplate {
  static let kind = "format"
  static let meaning = "a text format of events, read and written"
  static let exampleEnding = "txt"

  private let names: PluginNames

  init(_ names: PluginNames) { self.names = names }

  /// What the first line of a file is.
  private var heading: String { "#\(names.identifier)" }

  var source: String {
    """
    import EventIO
    import PluginKit

    /// Reads events as text: the line `\(heading)`, then for each event a line `event` and a line `px py pz E` in GeV for each
    /// particle.
    public struct \(names.name): EventFormat {
      public let name = "\(names.identifier)"
      public let title = "\(names.name)"
      public let example = Array("\(heading)\\nevent\\n1 2 3 4\\n0 0 5 5\\nevent\\n-1 0 2 3\\n".utf8)

      public init() {}

      /// Whether the first line is the heading.
      public func matches(_ start: FileStart) -> Bool { start.lines.first == "\(heading)" }

      public func open(_ input: EventSource) throws -> any EventReader { Reader(input) }
    }

    private final class Reader: ParsingEventReader {
      private let input: EventSource
      private var nextEvent: Int
      /// Whether the line that begins the next event has been read already.
      private var hasBegun = false

      init(_ input: EventSource) { (self.input, nextEvent) = (input, input.firstEvent) }

      func skip(_ count: Int) throws -> Int {
        for skipped in 0..<count {
          guard try readEvent({ _ in }) else { return skipped }
        }
        return count
      }

      func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
        var batch = Events(source: input.source)
        var considered = 0
        while considered < count, !batch.isFull(input.options.limits) {
          var problem: EventInputError?
          let found = try readEvent { line in
            if problem == nil { problem = add(line, to: &batch) }
          }
          guard found else { break }
          considered += 1
          if let problem {
            batch.discardUnfinishedEvent()
            try onBadEvent(problem)
          } else {
            batch.finishEvent(number: nextEvent - 1)
          }
        }
        return considered == 0 ? nil : batch
      }

      /// Gives the particle lines of the next event to `body`; false at the end of the input.
      private func readEvent(_ body: (UnsafeRawBufferPointer) -> Void) throws -> Bool {
        while let line = try input.bytes.nextLine() {
          guard let first = line.first(where: { $0 > 0x20 }), first != UInt8(ascii: "#") else { continue }
          if first == UInt8(ascii: "e") {
            guard hasBegun else {
              hasBegun = true
              continue
            }
            nextEvent += 1
            return true
          }
          // A first event may do without its line.
          hasBegun = true
          body(line)
        }
        defer { hasBegun = false }
        nextEvent += hasBegun ? 1 : 0
        return hasBegun
      }

      /// Adds the particle of a line to the event that is being filled, or says what is wrong with it.
      private func add(_ line: UnsafeRawBufferPointer, to batch: inout Events) -> EventInputError? {
        func error(_ field: String?, _ problem: String) -> EventInputError {
          EventInputError(
            source: input.source, event: nextEvent, line: input.bytes.lineNumber, field: field, problem: problem)
        }
        let layout = MomentumLayout.cartesian
        var components: [[Double]] = []
        var unreadable: Int?
        TextNumber.forEachField(of: line) { place, field in
          let value = TextNumber.decimal(field)
          if value == nil, unreadable == nil { unreadable = place }
          components.append([value ?? 0])
        }
        guard components.count == 4 else {
          return error(nil, "has \\(components.count) fields; write px py pz E")
        }
        if let unreadable { return error(layout.names[unreadable], "is no number; write one in GeV") }
        if let (component, problem) = layout.problem(in: components, 0..<1) {
          return error(layout.names[component], problem)
        }
        guard batch.particleCount - batch.offsets.last! < input.options.limits.particlesOfEvent else {
          return error(nil, "is one particle too many; begin events by a line event")
        }
        batch.append(components, 0..<1, layout)
        return nil
      }
    }

    /// Writes events in the same format; columns are left out.
    public struct \(names.name)Output: EventOutputFormat {
      public let name = "\(names.identifier)"
      public let summary = "has a line px py pz E for each particle"
      public let fileExtensions = ["\(names.identifier)"]

      public init() {}

      public func makeWriter(
        to destination: ResultDestination, units: [String: String], schema: EventSchema?
      ) throws -> any EventWriter {
        try Writer(destination)
      }
    }

    private final class Writer: EventWriter {
      private let text: ResultText

      init(_ destination: ResultDestination) throws {
        text = try ResultText(destination)
        try write("\(heading)")
      }

      func append(_ events: Events) throws {
        for event in 0..<events.eventCount {
          try write("event")
          for particle in events.particles(ofEvent: event) {
            let momentum = events.momentum(ofParticle: particle)
            try write("\\(momentum.px) \\(momentum.py) \\(momentum.pz) \\(momentum.energy)")
          }
        }
        try text.flush()
      }

      func finish() throws { try text.finish() }

      private func write(_ line: String) throws {
        text.append(line)
        try text.endLine()
      }
    }

    """
  }

  var tests: String {
    """
    import EventIO
    import Foundation
    import \(names.name)
    import PluginKit
    import PluginTesting
    import Testing

    @Suite struct \(names.name)Tests {
      /// What every format of events has to do: batches, threads, files that are cut short or damaged, and more.
      @Test(arguments: EventFormatCheck.allCases) func readingConforms(_ check: EventFormatCheck) throws {
        try EventFormatConformance(\(names.name)()).run(check)
      }

      /// What every format has to do that is written: files that are whole or absent, the same bytes again, and more.
      @Test(arguments: OutputFormatCheck.allCases) func writingConforms(_ check: OutputFormatCheck) throws {
        var formats = EventFormats.builtIn
        try formats.register(\(names.name)())
        try OutputFormatConformance(\(names.name)Output(), formats: formats).run(check)
      }

      @Test func aBadEventIsNamed() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\\(UUID().uuidString).txt")
        try Data("\(heading)\\nevent\\n1 2 3 4\\nevent\\n1 2 x 4\\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var formats = EventFormats.builtIn
        try formats.register(\(names.name)())
        let stream = try EventStream(inputs: [file.path], options: EventReadingOptions(formats: formats))
        let error = #expect(throws: EventInputError.self) { try stream.next(upTo: 10) }
        #expect(error?.event == 1 && error?.line == 5 && error?.field == "pz")
      }
    }

    """
  }

  var registered: [String] { ["\(names.name)()", "\(names.name)Output()"] }

  var imports: [String] { ["EventIO", "PluginKit"] }

  var example: String {
    """
    \(heading)
    event
    14.9 13.2 20.1 28.4
    11.3 12.4 18.7 25.1
    -25.7 -25.1 -3.0 36.1
    event
    -31.2 8.8 4.1 32.7
    30.4 -9.1 -12.6 34.2

    """
  }

  var purpose: String {
    "a format called `\(names.identifier)`, a text of momenta, in which events are read and written."
  }

  var use: String { "canopy cluster \(names.identifier).txt" }
}
