// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Embeds a jet as the DeepJet network does (arXiv:2008.10519): dense layers on each constituent, which the paper calls 1×1
/// convolutions, a long short-term memory over the constituents of each kind, and dense layers on its states and on the jet.
///
/// With x the numbers of a constituent (``JetSequences``) and a ReLU after each dense layer,
///
/// - c = dense layers of 64, 32, 32 and 8 on the x of charged constituents, n = of 32, 16 and 4 on that of neutral ones;
/// - s_c, of 150, and s_n, of 50, are the states of the memories that read c and n from the last to the first, the most
///   displaced track or the hardest neutral constituent;
/// - the embedding is that of dense layers of 200 and seven times 100 on [jet; s_c; s_n].
///
/// What the paper has besides is left out: secondary vertices, which files do not have, and dropout and batch normalisation.
public struct DeepJet: Stage {
  /// What stands beside `plugin` in YAML.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The columns of particles that are read of charged constituents.
    public var chargedColumns: [String] = []
    /// The columns of particles that are read of neutral constituents.
    public var neutralColumns: [String] = []
    /// The column of particles by which charged constituents stand, the largest first; pT unless given.
    public var order: String?
    /// How many constituents of each kind are read at most, the first.
    public var maximumConstituents = 25
    /// The widths of the layers on each charged constituent.
    public var chargedLayers = [64, 32, 32, 8]
    /// The widths of the layers on each neutral constituent.
    public var neutralLayers = [32, 16, 4]
    /// The width of the memory of charged constituents.
    public var chargedMemory = 150
    /// The width of the memory of neutral constituents.
    public var neutralMemory = 50
    /// The widths of the layers on the jet, the last of which is that of the embedding.
    public var layers = [200, 100, 100, 100, 100, 100, 100, 100]

    /// The network of the paper, which reads momenta alone.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "charged-columns", \.chargedColumns,
        "a list of the columns of particles that are read of charged constituents, in addition to momenta",
        default: "none"),
      Setting(
        "neutral-columns", \.neutralColumns, "the same of neutral constituents", default: "none"),
      Setting(
        "order", \.order,
        "the column of particles by which charged constituents stand, the largest first; neutral ones stand by pT",
        default: "pT"),
      Setting(
        "max-constituents", \.maximumConstituents, .closed(1...1000),
        "how many constituents of each kind are read, the first"),
      Setting(
        "charged-layers", \.chargedLayers, "the widths of the layers on each charged constituent",
        default: "`[64, 32, 32, 8]`", range: sizes),
      Setting(
        "neutral-layers", \.neutralLayers, "the widths of the layers on each neutral constituent",
        default: "`[32, 16, 4]`", range: sizes),
      Setting(
        "charged-memory", \.chargedMemory, .closed(1...1024),
        "the width of the memory over charged constituents"),
      Setting(
        "neutral-memory", \.neutralMemory, .closed(1...1024),
        "the width of the memory over neutral constituents"),
      Setting(
        "layers", \.layers, "the widths of the layers on the jet; the last is that of the embedding",
        default: "`[200, 100, 100, 100, 100, 100, 100, 100]`", range: sizes),
    ]

    private static let sizes = "1 to 20, each 1 to 1024"

    /// Makes sure that layers have sizes, and that no column is named twice.
    public func check(given: Set<String>) throws {
      for (key, widths) in [
        ("charged-layers", chargedLayers), ("neutral-layers", neutralLayers), ("layers", layers),
      ] where !(1...20).contains(widths.count) || !widths.allSatisfy((1...1024).contains) {
        throw SettingProblem(key, "are \(widths); name \(Self.sizes)")
      }
      for (key, columns) in [("charged-columns", chargedColumns), ("neutral-columns", neutralColumns)]
      where Set(columns).count != columns.count {
        throw SettingProblem(key, "name a column twice; name it once")
      }
    }
  }

  /// `deep-jet`.
  public static let identifier = "deep-jet"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Embeds a jet by the DeepJet network: memories over its charged and its neutral constituents."
  /// A small network that reads a column.
  public static let example: Configuration = {
    var configuration = Configuration()
    configuration.chargedColumns = ["d0_significance"]
    configuration.order = "d0_significance"
    configuration.chargedLayers = [8, 4]
    configuration.neutralLayers = [4]
    configuration.chargedMemory = 6
    configuration.neutralMemory = 4
    configuration.layers = [10, 5]
    return configuration
  }()
  /// Jets.
  public static let rows = HeadRows.jets

  /// The configuration.
  public let configuration: Configuration
  private let charged: Reader
  private let neutral: Reader
  private let layers: [Dense]

  /// Dense layers on each constituent of a kind, and the memory over them.
  private struct Reader {
    let layers: [Dense]
    let memory: LongShortTermMemory

    init(
      _ name: String, inputs: Int, widths: [Int], memory width: Int, in layout: inout ParameterLayout
    ) {
      layers = DeepJet.layers("\(name).layer", inputs: inputs, widths: widths, in: &layout)
      memory = LongShortTermMemory("\(name).memory", inputs: widths.last!, width: width, in: &layout)
    }

    /// The state after the first constituent, which is read last: `[jets × memory]`.
    func callAsFunction(_ rows: JetRows, on tape: Tape) -> Variable {
      memory(
        DeepJet.result(of: layers, on: rows.constant(on: tape)), tape.segments(offsets: rows.offsets),
        reading: .backward)
    }
  }

  /// A network whose layers are added by `builder`.
  ///
  /// - Throws: `PluginError` if a size is out of range or a column is named twice.
  public init(configuration: Configuration, builder: inout StageBuilder) throws {
    do { try configuration.check(given: []) } catch let error as SettingProblem {
      throw PluginError("\(error.key) \(error.problem).")
    }
    self.configuration = configuration
    charged = Reader(
      builder.name("charged"), inputs: JetSequences.momenta.count + configuration.chargedColumns.count,
      widths: configuration.chargedLayers, memory: configuration.chargedMemory, in: &builder.layout)
    neutral = Reader(
      builder.name("neutral"), inputs: JetSequences.momenta.count + configuration.neutralColumns.count,
      widths: configuration.neutralLayers, memory: configuration.neutralMemory, in: &builder.layout)
    layers = Self.layers(
      builder.name("layer"),
      inputs: JetSequences.numbersOfJets.count + configuration.chargedMemory + configuration.neutralMemory,
      widths: configuration.layers, in: &builder.layout)
  }

  /// The layers `NAME1`, `NAME2`, …, added to a layout.
  private static func layers(
    _ name: String, inputs: Int, widths: [Int], in layout: inout ParameterLayout
  ) -> [Dense] {
    zip([inputs] + widths, widths).enumerated().map { index, sizes in
      Dense("\(name)\(index + 1)", inputs: sizes.0, outputs: sizes.1, in: &layout)
    }
  }

  /// The layers one after another, with a ReLU after each.
  private static func result(of layers: [Dense], on x: Variable) -> Variable {
    layers.reduce(x) { $1($0).relu() }
  }

  /// The width of the last layer.
  public var width: Int { configuration.layers.last! }
  /// Nothing but what is worked out of jets once.
  public var inputs: Set<HeadInput> { [] }
  /// The columns of both kinds of constituents, and that of their order.
  public var particleColumns: Set<String> {
    Set(configuration.chargedColumns + configuration.neutralColumns).union(
      configuration.order.map { [$0] } ?? [])
  }

  /// No jets.
  public func makeFeatures() -> JetSequences { JetSequences(configuration) }

  /// The embeddings of the jets: `[jets × width]`.
  public func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
    let batch = inputs.batch
    let states = charged(batch.charged, on: inputs.tape)
      .concatenated(with: neutral(batch.neutral, on: inputs.tape))
    return Self.result(of: layers, on: batch.jets.constant(on: inputs.tape).concatenated(with: states))
  }
}
