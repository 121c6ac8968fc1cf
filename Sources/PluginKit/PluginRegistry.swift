// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// The plugins that a program knows, observables, stages, heads and decisions, each by its identifier, and those of the kinds
/// that modules above add, such as the formats of EventIO.
public struct PluginRegistry: Sendable {
  private struct Entry<Plugin: Sendable>: Sendable {
    let plugin: Plugin
    let origin: PluginOrigin
  }

  private var observables: [String: Entry<any Observable.Type>] = [:]
  private var stages: [String: Entry<any Stage.Type>] = [:]
  private var heads: [String: Entry<any Head.Type>] = [:]
  private var decisions: [String: Entry<any Decision.Type>] = [:]
  /// Where parts of plugins come from, such as the cells of a recursive network, by their kinds and names.
  private var parts: [String: PluginOrigin] = [:]
  /// What modules above keep of plugins of their own kinds, by its type.
  private var contents: [ObjectIdentifier: any Sendable] = [:]
  /// Where what is registered next comes from.
  var origin = PluginOrigin.builtIn

  /// A registry without plugins.
  public init() {}

  /// The identifiers of all observables, in alphabetical order.
  public var observableIdentifiers: [String] { observables.keys.sorted() }

  /// The identifiers of all stages, in alphabetical order.
  public var stageIdentifiers: [String] { stages.keys.sorted() }

  /// The identifiers of all heads, in alphabetical order.
  public var headIdentifiers: [String] { heads.keys.sorted() }

  /// The identifiers of all decisions, in alphabetical order.
  public var decisionIdentifiers: [String] { decisions.keys.sorted() }

  /// Where the plugins come from.
  public var origins: Set<PluginOrigin> {
    Set(stages.values.map(\.origin)).union(heads.values.map(\.origin)).union(decisions.values.map(\.origin))
      .union(observables.values.map(\.origin)).union(parts.values)
  }

  /// Makes an observable known.
  ///
  /// - Throws: ``PluginError`` if the identifier is taken by another observable, or does not serve as one.
  public mutating func register(_ type: any Observable.Type) throws {
    try add(type, as: type.identifier, to: \.observables)
  }

  /// Makes a stage known.
  ///
  /// - Throws: ``PluginError`` if the identifier is taken by another stage, or does not serve as one.
  public mutating func register(_ type: any Stage.Type) throws {
    try add(type, as: type.identifier, to: \.stages)
  }

  /// Makes a head known.
  ///
  /// - Throws: ``PluginError`` where the identifier is taken by another head, or does not serve as one.
  public mutating func register(_ type: any Head.Type) throws {
    try add(type, as: type.identifier, to: \.heads)
  }

  /// Makes a decision known.
  ///
  /// - Throws: ``PluginError`` where the identifier is taken by another decision, or does not serve as one.
  public mutating func register(_ type: any Decision.Type) throws {
    try add(type, as: type.identifier, to: \.decisions)
  }

  /// Notes that a part of a plugin, which the plugin itself knows where to find, is registered from here.
  ///
  /// - Parameters:
  ///   - kind: what the part is, such as `cell`.
  ///   - name: its name.
  public mutating func note(part kind: String, _ name: String) { parts["\(kind) \(name)"] = origin }

  /// Where a part of a plugin comes from; nil if it was not registered here.
  public func origin(ofPart kind: String, _ name: String) -> PluginOrigin? { parts["\(kind) \(name)"] }

  /// What a module keeps here of plugins of its own kinds, such as EventIO its formats; nil if it has kept nothing yet.
  ///
  /// It is as before if a library is refused.
  public subscript<Content: Sendable>(_ type: Content.Type) -> Content? {
    get { contents[ObjectIdentifier(type)] as? Content }
    set { contents[ObjectIdentifier(type)] = newValue }
  }

  private mutating func add<Plugin>(
    _ plugin: Plugin, as identifier: String, to entries: WritableKeyPath<Self, [String: Entry<Plugin>]>
  ) throws {
    guard Self.isName(identifier) else {
      throw PluginError("“\(identifier)” is no identifier of a plugin: use letters, digits and hyphens.")
    }
    if let other = self[keyPath: entries][identifier]?.origin {
      throw PluginError(
        "There is a plugin \(identifier) already (\(other)): give this one another identifier, or leave one out."
      )
    }
    self[keyPath: entries][identifier] = Entry(plugin: plugin, origin: origin)
  }

  /// Whether a text is letters, digits and hyphens, as the names of plugins and their parts are.
  package static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }

  /// The stage of an identifier.
  ///
  /// - Parameters:
  ///   - identifier: the identifier.
  ///   - version: the version that a model was trained with, for the error to name.
  /// - Returns: the plugin.
  /// - Throws: ``PluginError`` that says how to get the plugin and lists the stages there are.
  public func stage(_ identifier: String, version: PluginVersion? = nil) throws -> any Stage.Type {
    guard let entry = stages[identifier] else {
      let name = version.map { "\(identifier) \($0)" } ?? identifier
      throw PluginError(
        "There is no stage \(name) here: load its library by --plugin PATH or CANOPY_PLUGIN_PATH; the stages here "
          + "are: \(stageIdentifiers.joined(separator: ", ")).")
    }
    return entry.plugin
  }

  /// The head of an identifier.
  ///
  /// - Parameters:
  ///   - identifier: the identifier.
  ///   - version: the version that a model was trained with, for the error to name.
  /// - Returns: the plugin.
  /// - Throws: ``PluginError`` that says how to get the plugin and lists the heads there are.
  public func head(_ identifier: String, version: PluginVersion? = nil) throws -> any Head.Type {
    guard let entry = heads[identifier] else {
      let name = version.map { "\(identifier) \($0)" } ?? identifier
      throw PluginError(
        "There is no plugin \(name) here: load its library by --plugin PATH or CANOPY_PLUGIN_PATH; the plugins here "
          + "are: \(headIdentifiers.joined(separator: ", ")).")
    }
    return entry.plugin
  }

  /// The decision of an identifier.
  ///
  /// - Throws: ``PluginError`` that names the nearest, or says how to get the plugin and lists the decisions there are.
  public func decision(_ identifier: String) throws -> any Decision.Type {
    guard let entry = decisions[identifier] else {
      let remedy =
        identifier.nearest(among: decisions.keys).map { "did you mean \($0)?" }
        ?? "load its library by --plugin PATH or CANOPY_PLUGIN_PATH; the decisions here are: "
        + "\(decisionIdentifiers.joined(separator: ", "))."
      throw PluginError("There is no decision \(identifier); \(remedy)")
    }
    return entry.plugin
  }

  /// The observable of an identifier.
  ///
  /// - Parameters:
  ///   - identifier: the identifier.
  ///   - version: the version that a model was trained with, for the error to name.
  /// - Returns: the plugin.
  /// - Throws: ``PluginError`` that names the nearest, or says how to get the plugin and lists the observables there are.
  public func observable(_ identifier: String, version: PluginVersion? = nil) throws -> any Observable.Type {
    guard let entry = observables[identifier] else {
      let name = version.map { "\(identifier) \($0)" } ?? identifier
      // What a model was trained with is no misspelling.
      let remedy =
        (version == nil ? identifier.nearest(among: observables.keys) : nil).map { "did you mean \($0)?" }
        ?? "load its library by --plugin PATH or CANOPY_PLUGIN_PATH; the observables here are: "
        + "\(observableIdentifiers.joined(separator: ", "))."
      throw PluginError("There is no observable \(name); \(remedy)")
    }
    return entry.plugin
  }

  /// Where the observable of an identifier comes from; nil if there is none.
  public func origin(ofObservable identifier: String) -> PluginOrigin? { observables[identifier]?.origin }

  /// Where the stage of an identifier comes from; nil where there is none.
  public func origin(ofStage identifier: String) -> PluginOrigin? { stages[identifier]?.origin }

  /// Where the head of an identifier comes from; nil where there is none.
  public func origin(ofHead identifier: String) -> PluginOrigin? { heads[identifier]?.origin }

  /// Where the decision of an identifier comes from; nil where there is none.
  public func origin(ofDecision identifier: String) -> PluginOrigin? { decisions[identifier]?.origin }
}

/// Where a plugin comes from.
public enum PluginOrigin: Sendable, Hashable, CustomStringConvertible {
  /// The program was built with it.
  case builtIn
  /// A library, by its path, that was loaded at run time.
  case library(String)

  /// `built in`, or the path.
  public var description: String {
    switch self {
    case .builtIn: "built in"
    case .library(let path): path
    }
  }
}

/// What is wrong with a plugin, its configuration or its data, in one sentence.
public struct PluginError: ReportedError, Sendable, Equatable {
  /// The sentence.
  public let description: String
  /// The row of the data that it is about, where there is one.
  public let row: Int?

  /// An error that says `description`.
  public init(_ description: String, row: Int? = nil) {
    self.description = description
    self.row = row
  }

  /// The sentence without its full stop, for a longer one.
  var clause: String { description.hasSuffix(".") ? String(description.dropLast()) : description }
}

extension CodingUserInfoKey {
  /// Where a decoder has the plugins that a section of a configuration may name: a ``PluginRegistry``.
  public static let plugins = CodingUserInfoKey(rawValue: "plugins")!
}
