// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import PluginKit
import PluginTesting
import TestFiles
import Testing

/// Formats that come with Canopy conform, and what a format does wrong is found.
@Suite struct FormatConformanceTests {
  /// Short files of the formats that are text.
  private static let examples = [
    "text": "1 2 3 4\n0 0 5 5\n#END\n-1 0 2 3\n#END\n",
    "jsonl": """
    {"particles": [[1, 2, 3, 4], [0, 0, 5, 5]], "pdgid": [211, 22], "label": 1}
    {"particles": [[-1, 0, 2, 3]], "pdgid": [11], "label": 0}

    """,
    "lhe": """
    <LesHouchesEvents version="3.0">
    <init>
    2212 2212 6500 6500 0 0 0 0 3 1
    1 0.1 1 1
    </init>
    <event>
    1 1 0.5 91.2 0.0078 0.118
    11 1 0 0 0 0 1 2 3 4 0 0 9
    </event>
    <event>
    1 1 0.25 91.2 0.0078 0.118
    -11 1 0 0 0 0 -1 0 2 3 0 0 9
    </event>
    </LesHouchesEvents>

    """,
  ]

  @Test(arguments: examples.keys.sorted(), EventFormatCheck.allCases)
  func builtInFormatsOfEventsConform(_ name: String, _ check: EventFormatCheck) throws {
    let format = try #require(EventFormats.builtIn[name])
    try EventFormatConformance(format, example: Array(Self.examples[name]!.utf8)).run(check)
  }

  @Test(arguments: ResultFormats.builtIn.names, OutputFormatCheck.allCases)
  func builtInFormatsOfResultsConform(_ name: String, _ check: OutputFormatCheck) throws {
    try OutputFormatConformance(#require(ResultFormats.builtIn[name])).run(check)
  }

  @Test(arguments: EventOutputFormats.builtIn.names, OutputFormatCheck.allCases)
  func builtInFormatsThatEventsAreWrittenInConform(_ name: String, _ check: OutputFormatCheck) throws {
    try OutputFormatConformance(#require(EventOutputFormats.builtIn[name])).run(check)
  }

  @Test(arguments: FaultyFormat.Fault.allCases) func faultsOfReadersAreFound(_ fault: FaultyFormat.Fault) {
    let expected: Set<EventFormatCheck>
    switch fault {
    case .none: expected = []
    case .noExample: expected = Set(EventFormatCheck.allCases)
    case .anything, .nothing: expected = [.recognition]
    case .numbers: expected = [.example]
    // What is passed over is not in the batch.
    case .batches: expected = [.batches, .threads, .skipping]
    case .skipping: expected = [.skipping]
    case .otherErrors, .nameless: expected = [.truncation, .damage]
    }
    let failed = EventFormatCheck.allCases.filter { check in
      (try? EventFormatConformance(FaultyFormat(fault: fault)).run(check)) == nil
    }
    #expect(Set(failed) == expected)
  }

  @Test(arguments: FaultyOutput.Fault.allCases) func faultsOfWritersAreFound(
    _ fault: FaultyOutput.Fault
  ) throws {
    let expected: Set<OutputFormatCheck>
    switch fault {
    case .none: expected = []
    case .atOnce: expected = [.wholeness]
    case .noFile: expected = [.wholeness, .emptiness, .determinism, .batches, .reading]
    case .random: expected = [.determinism, .batches]
    case .batches: expected = [.batches]
    case .digits, .lost: expected = [.reading]
    }
    var formats = EventFormats.builtIn
    try formats.register(FaultyFormat(fault: .none))
    let failed = OutputFormatCheck.allCases.filter { check in
      (try? OutputFormatConformance(FaultyOutput(fault: fault), formats: formats).run(check)) == nil
    }
    #expect(Set(failed) == expected)
  }
}
