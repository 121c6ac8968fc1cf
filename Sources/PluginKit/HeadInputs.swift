// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Something that a head can read.
public enum HeadInput: String, Sendable, Hashable, Codable, CaseIterable {
  /// The embedding of each jet: `[jets × width]`.
  case jetEmbedding = "jet-embedding"
  /// The embedding of each event: `[events × width]`.
  case eventEmbedding = "event-embedding"
  /// What is known of an event beside its jets, scaled: missing momentum, leptons, conditions: `[events × inputs]`.
  case eventInputs = "event-inputs"
  /// The four-momentum of each jet in GeV.
  case jetMomenta = "jet-momenta"
  /// The constituents of each jet by falling pT, with their four-momenta in GeV and identifiers.
  case constituents
  /// The constituents of each jet in the order of the rows of a head on constituents, with all columns of particles that
  /// were read.
  case constituentRows = "constituent-rows"
  /// The tree of each jet; its splittings have Lund coordinates.
  case trees
  /// The transverse momentum that is missing in each event, and the scalar sum of transverse momenta, in GeV.
  case missingMomentum = "missing-momentum"

  /// The inputs that are plain numbers in GeV: no gradient passes through them.
  public static let kinematics: Set<HeadInput> = [
    .jetMomenta, .constituents, .constituentRows, .trees, .missingMomentum,
  ]
}

/// What a head reads in one forward pass.
///
/// A head may read what it named in ``Head/inputs``, and nothing else.
public struct HeadInputs {
  /// The number of events.
  public let eventCount: Int
  /// The event of each jet, counted within the pass, until the tape forgets: `[jets]`.
  public let eventOfJet: UnsafeBufferPointer<Int32>
  /// Where the training is; not training in validation and prediction.
  public private(set) var phase = TrainingPhase()
  /// The weight of each row of the head while losses are computed, 0 for a row without truth: `[rows]`; empty in a
  /// prediction.
  public private(set) var rowWeights: [Float] = []

  private var jetRows: Variable?
  private var eventRows: Variable?
  private var eventNumbers: Variable?
  private let kinematics: Kinematics
  private let tape: Tape

  /// Inputs of a pass; what no head reads may be left out.
  ///
  /// - Parameters:
  ///   - eventCount: the number of events.
  ///   - eventOfJet: the event of each jet: `[jets]`.
  ///   - tape: where the computation is recorded.
  ///   - jetEmbedding: `[jets × width]`.
  ///   - eventEmbedding: `[events × width]`.
  ///   - eventInputs: `[events × inputs]`.
  ///   - kinematics: the events and jets in GeV.
  public init(
    eventCount: Int, eventOfJet: [Int32], on tape: Tape, jetEmbedding: Variable? = nil,
    eventEmbedding: Variable? = nil, eventInputs: Variable? = nil, kinematics: Kinematics = Kinematics()
  ) {
    require(jetEmbedding == nil || jetEmbedding!.rows == eventOfJet.count, "a row for each jet")
    require(eventEmbedding == nil || eventEmbedding!.rows == eventCount, "a row for each event")
    require(eventInputs == nil || eventInputs!.rows == eventCount, "a row for each event")
    self.eventCount = eventCount
    self.eventOfJet = UnsafeBufferPointer(tape.scratch(copying: eventOfJet))
    jetRows = jetEmbedding
    eventRows = eventEmbedding
    eventNumbers = eventInputs
    self.kinematics = kinematics
    self.tape = tape
  }

  /// Adds what the stage of jets gives.
  package mutating func give(jetEmbedding: Variable) { jetRows = jetEmbedding }

  /// Adds what the stage of events gives.
  package mutating func give(eventEmbedding: Variable, eventInputs: Variable) {
    eventRows = eventEmbedding
    eventNumbers = eventInputs
  }

  /// Adds what a stage, or a head, is told while it is trained or validated.
  package mutating func give(phase: TrainingPhase, rowWeights: [Float] = []) {
    self.phase = phase
    self.rowWeights = rowWeights
  }

  /// The same inputs with further columns behind those of the embeddings of jets, or of events.
  ///
  /// - Parameters:
  ///   - rows: jets or events; those of other rows have no embeddings.
  ///   - columns: `[rows × columns]`.
  /// - Returns: what a head reads that was made with wider embeddings: see ``HeadBuilder/head(_:configuration:wider:)``.
  public func widening(_ rows: HeadRows, by columns: Variable) -> HeadInputs {
    var inputs = self
    switch rows {
    case .jets: inputs.jetRows = jetRows?.concatenated(with: columns)
    case .events: inputs.eventRows = eventRows?.concatenated(with: columns)
    case .constituents, .splittings: break
    }
    return inputs
  }

  /// The number of jets of all events together.
  public var jetCount: Int { eventOfJet.count }

  /// The embedding of each jet: `[jets × width]`.
  public var jetEmbedding: Variable { Self.given(jetRows, .jetEmbedding) }

  /// The embedding of each event: `[events × width]`.
  public var eventEmbedding: Variable { Self.given(eventRows, .eventEmbedding) }

  /// What is known of each event beside its jets, scaled: `[events × inputs]`, named by
  /// ``HeadBuilder/eventInputNames``.
  public var eventInputs: Variable { Self.given(eventNumbers, .eventInputs) }

  /// The four-momentum of each jet: `[jets]`.
  public var jetMomenta: FourMomenta { given(kinematics.jets, .jetMomenta) }

  /// The constituents of each jet.
  public var constituents: JetConstituents { given(kinematics.constituents, .constituents) }

  /// The constituents of each jet in the order of `Jets.constituents`, which is that of the leaves of its tree and of the
  /// rows of a head on constituents: `[jets]` lists.
  public var constituentRows: Ragged<Particles> { given(kinematics.constituentRows, .constituentRows) }

  /// The jet of each of ``constituentRows``, counted within the pass, to gather jets' rows by: `[constituents]`.
  public var jetOfConstituent: [Int32] {
    let offsets = constituentRows.offsets
    var jets: [Int32] = []
    jets.reserveCapacity(offsets.last ?? 0)
    for jet in 0..<jetCount {
      for _ in offsets[jet]..<offsets[jet + 1] { jets.append(Int32(jet)) }
    }
    return jets
  }

  /// The splittings of the trees as the rows of a head on splittings: the jet of each, counted within the pass, and its
  /// node, counted from the first node of all trees: `[splittings]`.
  public var splittings: (jet: [Int32], node: [Int32]) {
    let trees = trees
    var (jets, nodes): ([Int32], [Int32]) = ([], [])
    for tree in 0..<trees.treeCount {
      for node in trees.nodes(ofTree: tree) where trees.left[node] >= 0 {
        jets.append(Int32(tree))
        nodes.append(Int32(node))
      }
    }
    return (jets, nodes)
  }

  /// The tree of each jet, children of larger pT on the left.
  public var trees: JetTrees { given(kinematics.trees, .trees) }

  /// The missing momentum of each event: `[events]`.
  public var missingMomentum: MissingMomenta { given(kinematics.missingMomentum, .missingMomentum) }

  /// A number of an observable that the head named in ``Head/observables``, such as `soft-drop/mass`:
  /// `[rows of the observable]`, NaN for rows that have none.
  public func observable(_ name: String) -> [Double] {
    guard let values = kinematics.observable(name) else {
      fatalError("the head did not name \(name) among its observables")
    }
    return values
  }

  /// Numbers that the head has worked out, row-major `[rows × columns]`, to be computed with; they have no gradient.
  public func constant(_ values: [Float], rows: Int, columns: Int) -> Variable {
    tape.constant(values, rows: rows, columns: columns)
  }

  /// The outputs of a head's layers, with dropout after each hidden one while the head is trained: `[rows × outputs]`.
  ///
  /// - Parameters:
  ///   - layers: the layers.
  ///   - x: what they read: `[rows × inputs]`.
  ///   - dropout: how likely a number is left out; nil for no dropout.
  /// - Returns: `[rows × outputs]`.
  public func outputs(of layers: Perceptron, on x: Variable, dropout: Double?) -> Variable {
    guard let dropout, phase.isTraining else { return layers(x) }
    var generator = phase.generator()
    return layers(x, dropout: Float(dropout), using: &generator)
  }

  private func given<Value>(_ value: Value, _ input: HeadInput) -> Value {
    require(
      kinematics.inputs.contains(input), "the head did not name \(input.rawValue) among its inputs")
    return value
  }

  private static func given(_ variable: Variable?, _ input: HeadInput) -> Variable {
    guard let variable else {
      fatalError(
        "there is no \(input.rawValue) here: the head did not name it among its inputs, or is being prepared")
    }
    return variable
  }

  /// The number of rows of a head.
  public func count(of rows: HeadRows) -> Int {
    switch rows {
    case .jets: jetCount
    case .events: eventCount
    case .constituents: constituentRows.content.count
    // A binary tree has one splitting less than leaves.
    case .splittings: (trees.nodeCount - trees.treeCount) / 2
    }
  }
}
