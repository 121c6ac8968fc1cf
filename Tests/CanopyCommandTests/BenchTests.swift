// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

@Suite struct BenchTests {
  private struct Report: Decodable {
    struct Result: Decodable {
      let unit: String
      let median: Double
      let lowerQuartile, upperQuartile, ceiling, fraction: Double?
    }

    let canopyVersion, fastJetVersion, instructionSet: String
    let threads: Int
    let quick: Bool
    let seconds: Double
    let results: [String: Result]
  }

  private static let sections: [([String], keys: [String])] = [
    (["memory"], every("memory", ["start", "streaming", "growth"])),
    (["clustering"], every("clustering.jets", ["kt", "cambridge", "antikt"]) + ["clustering.events.antikt"]),
    (
      ["encoding"],
      ["5", "20"].flatMap {
        every(
          "encoding.\($0).40",
          ["inference.1", "inference.8", "inference.64", "inference.256", "training.256"])
      }
    ),
    (
      ["throughput", "latency"],
      every("throughput.jets", throughputs) + every("throughput.events", throughputs)
        + every("throughput.training", throughputs)
        + every("latency.jet", latencies) + every("latency.event", latencies)
        + every("latency.event-500", latencies)
    ),
    (["trigger"], every("trigger", latencies)),
    (
      ["size"],
      ["fastjet", "clustering", "network"].flatMap {
        every("size.\($0)", ["10", "100", "1000", "exponent"])
      }
    ),
    (
      ["reading"],
      ["hdf5", "hepmc2-gzip", "hepmc3-zstd", "jsonl", "text"].flatMap {
        every("reading.\($0)", ["events", "disk", "content"])
      }
    ),
  ]
  private static let throughputs = ["one-thread", "all-threads", "scaling"]
  private static let latencies = ["p50", "p99", "p999", "max"]

  private static func every(_ start: String, _ ends: [String]) -> [String] { ends.map { "\(start).\($0)" } }

  @Test func sizesAreDrawn() throws {
    let folder = try TemporaryFolder()
    let figure = folder.path("size.svg")
    let arguments = [
      "bench", "--quick", "--samples", Samples.path(""), "--model", try TinyModel.folder(), "--figure",
    ]
    let outcome = try Program.run(arguments + [figure, "--only", "size"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(try folder.text("size.svg").contains("constituents n of the jet"))
    #expect(try folder.content == ["size.svg"])
    let unrelated = try Program.run(arguments + [figure, "--only", "reading"])
    #expect(unrelated.status == 64 && unrelated.errors.contains("--only"))
    let nowhere = try Program.run(arguments + [folder.path("none/size.svg"), "--only", "size"])
    #expect(nowhere.status == 64 && nowhere.errors.contains("cannot be written"))
  }

  @Test(arguments: sections)
  func sectionsHaveTheirKeys(sections: [String], keys: [String]) throws {
    let outcome = try Program.run(
      ["bench", "--quick", "--format", "json", "--threads", "2", "--samples", Samples.path(""), "--model"]
        + [TinyModel.folder(), "--only"] + sections)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let report = try JSONDecoder().decode(Report.self, from: outcome.output)
    #expect(report.quick && report.threads == 2 && report.seconds > 0)
    #expect(report.results.keys.sorted() == keys.sorted())
    for (key, result) in report.results {
      #expect(result.median >= 0 && !result.unit.isEmpty, "\(key)")
      if let lower = result.lowerQuartile, let upper = result.upperQuartile {
        #expect(lower <= result.median && result.median <= upper, "\(key)")
      }
      #expect((result.ceiling == nil) == (result.fraction == nil), "\(key)")
    }
  }

  @Test func tableNamesTheSectionAndWhatBoundsIt() throws {
    let outcome = try Program.run(
      "bench", "--quick", "--only", "clustering", "--samples", Samples.path(""))
    #expect(outcome.status == 0)
    #expect(outcome.text.contains("FastJet called from C++") && outcome.text.contains("events antikt"))
    #expect(!outcome.text.contains("embedding"))
  }

  @Test func missingSamplesAndModelsAreNamed() throws {
    let folder = try TemporaryFolder()
    for (arguments, advice) in [
      (["--only", "clustering", "--samples", folder.path("none")], "--samples"),
      (["--only", "reading", "--samples", folder.url.path], "has no event files"),
      (
        ["--only", "latency", "--samples", Samples.path(""), "--model", folder.path("none")],
        "a model is a folder"
      ),
    ] {
      let outcome = try Program.run(["bench"] + arguments)
      #expect(outcome.status == 65 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(advice) && outcome.errors.split(separator: "\n").count == 1)
    }
  }
}
