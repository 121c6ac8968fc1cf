// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Training

/// Trainings whose network reads observables and whose jets meet cuts.
@Suite struct ObservableTrainingTests {
  private let folder: TemporaryFolder
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = try folder.write(ToyJets.lines(80).joined(), to: "toys.jsonl")
  }

  private func run(
    _ yaml: String, into name: String, settings: [String] = []
  ) throws -> (model: Model, remarks: [String], jets: Int) {
    let log = ToyJets.Log()
    let configuration = try TrainingConfiguration(
      contentsOf: URL(fileURLWithPath: folder.write(yaml, to: "c.yaml")), settings: settings,
      plugins: .shipped)
    let model = try TrainingRun(configuration, plugins: .shipped).run(
      into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
    return (model, try #require(log.summary).remarks, try #require(log.summary).jets)
  }

  private var plain: String { ToyJets.configuration(file, training: "epochs: 1, threads: 1") }

  private var observed: String {
    plain.replacingOccurrences(
      of: "  width: 4\n", with: "  width: 4\n  features: [lund, tight/mass, soft-drop/z]\n")
      + "\nobservables:\n  tight: {plugin: soft-drop, z-cut: 0.3}\ncuts: [kinematics/constituents > 2]\n"
  }

  private func complaint(_ yaml: String, settings: [String] = []) -> String {
    do {
      _ = try run(yaml, into: "none", settings: settings)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func theModelKeepsWhatItReads() throws {
    let (model, remarks, _) = try run(observed, into: "model")
    #expect(remarks == [])
    let description = model.description
    #expect(description.observables.map(\.name) == ["soft-drop", "tight", "kinematics"])
    #expect(description.cuts.map(\.description) == ["kinematics/constituents > 2"])
    let read = try Model(contentsOf: folder.url.appendingPathComponent("model"), plugins: .shipped)
    #expect(read.description == description)
    let stream = try EventStream(inputs: [file])
    let events = try #require(try stream.next(upTo: 80))
    let (a, b) = try (Predictor(model).predict(events), Predictor(read).predict(events))
    #expect(a.heads[0].values == b.heads[0].values && a.jets.jetCount > 0)
    #expect(a.jets.columns.jets["kinematics/constituents"]!.values.allSatisfy { $0 > 2 })
    // An evaluation has the rows of the jets that are left.
    let evaluation = try Evaluation(of: read, on: EventStream(inputs: [file]), threads: 2)
    #expect(evaluation.jetCount == a.jets.jetCount)
  }

  @Test func cutsAndDeclarationsAreSettings() throws {
    let all = try run(plain, into: "all").jets
    let some = try run(observed, into: "some", settings: ["cuts=[tight/mass > 20]"]).jets
    let none = try run(observed, into: "none", settings: ["cuts="]).jets
    #expect(some < all && none == all)
    let loose = try run(observed, into: "loose", settings: ["observables.tight.z-cut=0.05"]).model
    let tight = try #require(loose.description.observables.first { $0.name == "tight" })
    #expect("\(tight.configuration)".contains("0.05"))
  }

  @Test func whatHasNoEffectIsSaid() throws {
    let yaml = plain + "\nobservables: {planes: {plugin: lund}}\n"
    #expect(
      try run(yaml, into: "model").remarks == ["observables.planes has no effect: nothing reads its numbers."]
    )
  }

  /// An embedding of another model reads what it read there.
  @Test func anEmbeddingBringsItsObservables() throws {
    _ = try run(observed, into: "first")
    let from = plain.replacing(/cell:.*\n  width: 4/, with: "from: \(folder.path("first"))")
    let (model, remarks, _) = try run(from, into: "second")
    #expect(model.description.observables.map(\.name) == ["soft-drop", "tight"])
    #expect(
      remarks == [
        "The embedding of \(folder.path("first")) was trained on jets of other cuts than these: "
          + "kinematics/constituents > 2 there, no cuts here."
      ])
    let other = from + "\nobservables: {tight: {plugin: soft-drop, z-cut: 0.2}}\n"
    #expect(complaint(other).contains("observables.tight differs from the observable of that name"))
    // A name that is not declared here is a plugin with its defaults, whatever the other model calls so.
    let renamed = observed.replacingOccurrences(
      of: "tight: {plugin: soft-drop, z-cut: 0.3}", with: "soft-drop: {z-cut: 0.3}"
    ).replacingOccurrences(of: "tight/mass", with: "soft-drop/mass")
    _ = try run(renamed, into: "third")
    let cut = from.replacingOccurrences(of: folder.path("first"), with: folder.path("third"))
    #expect(
      complaint(cut + "\ncuts: [soft-drop/mass > 10]\n").contains(
        "cuts: There are two observables soft-drop of different settings"))
    let same = cut + "\nobservables: {soft-drop: {z-cut: 0.3}}\ncuts: [soft-drop/mass > 10]\n"
    #expect(try run(same, into: "fourth").model.description.observables.count == 1)
  }

  private func regression(_ truth: String, rows: String = "jets") -> String {
    let heads = plain.range(of: "heads:")!.lowerBound..<plain.range(of: "training:")!.lowerBound
    return plain.replacingCharacters(
      in: heads,
      with: """
        observables: {tight: {plugin: soft-drop, z-cut: 0.3}}
        events: {reads: jets, width: 3}
        heads:
          groomed:
            plugin: mass-regression
            configuration: {truth: \(truth), rows: \(rows), hidden: [4], scale: 20}

        """)
  }

  /// What a number of an observable is for jets, a head can learn and is measured by.
  @Test func truthMayBeANumberOfAnObservable() throws {
    let (model, _, _) = try run(regression("tight/mass"), into: "model")
    #expect(model.network.truthColumns.isEmpty && model.network.observables.members.isEmpty)
    #expect(model.description.observables.map(\.name) == ["tight"])
    let read = try Model(contentsOf: folder.url.appendingPathComponent("model"), plugins: .shipped)
    let stream = try EventStream(inputs: [file])
    let events = try #require(try stream.next(upTo: 80))
    let prediction = try Predictor(read, observables: read.network.truthObservables).predict(events)
    let truth = prediction.jets.columns.jets["tight/mass"]!.values
    // A prediction alone does not compute it.
    #expect(try Predictor(read).predict(events).jets.columns.count == 0)
    let evaluation = try Evaluation(of: read, on: EventStream(inputs: [file]), threads: 2)
    let measured = try #require(evaluation.heads[0].evaluation?.regressions.first)
    let masses = try #require(prediction["groomed/mass"]).values.map { Double($0) }
    // The relative bias of all rows, worked out plainly: the median of the responses.
    let responses = zip(masses, truth).filter { !$1.isNaN }.map { $0 / $1 }.sorted()
    let bias = measured.estimators[0].whole.bias.value
    let median = (responses[(responses.count - 1) / 2] + responses[responses.count / 2]) / 2 - 1
    #expect(abs(bias - median) < 0.02, "\(bias) \(median)")
    // Numbers of events are those of each of their jets.
    _ = try run(regression("ranked-jets/ht"), into: "spread")
    _ = try run(regression("ranked-jets/ht", rows: "events"), into: "events")
  }

  @Test func truthOfOtherRowsIsRefused() {
    #expect(
      complaint(regression("lund/kt"))
        == "The network cannot be made: the head groomed: its truth lund/kt is a number of splittings, of which jets have "
        + "none or several.")
    #expect(
      complaint(regression("tight/mass", rows: "events")).contains(
        "is a number of jets, of which events have"))
    #expect(complaint(regression("tight/mss")).contains("did you mean tight/mass?"))
    // What is no observable is a column of the file.
    #expect(complaint(regression("other/mass")).contains("the events have no column other/mass"))
  }

  /// What a configuration declares under a name that a head reads must be of the head's rows.
  @Test(arguments: ["lund", "ranked-jets", "constituent-kinematics"])
  func estimatorsNeedNumbersOfTheirRows(plugin: String) {
    let yaml = regression("kinematics/mass").replacingOccurrences(
      of: "tight: {plugin: soft-drop, z-cut: 0.3}", with: "soft-drop: {plugin: \(plugin)}"
    ).replacingOccurrences(of: "hidden: [4]", with: "hidden: [4], estimators: [soft-drop-mass]")
    #expect(complaint(yaml).contains("an estimator needs soft-drop/mass of jets"), "\(complaint(yaml))")
  }

  @Test func whatIsWrongIsSaid() {
    let line = observed.split(separator: "\n").firstIndex { $0.hasPrefix("cuts") }! + 1
    #expect(
      complaint(observed.replacingOccurrences(of: "constituents > 2", with: "constituents 2")).hasPrefix(
        "\(folder.path("c.yaml")):\(line):8: cuts[0] is refused: The condition \"kinematics/constituents 2\" on jets "
          + "cannot be read"))
    #expect(
      complaint(observed, settings: ["cuts=[lund/kt > 3]"])
        == "The network cannot be made: The cut lund/kt > 3 is on a number of splittings, but cuts choose among jets: "
        + "name one of jets.")
    #expect(
      complaint(observed, settings: ["embedding.features=[lund, soft-drop/mas]"])
        == "The network cannot be made: the stage recursive: There is no observable number soft-drop/mas; did you mean "
        + "soft-drop/mass?")
    #expect(complaint(observed, settings: ["observables.tight.zcut=1"]).contains("did you mean 'z-cut'?"))
    #expect(
      complaint(observed, settings: ["observables.prongs={plugin: lund}", "cuts=[prongs/kt > 2]"]).contains(
        "The cut prongs/kt > 2 is on a number of splittings"))
    #expect(
      complaint(observed, settings: ["observables.prongs={plugin: kinematics}", "cuts=[prongs/pt > 2]"])
        .contains(
          "a head and an observable are both called prongs: rename the head"))
  }
}
