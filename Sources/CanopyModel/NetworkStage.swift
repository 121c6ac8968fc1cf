// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// A stage of a network and the parameters that are its own.
public struct NetworkStage: Sendable {
  /// Where it stands.
  public let place: StagePlace
  /// The stage.
  public let stage: any Stage
  /// The stage as `model.json` stores it.
  public let description: StageDescription
  /// The names of what it knows of an event in addition to its embedding.
  public let eventInputNames: [String]
  /// Its parameters in the network's layout.
  public let parameters: [ParameterID]

  /// Makes a stage and adds its layers to a layout.
  ///
  /// - Throws: ``ModelError``, without a full stop, if the plugin refuses its configuration.
  init(
    _ place: StagePlace, _ choice: StageChoice, jetEmbeddingWidth: Int?, in layout: inout ParameterLayout
  )
    throws
  {
    let first = layout.entries.count
    var builder = StageBuilder(place, jetEmbeddingWidth: jetEmbeddingWidth, layout: layout)
    do {
      stage = try choice.make(&builder)
      description = try Self.describe(stage)
    } catch let error as PluginError {
      throw ModelError(error.clause)
    }
    eventInputNames = stage.eventInputNames
    layout = builder.layout
    self.place = place
    parameters = Array(layout.ids[first...])
  }

  private static func describe<S: Stage>(_ stage: S) throws -> StageDescription {
    guard case .object(let members) = try JSONValue(encoding: stage.configuration),
      members.keys.allSatisfy({ !StageDescription.reservedKeys.contains($0) })
    else {
      throw PluginError(
        "The configuration of the stage \(S.identifier) must be a mapping without the keys "
          + "\(StageDescription.reservedKeys.sorted().joined(separator: ", ")): mend the plugin.")
    }
    return StageDescription(plugin: S.identifier, version: S.version, configuration: .object(members))
  }

  /// The number of components of an embedding.
  public var width: Int { stage.width }
}

/// A stage of a model, as `model.json` stores it: its plugin, and the plugin's own keys.
public struct StageDescription: Sendable, Equatable {
  /// The identifier of the plugin.
  public var plugin: String
  /// The version of the plugin that the model was trained with; nil in models that were written before it was stored.
  public var version: PluginVersion?
  /// The plugin's own configuration, a mapping.
  public var configuration: JSONValue

  /// The keys that are not the plugin's.
  static let reservedKeys: Set<String> = ["plugin", "version", "from", "frozen"]

  /// A stage.
  public init(plugin: String, version: PluginVersion?, configuration: JSONValue) {
    self.plugin = plugin
    self.version = version
    self.configuration = configuration
  }

  /// The stage to be made.
  ///
  /// - Throws: ``ModelError``, without a full stop, if the plugin is not here, or is not the version of the
  ///   training, or does not read its configuration.
  func choice(for place: StagePlace, _ plugins: PluginRegistry) throws -> StageChoice {
    let type: any Stage.Type
    do {
      type = try plugins.stage(plugin, version: version)
    } catch {
      throw ModelError("\(place.rawValue): \(error.clause)")
    }
    if let version, type.version.major != version.major {
      throw ModelError(
        "\(place.rawValue) was trained with \(plugin) \(version), and this is \(type.version): train it again, or "
          + "use the older plugin")
    }
    do {
      return try choice(type, plugins)
    } catch {
      throw ModelError("\(place.rawValue).\(error.clause)")
    }
  }

  private func choice<S: Stage>(_ type: S.Type, _ plugins: PluginRegistry) throws -> StageChoice {
    StageChoice(type, try configuration.decode(S.Configuration.self, plugins: plugins))
  }
}

/// A stage as it is written: today's files have `plugin` and `version` in addition to the plugin's own keys,
/// earlier ones only the latter.
struct StoredStage: Codable {
  private var members: [String: JSONValue]

  init(_ stage: StageDescription) {
    if case .object(let own) = stage.configuration { members = own } else { members = [:] }
    members["plugin"] = .string(stage.plugin)
    members["version"] = stage.version.map { .string($0.description) }
  }

  init(from decoder: any Decoder) throws {
    members = try decoder.singleValueContainer().decode([String: JSONValue].self)
    for key in ["plugin", "version"] where members[key] != nil {
      guard case .string(let text) = members[key], key == "plugin" || PluginVersion(text) != nil else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "\(key) is not that of a plugin"))
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(members)
  }

  /// The stage of a place.
  func description(in place: StagePlace) -> StageDescription {
    var own = members
    func text(_ key: String) -> String? {
      if case .string(let text) = own.removeValue(forKey: key) { text } else { nil }
    }
    return StageDescription(
      plugin: text("plugin") ?? place.defaultPlugin, version: text("version").flatMap(PluginVersion.init),
      configuration: .object(own))
  }
}
