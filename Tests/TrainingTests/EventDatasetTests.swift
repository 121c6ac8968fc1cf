// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Support
import TestFiles
import Testing
import Training

/// Events and jets with truth and weights, and their division into training and validation.
@Suite struct EventDatasetTests {
  /// Events of no, one and two jets, again and again.
  private func lines(_ count: Int) -> [String] {
    var generator = SeededGenerator(seed: 2)
    return (0..<count).map { event in
      let jets = (0..<event % 3).map { jet in
        ToyJets.particles(prongs: 1, phi: 1 + 3 * Double(jet), using: &generator)
      }
      return ToyJets.line(
        jets.flatMap(\.self), "\"label\": \(event)", "\"w\": \(Double(event) / 2)", "\"pair\": [1, 2]")
    }
  }

  @Test(arguments: [1, 3]) func jetsHaveTheTruthOfTheirEvents(threads: Int) throws {
    let dataset = try ToyJets.dataset(lines(6), truth: ["label"], weight: "w", threads: threads)
    #expect(dataset.eventCount == 6 && dataset.jetCount == 6)
    #expect(try ToyJets.trees(dataset).treeCount == 6)
    #expect(dataset.eventNumbers == Array(0..<6) && dataset.sample.jetOffsets == [0, 0, 1, 3, 3, 4, 6])
    #expect(dataset.truth(of: .jets, of: 0..<6)["label"] == [1, 2, 2, 4, 5, 5])
    #expect(dataset.truth(of: .events, of: 0..<6)["label"] == [0, 1, 2, 3, 4, 5])
    #expect(dataset.weights == [0, 0.5, 1, 1.5, 2, 2.5])
    #expect(try dataset.weights(for: tagger("label"), of: 0..<6) == [0.5, 1, 1, 2, 2.5, 2.5])
    #expect(dataset.truth(of: .jets, of: [5, 0, 1])["label"] == [5, 5, 1])
    #expect(dataset.truth(of: .events, of: [5, 0, 1])["label"] == [5, 0, 1])
    #expect(try ToyJets.dataset(lines(6), truth: ["label"]).weights == [1, 1, 1, 1, 1, 1])
  }

  /// A tagger of two classes by a truth column.
  private func tagger(_ truth: String) throws -> Network.NamedHead {
    try ToyJets.network([truth]).heads[0]
  }

  /// Truth that is missing in one column takes the rows from the heads that need it, and from no other.
  @Test func rowsWithoutTruthHaveNoWeight() throws {
    var lines = lines(6)
    lines[2] = lines[2].replacingOccurrences(of: "\"label\": 2", with: "\"label\": null")
    lines = lines.enumerated().map {
      $1.replacingOccurrences(of: "\"pair\"", with: "\"flavour\": \($0), \"pair\"")
    }
    let dataset = try ToyJets.dataset(lines, truth: ["label", "flavour"], weight: "w")
    #expect(try dataset.weights(for: tagger("label"), of: 0..<6) == [0.5, 0, 0, 2, 2.5, 2.5])
    #expect(try dataset.weights(for: tagger("flavour"), of: 0..<6) == [0.5, 1, 1, 2, 2.5, 2.5])
    // A loss needs some number there.
    #expect(dataset.truth(of: .jets, of: 0..<6)["label"] == [1, 0, 0, 4, 5, 5])
  }

  @Test func balancedClassesWeighTheSame() throws {
    let lines = ToyJets.lines(40).enumerated().filter { $0.offset % 2 == 0 || $0.offset < 10 }.map(\.element)
    let dataset = try ToyJets.dataset(lines, balance: "label")
    let labels = dataset.truth(of: .events, of: 0..<25)["label"]
    let totals = [0, 1].map { label in
      zip(labels, dataset.weights).reduce(Float(0)) { $0 + ($1.0 == label ? $1.1 : 0) }
    }
    #expect(labels.filter { $0 == 1 }.count == 5)
    #expect(abs(totals[0] - 12.5) < 1e-4 && abs(totals[1] - 12.5) < 1e-4)
  }

  @Test func balancedIntervalsWeighTheSame() throws {
    // Masses 60, 61 … 69 and 70, 72 … 78: ten rows in one interval of 10, five in the other.
    let masses = Array(60..<70) + Array(stride(from: 70, to: 80, by: 2))
    var generator = SeededGenerator(seed: 2)
    let lines = masses.map {
      ToyJets.line(ToyJets.particles(prongs: 1, using: &generator), "\"m\": \($0)")
    }
    let dataset = try ToyJets.dataset(lines, truth: [], balance: "m", balanceInterval: 10)
    let weights = dataset.weights
    #expect(abs(weights[..<10].reduce(0, +) - 7.5) < 1e-5 && abs(weights[10...].reduce(0, +) - 7.5) < 1e-5)
    #expect(Set(weights[..<10]).count == 1 && Set(weights[10...]).count == 1)
  }

  @Test func threadsDoNotChangeTheOrder() throws {
    let one = try ToyJets.dataset(ToyJets.lines(700))
    let four = try ToyJets.dataset(ToyJets.lines(700), threads: 4)
    #expect(one.eventNumbers == Array(0..<700) && four.eventNumbers == one.eventNumbers)
    let trees = try [one, four].map(ToyJets.trees)
    #expect(trees[1].features == trees[0].features && trees[1].left == trees[0].left)
    #expect(
      four.truth(of: .events, of: 0..<700)["flavour"] == one.truth(of: .events, of: 0..<700)["flavour"])
  }

  private func complaint(
    _ lines: [String], truth: Set<String> = ["label"], weight: String? = nil
  ) -> String {
    do {
      _ = try ToyJets.dataset(lines, truth: truth, weight: weight)
      return "no error"
    } catch let error as any ReportedError {
      return error.description
    } catch {
      return "another error: \(error)"
    }
  }

  @Test func columnsThatAreMissingOrOfTheWrongKind() {
    let missing = complaint(lines(3), truth: ["lable"])
    #expect(
      missing.hasSuffix("toys.jsonl: the events have no column lable; their columns are: label, pair, w."))
    #expect(complaint(lines(3), weight: "weight").contains("asks for a column weight, which the events lack"))
    #expect(
      complaint(lines(3), truth: ["pair"]).hasSuffix(
        "toys.jsonl: pair has 2 numbers an event, but one is needed: define a column by one of them, as in pair[0], or make it the "
          + "truth of a head on jets, whose k-th jet by falling pT has the k-th number."))
    var generator = SeededGenerator(seed: 2)
    let bare = ToyJets.line(ToyJets.particles(prongs: 1, using: &generator))
    #expect(
      complaint([bare]).contains(
        "toys.jsonl: the events have no column label. To give all events of a file a class"))
  }

  @Test(arguments: ["1e99", "-1e-42", "1e26"]) func weightsOfAnyOtherSizeAreRefused(weight: String) {
    var lines = lines(5)
    lines[4] = lines[4].replacingOccurrences(of: "\"w\": 2.0", with: "\"w\": \(weight)")
    let text = complaint(lines, weight: "w")
    #expect(
      text.contains("toys.jsonl, event 4: the weight is ") && text.contains("between 1e-25 and 1e+25"),
      "\(text)")
  }

  @Test(arguments: ["null"]) func weightsThatAreNone(weight: String) {
    var lines = lines(5)
    lines[4] = lines[4].replacingOccurrences(of: "\"w\": 2.0", with: "\"w\": \(weight)")
    let text = complaint(lines, weight: "w")
    #expect(
      text.contains("toys.jsonl, event 4, weight is nan, but a weight is a finite number"),
      "\(text)")
  }

  @Test func aColumnToBalanceByHasANumberInEachEvent() throws {
    var lines = lines(5)
    lines[2] = lines[2].replacingOccurrences(of: "\"w\": 1.0", with: "\"w\": null")
    let error = #expect(throws: SampleError.self) { try ToyJets.dataset(lines, truth: [], balance: "w") }
    #expect(
      error?.description.hasSuffix(
        "toys.jsonl, event 2: w is nan, but a finite number is needed in each event.") == true)
  }

  /// A generator's own name of a weight finds its column.
  @Test func weightsGoByTheNameOfTheirGenerator() throws {
    let lines = lines(3).map { $0.replacingOccurrences(of: "\"w\"", with: "\"weight.up\"") }
    #expect(try ToyJets.dataset(lines, truth: [], weight: "up").weights == [0, 0.5, 1])
  }

  // MARK: - Splits

  @Test func noEventIsOnBothSides() throws {
    let dataset = try ToyJets.dataset(lines(300), truth: [])
    let split = EventSplit(dataset, validationFraction: 0.25, seed: 3)
    #expect((split.training + split.validation).sorted() == Array(0..<300))
    // A quarter of them, to four standard deviations.
    #expect(abs(split.validation.count - 75) < 30)

    #expect(EventSplit(dataset, validationFraction: 0.25, seed: 3) == split)
    #expect(EventSplit(dataset, validationFraction: 0.25, seed: 4) != split)
    #expect(EventSplit(dataset, validationFraction: 0, seed: 3).validation.isEmpty)
    #expect(EventSplit(dataset, validationFraction: 1, seed: 3).training.isEmpty)
  }
}
