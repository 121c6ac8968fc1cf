// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics

/// A format as a module outside Canopy would add it: `event,px,py,pz,E` a line after a line `#particles`, the lines of an
/// event one after the other.
struct ParticleTableFormat: EventFormat {
  let name = "particle-table"
  let title = "particle table"

  func matches(_ start: FileStart) -> Bool { start.has("#particles\n".utf8) }

  func open(_ input: EventSource) throws -> any EventReader { ParticleTableReader(input) }
}

private final class ParticleTableReader: ParsingEventReader {
  private let input: EventSource
  private var nextEvent: Int
  /// The first line of the next event, if it has been read already.
  private var pending: [UInt8]?

  init(_ input: EventSource) {
    self.input = input
    nextEvent = input.firstEvent
  }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<count {
      guard try nextEventLines({ _ in }) else { return skipped }
      nextEvent += 1
    }
    return count
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
    var batch = Events(source: input.source)
    var considered = 0
    while considered < count, !batch.isFull(input.options.limits) {
      var isGood = true
      let found = try nextEventLines { line in
        let fields = line.split(separator: UInt8(ascii: ",")).dropFirst().map { field in
          Array(field).withUnsafeBytes { TextNumber.decimal($0) }
        }
        guard fields.count == 4, let px = fields[0], let py = fields[1], let pz = fields[2], let e = fields[3]
        else {
          isGood = false
          return
        }
        batch.momenta.append(FourMomentum(px: px, py: py, pz: pz, energy: e))
      }
      guard found else { break }
      considered += 1
      defer { nextEvent += 1 }
      guard isGood else {
        batch.discardUnfinishedEvent()
        try onBadEvent(
          EventInputError(
            source: input.source, event: nextEvent, line: input.bytes.lineNumber,
            problem: "ends an event with a line that is not event,px,py,pz,E"))
        continue
      }
      // Neither limits nor momenta are checked here: the stream does that.
      batch.finishEvent(number: nextEvent)
    }
    return considered == 0 ? nil : batch
  }

  /// Gives the lines of the next event to `body`; false at the end.
  private func nextEventLines(_ body: ([UInt8]) -> Void) throws -> Bool {
    var label: ArraySlice<UInt8>?
    while let line = try pending ?? input.bytes.nextLine().map(Array.init) {
      pending = nil
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      let own = line.prefix { $0 != UInt8(ascii: ",") }
      guard label == nil || label == own else {
        pending = line
        return true
      }
      label = own
      body(line)
    }
    return label != nil
  }
}
