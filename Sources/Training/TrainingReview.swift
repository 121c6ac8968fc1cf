// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import PluginKit

/// What settings and truth alone tell of a training, before its first epoch: errors for what cannot be learnt, and
/// remarks on what a user would want to know.
struct TrainingReview {
  let configuration: TrainingConfiguration
  let network: Network

  // MARK: - Settings

  /// Makes sure that the settings do not contradict themselves, before any event is read.
  ///
  /// - Throws: ``TrainingError`` if a file is given twice, a head reads its own truth, or weights are of rows that no head has.
  func checkSettings() throws {
    try checkInputsDiffer()
    if configuration.data.reweight?.rows == .jets, network.heads.allSatisfy({ $0.head.rows == .events }) {
      throw TrainingError(
        "data.reweight.of is jets, whose weights no head reads, as all have rows of events; reweight events.")
    }
    // Files for the test that there are not are found before the training rather than after it.
    _ = try EventStream(samples: configuration.data.testInputs)
    for named in network.heads where named.head.rows == .constituents {
      let truth = named.head.truthColumns.filter { !named.head.optionalTruthColumns.contains($0) }
      for stage in network.stages {
        guard let column = truth.first(where: stage.stage.particleColumns.contains) else { continue }
        throw TrainingError(
          "\(named.name) would read its own truth: \(column) is a column of particles that \(stage.place.rawValue) reads; leave it "
            + "out there.")
      }
    }
    let conditions = Set(network.conditions)
    for named in network.heads where named.head.inputs.contains(.eventInputs) {
      guard let column = named.head.truthColumns.first(where: conditions.contains) else { continue }
      throw TrainingError(
        "\(named.name) would read its own truth: \(column) is among events.inputs.conditions; leave it out there."
      )
    }
  }

  private func checkInputsDiffer() throws {
    var names: [FileIdentity: String] = [:]
    for input in configuration.data.files + configuration.data.testInputs.flatMap(\.files) {
      guard let file = FileIdentity(input) else { continue }
      if let first = names[file] {
        throw TrainingError(
          (first == input ? "data names \(input) twice" : "\(first) and \(input) are the same file")
            + ": its events would be both learnt from and judged by; name it once.")
      }
      names[file] = input
    }
  }

  /// A regular file, whatever its path.
  private struct FileIdentity: Hashable {
    let device: UInt64
    let number: UInt64

    init?(_ path: String) {
      var status = stat()
      guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
    }
  }

  // MARK: - Events

  /// Makes sure that there is something to learn from and to validate on.
  ///
  /// - Throws: ``TrainingError`` that says what is missing.
  func check(_ dataset: EventDataset, _ split: EventSplit) throws {
    let source = configuration.data.samples.map(\.title).joined(separator: ", ")
    if dataset.eventCount == 0, !configuration.data.reading.selection.isEmpty {
      let wanted = configuration.data.reading.selection.map(\.text)
      throw TrainingError(
        "\(source): no event meets \(wanted.joined(separator: " and ")), as data.where asks for.")
    }
    guard !split.training.isEmpty, !split.validation.isEmpty else {
      throw TrainingError(
        "\(source): of \(dataset.eventCount) events \(split.training.count) are to learn from and "
          + "\(split.validation.count) to validate on; a training needs some of each.")
    }
    if network.heads.contains(where: { $0.head.rows != .events }), dataset.jetCount == 0 {
      throw TrainingError(
        "\(source): \(dataset.eventCount) events have no jets to learn from; compare the events with the section jets"
          + (configuration.cuts.isEmpty ? "." : ", and the jets with cuts."))
    }
    try dataset.checkTruth(for: network.heads)
    for named in network.heads {
      for (events, purpose) in [(split.training, "to learn from"), (split.validation, "to validate on")] {
        try checkRows(of: named, dataset, events, purpose)
      }
      try checkWorkingPoints(of: named, dataset, split.validation)
    }
  }

  /// Makes sure that a head has rows with a weight among some events, and of each class if it tells classes apart.
  private func checkRows(
    of named: Network.NamedHead, _ dataset: EventDataset, _ events: [Int], _ purpose: String
  ) throws {
    let rows = named.head.rows
    let weights = dataset.weights(for: named, of: events)
    let source = configuration.data.samples.map(\.title).joined(separator: ", ")
    guard !weights.isEmpty else {
      throw TrainingError("\(source): \(named.name) has no \(rows.rawValue) \(purpose); give it more events.")
    }
    guard weights.contains(where: { $0 != 0 }) else {
      throw TrainingError(
        "\(source): all \(rows.rawValue) \(purpose) have the weight 0 for \(named.name); look at the columns "
          + ([configuration.data.reading.weight?.text ?? configuration.data.balance].compactMap(\.self)
          + named.head.truthColumns).joined(separator: ", ") + ".")
    }
    guard let classification = (named.head as? any ScoringHead)?.classification else { return }
    let labels = classification.labels(of: dataset.truth(of: named, of: events))
    for (number, name) in classification.classes.enumerated() {
      let ofClass = zip(labels, weights).filter { Int($0.0) == number && $0.1 != 0 }
      let total = ofClass.reduce(0) { $0 + Double($1.1) }
      guard !(total > 0) else { continue }
      let problem =
        !ofClass.isEmpty
        ? "have weights whose sum is \(total), not positive,"
        : zip(labels, dataset.haveTruth(of: named, in: events)).contains { $0 == Float(number) && $1 }
          ? "have the weight 0" : "are absent"
      throw TrainingError(
        "\(named.name): the \(rows.rawValue) of class \(name) (\(classification.truth.isOneHot ? "\(classification.truth.columns[number]) = 1" : "\(classification.truth) = \(number)")) \(problem) "
          + "among those \(purpose); there are, in all, \(counts(of: classification, named, dataset)).")
    }
  }

  /// How many rows of each class each file has, in words.
  private func counts(
    of classification: Classification, _ named: Network.NamedHead, _ dataset: EventDataset
  ) -> String {
    let shown = 10
    let samples = configuration.data.samples
    var parts = zip(dataset.runs, dataset.sampleOfRun).prefix(shown).map { run, sample in
      // What is missing has the value of another row.
      let labels = zip(
        classification.labels(of: dataset.truth(of: named, of: run.events)),
        dataset.haveTruth(of: named, in: run.events))
      var counts = classification.classes.enumerated().map { number, name in
        "\(labels.count { $0 == Float(number) && $1 }) of \(name)"
      }
      let missing = labels.count { !$1 }
      if missing > 0 { counts.append("\(missing) without truth") }
      let name = samples[sample].name.map { " (\($0))" } ?? ""
      return "in \(run.source)\(name) \(counts.joined(separator: ", "))"
    }
    if dataset.runs.count > shown { parts.append("and those of \(dataset.runs.count - shown) more files") }
    return parts.joined(separator: "; ")
  }

  private func checkWorkingPoints(
    of named: Network.NamedHead, _ dataset: EventDataset, _ events: [Int]
  ) throws {
    guard let classification = (named.head as? any ScoringHead)?.classification else { return }
    do {
      try classification.checkWorkingPoints(
        dataset.truth(of: named, of: events),
        weights: dataset.weights(for: named, of: events).map { Double($0) }
      )
    } catch let error as MetricError {
      throw TrainingError("\(named.name) cannot be calibrated on the validation events: \(error)")
    }
  }

  /// Makes sure that every fold has events.
  ///
  /// - Throws: ``TrainingError`` that names the fold that has none.
  func checkFolds(_ dataset: EventDataset) throws {
    guard let folds = configuration.data.folds, dataset.eventCount > 0 else { return }
    let found = Set(dataset.foldOfEvent)
    guard let empty = (0..<folds.count).first(where: { !found.contains($0) }) else { return }
    throw TrainingError(
      "data.folds: of \(dataset.eventCount) events none is in fold \(empty + 1) of \(folds.count); "
        + (folds.formula.map { "choose another by than \($0)." } ?? "give more events, or fewer folds."))
  }

  /// What to say if a training with folds begins with weights that have seen some of its events.
  func remarks(
    _ dataset: EventDataset, beginningWith earlier: [(key: String, fingerprint: SampleFingerprint?)]
  ) -> [String] {
    guard configuration.data.folds != nil else { return [] }
    return earlier.compactMap { key, fingerprint in
      guard let fingerprint else { return nil }
      var overlap = SampleOverlap(fingerprint)
      overlap.add(dataset.fingerprint)
      guard overlap.share > 0 else { return nil }
      return
        "\(key) names a model that has learnt from events of this sample: every fold has seen them through it."
    }
  }

  // MARK: - Remarks

  /// What is not wrong, but hardly wanted: a sentence each.
  ///
  /// - Parameters:
  ///   - dataset: the events.
  ///   - extents: what the features were in the training events.
  ///   - pretrained: the embedding of another model that the training begins with.
  ///   - weighting: what the momenta of particles are multiplied by.
  /// - Returns: a sentence each.
  func remarks(
    _ dataset: EventDataset, _ extents: [FeatureExtent], _ pretrained: PretrainedEmbedding?,
    _ weighting: AppliedWeighting?
  ) -> [String] {
    var remarks = extents.compactMap { extent -> String? in
      guard let values = extent.values else {
        return "No event to learn from has \(extent.name): nothing can be learnt from it."
      }
      guard values.lowerBound == values.upperBound else { return nil }
      return
        "\(extent.name) is \(values.lowerBound) in all events to learn from: nothing can be learnt from it."
    }
    let data = configuration.data
    if let column = data.balance {
      let values = dataset.column(column)
      if let first = values.first, values.allSatisfy({ $0 == first }) {
        remarks.append(
          "data.balance has nothing to balance: \(column) is \(text(Double(first))) in all events.")
      }
    }
    if data.jetTruth != JetMatching(), !network.readsGivenJets {
      remarks.append("data.jet-truth has no effect: no head has a column jet/NAME as truth.")
    }
    if !data.redrawConditions.isEmpty {
      if network.conditions.isEmpty {
        remarks.append(
          "data.redraw-conditions has no effect: no condition is read (events.inputs.conditions).")
      } else if !dataset.redrawsConditions.contains(true) {
        remarks.append("data.redraw-conditions has no effect: no event has the values that it names.")
      } else if !dataset.redrawsConditions.contains(false) {
        remarks.append("data.redraw-conditions has no effect: all events have the values that it names.")
      }
    }
    let formulas =
      data.reading.formulas + [data.validation, data.test].compactMap(\.self)
      + (data.reweight?.formulas.map(\.formula) ?? [])
    let read = Set((network.observables.members + network.truthObservables.members).map(\.name)).union(
      formulas.flatMap(\.columnsWithSlash).map { String($0.prefix { $0 != "/" }) }
        + [weighting?.name].compactMap(\.self))
    for choice in configuration.observables where !read.contains(choice.name) {
      remarks.append("observables.\(choice.name) has no effect: nothing reads its numbers.")
    }
    remarks += dataset.reweighting?.remarks ?? []
    let reading = data.reading
    if dataset.negativeWeightCount > 0 {
      let count = dataset.negativeWeightCount
      remarks.append(
        "\(count) \(count == 1 ? "event has" : "events have") a negative weight and "
          + (reading.negativeWeights == .leftOut ? "are left out" : "count by its absolute value")
          + " (data.negative-weights).")
    }
    if let leftOut = dataset.leftOut {
      remarks.append(
        "data.skip-bad-events left out \(leftOut.count) \(leftOut.count == 1 ? "event" : "events"); the first: \(leftOut.first)"
      )
    }
    return remarks + dataset.remarksOnMissingTruth(of: network.heads)
      + [pretrained?.remark(onJets: configuration.jets, cuts: configuration.cuts, weighting)].compactMap(
        \.self)
  }

  /// A number without “.0”.
  private func text(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(format: "%.0f", number) : "\(number)"
  }

  /// How the numbers that the network reads are distributed in the training events; conditions that each epoch draws from
  /// other events count there.
  ///
  /// - Throws: ``TrainingError`` if an event of a cache cannot be read back.
  func inputDistributions(_ dataset: EventDataset, training: [Int]) throws -> [InputDistribution] {
    let conditions = Set(network.conditions)
    return try dataset.distributions(of: { !conditions.contains($0) }, inEvents: training)
      + dataset.distributions(of: conditions.contains, inEvents: donors(dataset, training))
  }

  /// The training events whose conditions are their own; all if none has its own.
  private func donors(_ dataset: EventDataset, _ training: [Int]) -> [Int] {
    guard !dataset.redrawsConditions.isEmpty else { return training }
    let donors = training.filter { !dataset.redrawsConditions[$0] }
    return donors.isEmpty ? training : donors
  }

  /// What the event inputs are in the training events; conditions that each epoch draws from other events count there.
  ///
  /// - Parameters:
  ///   - dataset: the events.
  ///   - training: those to learn from.
  ///   - extents: what the features were in these.
  /// - Returns: the ranges; nil without event inputs.
  /// - Throws: ``TrainingError`` if an event of a cache cannot be read back.
  func inputRanges(
    _ dataset: EventDataset, training: [Int], _ extents: [FeatureExtent]
  ) throws -> [InputRange]? {
    guard let names = network.events?.eventInputNames, !names.isEmpty else { return nil }
    let conditions = Set(network.conditions)
    func ranges(_ names: [String], _ extents: [FeatureExtent]) -> [InputRange] {
      extents.compactMap { extent in
        guard names.contains(extent.name), let values = extent.values else { return nil }
        return InputRange(input: extent.name, lowest: values.lowerBound, highest: values.upperBound)
      }
    }
    return ranges(names.filter { !conditions.contains($0) }, extents)
      + ranges(
        names.filter(conditions.contains),
        dataset.redrawsConditions.isEmpty ? extents : try dataset.extents(ofEvents: donors(dataset, training))
      )
  }
}
