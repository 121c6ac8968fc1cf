// SPDX-License-Identifier: GPL-3.0-or-later

/// Where a stage stands in a network; the raw value is the section of configurations and models.
public enum StagePlace: String, Sendable, CaseIterable {
  /// The embedding of jets, first of all.
  case embedding
  /// The embedding of events, which may read that of jets.
  case events

  /// What a stage of this place has a row for.
  public var rows: HeadRows { self == .embedding ? .jets : .events }

  /// The identifier of the plugin that is meant if none is named.
  public var defaultPlugin: String { self == .embedding ? "recursive" : "recurrent" }

  /// What a stage of this place may read.
  var readable: Set<HeadInput> {
    self == .embedding ? HeadInput.kinematics : HeadInput.kinematics.union([.jetEmbedding])
  }
}

/// What a stage can read and add while a network is put together.
public struct StageBuilder {
  /// Where the stage stands.
  public let place: StagePlace
  /// The parameters of the network, the stage's layers among them, whose names ``name(_:)`` gives.
  public var layout: ParameterLayout

  private let jetWidth: Int?

  /// A builder for a stage in a network whose parameters so far are `layout`.
  ///
  /// - Parameters:
  ///   - place: where the stage stands.
  ///   - jetEmbeddingWidth: the width of a jet's embedding; nil if the network does not embed jets.
  ///   - layout: the parameters of the network so far.
  public init(_ place: StagePlace, jetEmbeddingWidth: Int? = nil, layout: ParameterLayout) {
    self.place = place
    jetWidth = jetEmbeddingWidth
    self.layout = layout
  }

  /// The name of a layer or parameter, such as `embedding.LAYER`: all parameters of the stage begin so.
  public func name(_ layer: String) -> String { "\(place.rawValue).\(layer)" }

  /// The number of components of a jet's embedding.
  ///
  /// - Throws: ``PluginError`` if the network does not embed jets.
  public var jetEmbeddingWidth: Int {
    get throws {
      guard let jetWidth else {
        throw PluginError(
          "The stage reads the embeddings of jets, which the network does not make: give it the section embedding."
        )
      }
      return jetWidth
    }
  }
}

/// A stage to be made: its plugin and the plugin's configuration.
///
/// ```swift
/// let encoder = StageChoice(EventEncoder.self, try EventEncoderDescription(width: 16))
/// ```
public struct StageChoice: Sendable {
  /// The plugin.
  public let plugin: any Stage.Type
  /// The plugin's configuration, of its own type.
  public let configuration: any Codable & Sendable

  /// A stage of a plugin and its configuration.
  public init<S: Stage>(_ plugin: S.Type, _ configuration: S.Configuration) {
    self.plugin = plugin
    self.configuration = configuration
  }

  /// Another stage like one that is made.
  public init(_ stage: some Stage) {
    plugin = type(of: stage)
    configuration = stage.configuration
  }

  /// A stage of a plugin, whose configuration is read by `decoder`.
  ///
  /// - Throws: what reading throws.
  public init(_ plugin: any Stage.Type, from decoder: any Decoder) throws {
    func choice<S: Stage>(_ plugin: S.Type) throws -> StageChoice {
      StageChoice(plugin, try S.Configuration(from: decoder))
    }
    self = try choice(plugin)
  }

  /// Makes the stage.
  ///
  /// - Throws: ``PluginError`` if the configuration makes no sense, or the stage is not one for the builder's place.
  public func make(_ builder: inout StageBuilder) throws -> any Stage {
    try make(plugin, &builder)
  }

  private func make<S: Stage>(_ plugin: S.Type, _ builder: inout StageBuilder) throws -> S {
    let place = builder.place
    guard S.rows == place.rows else {
      throw PluginError(
        "The stage \(S.identifier) has a row for each of the \(S.rows.rawValue): it cannot stand under \(place.rawValue)."
      )
    }
    let first = builder.layout.entries.count
    let stage = try S(configuration: configuration as! S.Configuration, builder: &builder)
    guard (1...1024).contains(stage.width) else {
      throw PluginError(
        "The stage \(S.identifier) has the width \(stage.width): a width is from 1 to 1024.")
    }
    if let input = stage.inputs.subtracting(place.readable).map(\.rawValue).min() {
      throw PluginError(
        "The stage \(S.identifier) reads \(input), which there is not under \(place.rawValue): mend the plugin."
      )
    }
    for entry in builder.layout.entries[first...] where !entry.name.hasPrefix(builder.name("")) {
      throw PluginError(
        "The stage \(S.identifier) calls a parameter \(entry.name): its names begin with \(builder.name(""))."
      )
    }
    return stage
  }
}
