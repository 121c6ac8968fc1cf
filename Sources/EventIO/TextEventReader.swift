// SPDX-License-Identifier: GPL-3.0-or-later

import CTextParsing
import Foundation
import JetPhysics

/// `px py pz E` a line.
public struct TextEventFormat: EventFormat {
  /// `text`.
  public let name = "text"
  /// `plain text`.
  public let title = "plain text"
  /// What a line has.
  public let summary = "px py pz E text"

  /// The format.
  public init() {}

  /// Whether the first line that is no comment begins with a number, or there are comments alone.
  public func matches(_ start: FileStart) -> Bool {
    guard let content = start.firstContent else { return !start.lines.isEmpty }
    return Double(content.prefix { $0 != " " && $0 != "\t" }) != nil
  }

  /// Opens an input.
  public func open(_ input: EventSource) throws -> any EventReader {
    TextEventReader(input.bytes, firstEvent: input.firstEvent, options: input.options)
  }
}

/// FastJet's plain text: `px py pz E` a line, `#END` or a blank line between events, `#` comments.
///
/// `#END` ends an event even if it has no particles. A blank line ends an event that has particles; an `#END`
/// right after it belongs to the same event.
final class TextEventReader: ParsingEventReader {
  private let buffer: ByteBuffer
  private let options: EventReadingOptions
  private var nextEvent: Int
  private var isAfterBlankEnd = false

  /// Reads from `buffer`; the first event gets the number `firstEvent`.
  init(_ buffer: ByteBuffer, firstEvent: Int, options: EventReadingOptions) {
    self.buffer = buffer
    self.options = options
    nextEvent = firstEvent
  }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<max(count, 0) {
      guard try readEvent({ _ in }) else { return skipped }
      nextEvent += 1
    }
    return max(count, 0)
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
    var batch = Events(source: buffer.source)
    var considered = 0
    while considered < count, !batch.isFull(options.limits) {
      var problem: EventInputError?
      let found = try readEvent { line in
        guard problem == nil else { return }
        problem = self.append(line, to: &batch)
      }
      guard found else { break }
      considered += 1
      if problem == nil, let bad = batch.unfinishedEventProblem() {
        problem = error(field: bad.field, bad.problem)
      }
      if let problem {
        batch.discardUnfinishedEvent()
        nextEvent += 1
        try onBadEvent(problem)
      } else {
        batch.finishEvent(number: nextEvent)
        nextEvent += 1
      }
    }
    return considered == 0 ? nil : batch
  }

  /// Gives the particle lines of the next event to `body`; false at the end of the input.
  private func readEvent(_ body: (UnsafeRawBufferPointer) -> Void) throws -> Bool {
    var hasParticles = false
    while let line = try buffer.nextLine() {
      guard let first = line.first(where: { $0 != 0x20 && $0 != 0x09 }) else {
        if hasParticles {
          isAfterBlankEnd = true
          return true
        }
        continue
      }
      if first == UInt8(ascii: "#") {
        // Whatever follows, as in the programs that come with FastJet.
        guard
          String(decoding: line.prefix(64), as: UTF8.self).trimmingCharacters(in: .whitespaces).hasPrefix(
            "#END")
        else { continue }
        if isAfterBlankEnd, !hasParticles {
          isAfterBlankEnd = false
          continue
        }
        return true
      }
      isAfterBlankEnd = false
      hasParticles = true
      body(line)
    }
    return hasParticles
  }

  /// Adds the particle of a line, or says what is wrong with it.
  private func append(_ line: UnsafeRawBufferPointer, to batch: inout Events) -> EventInputError? {
    let comment = memchr(line.baseAddress!, Int32(UInt8(ascii: "#")), line.count)
    let length = comment.map { UnsafeRawPointer($0) - line.baseAddress! } ?? line.count
    let text = line.baseAddress?.assumingMemoryBound(to: CChar.self)
    var values = (0.0, 0.0, 0.0, 0.0)
    let count = withUnsafeMutableBytes(of: &values) {
      canopy_parse_decimals(text, length, $0.baseAddress?.assumingMemoryBound(to: Double.self), 4)
    }
    guard count == 4 else {
      if count < 0 {
        return error(
          line: buffer.lineNumber, "has a field \(-count) that is no number or too large; write px py pz E")
      }
      return error(
        line: buffer.lineNumber, "has \(count) field\(count == 1 ? "" : "s") instead of px py pz E")
    }
    guard batch.particleCount - batch.offsets.last! < options.limits.particlesOfEvent else {
      return error(line: buffer.lineNumber, "is one particle too many; end events by #END")
    }
    batch.momenta.append(FourMomentum(px: values.0, py: values.1, pz: values.2, energy: values.3))
    return nil
  }

  private func error(line: Int? = nil, field: String? = nil, _ problem: String) -> EventInputError {
    EventInputError(source: buffer.source, event: nextEvent, line: line, field: field, problem: problem)
  }
}
