// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Settings
import TestFiles
import Testing

@testable import Training

/// Truth that each jet has of its own: of given jets, of columns of several numbers, one-hot and as text.
@Suite struct TruthPerJetTests {
  private let folder: TemporaryFolder
  /// Events of a jet of two prongs and one of a single prong, whichever has more pT, and the prongs of each by falling pT.
  private let events: [(particles: [FourMomentum], prongs: [Int])]

  private static let axes = [1.0, -2.5]

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 21)
    events = (0..<150).map { _ in
      let parts = [1, 2].map { ToyJets.particles(prongs: $0, phi: Self.axes[$0 - 1], using: &generator) }
      let sums = parts.map { $0.reduce(FourMomentum.zero) { $0 + $1 }.pt }
      return (parts.flatMap(\.self), sums[0] > sums[1] ? [1, 2] : [2, 1])
    }
  }

  /// Writes events with further members.
  private func write(
    _ name: String = "events.jsonl", _ members: (_ event: Int, _ prongs: [Int]) -> String
  ) throws -> String {
    try folder.write(
      events.enumerated().map { ToyJets.line($1.particles, members($0, $1.prongs)) }.joined(), to: name)
  }

  /// Given jets at the axes of the two, with `member` of the prongs of each; the first is turned once around.
  private func given(_ prongs: [Int] = [1, 2], _ member: (Int) -> String) -> String {
    let jets = prongs.map {
      "{\"eta\": 0.05, \"phi\": \(Self.axes[$0 - 1] + ($0 == 1 ? 2 * .pi : 0)), \(member($0))}"
    }
    return "\"jets\": [\(jets.joined(separator: ", "))]"
  }

  private func train(
    _ input: String, truth: String, classes: String = "[one, two]", data: String = "",
    log: ToyJets.Log = ToyJets.Log()
  ) throws -> Model {
    let yaml = ToyJets.configuration(
      input, training: "epochs: 8, batch-size: 10, learning-rate: 0.02, seed: 2, threads: 2"
    )
    .replacing("  validation-fraction: 0.3", with: "  validation-fraction: 0.3\n\(data)")
    .replacing("truth: label", with: "truth: \(truth)").replacing(
      "classes: [one, two]", with: "classes: \(classes)")
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    let configuration = try TrainingConfiguration(contentsOf: file, plugins: ToyJets.plugins)
    let model = "model-\(UUID().uuidString)"
    _ = try TrainingRun(configuration, plugins: ToyJets.plugins).run(
      into: folder.url.appendingPathComponent(model), resuming: false, observer: log)
    return try Model(contentsOf: folder.url.appendingPathComponent(model), plugins: ToyJets.plugins)
  }

  /// The area under the curve of a model's first head, and how many jets of signal and background it is judged by.
  private func judge(_ model: Model, _ input: String) throws -> (auc: Double, signal: Int, background: Int) {
    let options = EventReadingOptions(particleColumns: model.network.particleColumns)
    let evaluation = try Evaluation(of: model, on: EventStream(inputs: [input], options: options), threads: 2)
    let classifier = try #require(evaluation.heads[0].evaluation?.classifiers.first)
    return (classifier.auc?.value ?? 0, classifier.signalCount, classifier.backgroundCount)
  }

  /// What an error says.
  private func refusal(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }

  // MARK: - Given jets

  @Test func jetsHaveTheTruthOfGivenJetsNearby() throws {
    // Whichever comes first; in each tenth event the one of two prongs is not given, and in each tenth it has no truth.
    let input = try write { event, _ in
      given(event % 10 == 0 ? [1] : event % 2 == 0 ? [1, 2] : [2, 1]) {
        "\"prongs\": \(event % 10 == 5 && $0 == 2 ? "null" : "\($0 - 1)")"
      }
    }
    let log = ToyJets.Log()
    let model = try train(input, truth: "jet/prongs", log: log)
    #expect(
      log.remarks.contains {
        $0.hasPrefix("prongs leaves out the jets without truth: jet/prongs is missing in 30 of 300")
      }, "\(log.remarks)")
    let found = try judge(model, input)
    #expect(found.auc > 0.95 && found.signal == 120 && found.background == 150, "\(found)")
    #expect(model.description.jetMatching == JetMatching())
  }

  @Test func jetsHaveTheTruthOfGivenJetsInOrder() throws {
    let input = try write { _, prongs in
      "\"jets\": [\(prongs.map { "{\"prongs\": \"\($0 == 1 ? "one" : "two")\"}" }.joined(separator: ", "))]"
    }
    let model = try train(input, truth: "jet/prongs", data: "  jet-truth: order\n")
    let found = try judge(model, input)
    #expect(found.auc > 0.95 && found.signal == 150 && found.background == 150, "\(found)")
    #expect(model.description.jetMatching?.method == .order)
  }

  @Test func jetsHaveTheTruthThatTheirParticlesSay() throws {
    let input = try write { _, _ in
      let owners = (0..<16).map { $0 < 8 ? "1" : $0 == 8 ? "-1" : "0" }
      return "\"owner\": [\(owners.joined(separator: ", "))], \"jets\": [{\"prongs\": 1}, {\"prongs\": 0}]"
    }
    let model = try train(input, truth: "jet/prongs", data: "  jet-truth: {match: index, column: owner}\n")
    let found = try judge(model, input)
    #expect(found.auc > 0.95 && found.signal == 150 && found.background == 150, "\(found)")
  }

  @Test func wrongTruthOfGivenJetsIsNamed() throws {
    let input = try write { _, _ in given { "\"prongs\": \($0 - 1)" } + ", \"label\": 1" }
    #expect(
      refusal { _ = try train(input, truth: "jet/flavour") }.contains(
        "the given jets have no column flavour; their columns are: eta, phi, prongs"))
    #expect(
      refusal { _ = try train(input, truth: "prongs") }.contains(
        "The given jets have one: write jet/prongs for a head on jets."))
    let one = try write("one.jsonl") { event, _ in
      given { "\"prongs\": \(event % 3 == 0 || $0 == 1 ? "null" : "1")" }
    }
    let counts = refusal { _ = try train(one, truth: "jet/prongs") }
    #expect(
      counts.contains("class one (jet/prongs = 0) are absent")
        && counts.contains("0 of one, 100 of two, 200 without truth"), "\(counts)")
    let object = try write("object.jsonl") { _, _ in "\"jets\": {\"prongs\": [1, 0]}" }
    #expect(
      refusal { _ = try train(object, truth: "jet/prongs") }.contains(
        "the given jets of jet/prongs cannot be read from jets: it is neither a number, a text nor a list of numbers, nor a list "
          + "of jets"))
    let none = try write("none.jsonl") { _, _ in "\"label\": 1" }
    #expect(
      refusal { _ = try train(none, truth: "jet/flavour") }.contains(
        "the events have no given jets, of which jet/flavour is a column"))
    let text = try write("text.jsonl") { event, _ in
      given { "\"prongs\": \"\(event == 7 ? "three" : ["one", "two"][$0 - 1])\"" }
    }
    let error = refusal { _ = try train(text, truth: "jet/prongs") }
    #expect(
      error.contains(
        "text.jsonl, event 7: jet/prongs is \"three\", which is none of the classes one, two; add it to them, or write an empty text there."
      ),
      "\(error)")
    let log = ToyJets.Log()
    let labels = try write("labels.jsonl") { event, _ in "\"label\": \(event % 2)" }
    _ = try train(labels, truth: "label", data: "  jet-truth: order\n", log: log)
    #expect(log.remarks.contains("data.jet-truth has no effect: no head has a column jet/NAME as truth."))
  }

  // MARK: - Columns of several numbers

  @Test func theKthJetHasTheKthNumber() throws {
    // One number too many, and in each fifth event the second is missing.
    let input = try write { event, prongs in
      "\"prongs\": [\(prongs[0] - 1), \(event % 5 == 0 ? "null" : "\(prongs[1] - 1)"), 9]"
    }
    let found = try judge(try train(input, truth: "prongs"), input)
    #expect(found.auc > 0.95 && found.signal + found.background == 270, "\(found)")
  }

  /// Events of one number each, and events of several, are of one training.
  @Test func filesWithANumberForEachEventGoWithOthers() throws {
    let several = try write("several.jsonl") { _, prongs in "\"prongs\": [\(prongs[0] - 1), \(prongs[1] - 1)]"
    }
    var generator = SeededGenerator(seed: 4)
    let one = try folder.write(
      (0..<60).map { _ in ToyJets.line(ToyJets.particles(prongs: 1, using: &generator), "\"prongs\": 0") }
        .joined(),
      to: "one.jsonl")
    for inputs in ["\(several), \(one)", "\(one), \(several)"] {
      let log = ToyJets.Log()
      let model = try train(inputs, truth: "prongs", log: log)
      #expect(log.summary?.jets == 360)
      let found = try judge(model, several)
      #expect(found.auc > 0.95 && found.signal == 150, "\(found)")
    }
  }

  // MARK: - One-hot

  @Test func aColumnForEachClassIsTruth() throws {
    let input = try write { event, prongs in
      func numbers(_ class: Int) -> String {
        prongs.map { event == 3 ? "null" : "\($0 == `class` ? 1 : 0)" }.joined(separator: ", ")
      }
      return "\"is_one\": [\(numbers(1))], \"is_two\": [\(numbers(2))]"
    }
    let model = try train(input, truth: "[is_one, is_two]")
    let found = try judge(model, input)
    #expect(found.auc > 0.95 && found.signal == 149 && found.background == 149, "\(found)")
    // The same classes by their numbers give the same bits.
    let numbers = try write("numbers.jsonl") { event, prongs in
      "\"prongs\": [\(prongs.map { event == 3 ? "null" : "\($0 - 1)" }.joined(separator: ", "))]"
    }
    let other = try train(numbers, truth: "prongs")
    #expect(Array(model.parameters.values) == Array(other.parameters.values))
  }

  @Test func rowsOfNoClassOrSeveralAreNamed() throws {
    for (event, values) in [(11, "0, 0"), (12, "1, 1"), (13, "0.5, 1")] {
      let parts = values.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      let input = try write { number, _ in
        let (one, two) = number == event ? (parts[0], parts[1]) : ("\(number % 2)", "\(1 - number % 2)")
        return "\"is_one\": \(one), \"is_two\": \(two)"
      }
      let error = refusal { _ = try train(input, truth: "[is_one, is_two]") }
      #expect(
        error.contains("event \(event): is_one, is_two are ")
          && error.contains("exactly one of them must be 1"), "\(error)")
    }
    let input = try write { _, _ in "\"a\": 1" }
    let error = refusal { _ = try train(input, truth: "[a, b, c]") }
    #expect(error.contains("The truth has 3 columns (a, b, c) for 2 classes"), "\(error)")
  }

  // MARK: - Texts

  /// Jets of one event each, of one prong or two.
  private func single(_ label: (Int) -> String) throws -> String {
    var generator = SeededGenerator(seed: 8)
    return try folder.write(
      (0..<100).map { event in
        ToyJets.line(
          ToyJets.particles(prongs: 1 + event % 2, using: &generator), "\"process\": \(label(event))")
      }.joined(), to: "single-\(UUID().uuidString).jsonl")
  }

  @Test func textsAreClassesByTheirNames() throws {
    let texts = try single { $0 == 5 ? "null" : $0 % 2 == 0 ? "\"one\"" : "\"two\"" }
    let numbers = try single { $0 == 5 ? "null" : "\($0 % 2)" }
    let model = try train(
      texts, truth: "process", data: "  balance: process\n  where: process in ['one', 'two']\n")
    let other = try train(numbers, truth: "process", data: "  balance: process\n  where: process in [0, 1]\n")
    #expect(Array(model.parameters.values) == Array(other.parameters.values))
    let found = try judge(try train(texts, truth: "process"), texts)
    #expect(found.auc > 0.95 && found.signal == 49 && found.background == 50, "\(found)")
    let error = refusal { _ = try train(texts, truth: "process", classes: "[two, three]") }
    #expect(
      error.contains("event 0: process is \"one\", which is none of the classes two, three"), "\(error)")
  }

  @Test func samplesHaveLabelsByName() throws {
    let all = try String(contentsOfFile: single { "\($0 % 2)" }, encoding: .utf8).split(separator: "\n")
    let files = try [0, 1].map { prong in
      try folder.write(
        all.enumerated().filter { $0.offset % 2 == prong }.map { $0.element + "\n" }.joined(),
        to: "class-\(prong).jsonl")
    }
    func inputs(_ labels: [String]) -> String {
      zip(files, labels).map { "{file: \"\($0)\", label: \($1)}" }.joined(separator: ", ")
    }
    let names = try train(inputs(["one", "two"]), truth: "label")
    let numbers = try train(inputs(["0", "1"]), truth: "label")
    #expect(Array(names.parameters.values) == Array(numbers.parameters.values))
    let error = refusal { _ = try train(inputs(["one", "zwei"]), truth: "label") }
    #expect(
      error.contains("class-1.jsonl, event 0: label is \"zwei\", which is none of the classes one, two"),
      "\(error)")
  }

  /// A tagger of all jets, and one of those of one kind alone.
  @Test func headsHaveTruthOfTheirOwnRows() throws {
    let input = try write { event, prongs in
      given { "\"prongs\": \($0 - 1), \"parity\": \($0 == 1 ? "null" : "\(event % 2)")" }
    }
    let yaml = ToyJets.configuration(input, training: "epochs: 1, threads: 1").replacing(
      "truth: label", with: "truth: jet/prongs"
    ).replacing(
      "heads:\n",
      with:
        "heads:\n  parity: {plugin: jet-tagger, configuration: {truth: jet/parity, classes: [even, odd]}}\n")
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "two.yaml"))
    let both = ToyJets.Log()
    _ = try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: ToyJets.plugins), plugins: ToyJets.plugins
    )
    .run(into: folder.url.appendingPathComponent("two"), resuming: false, observer: both)
    #expect(
      both.remarks.contains("parity leaves out the jets without truth: jet/parity is missing in 150 of 300."),
      "\(both.remarks)")
    #expect(!both.remarks.contains { $0.hasPrefix("prongs leaves out") })
  }
}
