// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventClassifiers
import EventIO
import Foundation
import JetTaggers
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import Support
import TestFiles
import Testing
import Training

/// What is reported of a training before its first epoch.
@Suite struct TrainingReviewTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private final class Log: TrainingRun.Observer {
    var summary: TrainingRun.Summary?
    var epochs = 0

    func begin(_ summary: TrainingRun.Summary) { self.summary = summary }
    func step(epoch: Int, eventsDone: Int, loss: Double) {}
    func finish(_ epoch: EpochSummary) { epochs += 1 }
  }

  private static let plugins: PluginRegistry = {
    var plugins = PluginRegistry()
    try! plugins.register(RecursiveStage.self)
    try! plugins.register(EventEncoder.self)
    try! plugins.register(JetTagger.self)
    try! plugins.register(EventClassifier.self)
    return plugins
  }()

  private func run(_ yaml: String, into name: String = "model", log: Log = Log()) throws -> Model {
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    return try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins
    ).run(
      into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
  }

  private func complaint(_ yaml: String) -> String {
    let log = Log()
    do {
      _ = try run(yaml, into: "none", log: log)
      return "no error"
    } catch {
      #expect(log.summary == nil)
      #expect((error as? any ReportedError)?.fault == .input)
      return "\(error)"
    }
  }

  private func remarks(_ yaml: String, into name: String) throws -> [String] {
    let log = Log()
    _ = try run(yaml, into: name, log: log)
    return try #require(log.summary).remarks
  }

  private func write(_ lines: [String], _ name: String) throws -> String {
    try folder.write(lines.joined(), to: name)
  }

  /// Toy events with a condition `mass`: 1 to 4 for the signal, 99 for the background.
  private func conditioned(_ count: Int, signalMass: (Int) -> Int = { 1 + $0 % 4 }) -> [String] {
    ToyJets.lines(count).enumerated().map { event, line in
      let mass = event % 2 == 1 ? signalMass(event / 2) : 99
      return line.replacingOccurrences(of: "\"label\"", with: "\"mass\": \(mass), \"label\"")
    }
  }

  private func classifier(_ input: String, data: String = "", conditions: String = "mass") -> String {
    """
    data: {inputs: [\(input)], validation-fraction: 0.3\(data)}
    jets: {radius: 1, min-pt: 20}
    events: {embedding: false, width: 3, inputs: {scalar-sum: true, conditions: [\(conditions)]}}
    heads:
      whole: {plugin: event-classifier, configuration: {truth: label, classes: [b, s], hidden: [4]}}
    training: {epochs: 1, threads: 1}
    """
  }

  // MARK: - Errors

  @Test func anAbsentClassIsNamedWithTheCountsOfEachFile() throws {
    let ones = ToyJets.lines(80).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let (a, b) = (try write(Array(ones[..<30]), "a.jsonl"), try write(Array(ones[30...]), "b.jsonl"))
    let named = complaint(
      ToyJets.configuration("{file: \(a), name: first}, {file: \(b), name: second}", training: "epochs: 1"))
    #expect(
      named.contains("in \(a) (first) 30 of one, 0 of two; in \(b) (second) 10 of one, 0 of two."), "\(named)"
    )
    let text = complaint(ToyJets.configuration("\(a), \(b)", training: "epochs: 1"))
    #expect(
      text
        == "prongs: the jets of class two (label = 1) are absent among those to learn from; there are, in all, "
        + "in \(a) 30 of one, 0 of two; in \(b) 10 of one, 0 of two.")
  }

  @Test func weightsOfZeroTeachNothing() throws {
    func weighted(_ name: String, _ weight: (Int) -> Int) throws -> String {
      let lines = ToyJets.lines(40).enumerated().map { event, line in
        line.replacingOccurrences(of: "\"label\"", with: "\"w\": \(weight(event)), \"label\"")
      }
      return ToyJets.configuration(try write(lines, name), training: "epochs: 1")
        .replacingOccurrences(of: "data:", with: "data:\n  weight: w")
    }
    #expect(
      complaint(try weighted("all.jsonl") { _ in 0 }).contains("all jets to learn from have the weight 0"))
    #expect(
      complaint(try weighted("half.jsonl") { $0 % 2 }).contains(
        "the jets of class one (label = 0) have the weight 0 among those to learn from"))
  }

  @Test func workingPointsAreHeldAgainstTheValidationSample() throws {
    let file = try write(ToyJets.lines(40), "toys.jsonl")
    let yaml = ToyJets.configuration(file, training: "epochs: 1").replacingOccurrences(
      of: "[one, two]", with: "[one, two]\n      working-points: [0.001]")
    #expect(complaint(yaml).contains("The working point 0.001 of two lets less than one of "))
  }

  @Test func noHeadReadsItsTruth() throws {
    let file = try write(conditioned(40), "toys.jsonl")
    #expect(
      complaint(classifier(file, conditions: "mass, label"))
        == "whole would read its own truth: label is among events.inputs.conditions; leave it out there.")
  }

  @Test func aFileIsGivenOnce() throws {
    let file = try write(ToyJets.lines(40), "toys.jsonl")
    #expect(
      complaint(ToyJets.configuration("\(file), \(file)", training: "")).hasPrefix(
        "data names \(file) twice: "))
    let link = folder.path("link.jsonl")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    #expect(
      complaint(ToyJets.configuration("\(file), \(link)", training: ""))
        == "\(file) and \(link) are the same file: its events would be both learnt from and judged by; name it once."
    )
  }

  @Test func aSelectionOfNothing() throws {
    let file = try write(ToyJets.lines(40), "toys.jsonl")
    let yaml = ToyJets.configuration(file, training: "")
      .replacingOccurrences(of: "data:", with: "data:\n  where: {label: 5, flavour: 1}")
    #expect(complaint(yaml) == "\(file): no event meets label == 5 and flavour == 1, as data.where asks for.")
  }

  /// Truth that is missing takes an event from the heads that need it; in one without jets a head on jets needs none.
  @Test func truthThatIsMissingIsSaid() throws {
    var lines = ToyJets.lines(40)
    lines.append(ToyJets.line([], "\"label\": null", "\"flavour\": 0"))
    let file = try write(lines, "good.jsonl")
    let training = "epochs: 1, threads: 1"
    let saidOfGood = try remarks(ToyJets.configuration(file, training: training), into: "good")
    #expect(!saidOfGood.contains { $0.contains("label") }, "\(saidOfGood)")
    for place in [7, 9] {
      lines[place] = lines[place].replacingOccurrences(of: "\"label\": 1", with: "\"label\": null")
    }
    let (first, second) = (try write(ToyJets.lines(5), "first.jsonl"), try write(lines, "second.jsonl"))
    let said = try remarks(ToyJets.configuration("\(first), \(second)", training: training), into: "some")
    #expect(
      said.contains("prongs leaves out the events without truth: label is missing in 2 of 45."), "\(said)")
    lines[7] = lines[7].replacingOccurrences(of: "\"label\": null", with: "\"label\": 1e39")
    let third = try write(lines, "third.jsonl")
    #expect(
      complaint(ToyJets.configuration("\(first), \(third)", training: "")).hasPrefix(
        "\(third), event 7: label is inf, but prongs needs a finite number there"))
    let none = try write(
      ToyJets.lines(40).map {
        $0.replacingOccurrences(of: #"label": [01]"#, with: "label\": null", options: .regularExpression)
      }, "none.jsonl")
    #expect(
      complaint(ToyJets.configuration(none, training: ""))
        == "\(none), event 0: label is missing (NaN), here and in all other events that prongs has to do with."
    )
  }

  /// Weights of either sign are learnt from unless those of a class outweigh each other.
  @Test func negativeWeightsMayNotOutweighAClass() throws {
    func file(_ name: String, _ weight: (Int) -> Int) throws -> String {
      try write(
        ToyJets.lines(80).enumerated().map {
          $1.replacingOccurrences(of: "\"label\"", with: "\"w\": \(weight($0)), \"label\"")
        }, name)
    }
    func configuration(_ file: String) -> String {
      ToyJets.configuration(file, training: "epochs: 1, threads: 1").replacingOccurrences(
        of: "data:", with: "data:\n  weight: w")
    }
    _ = try run(configuration(file("some.jsonl") { $0 % 10 < 2 ? -1 : 1 }), into: "weighted")
    let text = complaint(configuration(try file("most.jsonl") { $0 % 2 == 1 && $0 % 10 < 8 ? -1 : 1 }))
    #expect(
      text.hasPrefix("prongs: the jets of class two (label = 1) have weights whose sum is -"), "\(text)")
  }

  // MARK: - Remarks

  @Test func whatIsTheSameInAllEventsIsSaid() throws {
    let file = try write(conditioned(60) { _ in 99 }, "toys.jsonl")
    let remarks = try remarks(classifier(file), into: "model")
    #expect(
      remarks.contains("mass is 99.0 in all events to learn from: nothing can be learnt from it."),
      "\(remarks)")
    #expect(!remarks.contains { $0.hasPrefix("ln Σ pT") })
  }

  @Test func settingsWithoutEffectAreSaid() throws {
    let lines = conditioned(60).map { $0.replacingOccurrences(of: "\"label\"", with: "\"k\": 3, \"label\"") }
    let file = try write(lines, "toys.jsonl")
    func complaints(_ data: String, into name: String) throws -> [String] {
      try remarks(classifier(file, data: ", \(data)"), into: name).filter { $0.hasPrefix("data.") }
    }
    #expect(
      try complaints("balance: k", into: "a") == [
        "data.balance has nothing to balance: k is 3 in all events."
      ])
    #expect(
      try complaints("redraw-conditions: {label: 7}", into: "b")
        == ["data.redraw-conditions has no effect: no event has the values that it names."])
    #expect(
      try complaints("redraw-conditions: {k: 3}", into: "c")
        == ["data.redraw-conditions has no effect: all events have the values that it names."])
    #expect(try complaints("balance: label, redraw-conditions: {label: 0}", into: "d") == [])
  }

  @Test func anEmbeddingOfOtherJetsIsSaid() throws {
    let file = try write(ToyJets.lines(60), "toys.jsonl")
    let yaml = ToyJets.configuration(file, training: "epochs: 1, threads: 1")
    #expect(try remarks(yaml, into: "first") == [])
    let from = yaml.replacing(/cell:.*\n  width: 4/, with: "from: \(folder.path("first"))")
    #expect(try remarks(from, into: "same") == [])
    let other = try remarks(from.replacingOccurrences(of: "radius: 1", with: "radius: 0.8"), into: "other")
    #expect(
      other == [
        "The embedding of \(folder.path("first")) was trained on other jets than these: antikt, R = 1.0, E scheme, "
          + "reclustered by kt there, antikt, R = 0.8, E scheme, reclustered by kt here."
      ])
  }

  // MARK: - What a model keeps

  @Test func aModelKnowsTheRangesOfItsInputs() throws {
    let file = try write(conditioned(80), "toys.jsonl")
    let redrawn = try run(classifier(file, data: ", redraw-conditions: {label: 0}"), into: "redrawn")
    let ranges = try #require(redrawn.description.training?.ranges)
    #expect(ranges.map(\.input) == ["ln Σ pT", "mass"])
    #expect(
      ranges[1] == InputRange(input: "mass", lowest: 1, highest: 4), "those of the background are not its own"
    )
    let inputs = try #require(redrawn.description.training?.inputs)
    #expect(inputs.suffix(2).map(\.input) == ["ln Σ pT", "mass"])
    #expect(inputs.last?.edges == [1, 2, 3])
    let plain = try run(classifier(file), into: "plain")
    #expect(plain.description.training?.ranges?.last == InputRange(input: "mass", lowest: 1, highest: 99))
    let copy = try Model(contentsOf: folder.url.appendingPathComponent("plain"), plugins: Self.plugins)
    #expect(copy.description == plain.description)

    func remarks(mass: Double) throws -> [String] {
      let stream = try EventStream(inputs: [file], options: EventReadingOptions(columns: ["mass": mass]))
      let predictor = try Predictor(copy)
      predictor.inputMonitor = InputMonitor(copy)
      while let events = try stream.next(upTo: 30) { _ = try predictor.predict(events) }
      return try #require(predictor.inputMonitor).remarks
    }
    #expect(try remarks(mass: 99) == [])
    #expect(
      try remarks(mass: 100) == [
        "mass lies outside of what the model was trained on (1.0 to 99.0) in 80 of 80 events: it is 100.0 there."
      ])
  }

  @Test func badEventsAreLeftOutWhereThatIsAsked() throws {
    var lines = conditioned(60)
    lines.insert("{\"particles\": [[1, 0, 0, -5]], \"mass\": 1, \"label\": 0}\n", at: 7)
    let file = try write(lines, "toys.jsonl")
    let error = #expect(throws: EventInputError.self) { _ = try run(classifier(file), into: "refused") }
    #expect(error?.event == 7)
    let log = Log()
    _ = try run(classifier(file, data: ", skip-bad-events: true"), log: log)
    let summary = try #require(log.summary)
    #expect(summary.events == 60)
    let remark = try #require(summary.remarks.first { $0.contains("left out 1 event") })
    #expect(remark.contains("toys.jsonl, event 7"))
  }

  @Test func eventsToValidateOnAreChosenByAFormula() throws {
    let file = try write(conditioned(60), "toys.jsonl")
    func yaml(_ formula: String) -> String {
      classifier(file).replacingOccurrences(of: "validation-fraction: 0.3", with: "validation: \(formula)")
    }
    let log = Log()
    _ = try run(yaml("\"number % 5 in [0, 1]\""), log: log)
    let summary = try #require(log.summary)
    // 0, 1, 5, 6, … 55, 56.
    #expect(summary.trainingEvents == 36 && summary.validationEvents == 24)
    #expect(complaint(yaml("number % 5")).hasSuffix("compare it, as in number % 5 != 0"))
    #expect(complaint(yaml("lable == 1")).contains("validation"))
    #expect(complaint(yaml("number < 0")).contains("of 60 events 60 are to learn from and 0 to validate on"))
  }

  @Test func evaluationOnTheTrainingEventsIsSaid() throws {
    let lines = conditioned(120)
    let file = try write(Array(lines[..<80]), "toys.jsonl")
    let model = try run(classifier(file), into: "model")
    func remarks(_ lines: some Sequence<String>) throws -> [String] {
      let other = try write(Array(lines), "other.jsonl")
      return try Evaluation(of: model, on: EventStream(inputs: [other]), threads: 2).remarks
        .filter { $0.contains("trained on are among") }
    }
    #expect(try remarks(lines[80...]) == [])
    #expect(try remarks(lines[..<80]).first?.hasPrefix("Some 100 % of the events") == true)
    // Whatever their order and file.
    #expect(try remarks(lines[60...].reversed()).first?.hasPrefix("Some 25 % of the events") == true)
  }

  /// Old models know neither ranges nor fingerprint.
  @Test func modelsWithoutThemAreReadable() throws {
    let file = try write(conditioned(60), "toys.jsonl")
    _ = try run(classifier(file), into: "model")
    let json = folder.path("model/model.json")
    var object = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any])
    var training = try #require(object["training"] as? [String: Any])
    #expect(
      training.removeValue(forKey: "ranges") != nil
        && training.removeValue(forKey: "inputs") != nil
        && training.removeValue(forKey: "eventFingerprints") != nil)
    // Of another kind, as they were written for a while.
    training["fingerprint"] = ["1f"]
    object["training"] = training
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: json))
    let old = try Model(contentsOf: folder.url.appendingPathComponent("model"), plugins: Self.plugins)
    #expect(InputMonitor(old) == nil)
    #expect(try Evaluation(of: old, on: EventStream(inputs: [file]), threads: 1).remarks == [])
  }
}
