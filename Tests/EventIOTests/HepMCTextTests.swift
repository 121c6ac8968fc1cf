// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// HepMC that threads parse piece by piece.
@Suite struct HepMCTextTests {
  /// Some listings with damage in them, and what is to be found.
  private struct Text {
    var lines = ["HepMC::Version 3.02.06"]
    var energies: [Int: [Double]] = [:]
    var bad: [String] = []
    private(set) var eventCount = 0

    mutating func append(_ line: String) { lines.append(line) }

    mutating func beginListing(_ kind: String = "Asciiv3") {
      lines += ["HepMC::\(kind)-START_EVENT_LISTING", "W 1", "T made\\|for\\|a test"]
    }

    mutating func endListing() { lines += ["HepMC::Asciiv3-END_EVENT_LISTING", "", ""] }

    /// An event of as many particles as its number's last digit, one of which may be damaged.
    mutating func addEvent(weights: Int = 1, isDamaged: Bool = false) {
      let number = eventCount
      let count = number % 10
      // An event begins with the number that its writer gave it, which has no effect.
      lines += ["E \(number + 100) 0 \(count)", "U GEV MM"]
      lines.append("W " + Array(repeating: "1.5", count: weights).joined(separator: " "))
      for particle in 0..<count {
        let energy = Double(number * 10 + particle + 1)
        lines.append("P \(particle + 1) 0 211 0 0 1 \(energy) 0" + (isDamaged && particle == 1 ? "" : " 1"))
        energies[number, default: []].append(energy)
      }
      if isDamaged {
        energies[number] = nil
        bad.append("event \(number), line \(lines.count - count + 2) has 8 fields instead of 9")
      } else if count == 0 {
        energies[number] = []
      }
      eventCount += 1
    }

    /// Something that counts as an event and is none.
    mutating func addFault(_ sentence: String) {
      bad.append("event \(eventCount)\(sentence)")
      eventCount += 1
    }
  }

  private static let text: Text = {
    var text = Text()
    text.beginListing()
    for number in 0..<40 {
      text.addEvent(weights: number == 17 ? 2 : 1, isDamaged: [5, 6, 32].contains(number))
    }
    text.endListing()
    // Events after a listing are read like those in it.
    text.addEvent()
    text.beginListing()
    for _ in 0..<9 { text.addEvent() }
    text.beginListing("IO_GenEvent")
    text.addFault(
      ", line \(text.lines.count - 2) starts a listing of another kind of HepMC; give it as a file of its own"
    )
    // A listing that was not ended goes on.
    for _ in 0..<8 { text.addEvent() }
    text.addEvent(isDamaged: true)
    return text
  }()

  private struct Found: Equatable {
    var energies: [Int: [Double]] = [:]
    var bad: [String] = []

    mutating func add(_ batch: Events) {
      for event in 0..<batch.eventCount {
        energies[batch.eventNumbers[event]] = batch.particles(ofEvent: event).map { batch.momenta.energy[$0] }
      }
    }
  }

  private func stream(_ folder: TemporaryFolder, maximum: Int? = nil) throws -> EventStream {
    let path = try folder.write(Self.text.lines.joined(separator: "\r\n") + "\r\n")
    return try EventStream(
      inputs: [path], options: EventReadingOptions(maximumEvents: maximum, skipBadEvents: true))
  }

  @Test(arguments: [1, 2, 3, 7, 1000]) func piecesMakeTheWhole(size: Int) throws {
    let folder = try TemporaryFolder()
    let stream = try stream(folder)
    var found = Found()
    while let batch = try stream.next(upTo: size) { found.add(batch) }
    found.bad = stream.badEvents.map { $0.description }
    expect(found)
    #expect(stream.nextEventNumber == Self.text.eventCount && stream.badEventCount == Self.text.bad.count)
  }

  @Test(arguments: [1, 2, 5]) func threadsMakeTheSame(threads: Int) throws {
    let folder = try TemporaryFolder()
    let stream = try stream(folder)
    var found = Found()
    var places: [Int] = []
    var badCounts: [Int] = []
    let times = try EventPipeline.run(
      stream: stream, eventsPerBatch: 3, threads: threads, makeWorker: { { $0 } }, consume: { found.add($0) },
      progress: {
        places.append($0.events)
        badCounts.append($0.badEventCount)
      })
    found.bad = stream.badEvents.map { $0.description }
    expect(found)
    #expect(places == places.sorted() && places.count > 15 && times.parsing > 0)
    // Bad events are reported with the batch that they are in, whichever thread parsed it, and when.
    for (place, bad) in zip(places, badCounts) {
      #expect(bad == Self.text.bad.count { Int($0.dropFirst(6).prefix { $0.isNumber })! < place })
    }
  }

  private func expect(_ found: Found) {
    #expect(found.energies == Self.text.energies)
    #expect(found.bad.count == Self.text.bad.count)
    for (sentence, end) in zip(found.bad, Self.text.bad) {
      #expect(sentence.contains(", \(end)"), "\(sentence)")
    }
  }

  /// Whatever the number of events that are wanted, the file's end does not come before them.
  @Test func noMoreIsReadThanIsWanted() throws {
    let folder = try TemporaryFolder()
    for maximum in 0...Self.text.eventCount {
      let stream = try stream(folder, maximum: maximum)
      var count = 0
      while let batch = try stream.next(upTo: 4) { count += batch.eventCount }
      #expect(count + stream.badEventCount == maximum && stream.nextEventNumber == maximum)
    }
  }

  @Test func theFirstErrorInTheOrderOfTheInputIsThrown() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.text.lines.joined(separator: "\n"))
    for threads in [1, 4] {
      var consumed: [Int] = []
      let error = #expect(throws: EventInputError.self) {
        try EventPipeline.run(
          stream: EventStream(inputs: [path]), eventsPerBatch: 2, threads: threads, makeWorker: { { $0 } },
          consume: { consumed += $0.eventNumbers })
      }
      #expect(error?.description.contains(Self.text.bad[0]) == true)
      #expect(consumed == [0, 1, 2, 3])
    }
  }

  @Test func eventsArePassedOver() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.text.lines.joined(separator: "\n"))
    for skipped in [1, 18, 39, 40, 45] {
      let stream = try EventStream(inputs: [path], options: EventReadingOptions(skipEvents: skipped))
      #expect(try stream.next(upTo: 1)?.eventNumbers == [skipped])
    }
    let options = EventReadingOptions(skipEvents: 51)
    #expect(refusal(path, options: options).contains("event 50, line"))
  }
}
