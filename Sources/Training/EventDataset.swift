// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import PluginKit

/// The events of a sample as a network learns from them: features, truth and weights, all in memory.
///
/// Truth and weights belong to events; each jet has those of its event, unless jets are given further weights. Truth of constituents,
/// and what heads derive, belongs to their rows.
public struct EventDataset: Sendable {
  /// The events as a network reads them.
  public private(set) var sample: EventSample
  /// The weight of each event: `[events]`.
  public private(set) var weights: [Float] = []
  private(set) var eventTruth: EventTruth
  /// The sample that each event is of, by its place among those of the stream: `[events]`.
  private(set) var sampleOfEvent: [Int] = []
  /// What came of changing spectra; nil if that was not asked for.
  private(set) var reweighting: SpectrumReweighting?
  /// What the weight of each row of a head is multiplied by, in addition to that of its event: `[rows]`; nothing for kinds of rows
  /// that have no weights of their own.
  private(set) var rowFactors: [HeadRows: [Float]] = [:]
  /// The fold of each event, counted from 0: `[events]`; empty if there are no folds.
  private(set) var foldOfEvent: [Int] = []
  /// How many events had a negative weight that was changed, or left out with them.
  private(set) var negativeWeightCount = 0

  /// The number of each event: `[events]`.
  public var eventNumbers: [Int] { eventTruth.eventNumbers }

  /// The number of events, with jets or without.
  public var eventCount: Int { sample.eventCount }

  /// The number of jets.
  public var jetCount: Int { sample.jetCount }

  /// Which events have conditions that each epoch draws from others: `[events]`, empty if none do.
  private(set) var redrawsConditions: [Bool] = []
  /// The number of bad events that were left out, and what was wrong with the first; nil if none was.
  private(set) var leftOut: (count: Int, first: EventInputError)?
  /// Tells these events from others.
  private(set) var fingerprint = SampleFingerprint()

  /// Reads all events of a stream and finds their jets, on several threads.
  ///
  /// - Parameters:
  ///   - stream: the events.
  ///   - jets: how jets are found.
  ///   - network: what reads the events, and decides what is kept of each.
  ///   - columns: event columns to keep besides those that heads of the network have as truth.
  ///   - reweight: the spectra that are changed by further weights; nil for none.
  ///   - balance: the event column whose values shall have the same total weight each; nil for none.
  ///   - balanceInterval: the width of the intervals of values that count as one; nil where each value counts.
  ///   - redrawConditions: the column values of events whose conditions `redrawConditions(of:using:)` replaces.
  ///   - folds: the folds that events belong to; nil for none.
  ///   - seed: of the random numbers of `reweight`.
  ///   - threads: the number of threads.
  /// - Throws: `EventInputError` if events cannot be read, `SampleError` if a column that is named here, or is a
  ///   condition, is missing, has several numbers an event or holds what is not finite or not a weight,
  ///   what a stage throws if an event lacks what it reads, `PluginError` if a head derives other truth than it declares.
  public init(
    _ stream: EventStream, jets: JetFinder, for network: Network, keeping columns: Set<String> = [],
    reweight: ReweightingSection? = nil, balance: String? = nil, balanceInterval: Double? = nil,
    redrawConditions: [String: Double] = [:], folds: EventFolds? = nil, seed: UInt64 = 1, threads: Int
  ) throws {
    let empty = EventSample(network)
    sample = empty
    let conditions = network.conditions
    let names = EventTruth.Names(
      network, keeping: columns,
      numbers: Set([balance].compactMap(\.self) + redrawConditions.keys + conditions)
        .union(reweight?.columns ?? []))
    eventTruth = EventTruth(of: names)
    var all = try network.allObservables
    if let reweight, let catalogue = stream.options.jets?.observables {
      try all.formUnion(reweight.observables(catalogue))
    }
    let formulas = reweight?.formulas ?? []
    let readsTrees = all.readsTrees || formulas.contains { $0.formula.names(.splitting) }
    var jetNumbers = JetNumbers(formulas.map(\.name))
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: { [all] in
        let reconstruction = try JetReconstruction(
          readsTrees ? jets.withTrees(true) : jets, observables: all, cuts: network.cuts)
        var found = Jets()
        return { events in
          try reconstruction.findJets(in: events, into: &found)
          let truth = try EventTruth(of: names, events: events, jets: found)
          var sample = empty
          try sample.replace(with: events, jets: found)
          return (
            sample, truth, SampleFingerprint(events), try folds?.folds(of: events) ?? [],
            try JetNumbers(formulas, of: events, jets: found)
          )
        }
      },
      consume: {
        (
          sample: EventSample, truth: EventTruth, fingerprint: SampleFingerprint, folds: [Int],
          numbers: JetNumbers
        ) in
        foldOfEvent += folds
        jetNumbers.append(numbers)
        self.sample.append(sample)
        self.fingerprint.formUnion(fingerprint)
        eventTruth.append(truth)
      })
    try eventTruth.scaleWeights(ofSamplesOf: stream)
    weights = eventTruth.weights
    sampleOfEvent = eventTruth.sampleOfEvent(stream)
    negativeWeightCount = stream.negativeWeightCount
    if let first = stream.badEvents.first { leftOut = (stream.badEventCount, first) }
    if !redrawConditions.isEmpty {
      redrawsConditions = (0..<eventCount).map { event in
        redrawConditions.allSatisfy { column($0)[event] == Float($1) }
      }
    }
    if let reweight { try self.reweight(reweight, jetNumbers, seed: seed) }
    if let balance {
      let values = column(balance)
      balanceWeights(
        of: balanceInterval.map { width in values.map { ($0 / Float(width)).rounded(.down) } } ?? values)
    }
  }

  /// Gives events, or the rows of jets, further weights.
  private mutating func reweight(
    _ section: ReweightingSection, _ jetNumbers: JetNumbers, seed: UInt64
  ) throws {
    let reweighting: SpectrumReweighting
    switch section.rows {
    case .events:
      let values = Dictionary(uniqueKeysWithValues: section.columns.map { ($0, column($0)) })
      reweighting = try SpectrumReweighting(section, values: values, weights: weights, seed: seed)
      weights = reweighting.weights
    case .jets:
      let old = eventTruth.spread(weights, over: .jets, of: 0..<eventCount)
      reweighting = try SpectrumReweighting(section, values: jetNumbers.values, weights: old, seed: seed)
      let factors = zip(reweighting.weights, old).map { $1 == 0 ? 0 : $0 / $1 }
      for rows in [HeadRows.jets, .constituents, .splittings] {
        rowFactors[rows] = jetNumbers.spread(factors, over: rows)
      }
    }
    self.reweighting = reweighting
  }

  /// Gives all events of one value of `classes`, `[events]`, together the weight of those of any other, and leaves the
  /// sum of all weights as it is.
  private mutating func balanceWeights(of classes: [Float]) {
    var totals: [Float: Double] = [:]
    for (value, weight) in zip(classes, weights) { totals[value, default: 0] += Double(weight) }
    let shares = totals.values.filter { $0 > 0 }
    let share = shares.reduce(0, +) / Double(max(shares.count, 1))
    for (event, value) in classes.enumerated() where totals[value]! > 0 {
      weights[event] *= Float(share / totals[value]!)
    }
  }

  /// Gives those of `events` whose conditions mean nothing the conditions of others of `events`, drawn at random.
  ///
  /// A background has no such thing as a resonance's mass: every value is as true as the one that the file holds, and a
  /// parameterised classifier learns more from all of them (arXiv:1601.07913).
  mutating func redrawConditions(of events: [Int], using generator: inout some RandomNumberGenerator) {
    guard !redrawsConditions.isEmpty else { return }
    let donors = events.filter { !redrawsConditions[$0] }
    guard !donors.isEmpty else { return }
    for event in events where redrawsConditions[event] {
      sample.copyConditions(from: donors.randomElement(using: &generator)!, to: event)
    }
  }

  /// The number of rows that a head has of some events.
  func rowCount(of rows: HeadRows, of events: some Collection<Int>) -> Int {
    eventTruth.rowCount(of: rows, of: events)
  }

  /// The columns of events as numbers of the rows that heads have of some events, without what heads derive.
  public func truth(of rows: HeadRows, of events: some Collection<Int>) -> HeadTruth {
    eventTruth.truth(of: rows, of: events)
  }

  /// The truth of the rows that a head has of some events, with what it derives.
  public func truth(of named: Network.NamedHead, of events: some Collection<Int>) -> HeadTruth {
    eventTruth.truth(of: named, of: events)
  }

  /// The weights of the rows that a head has of some events; 0 for rows that lack truth of the head.
  public func weights(for named: Network.NamedHead, of events: some Collection<Int>) -> [Float] {
    var rowWeights = eventTruth.rowWeights(weights, for: named, of: events)
    let rows = named.head.rows
    if let factors = rowFactors[rows] {
      for (place, row) in events.lazy.flatMap({ eventTruth.rows(rows, ofEvent: $0) }).enumerated() {
        rowWeights[place] *= factors[row]
      }
    }
    return rowWeights
  }

  /// The sum of the absolute weights of the rows that a head has of some events.
  ///
  /// A mean over rows that have weights of either sign is of no use where these cancel.
  func totalWeight(for named: Network.NamedHead, of events: some Collection<Int>) -> Double {
    rowFactors[named.head.rows] == nil
      ? eventTruth.totalWeight(weights, for: named, of: events)
      : weights(for: named, of: events).reduce(0) { $0 + Double(abs($1)) }
  }

  /// What to say of events that lack truth: a sentence for each head that they are left out of.
  func remarksOnMissingTruth(of heads: [Network.NamedHead]) -> [String] {
    heads.compactMap(eventTruth.remarkOnMissingTruth)
  }

  /// The value of a column of each event: `[events]`.
  func column(_ name: String) -> [Float] { eventTruth.columns[name]!.values }

  /// Where the events come from, in their order.
  var runs: [EventTruth.Run] { eventTruth.runs }

  /// Makes sure that the heads can learn from the truth.
  ///
  /// - Throws: `SampleError` that names the file and the event.
  func checkTruth(for heads: [Network.NamedHead]) throws { try eventTruth.check(for: heads) }

  /// Scales the features.
  public mutating func scale(by scaling: SampleScaling) { sample.scale(by: scaling) }
}
