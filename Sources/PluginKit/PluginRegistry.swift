// SPDX-License-Identifier: GPL-3.0-or-later

/// The plugins that a program knows, by identifier.
public struct PluginRegistry: Sendable {
  private var heads: [String: any Head.Type] = [:]
  private var decisions: [String: any Decision.Type] = [:]

  /// A registry without plugins.
  public init() {}

  /// The identifiers of all heads, in alphabetical order.
  public var headIdentifiers: [String] { heads.keys.sorted() }

  /// Makes a head known.
  ///
  /// - Throws: ``PluginError`` where the identifier is taken.
  public mutating func register(_ type: any Head.Type) throws {
    guard heads[type.identifier] == nil else {
      throw PluginError(
        "Two plugins call themselves \(type.identifier): \(heads[type.identifier]!) and \(type); leave one out."
      )
    }
    heads[type.identifier] = type
  }

  /// The head of an identifier.
  ///
  /// - Throws: ``PluginError`` that lists the heads there are.
  public func head(_ identifier: String) throws -> any Head.Type {
    guard let type = heads[identifier] else {
      throw PluginError(
        "There is no plugin \(identifier); the plugins here are: \(headIdentifiers.joined(separator: ", ")).")
    }
    return type
  }

  /// The identifiers of all decisions, in alphabetical order.
  public var decisionIdentifiers: [String] { decisions.keys.sorted() }

  /// Makes a decision known.
  ///
  /// - Throws: ``PluginError`` where the identifier is taken by another decision.
  public mutating func register(_ type: any Decision.Type) throws {
    guard decisions[type.identifier] == nil else {
      throw PluginError(
        "Two decisions call themselves \(type.identifier): \(decisions[type.identifier]!) and \(type); leave one out."
      )
    }
    decisions[type.identifier] = type
  }

  /// The decision of an identifier.
  ///
  /// - Throws: ``PluginError`` that names the nearest, or lists the decisions there are.
  public func decision(_ identifier: String) throws -> any Decision.Type {
    guard let type = decisions[identifier] else {
      let remedy =
        identifier.nearest(among: decisions.keys).map { "did you mean \($0)?" }
        ?? "the decisions here are: \(decisionIdentifiers.joined(separator: ", "))."
      throw PluginError("There is no decision \(identifier); \(remedy)")
    }
    return type
  }
}

/// What is wrong with a plugin, its configuration or its data, in one sentence.
public struct PluginError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence.
  public let description: String
  /// The row of the data that it is about, where there is one.
  public let row: Int?

  /// An error that says `description`.
  public init(_ description: String, row: Int? = nil) {
    self.description = description
    self.row = row
  }
}
