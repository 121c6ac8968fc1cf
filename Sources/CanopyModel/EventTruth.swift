// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics
import PluginKit
import Support

/// Columns of events, such as truth and weights, of which each jet has those of its event, and columns of rows: truth of
/// constituents, and what heads derive.
///
/// Truth that is NaN is missing: the rows that lack a truth column of a head have no weight for it. Each jet has the truth of
/// its event, its own number of a column of several, or that of the given jet that goes with it.
///
/// This is where every column that a setting names is looked up and checked, before anything is learnt from it.
package struct EventTruth: Sendable {
  /// The names of the columns that are kept, by what is asked of them.
  package struct Names: Sendable {
    /// Columns whose values heads check for themselves, in the rows that they have.
    var truth: Set<String>
    /// Columns that have a finite number in every event.
    var numbers: Set<String>
    /// Columns of particles whose values heads on constituents check for themselves.
    var constituentTruth: Set<String>
    /// Columns of `truth` that heads on jets alone ask for, which may have a number for each jet.
    var jetTruth: Set<String>
    /// How given jets go with jets.
    var matching: JetMatching
    /// The classes whose names the texts of a column may be: the lists of the heads that have it as truth.
    var classes: [String: [[String]]]
    /// The heads that derive truth, or have numbers of observables as truth.
    var deriving: [Network.NamedHead]

    /// What the heads of a network have as truth, and further columns.
    package init(_ network: Network, keeping further: Set<String> = [], numbers: Set<String> = []) {
      truth = network.truthColumns.union(further)
      self.numbers = numbers
      constituentTruth = network.constituentTruthColumns
      jetTruth = network.jetTruthColumns.subtracting(further).subtracting(numbers)
      matching = network.jetMatching
      classes = network.classesOfTruth
      deriving = network.heads.filter { !$0.head.derivedTruthColumns.isEmpty || !$0.observedTruth.isEmpty }
    }

    fileprivate var all: Set<String> { truth.union(numbers) }
  }

  /// Consecutive events of one file.
  package struct Run: Sendable {
    /// The file as the user named it.
    package let source: String
    /// The number, through all files, of the first event of the file.
    package let firstEvent: Int
    /// Its events, by their place here.
    package internal(set) var events: Range<Int>
  }

  /// The number of each event: `[events]`.
  package private(set) var eventNumbers: [Int] = []
  /// The weight of each event: `[events]`.
  package private(set) var weights: [Float] = []
  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  private var jetOffsets = [0]
  /// The first constituent of each event's jets, and the number of constituents at the end: `[events + 1]`.
  private var constituentOffsets = [0]
  /// Columns of events: `[events]` each.
  package private(set) var columns: [String: TruthColumn]
  /// Truth that each jet has a number of its own of: `[jets]` each.
  package private(set) var jetColumns: [String: TruthColumn] = [:]
  /// Columns of particles that are the truth of constituents: `[constituents]` each.
  package private(set) var constituentColumns: [String: TruthColumn]
  /// What each head derives, and its truth from observables, by its name: `[rows of the head]` each.
  package private(set) var derivedColumns: [String: [String: TruthColumn]]
  /// Where the events come from, in their order.
  package private(set) var runs: [Run] = []

  /// No events, with columns of these names.
  package init(of names: Names) {
    columns = Dictionary(uniqueKeysWithValues: names.all.map { ($0, TruthColumn()) })
    constituentColumns = Dictionary(uniqueKeysWithValues: names.constituentTruth.map { ($0, TruthColumn()) })
    derivedColumns = Dictionary(
      uniqueKeysWithValues: names.deriving.map { named in
        (
          named.name,
          Dictionary(
            uniqueKeysWithValues: named.head.derivedTruthColumns.union(named.observedTruth).map {
              ($0, TruthColumn())
            })
        )
      })
  }

  /// The columns `names` of `events`, whose jets are `jets`, and their weights.
  ///
  /// - Throws: ``SampleError`` that names file, event and column if a column is missing, has several numbers an event
  ///   or holds what is not a number or not a weight, or truth cannot be derived; `PluginError` if a head derives other
  ///   than it declares.
  package init(of names: Names, events: Events, jets: Jets) throws {
    self.init(of: names)
    eventNumbers = events.eventNumbers
    jetOffsets = jets.offsets
    constituentOffsets = jets.offsets.map { jets.constituents.offsets[$0] }
    runs = [
      Run(source: events.source, firstEvent: events.firstEventOfSource, events: 0..<events.eventCount)
    ]
    let givenJets = try Self.givenJets(names, events, jets)
    for name in names.all.sorted() {
      if names.jetTruth.contains(name),
        let numbers = try Self.jetNumbers(name, names, events, jets, givenJets: givenJets)
      {
        columns[name] = nil
        jetColumns[name] = TruthColumn(numbers)
      } else {
        columns[name] = TruthColumn(
          try Self.numbers(events.columns[name], name, of: events, classes: names.classes[name]))
      }
    }
    for name in names.constituentTruth.sorted() {
      constituentColumns[name] = TruthColumn(try Self.constituentNumbers(name, of: events, jets))
    }
    for named in names.deriving {
      var derived = try derivedTruth(of: named, events, jets)
      for name in named.observedTruth { derived[name] = jets.numbers(name, for: named.head.rows) }
      derivedColumns[named.name] = derived.mapValues { TruthColumn($0) }
    }
    for name in names.numbers.sorted() {
      let values = columns[name]!.values
      guard let event = values.firstIndex(where: { !$0.isFinite }) else { continue }
      throw error(
        atEvent: event, "\(name) is \(values[event].text), but a finite number is needed in each event.")
    }
    let exact = events.weightOfEach
    if let event = exact.firstIndex(where: { $0 != 0 && !Self.sizesOfWeights.contains(abs($0)) }) {
      throw error(
        atEvent: event,
        "the weight is \(exact[event].text), but the size of weights must lie between \(Self.sizesOfWeights.lowerBound) and "
          + "\(Self.sizesOfWeights.upperBound); multiply all of them by one number.")
    }
    weights = exact.map { Float($0) }
  }

  /// Weights are kept in single precision, in which their products with losses must be exact enough too.
  private static let sizesOfWeights = 1e-25...1e25

  /// The numbers of a column of events; those of a column of text are the classes that have its texts as names.
  ///
  /// - Throws: ``SampleError`` that names file and column if there is none, it has several numbers an event, or a text is the
  ///   name of no class.
  static func numbers(
    _ column: Column?, _ name: String, of events: Events, classes: [[String]]? = nil
  ) throws -> [Float] {
    guard let column else {
      if let reason = events.unreadableColumns[name] {
        throw SampleError("\(events.source): the column \(name) cannot be read: \(reason).")
      }
      let known = events.columns.names
      throw SampleError(
        "\(events.source): the events have no column \(name)"
          + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", ")).")
          + (name == "label" ? " To give all events of a file a class, write {file: …, label: 1}." : "")
          + (events.givenJets?.content[name] == nil
            ? "" : " The given jets have one: write \(givenJetPrefix)\(name) for a head on jets.")
          + (name.hasPrefix(givenJetPrefix) ? " Columns of given jets are truth of heads on jets alone." : "")
      )
    }
    guard column.width == 1 else {
      throw SampleError(
        "\(events.source): \(name) has \(column.width) numbers an event, but one is needed: define a column by one of them, as in "
          + "\(name)[0], or make it the truth of a head on jets, whose k-th jet by falling pT has the k-th number."
      )
    }
    if let texts = column.categories {
      return try Self.classes(column, texts, name, among: classes, of: events) { $0 }
    }
    return try exact(column.values, name, of: events) { $0 }
  }

  /// Numbers in single precision.
  ///
  /// A number that stands for something else than its size, such as that of a run, must not become another.
  private static func exact(
    _ values: [Double], _ name: String, of events: Events, event: (Int) -> Int
  ) throws -> [Float] {
    if let place = values.firstIndex(where: {
      abs($0) > 0x1p24 && abs($0) < 0x1p53 && $0 == $0.rounded() && Double(Float($0)) != $0
    }) {
      throw SampleError(
        "\(events.source), event \(events.eventNumbers[event(place)] - events.firstEventOfSource): \(name) is "
          + "\(Int(values[place])), a whole number that single precision rounds; define a column of smaller numbers, such as "
          + "\(name) % 1000000.")
    }
    return values.map { Float($0) }
  }

  /// The number of the class that has each text of a column as its name, NaN for none.
  ///
  /// - Throws: ``SampleError`` that names file, event, text and classes.
  private static func classes(
    _ column: Column, _ texts: [String], _ name: String, among lists: [[String]]?, of events: Events,
    event: (Int) -> Int
  ) throws -> [Float] {
    guard let classes = lists?.first else {
      throw SampleError(
        "\(events.source): \(name) is text, and numbers are needed: define a column, as in \(name) == \"\(texts.first ?? "signal")\"."
      )
    }
    guard lists!.count == 1 else {
      throw SampleError(
        "\(events.source): \(name) is text, and the heads that have it as truth have different classes "
          + "(\(lists!.map { $0.joined(separator: ", ") }.joined(separator: "; "))): give them the same in the same order, or define a "
          + "column for each.")
    }
    let numbers = texts.map { text in classes.firstIndex(of: text).map { Float($0) } }
    return try column.values.enumerated().map { row, value in
      if value.isNaN { return .nan }
      guard let number = numbers[Int(value)] else {
        let event = event(row)
        throw SampleError(
          "\(events.source), event \(events.eventNumbers[event] - events.firstEventOfSource): \(name) is \"\(texts[Int(value)])\", which is "
            + "none of the classes \(classes.joined(separator: ", ")); add it to them, or "
            + (name.hasPrefix(givenJetPrefix)
              ? "write an empty text there." : "leave such events out by where.")
        )
      }
      return number
    }
  }

  /// What the names of columns of given jets begin with.
  static let givenJetPrefix = "jet/"

  /// The given jet of each jet, if one is asked for: `[jets]`.
  private static func givenJets(_ names: Names, _ events: Events, _ jets: Jets) throws -> [Int?] {
    names.jetTruth.contains { $0.hasPrefix(givenJetPrefix) && events.columns[$0] == nil }
      ? try names.matching.givenJets(for: jets, in: events) : []
  }

  /// The number that each jet has of a column: that of the given jet that goes with it, or of its place by falling pT among
  /// those of a column of several; nil if the column has one number for each event.
  private static func jetNumbers(
    _ name: String, _ names: Names, _ events: Events, _ jets: Jets, givenJets: [Int?]
  ) throws -> [Float]? {
    if let column = events.columns[name] {
      guard column.width > 1 else { return nil }
      let numbers = try exact(column.values, name, of: events) { $0 / column.width }
      return (0..<jets.eventCount).flatMap { event in
        jets.jets(ofEvent: event).map { jet in
          let rank = jet - jets.offsets[event]
          return rank < column.width ? numbers[event * column.width + rank] : .nan
        }
      }
    }
    guard name.hasPrefix(givenJetPrefix) else { return nil }
    let column = try givenColumn(name, of: events)
    let event = { events.givenJets!.list(ofElement: $0) }
    let numbers =
      if let texts = column.categories {
        try classes(column, texts, name, among: names.classes[name], of: events, event: event)
      } else { try exact(column.values, name, of: events, event: event) }
    return givenJets.map { $0.map { numbers[$0] } ?? .nan }
  }

  /// A column of given jets, by its name with that of the rows.
  ///
  /// - Throws: ``SampleError`` that names the file if there is none.
  static func givenColumn(_ name: String, of events: Events) throws -> Column {
    // What is wrong with all of them has no name.
    if let reason = events.unreadableColumns[name] ?? events.unreadableColumns[givenJetPrefix] {
      throw SampleError("\(events.source): the column \(name) cannot be read: \(reason).")
    }
    guard let given = events.givenJets else {
      if let reason = events.unreadableColumns["jets"] {
        throw SampleError("\(events.source): the given jets of \(name) cannot be read from jets: \(reason).")
      }
      throw SampleError(
        "\(events.source): the events have no given jets, of which \(name) is a column: write them as /jet/offset and /jet/NAME in HDF5, "
          + "or as jets in JSON lines.")
    }
    let own = String(name.dropFirst(givenJetPrefix.count))
    guard let column = given.content[own] else {
      if given.offsets[given.count] == 0 { return Column() }
      throw SampleError(
        "\(events.source): the given jets have no column \(own); their columns are: "
          + "\(given.content.names.joined(separator: ", ")).")
    }
    return column
  }

  /// The values of a column of particles for the constituents of jets, in their order.
  private static func constituentNumbers(_ name: String, of events: Events, _ jets: Jets) throws -> [Float] {
    guard let values = events.particles.content.numbers(name) else {
      if events.particleCount == 0 { return [] }
      if let reason = events.unreadableColumns["particle/" + name] {
        throw SampleError("\(events.source): the column \(name) of particles cannot be read: \(reason).")
      }
      let known = events.particles.content.columns.names + (events.pdgID.isEmpty ? [] : ["pdgid"])
      throw SampleError(
        "\(events.source): the particles have no column \(name) of one number, which is the truth of constituents"
          + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", "))."))
    }
    var numbers: [Float] = []
    numbers.reserveCapacity(jets.constituents.content.count)
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) {
        for particle in jets.constituents[jet] {
          numbers.append(Float(values[events.offsets[event] + Int(particle)]))
        }
      }
    }
    return numbers
  }

  /// What a head derives.
  private func derivedTruth(
    of named: Network.NamedHead, _ events: Events, _ jets: Jets
  ) throws -> [String: [Float]] {
    let head = named.head
    for name in head.derivedTruthColumns.sorted() {
      let isOfParticles = head.rows == .constituents && events.particles.content.numbers(name) != nil
      guard isOfParticles || events.columns[name] != nil else { continue }
      throw SampleError(
        "\(events.source): the \(isOfParticles ? "particles" : "events") have a column \(name), which \(named.name) derives "
          + "itself; leave it out of the file, or give it another name.")
    }
    do {
      return try head.checkedDerivedTruth(of: events, jets: jets, name: named.name)
    } catch let error as PluginError {
      guard let row = error.row, let event = event(ofRow: row, head.rows) else { throw error }
      throw self.error(atEvent: event, "\(named.name): \(error.description)")
    }
  }

  /// What is wrong with an event, by its place here; names its file and its number in the file.
  package func error(atEvent event: Int, _ problem: String) -> SampleError {
    let run = runs.first { $0.events.contains(event) }
    return SampleError(
      "\(run?.source ?? ""), event \(eventNumbers[event] - (run?.firstEvent ?? 0)): \(problem)")
  }

  /// The number of events, with jets or without.
  package var eventCount: Int { eventNumbers.count }

  /// The number of jets.
  package var jetCount: Int { jetOffsets[eventCount] }

  /// Adds the columns of further events.
  package mutating func append(_ other: EventTruth) {
    // One of the two may have a number for each event, which its jets have.
    for name in Set(jetColumns.keys).union(other.jetColumns.keys) {
      var column = jetColumns[name] ?? TruthColumn(jetValues(name))
      column.append(other.jetValues(name))
      jetColumns[name] = column
      columns[name] = nil
    }
    for run in other.runs {
      let events = run.events.lowerBound + eventCount..<run.events.upperBound + eventCount
      if let last = runs.last, last.source == run.source, last.firstEvent == run.firstEvent {
        runs[runs.count - 1].events = runs[runs.count - 1].events.lowerBound..<events.upperBound
      } else {
        runs.append(Run(source: run.source, firstEvent: run.firstEvent, events: events))
      }
    }
    eventNumbers += other.eventNumbers
    weights += other.weights
    let (jet, constituent) = (
      jetOffsets[jetOffsets.count - 1], constituentOffsets[constituentOffsets.count - 1]
    )
    jetOffsets += other.jetOffsets.dropFirst().map { jet + $0 }
    constituentOffsets += other.constituentOffsets.dropFirst().map { constituent + $0 }
    for (name, column) in other.columns { columns[name]?.append(column.values) }
    for (name, column) in other.constituentColumns { constituentColumns[name]!.append(column.values) }
    for (head, derived) in other.derivedColumns {
      for (name, column) in derived { derivedColumns[head]![name]!.append(column.values) }
    }
  }

  /// The truth of each jet, its own or that of its event.
  private func jetValues(_ name: String) -> [Float] {
    jetColumns[name]?.values ?? spread(columns[name]!.values, over: .jets, of: 0..<eventCount)
  }

  /// The sample that each of ``runs`` is of, by its place among those of the stream that they were read from: `[runs]`.
  package func sampleOfRun(_ stream: EventStream) -> [Int] {
    runs.map { stream.sample(ofEvent: eventNumbers[$0.events.lowerBound])! }
  }

  /// Makes the weights of the samples that have a total weight add up to that.
  ///
  /// - Returns: what the weight of each event, or another of its weights, is multiplied by for its sample, the factor that
  ///   its weight has already included: `[events]`.
  /// - Throws: ``SampleError`` if the weights of such a sample add up to nothing.
  @discardableResult
  package mutating func scaleWeights(ofSamplesOf stream: EventStream) throws -> [Double] {
    let samples = stream.samples
    if let with = samples.first(where: { $0.totalWeight != nil }),
      let without = samples.first(where: { $0.totalWeight == nil })
    {
      throw SampleError(
        "\(with.title) has a total-weight and \(without.title) has none, so that their ratio would depend on how many events "
          + "are read: give it to all samples or to none.")
    }
    let places = zip(runs, sampleOfRun(stream)).flatMap { run, place in
      repeatElement(place, count: run.events.count)
    }
    var sums = Array(repeating: 0.0, count: stream.samples.count)
    for (place, weight) in zip(places, weights) { sums[place] += Double(weight) }
    let factors = try zip(stream.samples, sums).map { sample, sum in
      guard let total = sample.totalWeight else { return 1.0 }
      guard sum > 0 else {
        throw SampleError(
          "\(sample.title): the weights of its events add up to \(sum.text), which no factor makes \(total.text)."
        )
      }
      return total / sum
    }
    for (event, place) in places.enumerated() where factors[place] != 1 {
      let weight = Double(weights[event]) * factors[place]
      guard weight == 0 || Self.sizesOfWeights.contains(abs(weight)) else {
        throw error(
          atEvent: event,
          "the total-weight \(samples[place].totalWeight!.text) makes its weight \(weight.text), but the size of weights must lie "
            + "between \(Self.sizesOfWeights.lowerBound) and \(Self.sizesOfWeights.upperBound); give another total."
        )
      }
      weights[event] = Float(weight)
    }
    return places.map { stream.samples[$0].weight * factors[$0] }
  }

  /// The rows that heads have of one event, counted from the first of all events.
  package func rows(_ rows: HeadRows, ofEvent event: Int) -> Range<Int> {
    switch rows {
    case .events: event..<event + 1
    case .jets: jetOffsets[event]..<jetOffsets[event + 1]
    case .constituents: constituentOffsets[event]..<constituentOffsets[event + 1]
    // A binary tree has one splitting less than leaves.
    case .splittings:
      constituentOffsets[event] - jetOffsets[event]..<constituentOffsets[event + 1] - jetOffsets[event + 1]
    }
  }

  /// The event of a row, counted from the first of all events; nil if there is no such row.
  package func event(ofRow row: Int, _ rows: HeadRows) -> Int? {
    (0..<eventCount).first { self.rows(rows, ofEvent: $0).contains(row) }
  }

  /// The number of rows that heads have of some events.
  package func rowCount(of rows: HeadRows, of events: some Collection<Int>) -> Int {
    events.reduce(0) { $0 + self.rows(rows, ofEvent: $1).count }
  }

  /// Values of some events, one for each row that a head has of them.
  package func spread(_ values: [Float], over rows: HeadRows, of events: some Collection<Int>) -> [Float] {
    if rows == .events { return events.map { values[$0] } }
    var spread: [Float] = []
    spread.reserveCapacity(rowCount(of: rows, of: events))
    for event in events {
      for _ in self.rows(rows, ofEvent: event) { spread.append(values[event]) }
    }
    return spread
  }
}
