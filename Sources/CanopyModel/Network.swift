// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// The stages and heads of a model and the layout of their parameters, without the numbers.
public struct Network: Sendable {
  /// A head under the name that the user gave it.
  public struct NamedHead: Sendable {
    /// The name; the head's outputs are found under it.
    public let name: String
    /// The head.
    public internal(set) var head: any Head
    /// What the head has learnt from the training sample, as `model.json` stores it; nil if that is nothing, or before.
    public internal(set) var preparation: JSONValue?
    /// Those of the head's truth columns that are numbers of observables, such as `soft-drop/mass`.
    public let observedTruth: Set<String>
  }

  /// The stage of jets; nil where jets are not embedded.
  public let embedding: NetworkStage?
  /// The stage of events; nil where events are not embedded.
  public let events: NetworkStage?
  /// The heads in the order of the configuration.
  public internal(set) var heads: [NamedHead]
  /// What is worked out of events and jets, once: all that stages, heads and cuts read.
  public let observables: ObservableSet
  /// The observables that heads have as truth, which a prediction does not need.
  public let truthObservables: ObservableSet
  /// What jets must meet to be read at all.
  public let cuts: [ObservableCut]
  /// All parameters.
  public let layout: ParameterLayout
  /// How given jets go with the jets that heads have rows of, to have truth; without meaning for a prediction.
  public var jetMatching = JetMatching()

  /// What the heads read, all together.
  public var headInputs: Set<HeadInput> {
    heads.reduce(into: []) { inputs, named in
      inputs.formUnion(named.head.inputs)
      if let rows = named.head.rows.input { inputs.insert(rows) }
    }
  }

  /// The columns of particles that stages and heads read, truth included; readers of events are asked for them.
  public var particleColumns: Set<String> {
    var read = constituentTruthColumns.union(observables.particleColumns)
    read.formUnion(truthObservables.particleColumns)
    if readsGivenJets, let column = jetMatching.particleColumn { read.insert(column) }
    for stage in stages { read.formUnion(stage.stage.particleColumns) }
    return heads.reduce(into: read) { $0.formUnion($1.head.particleColumns) }
  }

  /// The stages in the order in which they work.
  public var stages: [NetworkStage] { [embedding, events].compactMap(\.self) }

  /// What stages and heads read as plain numbers.
  public var kinematicInputs: Set<HeadInput> {
    stages.reduce(into: headInputs) { $0.formUnion($1.stage.inputs) }.intersection(HeadInput.kinematics)
  }

  /// Whether the trees of jets are read, by a stage, a head or an observable.
  public var readsTrees: Bool {
    headInputs.contains(.trees) || stages.contains { $0.stage.readsTrees } || observables.readsTrees
  }

  /// The numbers of observables that stages and heads read in a forward pass.
  public var observableInputs: Set<String> {
    let read = stages.reduce(into: Set<String>()) { $0.formUnion($1.stage.observables) }
    return heads.reduce(into: read) { $0.formUnion($1.head.observables) }
  }

  /// The event columns that are read as they are, such as a hypothesised mass.
  public var conditions: [String] { events?.stage.conditions ?? [] }

  /// A network of its stages and heads.
  ///
  /// - Parameters:
  ///   - embedding: the stage of jets; nil where jets are not embedded.
  ///   - events: the stage of events; nil where events are not embedded.
  ///   - heads: the name, the plugin and the configuration of each head.
  ///   - observables: where the observables come from that stages, heads and cuts read.
  ///   - embeddingObservables: where those of the stage of jets come from; nil for `observables`.
  ///   - cuts: what jets must meet to be read at all.
  /// - Throws: ``ModelError``, without a full stop as the file is still to be named, if the number
  ///   of heads is out of range, a name of a head or of its outputs does not serve, a plugin refuses its configuration or
  ///   an observable is not there; and what the configuration's source throws.
  public init(
    embedding: StageChoice?, events: StageChoice? = nil,
    heads: [(name: String, plugin: any Head.Type, configuration: any HeadConfigurationSource)],
    observables: ObservableCatalogue = ObservableCatalogue(),
    embeddingObservables: ObservableCatalogue? = nil, cuts: [ObservableCut] = []
  ) throws {
    guard heads.count <= Self.largestHeadCount else {
      throw ModelError("there are \(heads.count) heads; a network can have \(Self.largestHeadCount)")
    }
    var layout = ParameterLayout()
    let jets = try embedding.map { try NetworkStage(.embedding, $0, jetEmbeddingWidth: nil, in: &layout) }
    self.embedding = jets
    self.events = try events.map {
      try NetworkStage(.events, $0, jetEmbeddingWidth: jets?.width, in: &layout)
    }
    var named: [NamedHead] = []
    for (name, plugin, configuration) in heads {
      guard !name.isEmpty, !name.contains("/"), ![".", ".."].contains(name),
        !ResultNames.reserved.contains(name)
      else {
        throw ModelError(
          "a head cannot be called “\(name)”: a name has no slash, is not made of dots, and is none of "
            + ResultNames.reserved.sorted().joined(separator: ", "))
      }
      guard !named.contains(where: { $0.name == name }) else {
        throw ModelError("two heads are called \(name)")
      }
      do {
        let builder = HeadBuilder(
          headName: name, jetEmbeddingWidth: jets?.width, eventEmbeddingWidth: self.events?.width,
          eventInputNames: self.events?.eventInputNames, layout: layout, plugins: observables.plugins)
        let head = try Self.makeHead(plugin, configuration, builder, &layout)
        let observedTruth = Set(head.fileTruthColumns.filter(observables.knows))
        if head.rows == .splittings,
          let column = head.fileTruthColumns.first(where: { !observedTruth.contains($0) })
        {
          throw PluginError(
            "The plugin \(type(of: head).identifier) has a row for each splitting and the truth column \(column), but "
              + "splittings have no columns in files: name a number of an observable, or let the plugin derive it."
          )
        }
        named.append(NamedHead(name: name, head: head, observedTruth: observedTruth))
      } catch let error where error is PluginError || error is DecodingError {
        throw ModelError("the head \(name): \(error.clause)")
      }
    }
    self.heads = named
    self.layout = layout
    self.cuts = cuts
    var stages: [(any Stage, ObservableCatalogue)] = []
    if let jets { stages.append((jets.stage, embeddingObservables ?? observables)) }
    if let encoder = self.events { stages.append((encoder.stage, observables)) }
    do {
      self.observables = try Self.observables(stages, named, cuts, observables)
      truthObservables = try Self.truthObservables(named, observables)
    } catch let error as PluginError {
      throw ModelError(error.clause)
    }
  }

  /// What stages, heads and cuts read.
  private static func observables(
    _ stages: [(stage: any Stage, catalogue: ObservableCatalogue)], _ heads: [NamedHead],
    _ cuts: [ObservableCut], _ catalogue: ObservableCatalogue
  ) throws -> ObservableSet {
    var set = ObservableSet()
    func add(_ columns: Set<String>, _ reader: String, _ catalogue: ObservableCatalogue) throws {
      do {
        try set.formUnion(catalogue.observables(for: columns))
      } catch let error as PluginError {
        throw ModelError("\(reader): \(error.clause)")
      }
    }
    for (stage, own) in stages {
      try add(stage.observables, "the stage \(type(of: stage).identifier)", own)
    }
    for named in heads {
      try add(named.head.observables, "the head \(named.name)", catalogue)
      do {
        try named.head.check(observables: named.head.observables.sorted().map { try set.column($0) })
      } catch let error as PluginError {
        throw ModelError("the head \(named.name): \(error.clause)")
      }
    }
    try add(Set(cuts.flatMap(\.columns)), "cuts", catalogue)
    for cut in cuts { try cut.check(set) }
    for name in set.members.map(\.name) where heads.contains(where: { $0.name == name }) {
      throw ModelError("a head and an observable are both called \(name): rename the head")
    }
    return set
  }

  private static let largestHeadCount = 100

  private static func makeHead<H: Head>(
    _ plugin: H.Type, _ configuration: any HeadConfigurationSource, _ builder: HeadBuilder,
    _ layout: inout ParameterLayout
  ) throws -> H {
    var builder = builder
    let head = try H(configuration: configuration.decode(H.Configuration.self), builder: &builder)
    try HeadOutput.check(head.outputs, as: "output", "outputs")
    try head.checkTruthColumns()
    layout = builder.layout
    return head
  }
}

/// Something that a plugin's configuration can be read from.
public protocol HeadConfigurationSource {
  /// The configuration as a plugin's own type.
  func decode<T: Decodable>(_ type: T.Type) throws -> T
}

extension Network.NamedHead {
  /// The head as `model.json` stores it.
  public func description() throws -> HeadDescription {
    func describe<H: Head>(_ head: H) throws -> HeadDescription {
      HeadDescription(
        name: name, plugin: H.identifier, version: H.version,
        configuration: try JSONValue(encoding: head.configuration), preparation: preparation,
        calibration: try head.calibration.map { try JSONValue(encoding: $0) })
    }
    return try describe(head)
  }
}

extension Network {
  /// Gives the heads what a model's file says that they have learnt from the validation sample.
  ///
  /// - Parameter calibrations: one for each head; nil for a head that has learnt nothing.
  /// - Throws: ``ModelError``, without a full stop, where a calibration does not fit its head.
  mutating func calibrate(by calibrations: [JSONValue?]) throws {
    func calibrate<H: Head>(_ head: H, by calibration: JSONValue) throws -> H {
      var head = head
      try head.calibrate(by: calibration.decode(H.Calibration.self))
      return head
    }
    for (index, calibration) in calibrations.enumerated() {
      guard let calibration else { continue }
      do {
        heads[index].head = try calibrate(heads[index].head, by: calibration)
      } catch let error where error is PluginError || error is DecodingError {
        throw ModelError("the calibration of the head \(heads[index].name): \(error.clause)")
      }
    }
  }

  /// Lets a head learn from the validation sample.
  ///
  /// - Parameters:
  ///   - index: the number of the head.
  ///   - results: what its forward pass gave: `[rows × anything]`.
  ///   - truth: the true values of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Throws: `MetricError` where there is too little to learn from.
  public mutating func calibrateHead(
    _ index: Int, fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws {
    func calibrated<H: Head>(_ head: H) throws -> H {
      var head = head
      if let calibration = try head.calibration(fitting: results, truth: truth, weights: weights) {
        try head.calibrate(by: calibration)
      }
      return head
    }
    heads[index].head = try calibrated(heads[index].head)
  }
}
