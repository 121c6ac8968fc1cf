// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Events and jets in GeV, for heads that read more than embeddings: plain numbers, through which no gradient passes.
///
/// It holds what was asked for, and is empty but for that.
public struct Kinematics: Sendable {
  /// What is held: some of ``HeadInput/kinematics``.
  public let inputs: Set<HeadInput>
  /// The missing momentum of each event: `[events]`.
  public private(set) var missingMomentum = MissingMomenta()
  /// The four-momentum of each jet: `[jets]`.
  public private(set) var jets = FourMomenta()
  /// The constituents of each jet, by falling pT.
  public private(set) var constituents = JetConstituents()
  /// The constituents of each jet, in the order of the rows of a head on constituents.
  public private(set) var constituentRows = Ragged(content: Particles())
  /// The tree of each jet.
  public private(set) var trees = JetTrees()
  /// The numbers of observables.
  private var observed: ObservedRows

  /// Kept for its storage.
  private var heap = HardestFirst()
  private var rowParticles: [Int] = []

  /// No events; of these inputs those that are kinematics will be held, and the columns of observables of these names.
  public init(_ inputs: Set<HeadInput> = [], observables: Set<String> = []) {
    self.inputs = inputs.intersection(HeadInput.kinematics)
    observed = ObservedRows(observables)
  }

  /// The names of the numbers of observables that are held.
  public var observables: Set<String> { observed.names }

  /// A number of an observable, such as `soft-drop/mass`: `[rows of the observable]`; nil if it is not held.
  public func observable(_ name: String) -> [Double]? { observed.values(name) }

  /// Deals the numbers of an observable out again among its rows.
  package mutating func shuffle(observable name: String, using generator: inout SeededGenerator) {
    observed.shuffle(name, using: &generator)
  }

  /// Forgets all events and keeps the storage.
  public mutating func removeAll() {
    missingMomentum.removeAll()
    jets.removeAll()
    constituents.removeAll()
    rowParticles.removeAll(keepingCapacity: true)
    constituentRows.removeOffsets()
    constituentRows.content.removeAll()
    trees.removeAll()
    observed.removeAll()
  }

  /// Replaces the content by events and their jets, and keeps the storage.
  ///
  /// - Precondition: `jets` are those of `events`, with trees if trees are held, and with the columns that are held.
  public mutating func replace(with events: Events, jets found: Jets) {
    removeAll()
    observed.append(found)
    guard !inputs.isEmpty else { return }
    require(
      !inputs.contains(.trees) || found.trees.treeCount == found.jetCount, "jets without their trees")
    for event in 0..<events.eventCount {
      if inputs.contains(.missingMomentum) { missingMomentum.append(event, of: events) }
      let firstParticle = events.offsets[event]
      for jet in found.jets(ofEvent: event) {
        if inputs.contains(.jetMomenta) { jets.append(found.momentum(ofJet: jet)) }
        if inputs.contains(.constituents) { appendConstituents(ofJet: jet, of: found, events, firstParticle) }
        if inputs.contains(.constituentRows) {
          for place in found.constituents(ofJet: jet) {
            rowParticles.append(firstParticle + Int(found.constituents.content[place]))
          }
          constituentRows.endList(at: rowParticles.count)
        }
        if inputs.contains(.trees) { trees.append(jet, of: found.trees) }
      }
    }
    constituentRows.content.append(contentsOf: events.particles.content, at: rowParticles)
  }

  private mutating func appendConstituents(
    ofJet jet: Int, of found: Jets, _ events: Events, _ firstParticle: Int
  ) {
    heap.removeAll()
    for place in found.constituents(ofJet: jet) {
      let particle = firstParticle + Int(found.constituents.content[place])
      heap.insert(particle, pt: events.momentum(ofParticle: particle).pt)
    }
    while let particle = heap.popFirst() {
      constituents.append(
        events.momentum(ofParticle: particle), pdgID: events.pdgID.isEmpty ? 0 : events.pdgID[particle])
    }
    constituents.endJet()
  }

  /// Writes what is held of one event and of its jets.
  package func write(event: Int, jets selection: Range<Int>, to record: inout EventRecordWriter) {
    observed.write(event: event, jets: selection, to: &record)
    if inputs.contains(.missingMomentum) { missingMomentum.write(event, to: &record) }
    if inputs.contains(.jetMomenta) { record.write(jets, selection) }
    if inputs.contains(.constituents) { constituents.write(selection, to: &record) }
    if inputs.contains(.constituentRows) { constituentRows.write(selection, to: &record) }
    if inputs.contains(.trees) { trees.write(selection, to: &record) }
  }

  /// Adds an event that ``write(event:jets:to:)`` wrote of a collection that holds the same inputs.
  ///
  /// - Throws: ``PluginError`` if the record ends before; the content is lost then.
  package mutating func append(from record: inout EventRecordReader) throws {
    try observed.append(from: &record)
    if inputs.contains(.missingMomentum) { try missingMomentum.append(from: &record) }
    if inputs.contains(.jetMomenta) { try record.read(onto: &jets) }
    if inputs.contains(.constituents) { try constituents.append(from: &record) }
    if inputs.contains(.constituentRows) { try constituentRows.append(from: &record) }
    if inputs.contains(.trees) { try trees.append(from: &record) }
  }

  /// Adds the events of another collection, which holds the same inputs, behind these.
  public mutating func append(_ other: Kinematics) {
    require(other.inputs == inputs, "kinematics of other inputs")
    for event in 0..<other.missingMomentum.count { missingMomentum.append(event, of: other.missingMomentum) }
    for jet in 0..<other.jets.count { jets.append(other.jets[jet]) }
    for jet in 0..<other.constituents.jetCount { constituents.append(jet, of: other.constituents) }
    for jet in 0..<other.constituentRows.count { appendRows(ofJet: jet, of: other.constituentRows) }
    for jet in 0..<other.trees.treeCount { trees.append(jet, of: other.trees) }
    observed.append(other.observed)
  }

  private mutating func appendRows(ofJet jet: Int, of other: Ragged<Particles>) {
    constituentRows.content.append(contentsOf: other.content, other.range(of: jet))
    constituentRows.endList(at: constituentRows.content.count)
  }

  /// Replaces the content by some events and jets of another collection, which holds the same inputs, and keeps the
  /// storage.
  ///
  /// - Parameters:
  ///   - other: the collection.
  ///   - events: the events in it.
  ///   - selection: the jets of these events, in their order.
  public mutating func fill(_ other: Kinematics, events: [Int], jets selection: [Int]) {
    require(other.inputs == inputs, "kinematics of other inputs")
    guard !inputs.isEmpty || !observables.isEmpty else { return }
    removeAll()
    append(other, events: events, jets: selection)
  }

  /// Adds some events and jets of another collection, which holds the same inputs and more, behind these.
  ///
  /// - Parameters:
  ///   - other: the collection.
  ///   - events: the events in it.
  ///   - selection: the jets of these events, in their order.
  package mutating func append(_ other: Kinematics, events: [Int], jets selection: [Int]) {
    observed.append(other.observed, events: events, jets: selection)
    if inputs.contains(.missingMomentum) {
      for row in 0..<events.count { missingMomentum.append(events[row], of: other.missingMomentum) }
    }
    for row in 0..<selection.count {
      let jet = selection[row]
      if inputs.contains(.jetMomenta) { jets.append(other.jets[jet]) }
      if inputs.contains(.constituents) { constituents.append(jet, of: other.constituents) }
      if inputs.contains(.constituentRows) { appendRows(ofJet: jet, of: other.constituentRows) }
      if inputs.contains(.trees) { trees.append(jet, of: other.trees) }
    }
  }
}

/// The transverse momentum that is missing in each event, −Σ pT over its particles, and their scalar sum, in GeV.
public struct MissingMomenta: Sendable, Equatable {
  /// The component along x in GeV: `[events]`.
  public private(set) var px: [Double] = []
  /// The component along y in GeV: `[events]`.
  public private(set) var py: [Double] = []
  /// The scalar sum of the transverse momenta of all particles in GeV: `[events]`.
  public private(set) var scalarSum: [Double] = []

  /// No events.
  public init() {}

  /// The number of events.
  public var count: Int { px.count }

  /// The modulus in GeV.
  public func pt(ofEvent event: Int) -> Double {
    (px[event] * px[event] + py[event] * py[event]).squareRoot()
  }

  /// Forgets all events and keeps the storage.
  public mutating func removeAll() {
    px.removeAll(keepingCapacity: true)
    py.removeAll(keepingCapacity: true)
    scalarSum.removeAll(keepingCapacity: true)
  }

  /// Adds one of some events.
  public mutating func append(_ event: Int, of events: Events) {
    var (x, y, sum) = (0.0, 0.0, 0.0)
    for particle in events.particles(ofEvent: event) {
      let p = events.momentum(ofParticle: particle)
      x -= p.px
      y -= p.py
      sum += p.pt
    }
    px.append(x)
    py.append(y)
    scalarSum.append(sum)
  }

  mutating func append(_ event: Int, of other: MissingMomenta) {
    px.append(other.px[event])
    py.append(other.py[event])
    scalarSum.append(other.scalarSum[event])
  }

  func write(_ event: Int, to record: inout EventRecordWriter) {
    for numbers in [px, py, scalarSum] { record.write(numbers[event...event]) }
  }

  mutating func append(from record: inout EventRecordReader) throws {
    try record.read(onto: &px)
    try record.read(onto: &py)
    try record.read(onto: &scalarSum)
  }
}

/// The constituents of jets as flat arrays, by falling pT in each jet, those of equal pT in the order of the input.
public struct JetConstituents: Sendable, Equatable {
  /// The first constituent of each jet, and the number of constituents at the end: `[jets + 1]`.
  public private(set) var offsets: [Int] = [0]
  /// The four-momenta: `[constituents]`.
  public private(set) var momenta = FourMomenta()
  /// Particle Data Group identifiers, 0 where the input has none: `[constituents]`.
  public private(set) var pdgID: [Int32] = []

  /// No jets.
  public init() {}

  /// The number of jets.
  public var jetCount: Int { offsets.count - 1 }

  /// The constituents of one jet as a range into the arrays.
  public func constituents(ofJet jet: Int) -> Range<Int> { offsets[jet]..<offsets[jet + 1] }

  mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    momenta.removeAll()
    pdgID.removeAll(keepingCapacity: true)
  }

  mutating func append(_ p: FourMomentum, pdgID id: Int32) {
    momenta.append(p)
    pdgID.append(id)
  }

  mutating func endJet() { offsets.append(pdgID.count) }

  mutating func append(_ jet: Int, of other: JetConstituents) {
    for constituent in other.constituents(ofJet: jet) {
      append(other.momenta[constituent], pdgID: other.pdgID[constituent])
    }
    endJet()
  }

  func write(_ jets: Range<Int>, to record: inout EventRecordWriter) {
    let all = offsets[jets.lowerBound]..<offsets[jets.upperBound]
    record.write(offsets: offsets[jets.lowerBound...jets.upperBound])
    record.write(momenta, all)
    record.write(pdgID[all])
  }

  mutating func append(from record: inout EventRecordReader) throws {
    try record.read(ontoOffsets: &offsets)
    try record.read(onto: &momenta)
    try record.read(onto: &pdgID)
  }
}

extension Ragged<Particles> {
  fileprivate func write(_ lists: Range<Int>, to record: inout EventRecordWriter) {
    let all = offsets[lists.lowerBound]..<offsets[lists.upperBound]
    record.write(offsets: offsets[lists.lowerBound...lists.upperBound])
    record.write(content.momenta, all)
    record.write(content.pdgID.isEmpty ? [] : content.pdgID[all])
    record.write(content.knowsInputIndices ? content.inputIndices[all] : [])
    record.write(content.columns, rows: all)
  }

  fileprivate mutating func append(from record: inout EventRecordReader) throws {
    try record.read(ontoOffsets: &offsets)
    try record.read(onto: &content.momenta)
    try record.read(onto: &content.pdgID)
    try record.read(onto: &content.inputIndices)
    try record.read(onto: &content.columns)
  }
}

extension JetTrees {
  fileprivate func write(_ trees: Range<Int>, to record: inout EventRecordWriter) {
    let nodes = offsets[trees.lowerBound]..<offsets[trees.upperBound]
    record.write(offsets: offsets[trees.lowerBound...trees.upperBound])
    record.write(left[nodes])
    record.write(right[nodes])
    record.write(momenta, nodes)
    record.write(mergeScale[nodes])
  }

  fileprivate mutating func append(from record: inout EventRecordReader) throws {
    try record.read(ontoOffsets: &offsets)
    try record.read(onto: &left)
    try record.read(onto: &right)
    try record.read(onto: &momenta)
    try record.read(onto: &mergeScale)
  }
}
