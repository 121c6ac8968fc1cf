// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// What HepMC files say of an event as a whole.
@Suite struct HepMCColumnTests {
  private static let files = ["hepmc3-columns.hepmc", "hepmc2-columns.hepmc"]

  @Test(arguments: files) func columnsAreWhatPyhepmcReads(name: String) throws {
    let all = try JSONDecoder().decode(
      [String: [[String: Double]]].self, from: Fixtures.data("hepmc-columns.json"))
    let expected = try #require(all[name])
    let found = try batches(Fixtures.path(name))[0]
    var names = Set(found.columns.names)
    #expect(names.remove("weights") != nil && names == Set(expected[0].keys))
    for (event, row) in expected.enumerated() {
      for (name, value) in row { #expect(found.columns[name]?.values[event] == value, "\(name)") }
      let weights = ["weight.nominal", "weight.scale_up=2.0", "weight.PDF/303600"].map { row[$0]! }
      #expect(Array(found.columns["weights"]!.values[(3 * event)..<(3 * event + 3)]) == weights)
    }
  }

  @Test func aWeightIsFoundByEitherName() throws {
    let batch = try batches(Fixtures.path("hepmc3-columns.hepmc"))[0]
    for name in ["PDF/303600", "weight.PDF/303600"] {
      let found = try #require(batch.column(forWeight: name))
      #expect(found.name == "weight.PDF/303600" && found.column.values == [1e-30, 2e-30, 1e-30])
    }
    #expect(batch.column(forWeight: "weight")?.name == "weight")
    #expect(batch.column(forWeight: "PDF") == nil)
  }

  /// HepMC2 events of one particle each, whose weights have names if they are given.
  private func text(_ events: [(weights: [Double], names: [String]?)]) -> String {
    var lines = ["HepMC::Version 2.06.09", "HepMC::IO_GenEvent-START_EVENT_LISTING"]
    for (number, event) in events.enumerated() {
      let weights = ([Double(event.weights.count)] + event.weights).enumerated().map {
        $0.offset == 0 ? "\(Int($0.element))" : "\($0.element)"
      }
      lines.append("E \(number) -1 0 0 0 0 0 1 0 0 0 \(weights.joined(separator: " "))")
      if let names = event.names {
        lines.append("N \(names.count) " + names.map { "\"\($0)\"" }.joined(separator: " "))
      }
      lines += ["U GEV MM", "V -1 0 0 0 0 0 0 1 0", "P 1 211 0 0 1 \(number + 2) 0 1 0 0 0 0"]
    }
    return (lines + ["HepMC::IO_GenEvent-END_EVENT_LISTING", ""]).joined(separator: "\n")
  }

  /// The values of all columns by name and event, and NaN for those that a batch lacks.
  private func columns(_ path: String, step: Int) throws -> [String: [String]] {
    var columns: [String: [String]] = [:]
    var count = 0
    for batch in try batches(path, step: step) {
      for (name, column) in batch.columns.sorted {
        for event in 0..<batch.eventCount {
          let values = column.values[(event * column.width)..<((event + 1) * column.width)]
          columns[name, default: Array(repeating: "[nan]", count: count)].append("\(Array(values))")
        }
      }
      count += batch.eventCount
      for name in columns.keys {
        columns[name]! += Array(repeating: "[nan]", count: count - columns[name]!.count)
      }
    }
    return columns
  }

  @Test func weightsMayChangeTheirNumber() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      text([([1, 2, 3, 4], nil), ([5, 6, 7, 8, 9], nil), ([10, 11], nil), ([], nil)]))
    for step in [1, 2, 3, 100] {
      let found = try columns(path, step: step)
      #expect(found["weight"] == ["[1.0]", "[5.0]", "[10.0]", "[nan]"])
      #expect(
        found["weights"] == [
          "[1.0, 2.0, 3.0, 4.0]", "[5.0, 6.0, 7.0, 8.0]", "[10.0, 11.0, nan, nan]", "[nan, nan, nan, nan]",
        ])
      #expect(found["weights.4"] == ["[nan]", "[9.0]", "[nan]", "[nan]"])
      #expect(found["number"] == ["[0.0]", "[1.0]", "[2.0]", "[3.0]"])
    }
  }

  @Test func weightsMayChangeTheirOrder() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      text([
        ([1, 2, 3], ["a", "b/c", "é\nd"]), ([4, 5, 6], ["b/c", "new", "a"]), ([7, 8, 9], nil),
        ([10, 11], ["a", "a"]), ([12], ["a", "b/c"]),
      ]))
    for step in [1, 2, 100] {
      let found = try columns(path, step: step)
      #expect(found["weight"] == ["[1.0]", "[4.0]", "[7.0]", "[10.0]", "[12.0]"])
      #expect(found["weight.a"] == ["[1.0]", "[6.0]", "[nan]", "[10.0]", "[nan]"])
      #expect(found["weight.b/c"] == ["[2.0]", "[4.0]", "[nan]", "[nan]", "[nan]"])
      #expect(found["weight.é\nd"] == ["[3.0]", "[nan]", "[nan]", "[nan]", "[nan]"])
      #expect(found["weight.new"] == ["[nan]", "[5.0]", "[nan]", "[nan]", "[nan]"])
      #expect(found["weights.1"] == ["[nan]", "[nan]", "[8.0]", "[11.0]", "[nan]"])
      #expect(found["weights.2"] == ["[nan]", "[nan]", "[9.0]", "[nan]", "[nan]"])
      #expect(
        found["weights"] == [
          "[1.0, 2.0, 3.0]", "[6.0, 4.0, nan]", "[nan, nan, nan]", "[10.0, nan, nan]", "[nan, nan, nan]",
        ])
    }
  }

  /// The place at which reading begins makes no difference to the columns.
  @Test func skippedEventsCountForTheColumns() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text([([1, 2], ["a", "b"]), ([3, 4, 5], ["c", "b", "a"])]))
    let batch = try batches(path, options: EventReadingOptions(skipEvents: 1))[0]
    #expect(batch.columns["weights"] == Column(width: 2, values: [5, 4]))
  }

  @Test func eachListingNamesItsWeights() throws {
    let folder = try TemporaryFolder()
    func listing(_ heading: String, _ weights: String) -> String {
      "HepMC::Asciiv3-START_EVENT_LISTING\n\(heading)E 1 0 1\nU GEV MM\nW \(weights)\nP 1 0 211 0 0 1 2 0 1\n"
        + "HepMC::Asciiv3-END_EVENT_LISTING\n"
    }
    let path = try folder.write(
      listing("W a\\|b \\\\ c\n", "1 2") + listing("W b \\\\ c\\|a\n", "3 4") + listing("", "5 6"))
    for step in [1, 2, 3] {
      let found = try columns(path, step: step)
      #expect(found["weight.a"] == ["[1.0]", "[4.0]", "[nan]"])
      #expect(found["weight.b \\ c"] == ["[2.0]", "[3.0]", "[nan]"])
      #expect(found["weights.1"] == ["[nan]", "[nan]", "[6.0]"])
    }
  }

  @Test func anAttributeDoesNotReplaceAColumn() throws {
    let folder = try TemporaryFolder()
    let text = """
      HepMC::Asciiv3-START_EVENT_LISTING
      E 7 0 1
      U GEV MM
      A 0 number 5
      A 0 weight.a 6
      A 0 words one 2
      A 0 pair 1 2
      A 1 flow1 501
      P 1 0 211 0 0 1 2 0 1

      """
    let found = values(of: try batches(try folder.write(text))[0].columns)
    #expect(found == ["number": [7], "attribute.number": [5], "attribute.weight.a": [6]])
  }

  @Test func twoAttributesOfOneNameAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "HepMC::Asciiv3-START_EVENT_LISTING\nE 7 0 1\nU GEV MM\nA 0 é 5\nA 0 e\u{301} 6\nP 1 0 211 0 0 1 2 0 1\n"
    )
    let found = refusal(path)
    #expect(found.contains("é is given twice, in two normal forms of Unicode"), "\(found)")
  }

  @Test func statusesAreChosenAndGiven() throws {
    for name in HepMCTests.files {
      let field = name.hasPrefix("hepmc2") ? 8 : 9
      let lines = try Fixtures.text(name).split(separator: "\n").filter { $0.hasPrefix("P ") }
      let statuses = lines.map { Double($0.split(separator: " ")[field])! }
      for wanted: Set<Int32> in [[1], [2], [1, 2, 4], [77]] {
        let selection = ParticleSelection(
          keepsInvisible: true, statuses: wanted, conditions: [try ParticleCondition("status > 0")])
        let found = try batches(Fixtures.path(name), options: EventReadingOptions(particles: selection))
        let expected = statuses.filter { wanted.contains(Int32($0)) }
        #expect(found.flatMap { $0.particles.content.columns["status"]!.values } == expected)
        #expect(found.reduce(0) { $0 + $1.eventCount } == 6)
      }
    }
  }
}
