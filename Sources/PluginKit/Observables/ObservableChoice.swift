// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// An observable to be made: its name, its plugin and the plugin's configuration.
///
/// ```swift
/// let choice = ObservableChoice("mmdt", SoftDropObservable.self, .init(zCut: 0.1, beta: 0))
/// ```
public struct ObservableChoice: Sendable {
  /// The name; the columns are called `NAME/QUANTITY`.
  public let name: String
  /// The plugin.
  public let plugin: any Observable.Type
  /// The plugin's configuration, of its own type.
  public let configuration: any Codable & Sendable

  /// An observable of a plugin and its configuration.
  public init<O: Observable>(_ name: String, _ plugin: O.Type, _ configuration: O.Configuration) {
    self.name = name
    self.plugin = plugin
    self.configuration = configuration
  }

  /// Another observable like one that is made.
  public init(_ member: ObservableSet.Member) {
    func choice<O: Observable>(_ observable: O) -> ObservableChoice {
      ObservableChoice(member.name, O.self, observable.configuration)
    }
    self = choice(member.observable)
  }

  /// An observable of a plugin, whose configuration is read by `decoder`.
  ///
  /// - Throws: what reading throws.
  public init(_ name: String, _ plugin: any Observable.Type, from decoder: any Decoder) throws {
    func choice<O: Observable>(_ plugin: O.Type) throws -> ObservableChoice {
      ObservableChoice(name, plugin, try O.Configuration(from: decoder))
    }
    self = try choice(plugin)
  }

  /// An observable of a plugin with the plugin's defaults.
  ///
  /// - Throws: ``PluginError`` if the plugin has settings without defaults.
  public init(_ name: String, _ plugin: any Observable.Type) throws {
    func choice<O: Observable>(_ plugin: O.Type) throws -> ObservableChoice {
      ObservableChoice(
        name, plugin, try JSONDecoder().decode(O.Configuration.self, from: Data("{}".utf8)))
    }
    do {
      self = try choice(plugin)
    } catch is DecodingError {
      throw PluginError(
        "The observable \(plugin.identifier) has settings without defaults: give them under observables.")
    }
  }

  /// Makes the observable.
  ///
  /// - Throws: ``PluginError`` if the name or a quantity does not serve, or the configuration makes no sense.
  public func make() throws -> any Observable {
    guard Self.isName(name) else {
      throw PluginError(
        "“\(name)” is no name of an observable: begin with a letter, and go on with letters, digits, hyphens and underscores."
      )
    }
    guard !ResultNames.reservedForObservables.contains(name) else {
      throw PluginError(
        "An observable cannot be called \(name), which results call something else: give it another name.")
    }
    return try make(plugin)
  }

  private func make<O: Observable>(_ plugin: O.Type) throws -> O {
    let observable = try O(configuration: configuration as! O.Configuration)
    let quantities = observable.quantities
    guard !quantities.isEmpty else {
      throw PluginError("The observable \(O.identifier) has no quantity: mend the plugin.")
    }
    for (index, quantity) in quantities.enumerated() {
      guard Self.isName(quantity.name), !quantities[..<index].contains(where: { $0.name == quantity.name })
      else {
        throw PluginError(
          "The observable \(O.identifier) has a quantity called “\(quantity.name)”, but the name of a quantity is its "
            + "own and made of letters, digits, hyphens and underscores: mend the plugin.")
      }
    }
    return observable
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.first, first.isASCII, first.isLetter else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }

  /// Whether another choice has the same plugin and the same configuration.
  func isSame(as other: ObservableChoice) throws -> Bool {
    func text(_ configuration: any Codable) throws -> Data {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return try encoder.encode(configuration)
    }
    return try plugin == other.plugin && text(configuration) == text(other.configuration)
  }
}

/// One entry of a section `observables`: the plugin, that of the entry's name unless given, with the plugin's own keys
/// beside it.
///
/// A decoder must know the plugins: `decoder.userInfo[.plugins] = registry`.
public struct ObservableSection: Sendable, Decodable {
  /// The observable.
  public let choice: ObservableChoice

  private struct Source: SettingsSection {
    var plugin: String?

    static let settings: [Setting<Source>] = [
      Setting(
        "plugin", \.plugin, "the identifier of the observable, whose own keys stand beside it",
        default: "the name of the entry")
    ]
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads an entry, whose name is the last key of the decoder's path.
  ///
  /// - Throws: `DecodingError` that names the key.
  public init(from decoder: any Decoder) throws {
    let name = decoder.codingPath.last?.stringValue ?? ""
    let plugin = try Source(from: decoder).plugin
    let plugins = decoder.userInfo[.plugins] as? PluginRegistry ?? PluginRegistry()
    func refusal(_ error: PluginError, at keys: [any CodingKey] = []) -> DecodingError {
      .dataCorrupted(.init(codingPath: decoder.codingPath + keys, debugDescription: error.clause))
    }
    let type: any Observable.Type
    do {
      type = try plugins.observable(plugin ?? name)
    } catch let error as PluginError {
      throw refusal(error, at: plugin == nil ? [] : [Key("plugin")])
    }
    choice = try ObservableChoice(name, type, from: decoder)
    do {
      _ = try choice.make()
    } catch let error as PluginError {
      throw refusal(error)
    }
  }

  /// The settings of entries as tables in Markdown: those that every entry has, and each observable's own.
  ///
  /// - Parameter plugins: the observables that there are.
  /// - Returns: the tables, with headings between them.
  public static func tables(_ plugins: PluginRegistry) -> String {
    func own<O: Observable>(_ type: O.Type) -> String? {
      settingsTables(of: O.Configuration.self, "the observable `\(O.identifier)`")
    }
    let types = plugins.observableIdentifiers.compactMap { try? plugins.observable($0) }
    return ([Source.table] + types.map { own($0) }).compactMap(\.self).joined(separator: "\n\n")
  }
}
