// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

/// Finds the jets of batches of events, with memory that is kept from batch to batch.
///
/// A clusterer belongs to one thread at a time; make one for each thread from the same ``JetFinder``. They run
/// without a lock between them, and give the same bits whatever the number of threads.
///
/// Every finite input has a result: particles at rest, identical, collinear, massless, along the beam or of
/// slightly imaginary mass. Components below 1e−150 GeV count as 0, as their squares would underflow. A particle whose
/// components are all 0 is padding, which belongs to no jet and costs nothing.
///
/// More than eight particles of exactly the same direction are joined before FastJet sees them, because the
/// time that FastJet takes grows with the third power of their number. In every algorithm they are at
/// distance 0 and come together first, in an arbitrary order; here they are joined in pairs, then in pairs of
/// pairs, so that jets agree with FastJet's to rounding. All other events have FastJet's jets, trees and
/// histories bit for bit.
public final class JetClusterer {
  /// What this clusterer does.
  public let finder: JetFinder

  private let workspace: OpaquePointer

  /// A clusterer that does what `finder` says.
  ///
  /// - Throws: ``JetPhysicsError`` if FastJet refuses the parameters or there is not enough memory.
  public init(_ finder: JetFinder) throws {
    var failure = CFastJetFailure()
    guard let workspace = cfastjet_workspace_create([finder.task], &failure) else {
      throw JetPhysicsError(problem: "These jets cannot be found: \(failure.text).")
    }
    self.workspace = workspace
    self.finder = finder
  }

  deinit { cfastjet_workspace_destroy(workspace) }

  /// The jets of `events`.
  ///
  /// - Throws: ``JetPhysicsError`` for the first event that jets cannot be made from.
  public func jets(in events: Events) throws -> Jets {
    var jets = Jets()
    try findJets(in: events, into: &jets)
    return jets
  }

  /// Replaces the content of `jets` by the jets of `events`, and keeps its storage.
  ///
  /// Jets of an event are sorted by falling pT (falling E for e⁺e⁻ algorithms), equals in the order of
  /// clustering; constituents are in rising order of the particles. For e⁺e⁻ algorithms the left child of a
  /// splitting has the larger E. If reclustering leaves several pieces, since momenta along the beam are
  /// further from the others than any radius, they are joined in the order in which the algorithm ended them,
  /// each join at the distance d_iB at which the earlier piece ended.
  ///
  /// - Throws: ``JetPhysicsError`` for the first event that jets cannot be made from; `jets` is left as it was.
  public func findJets(in events: Events, into jets: inout Jets) throws {
    var found = CFastJetJets()
    try withInput(events) { input, failure in
      cfastjet_find_jets(workspace, input, &found, failure)
    }
    let jetCount = Int(found.count)
    jets.eventNumbers.replace(with: events.eventNumbers)
    jets.momenta.offsets.replace(with: found.offsets, count: events.eventCount + 1)
    jets.momenta.content.px.replace(with: found.px, count: jetCount)
    jets.momenta.content.py.replace(with: found.py, count: jetCount)
    jets.momenta.content.pz.replace(with: found.pz, count: jetCount)
    jets.momenta.content.energy.replace(with: found.energy, count: jetCount)
    jets.constituents.offsets.replace(with: found.constituent_offsets, count: jetCount + 1)
    jets.constituents.content.replace(with: found.constituents, count: jets.constituents.offsets[jetCount])

    let treeCount = finder.trees ? jetCount : 0
    jets.trees.offsets.replace(with: found.node_offsets, count: treeCount + 1)
    let nodeCount = jets.trees.offsets[treeCount]
    jets.trees.left.replace(with: found.left, count: nodeCount)
    jets.trees.right.replace(with: found.right, count: nodeCount)
    jets.trees.momenta.px.replace(with: found.node_px, count: nodeCount)
    jets.trees.momenta.py.replace(with: found.node_py, count: nodeCount)
    jets.trees.momenta.pz.replace(with: found.node_pz, count: nodeCount)
    jets.trees.momenta.energy.replace(with: found.node_energy, count: nodeCount)
    jets.trees.mergeScale.replace(with: found.merge_scale, count: nodeCount)
  }

  /// The whole clustering histories of `events`, before any jet is selected.
  ///
  /// - Throws: ``JetPhysicsError`` for the first event that cannot be clustered.
  public func histories(of events: Events) throws -> ClusteringHistories {
    var found = CFastJetHistories()
    try withInput(events) { input, failure in
      cfastjet_find_histories(workspace, input, &found, failure)
    }
    var histories = ClusteringHistories()
    histories.eventNumbers = events.eventNumbers
    histories.offsets.replace(with: found.offsets, count: events.eventCount + 1)
    let entryCount = histories.offsets[events.eventCount]
    histories.parent1.replace(with: found.parent1, count: entryCount)
    histories.parent2.replace(with: found.parent2, count: entryCount)
    histories.distance.replace(with: found.distance, count: entryCount)
    histories.maximumDistance.replace(with: found.maximum_distance, count: entryCount)
    histories.momenta.px.replace(with: found.px, count: entryCount)
    histories.momenta.py.replace(with: found.py, count: entryCount)
    histories.momenta.pz.replace(with: found.pz, count: entryCount)
    histories.momenta.energy.replace(with: found.energy, count: entryCount)
    return histories
  }

  private func withInput(
    _ events: Events,
    _ body: (UnsafePointer<CFastJetEvents>, UnsafeMutablePointer<CFastJetFailure>) -> CFastJetStatus
  ) throws {
    try events.checkShape()
    var failure = CFastJetFailure()
    let status = events.withFastJetEvents { body($0, &failure) }
    if status != CFastJetSuccess { throw failure.error(in: events, status: status) }
  }
}

@available(*, unavailable)
extension JetClusterer: Sendable {}

extension JetFinder {
  var task: CFastJetTask {
    var task = CFastJetTask()
    task.algorithm = definition.algorithm.fastjet
    task.scheme = definition.recombination.fastjet
    task.radius = definition.radius
    task.power = definition.power ?? 0
    switch selection.kind {
    case .inclusive(let minimumPt):
      task.selection = CFastJetInclusive
      task.minimum_pt = minimumPt
    case .exclusiveJets(let count):
      task.selection = CFastJetExclusiveJets
      task.exclusive_jets = Int32(count)
    case .exclusiveCut(let cut):
      task.selection = CFastJetExclusiveCut
      task.exclusive_cut = cut
    }
    task.maximum_abs_rapidity = selection.maximumAbsRapidity ?? .infinity
    task.leading = Int64(selection.leading ?? .max)
    task.trees = trees
    if let recluster {
      task.recluster = true
      task.recluster_algorithm = recluster.fastjet
    }
    return task
  }
}

extension JetDefinition.Algorithm {
  fileprivate var fastjet: CFastJetAlgorithm {
    switch self {
    case .antikt: CFastJetAntiKt
    case .kt: CFastJetKt
    case .cambridge: CFastJetCambridge
    case .genkt: CFastJetGenKt
    case .eeKt: CFastJetEEKt
    case .eeGenkt: CFastJetEEGenKt
    }
  }
}

extension JetDefinition.RecombinationScheme {
  fileprivate var fastjet: CFastJetScheme {
    switch self {
    case .e: CFastJetSchemeE
    case .pt: CFastJetSchemePt
    case .pt2: CFastJetSchemePt2
    case .et: CFastJetSchemeEt
    case .et2: CFastJetSchemeEt2
    case .biPt: CFastJetSchemeBIPt
    case .biPt2: CFastJetSchemeBIPt2
    case .wtaPt: CFastJetSchemeWTAPt
    case .wtaModp: CFastJetSchemeWTAModp
    }
  }
}

extension CFastJetFailure {
  fileprivate var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  fileprivate func error(in events: Events, status: CFastJetStatus) -> JetPhysicsError {
    guard event >= 0 else {
      return JetPhysicsError(problem: "These events cannot be clustered: \(text).")
    }
    let number = events.eventNumbers[Int(event)]
    guard particle >= 0 else {
      return JetPhysicsError(event: number, problem: "Event \(number) cannot be clustered: \(text).")
    }
    let (field, values) = events.momenta.namedComponents[Int(component.rawValue)]
    let value = values[events.offsets[Int(event)] + Int(particle)]
    return JetPhysicsError(
      event: number, particle: Int(particle), field: field,
      problem: "Event \(number), particle \(particle): \(field) is \(value) GeV, which \(text); "
        + "correct the input or leave the event out.")
  }
}

extension Array {
  fileprivate mutating func replace(with elements: [Element]) {
    removeAll(keepingCapacity: true)
    append(contentsOf: elements)
  }

  fileprivate mutating func replace(with start: UnsafePointer<Element>?, count: Int) {
    removeAll(keepingCapacity: true)
    append(contentsOf: UnsafeBufferPointer(start: start, count: count))
  }
}

extension [Int] {
  fileprivate mutating func replace(with start: UnsafePointer<Int64>?, count: Int) {
    removeAll(keepingCapacity: true)
    // An array of offsets is missing only if there are no trees, and then the offset is 0.
    guard let start else { return append(0) }
    start.withMemoryRebound(to: Int.self, capacity: count) {
      append(contentsOf: UnsafeBufferPointer(start: $0, count: count))
    }
  }
}
