// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Formulas
import Foundation
import JetPhysics
import Settings
import TestFiles
import Testing

/// Samples: files with what is said of all of their events.
@Suite struct InputSampleTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["tt-2", "tt-10", "hh-1"] {
      let lines = (1...3).map { "{\"particles\": [[\($0), 0, 0, 9]], \"label\": 7, \"w\": \($0 - 2)}\n" }
      _ = try folder.write(lines.joined(), to: "\(name).jsonl")
    }
  }

  private func sample(_ yaml: String) throws -> InputSample {
    try ConfigurationNode(yaml: yaml, source: "s.yaml").decode()
  }

  private func problem(_ yaml: String) -> String {
    do {
      _ = try sample(yaml)
      return "no problem"
    } catch { return "\(error)" }
  }

  /// All events of some samples.
  private func read(
    _ samples: [InputSample], _ change: (inout EventReadingOptions) -> Void = { _ in }
  ) throws -> Events {
    var options = EventReadingOptions()
    change(&options)
    let stream = try EventStream(samples: samples, options: options)
    var events = try #require(try stream.next(upTo: 2))
    while let batch = try stream.next(upTo: 2) { events.append(batch) }
    return events
  }

  /// A sample with a name is named in messages, with the file.
  @Test func messagesNameTheSample() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("{\"particles\": [[1, 0, 0, 2]]}\n{\"particles\": 3}\n", to: "a.jsonl")
    let sample = InputSample(files: [file], name: "signal")
    func problem(_ options: EventReadingOptions, _ samples: [InputSample]) -> String {
      let error = #expect(throws: EventInputError.self) {
        let stream = try EventStream(samples: samples, options: options)
        while try stream.next(upTo: 1) != nil {}
      }
      return error?.description ?? ""
    }
    #expect(
      problem(EventReadingOptions(), [sample]).contains("a.jsonl (signal), event 1, line 2, particles "))
    let unknown = EventReadingOptions(selection: [try Formula("x > 1")])
    #expect(problem(unknown, [sample]).contains("a.jsonl (signal), where "))
    let empty = InputSample(files: [try folder.write("{}", to: "b.h5")], name: "background")
    #expect(problem(EventReadingOptions(), [empty]).contains("b.h5 (background), "))
    let stream = try EventStream(samples: [sample], options: EventReadingOptions(skipBadEvents: true))
    while try stream.next(upTo: 1) != nil {}
    #expect(stream.badEvents.first?.description.contains("a.jsonl (signal), event 1") == true)
  }

  @Test func patternsNameFilesInTheOrderOfTheirNames() throws {
    let base = folder.url.path
    func names(_ pattern: String) throws -> [String] {
      try InputSample.files(matching: pattern).map { URL(fileURLWithPath: $0).lastPathComponent }
    }
    #expect(try names("\(base)/tt-*.jsonl") == ["tt-10.jsonl", "tt-2.jsonl"])
    #expect(try names("\(base)/{hh,tt}-[12].jsonl") == ["hh-1.jsonl", "tt-2.jsonl"])
    // A name that there is, and one without such characters, stand for themselves.
    let odd = try folder.write("", to: "odd[1]*.txt")
    #expect(try InputSample.files(matching: odd) == [odd])
    #expect(try InputSample.files(matching: "missing.h5") == ["missing.h5"])
    #expect(try InputSample.files(matching: "-") == ["-"])
    let error = #expect(throws: InputPatternError.self) { try names("\(base)/zz-*") }
    #expect(error?.pattern == "\(base)/zz-*")
  }

  /// As many as these would take glob for ever, or its stack.
  @Test(arguments: [
    String(repeating: "{a,b}", count: 14), String(repeating: "{a}", count: 21),
    "{" + String(repeating: "a,", count: 2500) + "}", String(repeating: "{a}", count: 20000),
    String(repeating: "{", count: 30000),
  ])
  func braceBombsAreRefused(pattern: String) throws {
    let error = #expect(throws: InputPatternError.self) { try InputSample.files(matching: pattern) }
    #expect(error?.isTooLarge == true)
    #expect(problem("'\(pattern)'").contains("or list the files"))
  }

  @Test func bracesOfAnOrdinarySizeAreLookedFor() throws {
    let ten = "{0,1,2,3,4,5,6,7,8,9}"
    let error = #expect(throws: InputPatternError.self) {
      try InputSample.files(matching: "\(folder.url.path)/\(ten)\(ten)\(ten)\(ten)")
    }
    #expect(error?.isTooLarge == false)
    let many = "\(folder.url.path)/{t{t,u},zz}-{1,2}.jsonl"
    #expect(try InputSample.files(matching: many).map { $0.suffix(10) } == ["tt-2.jsonl"])
  }

  @Test func aSampleIsAFileOrAMapping() throws {
    #expect(try sample("a.h5") == InputSample(files: ["a.h5"]))
    let whole = try sample(
      "{file: a.h5, name: tt, columns: {process: 3}, label: 1, total-weight: 2, max-events: 5}")
    #expect(whole.files == ["a.h5"] && whole.name == "tt" && whole.title == "tt")
    #expect(whole.allColumns == ["process": Column(values: [3]), "label": Column(values: [1])])
    #expect(try sample("{file: a.h5, label: qcd}").allColumns["label"]?.text(ofRow: 0) == "qcd")
    #expect(problem("{file: a.h5, label: ''}").contains("is empty, but a class is a number or a name"))
    #expect(whole.totalWeight == 2 && whole.maximumEvents == 5 && whole.weight == 1)
    #expect(problem("{label: 1}").contains("lacks the key 'file'"))
    #expect(problem("{file: a.h5, lable: 1}").contains("unknown key 'lable'"))
    #expect(problem("{file: a.h5, weight: 0}").contains("must be positive"))
    #expect(problem("{file: a.h5, weight: 1, total-weight: 2}").contains("means nothing with total-weight"))
    #expect(problem("{file: a.h5, label: 1, columns: {label: 2}}").contains("is among columns too"))
    #expect(problem("{file: a.h5, columns: {number: 2}}").contains("means something else in formulas"))
    #expect(problem("[a.h5]").contains("must be"))
    #expect(problem("\(folder.url.path)/zz-*").contains("no file is called"))
  }

  @Test func whatIsSaidOfASampleIsTrueOfAllItsEvents() throws {
    let tt = try InputSample(
      pattern: folder.path("tt-*.jsonl"), columns: ["label": 0, "process": 4], weight: 0.5, maximumEvents: 4)
    let hh = InputSample(files: [folder.path("hh-1.jsonl")])
    let events = try read([tt, hh])
    // Of the second file of the first sample one event is read.
    #expect(events.momenta.px == [1, 2, 3, 1, 1, 2, 3])
    #expect(events.weights == [0.5, 0.5, 0.5, 0.5, 1, 1, 1])
    #expect(events.columns["label"]?.values == [0, 0, 0, 0, 7, 7, 7])
    #expect(events.eventNumbers == Array(0..<7))
    // Formulas know the columns of the sample.
    let chosen = try read([tt]) { $0.selection = [Formula(column: "process", isEqualTo: 4)] }
    #expect(chosen.eventCount == 4)
  }

  @Test func limitsOfSamplesAndOfAllGoTogether() throws {
    let first = InputSample(files: [folder.path("tt-2.jsonl"), folder.path("tt-10.jsonl")], maximumEvents: 2)
    let second = InputSample(files: [folder.path("hh-1.jsonl")], maximumEvents: 2)
    func numbers(_ skip: Int, _ maximum: Int?) throws -> [Double] {
      let stream = try EventStream(
        samples: [first, second], options: EventReadingOptions(maximumEvents: maximum, skipEvents: skip))
      var found: [Double] = []
      while let batch = try stream.next(upTo: 10) { found += batch.momenta.px }
      return found
    }
    #expect(try numbers(0, nil) == [1, 2, 1, 2])
    #expect(try numbers(1, nil) == [2, 1, 2])
    #expect(try numbers(1, 2) == [2, 1])
    #expect(try numbers(3, nil) == [2])
  }

  @Test func aWeightIsAColumnAFormulaOrAGeneratorsName() throws {
    let samples = [InputSample(files: [folder.path("hh-1.jsonl")], weight: 2)]
    #expect(try read(samples) { $0.weight = EventWeight("w") }.weights == [-2, 0, 2])
    #expect(try read(samples) { $0.weight = EventWeight("w * label + 1") }.weights == [-12, 2, 16])
    #expect(
      try read(samples) {
        $0.weight = EventWeight("w")
        $0.negativeWeights = .absolute
      }.weights == [2, 0, 2])
    let left = try read(samples) {
      $0.weight = EventWeight("w")
      $0.negativeWeights = .leftOut
    }
    #expect(left.weights == [0, 2] && left.momenta.px == [2, 3])
    for (text, sentence) in [
      ("v", "weight asks for a column v, which the events lack; did you mean w?"),
      ("w +", "is neither a column of the events (their columns are label, w) nor a formula"),
      ("1 / w", "event 1, weight is inf, but a weight is a finite number of at most 1e+100"),
      ("w[1]", "w has one number; leave [1] out"),
    ] {
      let error = #expect(throws: EventInputError.self) {
        try read(samples) { $0.weight = EventWeight(text) }
      }
      #expect(error?.description.contains(sentence) == true, "\(text): \(error?.description ?? "")")
    }
  }

  @Test func theNthWeightOfAGenerator() throws {
    let sample = [InputSample(files: [Fixtures.path("weights.lhe")])]
    let events = try read(sample)
    let weights = try #require(events.columns["weights"])
    try #require(weights.width > 1)
    let second = try read(sample) { $0.weight = EventWeight("2 * weights[1]") }.weights
    #expect(second == (0..<events.eventCount).map { 2 * weights.values[$0 * weights.width + 1] })
    let error = #expect(throws: EventInputError.self) {
      try read(sample) { $0.weight = EventWeight("weights") }
    }
    #expect(error?.description.contains("choose one, as in weights[0]") == true)
  }

  @Test func weightsGoWithTheirEvents() throws {
    let samples = [InputSample(files: [folder.path("hh-1.jsonl")])]
    var events = try read(samples) { $0.weight = EventWeight("w") }
    #expect(events.events(at: [2, 0]).weights == [1, -1])
    var one = Events()
    one.replace(withEvent: 2, of: events)
    #expect(one.weights == [1])
    events.append(try read(samples))
    #expect(events.weights == [-1, 0, 1, 1, 1, 1])
  }
}
