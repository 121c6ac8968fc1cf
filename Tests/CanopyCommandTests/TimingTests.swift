// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// `--timing` of the commands that write results.
@Suite struct TimingTests {
  /// The seconds of each row, and the last two lines.
  private func timing(_ arguments: [String]) throws -> (rows: [String: Double], summary: String) {
    let plain = try Program.run(arguments)
    let outcome = try Program.run(arguments + ["--timing"])
    try #require(outcome.status == 0 && plain.status == 0, "\(outcome.errors)")
    // Timing a command does not change its results.
    #expect(outcome.output == plain.output && plain.errors.isEmpty)
    var lines = outcome.errors.split(separator: "\n").map(String.init)
    try #require(lines.count > 4 && lines.first == "where the time went")
    let summary = lines.suffix(2).joined(separator: "\n")
    lines = Array(lines.dropFirst(2).dropLast(2))
    let rows = try lines.map { line in
      let words = line.split(separator: " ")
      let seconds = try #require(Double(words[words.count - 2]))
      return (words.dropLast(2).joined(separator: " "), seconds)
    }
    return (Dictionary(uniqueKeysWithValues: rows), summary)
  }

  @Test func aCompressedFileIsDecompressedAndParsed() throws {
    let input = Samples.path("w-events.hepmc.zst")
    let (rows, summary) = try timing([
      "classify", input, "--model", try TinyModel.folder(), "--threads", "1", "--format", "jsonl",
    ])
    #expect(
      Set(rows.keys) == [
        "decompressing", "reading", "parsing", "clustering", "features", "network", "heads",
        "collecting results", "writing",
      ])
    #expect(rows["parsing"]! > 0 && rows["clustering"]! > 0)
    let passed = try #require(Double(summary.split(separator: " ")[0]))
    // The rows are everything that one thread did, rounded.
    let sum = rows.values.reduce(0, +)
    #expect(sum <= passed + 0.01 && sum >= 0.5 * passed)
    #expect(summary.contains("events/s") && summary.contains("MB/s of the input; 1 thread\n"))
    #expect(summary.contains("limited by its one thread, above all by "))
  }

  @Test func onlyWhatIsDoneHasARow() throws {
    let input = Samples.path("w-vs-qcd-small.h5")
    let embedding = try timing([
      "embed", input, "--model", try TinyModel.folder(), "--threads", "2", "--max-events", "300", "--format",
      "jsonl",
    ])
    #expect(
      Set(embedding.rows.keys) == [
        "reading", "clustering", "features", "network", "collecting results", "writing",
        "waiting for each other",
      ])
    #expect(embedding.summary.contains("; 2 threads\n"))
    let clustering = try timing(["cluster", input, "--max-events", "300", "--threads", "2"])
    #expect(
      Set(clustering.rows.keys) == [
        "reading", "clustering", "collecting results", "writing", "waiting for each other",
      ])
    #expect(clustering.summary.contains("limited by "))
  }
}
