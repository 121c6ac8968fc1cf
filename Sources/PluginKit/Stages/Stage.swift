// SPDX-License-Identifier: GPL-3.0-or-later

/// A plugin that lies between the sample and the heads: an embedding of jets, or of events.
///
/// A stage is a value without numbers of its own: its layers name parameters in the network's one flat array, so that
/// stages and heads train, are saved and are loaded together. The heads read its result, and the stage of events may
/// read that of jets.
///
/// ```swift
/// struct Multiplicity: Stage {
///   struct Configuration: Codable, Sendable { var width = 8 }
///
///   static let identifier = "multiplicity"
///   static let version = PluginVersion(1, 0, 0)
///   static let summary = "Embeds a jet by the number of its constituents."
///   static let example = Configuration()
///   static let rows = HeadRows.jets
///
///   let configuration: Configuration
///   private let layer: Dense
///
///   init(configuration: Configuration, builder: inout StageBuilder) throws {
///     self.configuration = configuration
///     layer = Dense(builder.name("layer"), inputs: 1, outputs: configuration.width, in: &builder.layout)
///   }
///
///   var width: Int { configuration.width }
///   var inputs: Set<HeadInput> { [.constituents] }
///
///   func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
///     let counts = (0..<inputs.jetCount).map { Float(inputs.constituents.constituents(ofJet: $0).count) }
///     return layer(inputs.tape.constant(counts, rows: inputs.jetCount, columns: 1)).relu()
///   }
/// }
/// ```
///
/// That is all that a simple stage needs. A stage that works numbers out of events once, with the sample, and has them
/// scaled, gives ``makeFeatures()``; one whose weights are rearranged for its products gives ``makeWeights(_:)``.
public protocol Stage: Sendable {
  /// The keys that a user writes beside `plugin` in YAML, and that a model stores.
  ///
  /// None may be called `plugin`, `version`, `from` or `frozen`. Unknown keys are refused. A configuration that is a
  /// `SettingsSection` has its keys in the table of `canopy settings`.
  associatedtype Configuration: Codable & Sendable
  /// What is worked out of events once; nothing unless given.
  associatedtype Features: StageFeatures = NoStageFeatures
  /// The weights as the forward pass reads them; those of the tape unless given.
  associatedtype Weights: StageWeights = NoStageWeights

  /// The name by which configurations and models ask for this plugin, such as `recursive`.
  static var identifier: String { get }
  /// The version of the plugin, which a model stores.
  static var version: PluginVersion { get }
  /// One sentence that says what the plugin does.
  static var summary: String { get }
  /// A configuration to show to users and to test the stage with.
  static var example: Configuration { get }
  /// What the stage has a row for: one for jets stands under `embedding`, one for events under `events`.
  static var rows: HeadRows { get }

  /// A stage whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if the configuration makes no sense.
  init(configuration: Configuration, builder: inout StageBuilder) throws

  /// The configuration that the stage was made from, defaults filled in.
  var configuration: Configuration { get }
  /// The number of components of an embedding.
  var width: Int { get }
  /// What the forward pass reads, beside what the stage works out itself; the network has no more for it.
  ///
  /// A stage of jets may read all of ``HeadInput/kinematics``, one of events the embedding of jets too.
  var inputs: Set<HeadInput> { get }

  /// The differentiable forward pass: `[rows × width]`.
  func callAsFunction(_ inputs: StageInputs<Self>) -> Variable

  /// Whether the trees of jets are needed, by the forward pass or by the features; as ``inputs`` say unless given.
  var readsTrees: Bool { get }
  /// The columns of particles that the stage reads; none unless given.
  var particleColumns: Set<String> { get }
  /// The numbers of observables that the stage reads, such as `soft-drop/mass`; none unless given.
  var observables: Set<String> { get }
  /// The event columns that are read as they are, such as a hypothesised mass; none unless given.
  var conditions: [String] { get }
  /// The names of what the stage knows of an event beside its embedding, in the order of the columns of
  /// ``eventInputs(_:)``; none unless given.
  var eventInputNames: [String] { get }

  /// No features, for events to be added to.
  func makeFeatures() -> Features
  /// Room for the weights of `parameters`, filled with them. Each thread has its own.
  func makeWeights(_ parameters: Parameters) -> Weights
  /// What a stage of events knows of an event beside its embedding, for heads: `[events × names]`.
  func eventInputs(_ inputs: StageInputs<Self>) -> Variable
}

extension Stage {
  /// As ``inputs`` say.
  public var readsTrees: Bool { inputs.contains(.trees) }

  /// None.
  public var particleColumns: Set<String> { [] }

  /// None.
  public var observables: Set<String> { [] }

  /// None.
  public var conditions: [String] { [] }

  /// None.
  public var eventInputNames: [String] { [] }

  /// No columns.
  public func eventInputs(_ inputs: StageInputs<Self>) -> Variable {
    inputs.tape.constant(rows: inputs.eventCount, columns: 0)
  }
}

extension Stage where Features == NoStageFeatures {
  /// Nothing.
  public func makeFeatures() -> NoStageFeatures { NoStageFeatures() }
}

extension Stage where Weights == NoStageWeights {
  /// None.
  public func makeWeights(_ parameters: Parameters) -> NoStageWeights { NoStageWeights() }
}

/// What a stage reads in one forward pass.
///
/// What the network has for all, such as `inputs.constituents`, is that of ``HeadInputs``; a stage may read what it named
/// in ``Stage/inputs``.
@dynamicMemberLookup
public struct StageInputs<S: Stage> {
  /// What the stage has worked out of the events of the pass.
  public let batch: S.Features.Batch
  /// The weights of the tape's parameters.
  public let weights: S.Weights
  /// Where the computation is recorded.
  public let tape: Tape
  /// Whether the stage is left as it is, so that no gradient has to pass through it.
  public let isFrozen: Bool

  private let inputs: HeadInputs

  /// What a stage reads on a tape.
  ///
  /// - Parameters:
  ///   - inputs: what the network has for all.
  ///   - batch: what the stage has worked out of the events of the pass.
  ///   - weights: the weights of the tape's parameters.
  ///   - tape: where the computation is recorded.
  ///   - isFrozen: whether the stage is left as it is.
  public init(
    _ inputs: HeadInputs, batch: S.Features.Batch, weights: S.Weights, on tape: Tape, isFrozen: Bool = false
  ) {
    self.inputs = inputs
    self.batch = batch
    self.weights = weights
    self.tape = tape
    self.isFrozen = isFrozen
  }

  /// A number of an observable that the stage named in ``Stage/observables``: `[rows of the observable]`.
  public func observable(_ name: String) -> [Double] { inputs.observable(name) }

  /// What the network has for all.
  public subscript<Value>(dynamicMember path: KeyPath<HeadInputs, Value>) -> Value { inputs[keyPath: path] }
}
