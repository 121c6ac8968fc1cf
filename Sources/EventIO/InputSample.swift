// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation
import Settings

/// Files of events that belong together, such as those of one process, and what is said of all of their events.
///
/// ```swift
/// let signal = try InputSample(pattern: "hh-*.hepmc.gz", columns: ["label": 1])
/// let background = try InputSample(pattern: "tt-*.hepmc.gz", columns: ["label": 0], weight: 3.2)
/// let stream = try EventStream(samples: [signal, background])
/// ```
public struct InputSample: Sendable, Equatable {
  /// The files, `-` for standard input.
  public var files: [String] = []
  /// What messages and reports call it; nil if that is its files.
  public var name: String?
  /// Columns that every event gets, over those of the files.
  public var columns: [String: Double] = [:]
  /// What the weight of every event is multiplied by.
  public var weight = 1.0
  /// What the weights of all events that are read add up to; nil if they stay as they are.
  public var totalWeight: Double?
  /// How many events to read; all if it is nil.
  public var maximumEvents: Int?
  /// The class, by its number or name, which is the column `label`.
  private var label: ColumnValue?

  /// No files.
  public init() {}

  /// A sample of files.
  public init(
    files: [String], name: String? = nil, columns: [String: Double] = [:], weight: Double = 1,
    totalWeight: Double? = nil, maximumEvents: Int? = nil
  ) {
    self.files = files
    self.name = name
    self.columns = columns
    self.weight = weight
    self.totalWeight = totalWeight
    self.maximumEvents = maximumEvents
  }

  /// A sample of the files that a pattern such as `~/data/tt-*.h5` names; see ``files(matching:)``.
  ///
  /// - Throws: ``InputPatternError`` if it names none.
  public init(
    pattern: String, name: String? = nil, columns: [String: Double] = [:], weight: Double = 1,
    totalWeight: Double? = nil, maximumEvents: Int? = nil
  ) throws {
    self.init(
      files: try Self.files(matching: pattern), name: name, columns: columns, weight: weight,
      totalWeight: totalWeight, maximumEvents: maximumEvents)
  }

  /// The name, else the files.
  public var title: String { name ?? files.joined(separator: ", ") }

  /// The files that a pattern names, in the order of their names.
  ///
  /// `*`, `?`, `[…]` and `{a,b}` stand for what they do in a shell, and `~` at the beginning for the home folder. The name of a
  /// file that there is stands for itself, and so does a name without such characters.
  ///
  /// - Throws: ``InputPatternError`` if a pattern names no file, or stands for more patterns than are looked for.
  public static func files(matching pattern: String) throws -> [String] {
    guard pattern != "-", access(pattern, F_OK) != 0 else { return [pattern] }
    guard pattern.hasPrefix("~") || pattern.contains(where: { "*?[{".contains($0) }) else { return [pattern] }
    guard !hasTooManyBraces(pattern) else { throw InputPatternError(pattern: pattern, isTooLarge: true) }
    var found = glob_t()
    defer { globfree(&found) }
    let code = glob(pattern, GLOB_TILDE | GLOB_BRACE | GLOB_MARK, nil, &found)
    let files = (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
      .filter { !$0.hasSuffix("/") }
    guard code == 0, !files.isEmpty else { throw InputPatternError(pattern: pattern) }
    return files
  }
}

extension InputSample {
  /// Whether `{a,b}` would stand for more patterns than are looked for: glob works through all of them, and goes down a call
  /// for each brace with a copy of the pattern.
  private static func hasTooManyBraces(_ pattern: String) -> Bool {
    guard pattern.utf8.contains(UInt8(ascii: "{")) else { return false }
    // Braces in each other stand for a sum, which is no more than the product.
    var (count, alternatives) = (1, [Int]())
    var braces = 0
    for byte in pattern.utf8 {
      switch byte {
      case UInt8(ascii: "{"):
        braces += 1
        alternatives.append(1)
      case UInt8(ascii: ",") where !alternatives.isEmpty: alternatives[alternatives.count - 1] += 1
      case UInt8(ascii: "}"):
        count = min(count * (alternatives.popLast() ?? 1), InputPatternError.mostPatterns + 1)
      default: break
      }
    }
    return pattern.utf8.count > InputPatternError.longestPattern || braces > InputPatternError.mostBraces
      || count > InputPatternError.mostPatterns
  }
}

/// A pattern that names no file, or too many.
public struct InputPatternError: SettingValueError, CustomStringConvertible, Equatable {
  /// The pattern.
  public let pattern: String
  /// Whether its braces stand for more patterns than are looked for.
  public let isTooLarge: Bool

  static let longestPattern = 4096
  static let mostBraces = 20
  static let mostPatterns = 10_000

  init(pattern: String, isTooLarge: Bool = false) {
    self.pattern = pattern
    self.isTooLarge = isTooLarge
  }

  /// What is wrong with it.
  public var problem: String {
    isTooLarge
      ? "the braces of a pattern of \(pattern.utf8.count) bytes stand for more than are looked for: give at most "
        + "\(Self.longestPattern) bytes, \(Self.mostBraces) braces and \(Self.mostPatterns) names, or list the files"
      : "no file is called \(pattern), seen from the working folder"
  }
  /// What is wrong with it.
  public var description: String { problem }
}

extension InputSample: SettingsSection {
  /// A name alone is that of the file.
  public static let shorthand: String? = "file"

  /// The settings, in the order of tables.
  public static let settings: [Setting<InputSample>] = [
    Setting(
      "file", \.files, from: { (pattern: String) in try files(matching: pattern) },
      "a file, relative to the working folder, or a pattern such as `~/data/tt-*.hepmc.gz`: the files that it names, in the "
        + "order of their names", default: nil),
    Setting(
      "label", \.label,
      "the column `label` of all its events, instead of the file's: the number of a class, or its name"),
    Setting(
      "columns", \.columns,
      from: { (mapping: OrderedMapping<Double>) in
        Dictionary(uniqueKeysWithValues: mapping.map { ($0.key, $0.value) })
      },
      "a mapping from names to numbers: columns of all its events, instead of the file's of these names",
      default: "none", range: "numbers"),
    Setting("weight", \.weight, .positive, "what the weight of each of its events is multiplied by"),
    Setting(
      "total-weight", \.totalWeight, .positive,
      "or, for all samples: the sum to which the weights of its events are scaled, over the events that the run reads, so that "
        + "samples have a given ratio"),
    Setting(
      "max-events", \.maximumEvents, .positive, "read at most this many events of it, over all its files",
      default: "all"),
    Setting("name", \.name, "what messages and reports call it", default: "its files"),
  ]

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    if given.contains("weight"), totalWeight != nil {
      throw SettingProblem("weight", "means nothing with total-weight; leave one out")
    }
    if label != nil, columns["label"] != nil {
      throw SettingProblem("label", "is among columns too; leave one out")
    }
    if case .number(let number) = label, !number.isFinite {
      throw SettingProblem("label", "is \(number), but a class is a number or a name")
    }
    if case .text("") = label { throw SettingProblem("label", "is empty, but a class is a number or a name") }
    if let name = columns.keys.sorted().first(where: { Events.formulaNames.contains($0) }) {
      throw SettingProblem(
        "columns", "has \(name), which means something else in formulas; choose another name")
    }
  }

  /// The columns that every event gets, the class among them: a row each.
  package var allColumns: Columns {
    var all = Columns(columns.mapValues { Column(values: [$0]) })
    switch label {
    case .number(let number): all["label"] = Column(values: [number])
    case .text(let name): all["label"] = Column(texts: [name])
    case nil: break
    }
    return all
  }
}
