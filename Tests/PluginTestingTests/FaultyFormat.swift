// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import PluginKit

/// A format of events that does one thing wrong, or none: `#faulty`, then an event a line, `px py pz E` of each particle.
struct FaultyFormat: EventFormat {
  enum Fault: CaseIterable {
    case none, noExample, anything, nothing, numbers, batches, skipping, otherErrors, nameless
  }

  let fault: Fault
  let name = "faulty"
  let title = "faulty"

  var example: [UInt8] {
    fault == .noExample ? [] : Array("#faulty\n3 4 0 5 0 0 2 2\n1 0 0 1\n\n0 1 1 3\n".utf8)
  }

  func matches(_ start: FileStart) -> Bool {
    switch fault {
    case .anything: true
    case .nothing: false
    default: start.lines.first == "#faulty"
    }
  }

  func open(_ input: EventSource) throws -> any EventReader { FaultyReader(input, fault) }
}

private final class FaultyReader: ParsingEventReader {
  private let input: EventSource
  private let fault: FaultyFormat.Fault
  private var nextEvent: Int

  init(_ input: EventSource, _ fault: FaultyFormat.Fault) {
    self.input = input
    self.fault = fault
    nextEvent = fault == .numbers ? 7 : input.firstEvent
  }

  private func nextLine() throws -> UnsafeRawBufferPointer? {
    while let line = try input.bytes.nextLine() {
      if line.first != UInt8(ascii: "#") { return line }
    }
    return nil
  }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<count {
      guard try nextLine() != nil else { return skipped }
      nextEvent += 1
    }
    if fault == .skipping { nextEvent += 1 }
    return count
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
    var batch = Events(source: input.source)
    var considered = 0
    while considered < count, let line = try nextLine() {
      considered += 1
      var numbers: [Double?] = []
      TextNumber.forEachField(of: line) { _, field in numbers.append(TextNumber.decimal(field)) }
      let isGood = numbers.count % 4 == 0 && !numbers.contains(nil)
      // The place in the batch must not matter.
      let scale = fault == .batches && considered > 1 ? 2.0 : 1
      for first in stride(from: 0, to: isGood ? numbers.count : 0, by: 4) {
        let values = numbers[first..<first + 4].map { scale * $0! }
        batch.momenta.append(FourMomentum(px: values[0], py: values[1], pz: values[2], energy: values[3]))
      }
      defer { nextEvent += 1 }
      if isGood {
        batch.finishEvent(number: nextEvent)
        continue
      }
      batch.discardUnfinishedEvent()
      if fault == .otherErrors { throw CancellationError() }
      try onBadEvent(
        EventInputError(
          source: fault == .nameless ? "a file" : input.source, event: nextEvent, problem: "is bad"))
    }
    return considered == 0 ? nil : batch
  }
}

/// Writes events for ``FaultyFormat``, and does one thing wrong, or none.
struct FaultyOutput: EventOutputFormat {
  enum Fault: CaseIterable {
    case none, atOnce, noFile, random, batches, digits, lost
  }

  let fault: Fault
  let name = "faulty"
  let summary = "is faulty"
  let fileExtensions = ["faulty"]

  func makeWriter(
    to destination: ResultDestination, units: [String: String], schema: EventSchema?
  ) throws -> any EventWriter {
    FaultyWriter(destination, fault)
  }
}

private final class FaultyWriter: EventWriter {
  private let destination: ResultDestination
  private let fault: FaultyOutput.Fault
  private var text = "#faulty\n"

  init(_ destination: ResultDestination, _ fault: FaultyOutput.Fault) {
    self.destination = destination
    self.fault = fault
    if fault == .random { text += "# \(UUID())\n" }
  }

  func append(_ events: Events) throws {
    if fault == .batches { text += "# a batch\n" }
    for event in 0..<events.eventCount {
      for particle in events.particles(ofEvent: event).dropFirst(fault == .lost ? 1 : 0) {
        let momentum = events.momentum(ofParticle: particle)
        for value in [momentum.px, momentum.py, momentum.pz, momentum.energy] {
          text += "\(fault == .digits ? value.rounded() : value) "
        }
      }
      text += "\n"
    }
    if fault == .atOnce, case .file(let path) = destination {
      try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
  }

  func finish() throws {
    guard fault != .noFile else { return }
    let output = try ResultText(destination)
    output.append(text)
    try output.finish()
  }
}
