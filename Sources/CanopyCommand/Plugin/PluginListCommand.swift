// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Settings

/// `canopy plugin list`.
struct PluginListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the plugins, recursive cells and formats that are built in and those that are loaded.",
    discussion: """
      Inputs, outputs and quantities are those of the configuration that a plugin gives as its example, which is shown \
      too; they may be others with other configurations.

      EXAMPLES:
        canopy plugin list
        canopy plugin list --plugin libMyTagger.so --format json
      """)

  @OptionGroup
  var plugins: PluginOptions

  @Option(help: "How the plugins are printed: table for people, json for programs.")
  var format = EvaluateCommand.Format.table

  func run() throws {
    try reportingFailures {
      let registry = try plugins.registry()
      let observables = try registry.observableIdentifiers.map { identifier in
        try PluginDescription(
          registry.observable(identifier), origin: registry.origin(ofObservable: identifier)!)
      }
      let stages = try registry.stageIdentifiers.map { identifier in
        try PluginDescription(registry.stage(identifier), origin: registry.origin(ofStage: identifier)!)
      }
      let heads = try registry.headIdentifiers.map { identifier in
        try PluginDescription(
          registry.head(identifier), origin: registry.origin(ofHead: identifier)!, registry)
      }
      let decisions = try registry.decisionIdentifiers.map { identifier in
        try PluginDescription(registry.decision(identifier), origin: registry.origin(ofDecision: identifier)!)
      }
      let descriptions = observables + stages + heads + decisions
      let parts = PartDescription.all(of: registry)
      switch format {
      case .json:
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try writeToStandardOutput(
          encoder.encode(descriptions.map(Listed.plugin) + parts.map(Listed.part)) + Data("\n".utf8))
      case .table: try writeToStandardOutput(Data(Listing(descriptions, parts).text.utf8))
      }
    }
  }
}

/// An element of the list as JSON.
private enum Listed: Encodable {
  case plugin(PluginDescription)
  case part(PartDescription)

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .plugin(let plugin): try plugin.encode(to: encoder)
    case .part(let part): try part.encode(to: encoder)
    }
  }
}

/// What a recursive cell or a format says of itself.
private struct PartDescription: Encodable {
  /// The name.
  var plugin: String
  /// `recursive cell`, `event format`, `result format` or `event output format`.
  var kind: String
  var from: String
  var summary: String
  /// The endings of the names of its files; nil for formats that are told from the content, and for cells.
  var endings: [String]?

  static func all(of registry: PluginRegistry) -> [PartDescription] {
    registry.recursiveCells.all.map {
      PartDescription(
        plugin: $0.name, kind: "recursive cell", from: registry.origin(ofRecursiveCell: $0.name)!.description,
        summary: $0.summary)
    }
      + registry.eventFormats.all.map {
        PartDescription(
          plugin: $0.name, kind: "event format", from: registry.origin(ofEventFormat: $0.name)!.description,
          summary: $0.summary)
      }
      + registry.resultFormats.all.map {
        PartDescription(
          plugin: $0.name, kind: "result format", from: registry.origin(ofResultFormat: $0.name)!.description,
          summary: $0.summary, endings: $0.fileExtensions)
      }
      + registry.eventOutputFormats.all.map {
        PartDescription(
          plugin: $0.name, kind: "event output format",
          from: registry.origin(ofEventOutputFormat: $0.name)!.description, summary: $0.summary,
          endings: $0.fileExtensions)
      }
  }
}

/// What a plugin says of itself.
private struct PluginDescription: Encodable {
  var plugin: String
  var version: PluginVersion
  var kind = "head"
  var from: String
  var summary: String
  /// What a stage or a head has a row for and reads, and what a head learns from; nil for decisions.
  var rows: HeadRows?
  var inputs: [String]?
  /// What a stage or a head gives, or the quantities of a decision.
  var outputs: [HeadOutput]
  var truth: [String]?
  /// Whether a decision keeps a state from event to event; nil for others.
  var keepsState: Bool?
  /// What each quantity of an observable is; nil for other kinds.
  var meanings: [ObservableQuantity]?
  /// The configuration of the example.
  var configuration: JSONValue

  /// Describes an observable by what its example makes.
  init(_ type: any Observable.Type, origin: PluginOrigin) throws {
    func describe<O: Observable>(_ type: O.Type) throws -> PluginDescription {
      PluginDescription(
        try O(configuration: O.example), origin, configuration: try JSONValue(encoding: O.example))
    }
    self = try describe(type)
  }

  private init<O: Observable>(_ observable: O, _ origin: PluginOrigin, configuration: JSONValue) {
    plugin = O.identifier
    version = O.version
    kind = "observable"
    from = origin.description
    summary = O.summary
    rows = observable.rows
    outputs = observable.quantities.map { HeadOutput($0.name, unit: $0.unit) }
    meanings = observable.quantities
    self.configuration = configuration
  }

  /// Describes a stage by what its example makes, in a network that has everything.
  init(_ type: any Stage.Type, origin: PluginOrigin) throws {
    func describe<S: Stage>(_ type: S.Type) throws -> PluginDescription {
      var builder = StageBuilder(
        S.rows == .jets ? .embedding : .events, jetEmbeddingWidth: 1, layout: ParameterLayout())
      return PluginDescription(
        try S(configuration: S.example, builder: &builder), origin,
        configuration: try JSONValue(encoding: S.example))
    }
    self = try describe(type)
  }

  private init<S: Stage>(_ stage: S, _ origin: PluginOrigin, configuration: JSONValue) {
    plugin = S.identifier
    version = S.version
    kind = "stage"
    from = origin.description
    summary = S.summary
    rows = S.rows
    inputs = stage.inputs.map(\.rawValue).sorted()
    outputs = [HeadOutput("embedding", width: stage.width)]
    self.configuration = configuration
  }

  /// Describes a decision by what its example makes.
  init(_ type: any Decision.Type, origin: PluginOrigin) throws {
    func quantities<D: Decision>(_ type: D.Type, _ configuration: ConfigurationNode) throws -> [HeadOutput] {
      try D(configuration: configuration.decode(D.Configuration.self), sources: D.example.sources).quantities
    }
    let example = try ConfigurationNode(
      yaml: type.example.configuration, source: "the example of \(type.identifier)")
    plugin = type.identifier
    version = type.version
    kind = "decision"
    from = origin.description
    summary = type.summary
    outputs = try quantities(type, example)
    keepsState = Self.keepsState(type)
    configuration = try JSONValue(encoding: example)
  }

  private static func keepsState<D: Decision>(_ type: D.Type) -> Bool { D.State.self != NoState.self }

  /// Describes a head by what its example makes, in a network that has everything.
  init(_ type: any Head.Type, origin: PluginOrigin, _ plugins: PluginRegistry) throws {
    self = try Self.describe(type, origin, plugins)
  }

  private static func describe<H: Head>(
    _ type: H.Type, _ origin: PluginOrigin, _ plugins: PluginRegistry
  ) throws -> PluginDescription {
    var builder = HeadBuilder(
      headName: H.identifier, jetEmbeddingWidth: 1, eventEmbeddingWidth: 1, eventInputNames: [],
      layout: ParameterLayout(), plugins: plugins)
    return PluginDescription(
      try H(configuration: H.example.configuration, builder: &builder), origin,
      configuration: try JSONValue(encoding: H.example.configuration))
  }

  private init<H: Head>(_ head: H, _ origin: PluginOrigin, configuration: JSONValue) {
    plugin = H.identifier
    version = H.version
    from = origin.description
    summary = H.summary
    rows = head.rows
    inputs = head.inputs.map(\.rawValue).sorted()
    outputs = head.outputs
    truth = head.truthColumns
    self.configuration = configuration
  }
}

extension Listing {
  /// Plugins, recursive cells and formats for people.
  fileprivate init(_ plugins: [PluginDescription], _ parts: [PartDescription]) {
    for plugin in plugins {
      begin("\(plugin.plugin) \(plugin.version)")
      add("summary", plugin.summary)
      add("kind", plugin.rows.map { "\(plugin.kind) on \($0.rawValue)" } ?? "\(plugin.kind) of a menu")
      add("from", plugin.from)
      plugin.inputs.map { add("inputs", $0.isEmpty ? "none" : $0.joined(separator: ", ")) }
      add(
        plugin.rows == nil || plugin.meanings != nil ? "quantities" : "outputs",
        plugin.outputs.map(\.text).joined(separator: ", "))
      plugin.truth.map { add("truth", $0.joined(separator: ", ")) }
      plugin.keepsState.map { add("state", $0 ? "kept from event to event" : "none") }
      add("example", plugin.configuration.text)
    }
    begin("recursive cells")
    add(
      table: [["cell", "from", "what it is"]]
        + parts.filter { $0.kind == "recursive cell" }.map { [$0.plugin, $0.from, $0.summary] })
    for (kind, title) in [
      ("event format", "formats of events that are read"), ("result format", "formats of results"),
      ("event output format", "formats of events that are written"),
    ] {
      begin(title)
      add(
        table: [["format", "endings", "from", "what it is"]]
          + parts.filter { $0.kind == kind }.map { format in
            let endings = format.endings.map { $0.map { "." + $0 }.joined(separator: " ") } ?? ""
            return [format.plugin, endings.isEmpty ? "-" : endings, format.from, format.summary]
          })
    }
  }
}
