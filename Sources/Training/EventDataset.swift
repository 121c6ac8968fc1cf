// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Support

/// The events of a sample as a network learns from them: truth and weights in memory, and features there or in a file.
///
/// Truth and weights belong to events; each jet has those of its event, unless jets are given further weights. Truth of constituents,
/// and what heads derive, belongs to their rows.
public struct EventDataset: Sendable {
  /// The events as a network reads them; none if they are in a file.
  public private(set) var sample: EventSample
  /// The events as a network reads them, in a file; nil if they are in memory.
  private var cache: EventCache?
  /// What the features of the cache are scaled by when they are read; nil before they are.
  private var scaling: SampleScaling?
  /// The event of the cache whose conditions each has: `[events]`, empty if each has its own.
  private var donors: [Int] = []
  /// The weight of each event: `[events]`.
  public private(set) var weights: [Float] = []
  private(set) var eventTruth: EventTruth
  /// The sample that each of ``runs`` is of, by its place among those of the stream: `[runs]`.
  private(set) var sampleOfRun: [Int] = []
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
  public var eventCount: Int { eventTruth.eventCount }

  /// The number of jets.
  public var jetCount: Int { eventTruth.jetCount }

  /// Which events have conditions that each epoch draws from others: `[events]`, empty if none do.
  private(set) var redrawsConditions: [Bool] = []
  /// The number of bad events that were left out, and what was wrong with the first; nil if none was.
  private(set) var leftOut: (count: Int, first: EventInputError)?
  /// Tells these events from others.
  private(set) var fingerprint = SampleFingerprint()
  /// Of all that a network reads of the events, before it is scaled.
  private(set) var featureFingerprint = ContentFingerprint()

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
  ///   - cache: the folder in which a file without a name keeps what a network reads of the events; nil for memory.
  ///   - seed: of the random numbers of `reweight`.
  ///   - threads: the number of threads.
  ///   - progress: called after each batch of events; what it throws ends the reading.
  /// - Throws: `EventInputError` if events cannot be read, `SampleError` if a column that is named here, or is a
  ///   condition, is missing, has several numbers an event or holds what is not finite or not a weight,
  ///   what a stage throws if an event lacks what it reads, `PluginError` if a head derives other truth than it declares,
  ///   `FileOutputError` if the folder `cache` cannot be written or has no room.
  public init(
    _ stream: EventStream, jets: JetFinder, for network: Network, keeping columns: Set<String> = [],
    reweight: ReweightingSection? = nil, balance: String? = nil, balanceInterval: Double? = nil,
    redrawConditions: [String: Double] = [:], folds: EventFolds? = nil, cache: String? = nil,
    seed: UInt64 = 1,
    threads: Int, progress: (EventPipeline.Progress) throws -> Void = { _ in }
  ) throws {
    let empty = EventSample(network)
    sample = empty
    let conditions = network.conditions
    let names = EventTruth.Names(
      network, keeping: columns,
      numbers: Set([balance].compactMap(\.self) + redrawConditions.keys + conditions)
        .union(reweight?.columns ?? []))
    eventTruth = EventTruth(of: names)
    self.cache = try cache.map { try EventCache(in: $0) }
    var all = try network.allObservables
    if let reweight, let catalogue = stream.options.jets?.observables {
      try all.formUnion(reweight.observables(catalogue))
    }
    let formulas = reweight?.formulas ?? []
    let readsTrees = all.readsTrees || formulas.contains { $0.formula.names(.splitting) }
    var jetNumbers = JetNumbers(formulas.map(\.name))
    let isCached = cache != nil
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
            sample, EventRecords(sample, areKept: isCached), truth, SampleFingerprint(events),
            try folds?.folds(of: events, jets: found) ?? [],
            try JetNumbers(formulas, of: events, jets: found)
          )
        }
      },
      consume: {
        (
          sample: EventSample, records: EventRecords, truth: EventTruth, fingerprint: SampleFingerprint,
          folds: [Int], numbers: JetNumbers
        ) in
        foldOfEvent += folds
        jetNumbers.append(numbers)
        featureFingerprint.update(records.checksums)
        if self.cache == nil { self.sample.append(sample) } else { try self.cache!.append(records) }
        self.fingerprint.formUnion(fingerprint)
        eventTruth.append(truth)
      }, progress: progress)
    try eventTruth.scaleWeights(ofSamplesOf: stream)
    weights = eventTruth.weights
    sampleOfRun = eventTruth.sampleOfRun(stream)
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
    if cache != nil { self.donors = Array(0..<eventCount) }
    for event in events where redrawsConditions[event] {
      let donor = donors.randomElement(using: &generator)!
      if cache == nil { sample.copyConditions(from: donor, to: event) } else { self.donors[event] = donor }
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

  /// Whether each of the rows that a head has of some events has truth of the head: `[rows]`.
  func haveTruth(of named: Network.NamedHead, in events: some Collection<Int>) -> [Bool] {
    eventTruth.rowWeights(Array(repeating: 1, count: eventCount), for: named, of: events).map { $0 != 0 }
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
}

// MARK: - What a network reads

extension EventDataset {
  /// Events of a cache that are read at a time.
  private static let eventsAtOnce = 256

  /// Scales the features.
  public mutating func scale(by scaling: SampleScaling) {
    if cache == nil { sample.scale(by: scaling) } else { self.scaling = scaling }
  }

  /// The nodes of the trees of one event, which are most of the work that it makes.
  func nodeCount(ofEvent event: Int) -> Int {
    cache?.nodeCount(ofEvent: event) ?? sample.nodeCount(ofEvent: event)
  }

  /// Replaces the content of a batch by some events, in their order.
  ///
  /// - Parameters:
  ///   - batch: the batch.
  ///   - events: the events.
  ///   - window: room for the events of a cache, which belongs to the thread of the batch.
  /// - Throws: ``TrainingError`` if an event of the cache cannot be read back.
  func fill(_ batch: NetworkBatch, _ events: ArraySlice<Int>, _ window: inout EventWindow) throws {
    guard let cache else { return batch.fill(sample, events) }
    try load(events, of: cache, into: &window)
    batch.fill(window.sample, 0..<events.count)
  }

  /// Reads events of the cache, scaled and with the conditions that were drawn for them; those that these come from are
  /// after them.
  private func load(
    _ events: some Collection<Int>, of cache: EventCache, into window: inout EventWindow,
    _ parts: EventSample.Parts = .all
  ) throws {
    try window.load(events, of: cache, parts)
    if !donors.isEmpty {
      var last = events.count
      for (place, event) in events.enumerated() where donors[event] != event {
        try window.append(CollectionOfOne(donors[event]), of: cache, .events)
        window.copyConditions(from: last, to: place)
        last += 1
      }
    }
    if let scaling { window.scale(by: scaling) }
  }

  /// Lets the system begin to read events that are needed soon from the cache, if there is one.
  func prefetch(_ events: ArraySlice<Int>) {
    cache?.prefetch(donors.isEmpty ? events : events + events.map { donors[$0] })
  }

  /// The least and the largest value in some events of everything that the network reads.
  ///
  /// - Throws: ``TrainingError`` if an event of the cache cannot be read back.
  func extents(ofEvents events: some Collection<Int>) throws -> [FeatureExtent] {
    guard let cache else { return sample.extents(ofEvents: events) }
    var extents: [FeatureExtent] = []
    var window = EventWindow(emptyLike: sample)
    try forEachPart(of: events) { part in
      try load(part, of: cache, into: &window, [.embedding, .events])
      let others = window.sample.extents(ofEvents: 0..<part.count)
      extents = extents.isEmpty ? others : zip(extents, others).map { $0.union($1) }
    }
    return extents
  }

  /// How numbers that the network reads are distributed in some events.
  ///
  /// - Parameters:
  ///   - names: the numbers.
  ///   - events: the events.
  /// - Returns: the distributions of those numbers that differ.
  /// - Throws: ``TrainingError`` if an event of the cache cannot be read back.
  func distributions(of names: (String) -> Bool, inEvents events: [Int]) throws -> [InputDistribution] {
    guard let cache else { return sample.distributions(of: names, inEvents: events) }
    let chosen = EventSample.choice(forDistributionsOf: events)
    var window = EventWindow(emptyLike: sample)
    try load(chosen, of: cache, into: &window, [.embedding, .events])
    return window.sample.distributions(of: names, inEvents: Array(chosen.indices))
  }

  /// The scaling that the training learns from some of its events.
  ///
  /// - Throws: ``TrainingError`` if an event of the cache cannot be read back.
  func scaling(fitting events: [Int], nodes: StageScaling?, seed: UInt64) throws -> SampleScaling {
    guard let cache else { return SampleScaling(fitting: sample, events: events, nodes: nodes, seed: seed) }
    let chosen = SampleScaling.choice(of: events, seed: seed) { eventTruth.rows(.jets, ofEvent: $0).count }
    var window = EventWindow(emptyLike: sample)
    try load(chosen, of: cache, into: &window, [.embedding, .events])
    return SampleScaling(fitting: window.sample, chosen: Array(chosen.indices), nodes: nodes)
  }

  /// What some heads read of some events as plain numbers, without embeddings.
  ///
  /// - Throws: ``TrainingError`` if an event of the cache cannot be read back.
  func plainInputs(of events: [Int], for heads: [Network.NamedHead]) throws -> HeadInputs {
    var kinematics = Kinematics(
      heads.reduce(into: []) { $0.formUnion($1.head.inputs) },
      observables: heads.reduce(into: []) { $0.formUnion($1.head.observables) })
    var window = EventWindow(emptyLike: sample)
    try forEachPart(of: events) { part in
      guard let cache else {
        kinematics.append(sample.kinematics, events: part, jets: part.flatMap(sample.jets(ofEvent:)))
        return
      }
      try load(part, of: cache, into: &window, .kinematics)
      kinematics.append(
        window.sample.kinematics, events: Array(part.indices), jets: Array(0..<window.sample.jetCount))
    }
    return HeadInputs(
      eventCount: events.count,
      eventOfJet: events.enumerated().flatMap { row, event in
        repeatElement(Int32(row), count: eventTruth.rows(.jets, ofEvent: event).count)
      },
      on: Tape(parameters: Parameters(layout: ParameterLayout())), kinematics: kinematics)
  }

  private func forEachPart(of events: some Collection<Int>, _ body: ([Int]) throws -> Void) rethrows {
    var rest = events[...]
    while !rest.isEmpty {
      try body(Array(rest.prefix(Self.eventsAtOnce)))
      rest = rest.dropFirst(Self.eventsAtOnce)
    }
  }
}
