// SPDX-License-Identifier: GPL-3.0-or-later

/// A section of a configuration: its settings, and a value for each.
///
/// ```swift
/// struct Clock: SettingsSection {
///   var period = 25.0
///   var source: String?
///
///   static let settings: [Setting<Clock>] = [
///     Setting("period", \.period, .positive, unit: "ns", "the time between two bunch crossings"),
///     Setting("source", \.source, "the name of the clock"),
///   ]
/// }
/// ```
///
/// Reading a section from YAML or JSON and checking its ranges follow from the settings, and so does writing it if it
/// conforms to `Encodable` too.
public protocol SettingsSection: Decodable, Sendable {
  /// The settings, in the order of tables.
  static var settings: [Setting<Self>] { get }

  /// The key whose value may stand for the whole section; nil, as by default, if none may.
  static var shorthand: String? { get }

  /// A section in which every setting has its default.
  init()

  /// Makes sure that settings go together, after each has been checked by itself.
  ///
  /// - Parameter given: the keys that are written.
  /// - Throws: ``SettingProblem`` that names the key.
  func check(given: Set<String>) throws
}

/// What is wrong with a setting in combination with others.
public struct SettingProblem: Error, Equatable {
  /// The key of the setting.
  public let key: String
  /// The end of a sentence that begins with the key, such as `needs a column: name it under balance`.
  public let problem: String

  /// A problem of the setting `key`.
  public init(_ key: String, _ problem: String) {
    self.key = key
    self.problem = problem
  }
}

extension SettingsSection {
  /// None.
  public static var shorthand: String? { nil }

  /// Nothing.
  public func check(given: Set<String>) throws {}

  /// Reads a section; what is left out has its default.
  public init(from decoder: any Decoder) throws {
    self.init()
    var decoder = decoder
    if let shorthand = Self.shorthand, let written = decoder as? ConfigurationDecoder {
      decoder = written.orMapping(from: shorthand)
    }
    let container = try decoder.container(keyedBy: SettingKey.self)
    func refusal(_ key: String, _ problem: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: SettingKey(key), in: container, debugDescription: problem)
    }
    // Asked for first, so that no key of the section passes for a misspelling of one that is missing.
    let given = Set(Self.settings.map(\.key).filter { container.contains(SettingKey($0)) })
    try read(from: decoder) { _, error in throw error }
    if let (key, problem) = firstProblem { throw refusal(key, problem) }
    do {
      try check(given: given)
    } catch let error as SettingProblem {
      throw refusal(error.key, error.problem)
    }
  }

}

extension SettingsSection {
  /// Reads each setting by itself, whatever its range; one that cannot be read keeps its value.
  ///
  /// - Parameters:
  ///   - decoder: what is read.
  ///   - refuse: is told of each setting that cannot be read, and may throw to end the reading.
  /// - Throws: what the decoder throws if there is no mapping, and what `refuse` throws.
  package mutating func read(
    from decoder: any Decoder, refuse: (_ key: any CodingKey, any Error) throws -> Void
  ) throws {
    let container = try decoder.container(keyedBy: SettingKey.self)
    for setting in Self.settings {
      do {
        try setting.read(container, &self)
      } catch {
        try refuse(SettingKey(setting.key), error)
      }
    }
  }

  /// The settings whose values are out of range, and what is wrong with each.
  package var rangeProblems: [(key: String, problem: String)] {
    Self.settings.compactMap { setting in setting.problem(self).map { (setting.key, $0) } }
  }

  /// The first setting whose value is out of range, and what is wrong with it; nil if there is none.
  public var firstProblem: (key: String, problem: String)? { rangeProblems.first }
}

extension SettingsSection where Self: Encodable {
  /// Writes all settings that have a value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SettingKey.self)
    for setting in Self.settings { try setting.write(self, &container) }
  }
}

// MARK: - Documentation

extension SettingsSection {
  /// The settings as a table in Markdown, with a row for each: key, default, range and meaning.
  public static var table: String {
    let rows = settings.map { setting in
      [
        "`\(setting.key)`", setting.defaultValue ?? "required", setting.range ?? "",
        setting.meaning + (setting.unit.map { ", in \($0)" } ?? ""),
      ]
    }
    return ([["Key", "Default", "Range", "Meaning"]] + rows).enumerated().map { index, row in
      "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        + (index == 0 ? "\n|" + String(repeating: "---|", count: row.count) : "")
    }.joined(separator: "\n")
  }
}

extension SettingsSection {
  /// The table of the settings, followed by those of the sections among them, each with a line that names their keys.
  public static var tables: String {
    ([table]
      + nestedSections.map { keys, section in
        "The keys of \(keys.map { "`\($0)`" }.joined(separator: " and of ")):\n\n\(section.table)"
      }).joined(separator: "\n\n")
  }

  /// The sections among the settings, at any depth, each once, with the keys that have it.
  private static var nestedSections: [(keys: [String], section: any SettingsSection.Type)] {
    var found: [(keys: [String], section: any SettingsSection.Type)] = []
    func add<Section: SettingsSection>(_ section: Section.Type) {
      for setting in section.settings {
        guard let nested = setting.nested else { continue }
        if let index = found.firstIndex(where: { $0.section == nested }) {
          found[index].keys.append(setting.key)
        } else {
          found.append(([setting.key], nested))
          add(nested)
        }
      }
    }
    add(Self.self)
    return found
  }
}

/// The tables of the settings of a plugin's configuration, after a line that names what has the keys; nil if it declares none.
///
/// - Parameters:
///   - configuration: the type of the configuration.
///   - plugin: what has the keys, such as “the head `jet-tagger`”.
/// - Returns: the line and the tables.
package func settingsTables(of configuration: Any.Type, _ plugin: String) -> String? {
  func tables<Section: SettingsSection>(_ section: Section.Type) -> String? {
    Section.settings.isEmpty ? nil : "The keys of \(plugin):\n\n\(Section.tables)"
  }
  return (configuration as? any SettingsSection.Type).flatMap { tables($0) }
}
