// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// Where the time of a command went, for people.
struct Timing {
  private var rows: [(name: String, seconds: Double)] = []
  private let total: Double
  private let threads: Int
  private let events: Int
  private let bytes: Int
  private let reading: (name: String, seconds: Double)
  private let writing: Double
  /// The work of all threads: parsing if it is not a part of reading, and the work.
  private let working: Double

  /// - Parameters:
  ///   - stages: the stages of the work.
  ///   - pipeline: what the threads did.
  ///   - finishing: how long it took to complete the output afterwards, in seconds.
  ///   - stream: what was read, to its end.
  ///   - threads: how many threads worked.
  init(
    _ stages: StageTimes, _ pipeline: EventPipeline.Times, finishing: Double, stream: EventStream,
    threads: Int
  ) {
    total = pipeline.total + finishing
    self.threads = threads
    events = max(0, stream.nextEventNumber - stream.options.skipEvents)
    bytes = stream.bytesRead
    let decompression = stream.decompressionSeconds
    let isParsedByAll = stream.format?.isParsedByAllThreads == true
    if decompression > 0 {
      rows.append(("decompressing", decompression))
      rows.append((isParsedByAll ? "reading" : "parsing", max(0, pipeline.reading - decompression)))
      reading = ("decompressing and \(isParsedByAll ? "reading" : "parsing")", pipeline.reading)
    } else {
      rows.append(("reading", pipeline.reading))
      reading = ("reading", pipeline.reading)
    }
    if isParsedByAll { rows.append(("parsing", pipeline.parsing)) }
    let parts = StageTimes.Stage.allCases.compactMap { stage in stages[stage].map { ("\(stage)", $0) } }
    rows += parts
    rows.append(("collecting results", max(0, pipeline.working - parts.reduce(0) { $0 + $1.1 })))
    writing = pipeline.consuming + finishing
    working = pipeline.parsing + pipeline.working
    rows.append(("writing", writing))
    if threads > 1 { rows.append(("waiting for each other", pipeline.waiting)) }
  }

  /// A table of the stages, the speed, and what limits it.
  var text: String {
    var listing = Listing()
    listing.begin("where the time went")
    listing.add(
      table: [["", "seconds", "% of the time that passed"]]
        + rows.map { [$0.name, String(format: "%.3f", $0.seconds), percentage($0.seconds / total)] })
    listing.add(
      "",
      String(
        format: "%.3f s passed, %.0f events/s, %.1f MB/s of the input; %@", total, Double(events) / total,
        Double(bytes) * 1e-6 / total, threads == 1 ? "1 thread" : "\(threads) threads"))
    listing.add("", limit)
    return listing.text
  }

  /// One sentence on what is busiest: reading and writing are done by one thread at a time, the rest by all.
  private var limit: String {
    let slowest = rows.dropLast(threads > 1 ? 1 : 0).max { $0.seconds < $1.seconds }!.name
    guard threads > 1 else { return "limited by its one thread, above all by \(slowest)" }
    let shares = [
      (reading.name, reading.seconds / total, "reading"), ("writing", writing / total, "writing"),
    ]
    // If the one thread that may read is nearly always reading, more threads do not help.
    if let (name, share, verb) = shares.max(by: { $0.1 < $1.1 }), share >= 0.9 {
      return "limited by \(name): \(verb) was busy \(percentage(share)) % of the time"
    }
    let busy = percentage((reading.seconds + working) / (Double(threads) * total))
    return "limited by the \(threads) threads, which were busy \(busy) % of the time, above all by \(slowest)"
  }

  private func percentage(_ share: Double) -> String { String(format: "%.0f", 100 * share) }
}
