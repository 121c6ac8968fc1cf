// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import Synchronization
import TestFiles
import Testing

@Suite struct EventPipelineTests {
  static let eventCount = 3000

  static func input(_ folder: TemporaryFolder, lastLine: String = "") throws -> String {
    try folder.write((0..<eventCount).map { "1 2 3 \($0 + 10)\n#END\n" }.joined() + lastLine)
  }

  struct Failure: Error, Equatable {
    var event: Int
  }

  @Test(arguments: [1, 2, 5]) func resultsComeInTheOrderOfTheInput(threads: Int) throws {
    let folder = try TemporaryFolder()
    let stream = try EventStream(inputs: [try EventPipelineTests.input(folder)])
    let workers = Atomic(0)
    let inFlight = Atomic(0)
    var largest = 0
    var found: [Double] = []
    try EventPipeline.run(stream: stream, eventsPerBatch: 7, threads: threads) {
      workers.add(1, ordering: .relaxed)
      var calls = 0  // each worker has its own
      return { (batch: Events) in
        calls += 1
        inFlight.add(1, ordering: .relaxed)
        // Batches take unequal times.
        if batch.eventNumbers[0] % 5 == 0 { usleep(500) }
        return batch.momenta.energy
      }
    } consume: { energies in
      largest = max(largest, inFlight.load(ordering: .relaxed))
      inFlight.subtract(1, ordering: .relaxed)
      found += energies
    }
    #expect(found == (0..<EventPipelineTests.eventCount).map { Double($0 + 10) })
    #expect((1...threads).contains(workers.load(ordering: .relaxed)))
    #expect(largest <= 2 * threads)
  }

  @Test(arguments: [1, 3]) func timesAddUp(threads: Int) throws {
    let folder = try TemporaryFolder()
    let stream = try EventStream(inputs: [try EventPipelineTests.input(folder)])
    let times = try EventPipeline.run(stream: stream, eventsPerBatch: 100, threads: threads) {
      { (batch: Events) in
        usleep(200)
        return batch.eventCount
      }
    } consume: { _ in
      usleep(100)
    }
    let batches = Double(EventPipelineTests.eventCount / 100)
    #expect(times.reading > 0 && times.working >= batches * 200e-6 && times.consuming >= batches * 100e-6)
    // One thread does one thing after the other; with more, reading and consuming are still done by one
    // thread each.
    #expect(times.reading <= times.total && times.consuming <= times.total)
    #expect(times.reading + times.working + times.waiting <= Double(threads) * times.total)
    #expect((times.waiting > 0) == (threads > 1))
  }

  @Test(arguments: [1, 2, 5]) func theFirstErrorStopsEverything(threads: Int) throws {
    let folder = try TemporaryFolder()
    let good = try EventPipelineTests.input(folder)
    for failing in [0, 700, 2999] {
      var consumed = 0
      #expect(throws: Failure(event: failing / 10)) {
        try EventPipeline.run(stream: try EventStream(inputs: [good]), eventsPerBatch: 10, threads: threads) {
          { (batch: Events) in
            // Later batches fail too, and sooner.
            if batch.eventNumbers[0] >= failing / 10 * 10 {
              if batch.eventNumbers[0] == failing / 10 * 10 { usleep(2000) }
              throw Failure(event: batch.eventNumbers[0] / 10)
            }
            return batch.eventCount
          }
        } consume: {
          consumed += $0
        }
      }
      #expect(consumed == failing / 10 * 10)
    }
  }

  @Test(arguments: [1, 2, 5]) func errorsOfReaderAndConsumerAndFactoryAreThrown(threads: Int) throws {
    let folder = try TemporaryFolder()
    let bad = try EventPipelineTests.input(folder, lastLine: "1 2 3\n")
    var consumed = 0
    #expect(throws: EventInputError.self) {
      try EventPipeline.run(stream: try EventStream(inputs: [bad]), eventsPerBatch: 10, threads: threads) {
        { $0.eventCount }
      } consume: {
        consumed += $0
      }
    }
    #expect(consumed == EventPipelineTests.eventCount)
    consumed = 0
    #expect(throws: Failure(event: 50)) {
      try EventPipeline.run(stream: try EventStream(inputs: [bad]), eventsPerBatch: 10, threads: threads) {
        { $0.eventCount }
      } consume: {
        consumed += $0
        if consumed == 50 { throw Failure(event: 50) }
      }
    }
    #expect(throws: Failure(event: -1)) {
      try EventPipeline.run(stream: try EventStream(inputs: [bad]), eventsPerBatch: 10, threads: threads) {
        () throws -> ((Events) throws -> Int) in
        throw Failure(event: -1)
      } consume: { _ in
      }
    }
  }
}
