// SPDX-License-Identifier: GPL-3.0-or-later

/// One setting of a section: its spelling, its values and its purpose.
///
/// A setting is declared once. A YAML file, `--set`, the command line, `model.json` and the tables of the
/// documentation all take spelling, default, range, unit and meaning from here; the default is the value that
/// a new section has.
public struct Setting<Section>: Sendable {
  /// How it is written in files and, with two leading dashes, on the command line.
  public let key: String
  /// What the setting is, in a few words.
  public let meaning: String
  /// The unit of a number, such as GeV; nil for a pure number or text.
  public let unit: String?
  /// Whether it cannot be left out.
  public let isRequired: Bool
  /// The values that it may have, in words; nil for any.
  public let range: String?
  /// The default in words; nil for one that is required.
  public let defaultValue: String?

  /// The section that the value is, if it is one.
  public private(set) var nested: (any SettingsSection.Type)?

  let read: @Sendable (KeyedDecodingContainer<SettingKey>, inout Section) throws -> Void
  let write: @Sendable (Section, inout KeyedEncodingContainer<SettingKey>) throws -> Void
  /// What is wrong with the section's value of the setting, as the end of a sentence; nil if nothing is.
  let problem: @Sendable (Section) -> String?
}

/// A key of a section.
struct SettingKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil

  init(_ key: String) { stringValue = key }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

// MARK: - Declaring settings

extension Setting where Section: SettingsSection {
  /// A setting whose value a section has under `path`.
  ///
  /// - Parameters:
  ///   - key: how it is written.
  ///   - path: where the section has it; a value of an enumeration of texts is one of these.
  ///   - meaning: what it is, in a few words.
  ///   - defaultValue: the default in words, if the value itself does not say it.
  ///   - isRequired: whether it cannot be left out.
  ///   - range: the values that it may have in words, if its type does not say it.
  public init<Value: Codable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Section, Value> & Sendable, _ meaning: String,
    default defaultValue: String? = nil,
    isRequired: Bool = false, range: String? = nil
  ) {
    self.init(
      key: key, meaning: meaning, unit: nil, isRequired: isRequired,
      range: range ?? SettingText.choices(of: Value.self),
      defaultValue: isRequired ? nil : defaultValue ?? SettingText.text(of: Section()[keyPath: path]),
      nested: SettingText.section(of: Value.self),
      read: { container, section in
        let key = SettingKey(key)
        if isRequired {
          section[keyPath: path] = try container.decode(Value.self, forKey: key)
        } else if let value = try container.decodeIfPresent(Value.self, forKey: key) {
          section[keyPath: path] = value
        }
      },
      write: { section, container in try container.encode(section[keyPath: path], forKey: SettingKey(key)) },
      problem: { _ in nil })
  }

  /// A number in a range.
  public init<Number: Codable & Comparable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Section, Number> & Sendable, _ range: SettingRange<Number>,
    unit: String? = nil, _ meaning: String, default defaultValue: String? = nil
  ) {
    self.init(
      key: key, meaning: meaning, unit: unit, isRequired: false, range: range.description,
      defaultValue: defaultValue ?? SettingText.text(of: Section()[keyPath: path]),
      read: { container, section in
        if let value = try container.decodeIfPresent(Number.self, forKey: SettingKey(key)) {
          section[keyPath: path] = value
        }
      },
      write: { section, container in try container.encode(section[keyPath: path], forKey: SettingKey(key)) },
      problem: { section in range.problem(with: section[keyPath: path]) })
  }

  /// A number in a range, or none.
  public init<Number: Codable & Comparable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Section, Number?> & Sendable, _ range: SettingRange<Number>,
    unit: String? = nil, _ meaning: String, default defaultValue: String = "none"
  ) {
    self.init(
      key: key, meaning: meaning, unit: unit, isRequired: false, range: range.description,
      defaultValue: defaultValue,
      read: { container, section in
        section[keyPath: path] = try container.decodeIfPresent(Number.self, forKey: SettingKey(key))
      },
      write: { section, container in
        try container.encodeIfPresent(section[keyPath: path], forKey: SettingKey(key))
      },
      problem: { section in
        section[keyPath: path].flatMap { range.problem(with: $0) }
      })
  }

  /// A value of an enumeration or a text, or none.
  public init<Value: Codable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Section, Value?> & Sendable, _ meaning: String,
    default defaultValue: String = "none", range: String? = nil
  ) {
    self.init(
      key: key, meaning: meaning, unit: nil, isRequired: false,
      range: range ?? SettingText.choices(of: Value.self),
      defaultValue: defaultValue, nested: SettingText.section(of: Value.self),
      read: { container, section in
        section[keyPath: path] = try container.decodeIfPresent(Value.self, forKey: SettingKey(key))
      },
      write: { section, container in
        try container.encodeIfPresent(section[keyPath: path], forKey: SettingKey(key))
      },
      problem: { _ in nil })
  }

  /// A value that is made of what is written, such as a list of text with commas in it; sections that have
  /// such settings are read and not written.
  ///
  /// - Parameters:
  ///   - key: how the setting is written.
  ///   - path: where the section has the value.
  ///   - read: the value of what is written; an error that it throws becomes one of the setting, unless it
  ///     is a ``ConfigurationError``.
  ///   - meaning: what it is, in a few words.
  ///   - defaultValue: the default in words; nil for a setting that cannot be left out.
  ///   - range: the values that it may have, in words.
  public init<Value, Written: Decodable & SendableMetatype>(
    _ key: String, _ path: WritableKeyPath<Section, Value> & Sendable,
    from read: @escaping @Sendable (Written) throws -> Value, _ meaning: String,
    default defaultValue: String?,
    range: String? = nil
  ) {
    self.init(
      key: key, meaning: meaning, unit: nil, isRequired: defaultValue == nil, range: range,
      defaultValue: defaultValue, nested: SettingText.section(of: Written.self),
      read: { container, section in
        let value =
          defaultValue == nil
          ? try container.decode(Written.self, forKey: SettingKey(key))
          : try container.decodeIfPresent(Written.self, forKey: SettingKey(key))
        guard let value else { return }
        do {
          section[keyPath: path] = try read(value)
        } catch let error as ConfigurationError {
          // It knows its place within what is written.
          throw error
        } catch {
          let problem = (error as? any SettingValueError)?.problem ?? "\(error)"
          throw DecodingError.dataCorruptedError(
            forKey: SettingKey(key), in: container, debugDescription: problem)
        }
      },
      write: { _, _ in preconditionFailure("\(key) is a setting of sections that are read and not written") },
      problem: { _ in nil })
  }
}

/// An error about a value that a setting is read from.
public protocol SettingValueError: Error {
  /// The sentence about the value.
  var problem: String { get }
}

// MARK: - Words

extension Setting {
  /// The same setting of a section that has this one's section as a part, and whose keys stand among its own.
  ///
  /// - Parameter path: where the whole has the part.
  /// - Returns: the setting of the whole.
  public func within<Whole>(_ path: WritableKeyPath<Whole, Section> & Sendable) -> Setting<Whole> {
    Setting<Whole>(
      key: key, meaning: meaning, unit: unit, isRequired: isRequired, range: range,
      defaultValue: defaultValue,
      nested: nested,
      read: { container, whole in try read(container, &whole[keyPath: path]) },
      write: { whole, container in try write(whole[keyPath: path], &container) },
      problem: { whole in problem(whole[keyPath: path]) })
  }
}

/// A list of sections.
private protocol SectionList {
  static var section: (any SettingsSection.Type)? { get }
}

extension Array: SectionList {
  fileprivate static var section: (any SettingsSection.Type)? { Element.self as? any SettingsSection.Type }
}

/// Values and choices of settings in words.
enum SettingText {
  /// The section that a value, or each of a list, is; nil if it is none.
  static func section<Value>(of type: Value.Type) -> (any SettingsSection.Type)? {
    type as? any SettingsSection.Type ?? (type as? any SectionList.Type)?.section
  }

  /// The texts that a value of an enumeration may have, with commas between them; nil for other types.
  static func choices<Value>(of type: Value.Type) -> String? {
    guard let type = type as? any CaseIterable.Type else { return nil }
    func texts<Cases: CaseIterable>(_ type: Cases.Type) -> [String] {
      type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    }
    let texts = texts(type)
    return texts.isEmpty ? nil : texts.joined(separator: ", ")
  }

  static func text<Value>(of value: Value) -> String {
    if let value = value as? any RawRepresentable, let text = value.rawValue as? String { return text }
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
