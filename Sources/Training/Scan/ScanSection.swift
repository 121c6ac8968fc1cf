// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Settings

/// The section `scan`: values of settings that `canopy scan` tries, a training for each point.
public struct ScanSection: SettingsSection {
  /// Settings and their values, all combinations of which are tried; nil for points that are drawn.
  public var grid: [ScanAxis]?
  /// The number of points that are drawn; nil for a grid.
  public var random: Int?
  /// Settings and what their values are drawn from; nil for a grid.
  public var values: [ScanAxis]?
  /// The seed of the points that are drawn.
  public var seed = UInt64(1)

  /// No points.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<ScanSection>] = [
    Setting(
      "grid", \.grid, from: axes,
      "a mapping from settings to lists, such as `{training.learning-rate: [1e-3, 2e-3], embedding.width: [16, 32]}`, all "
        + "combinations of which are tried", default: "none"),
    Setting(
      "random", \.random, .closed(1...largestPointCount),
      "or: the number of points to draw, each value of a list or of a range"),
    Setting(
      "values", \.values, from: axes,
      "with `random`: a mapping from settings to lists or ranges, such as `{training.learning-rate: {from: 1e-4, to: 1e-2, "
        + "scale: log}}`", default: "none"),
    Setting(
      "seed", \.seed, from: { (seed: Int) in UInt64(bitPattern: Int64(seed)) }, "the seed of what is drawn",
      default: "1", range: "a whole number"),
  ]

  private static let axes: @Sendable (OrderedMapping<ScanValues>) -> [ScanAxis]? = { mapping in
    mapping.map { ScanAxis(key: $0.key, values: $0.value) }
  }

  private static let largestPointCount = 10_000

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    guard (grid == nil) != (random == nil) else {
      throw SettingProblem(
        random == nil ? "grid" : "random", "give a grid, or random and values, and not both")
    }
    guard (random == nil) == (values == nil) else {
      throw SettingProblem(random == nil ? "values" : "random", "random and values go together; give both")
    }
    let key = grid == nil ? "values" : "grid"
    guard let axes = grid ?? values, !axes.isEmpty else {
      throw SettingProblem(key, "names no setting; give at least one")
    }
    if let axis = axes.first(where: { $0.key.hasPrefix("training.criterion") || $0.key.hasPrefix("scan") }) {
      throw SettingProblem(key, "has \(axis.key), which is the same for all points; leave it out")
    }
    var count = 1
    for axis in grid ?? [] {
      guard case .list(let texts) = axis.values else {
        throw SettingProblem("grid", "has a range for \(axis.key); give a list, or draw by random and values")
      }
      (count, _) = count.multipliedReportingOverflow(by: texts.count)
      guard count <= Self.largestPointCount else {
        throw SettingProblem("grid", "has more than \(Self.largestPointCount) points; give fewer values")
      }
    }
  }

  /// The settings that are tried.
  public var keys: [String] { (grid ?? values ?? []).map(\.key) }

  /// The points, no two of them the same: for each setting its value, in YAML, `[points][keys]`.
  public var points: [[String]] {
    guard let random else {
      return (grid ?? []).reduce([[]]) { points, axis in
        guard case .list(let texts) = axis.values else { return points }
        return points.flatMap { point in texts.map { point + [$0] } }
      }
    }
    var generator = SeededGenerator(seed: seed)
    var points: [[String]] = []
    var drawn: Set<[String]> = []
    // Lists may have fewer combinations than are asked for.
    for _ in 0..<100 * random where points.count < random {
      let point = (values ?? []).map { $0.values.draw(using: &generator) }
      if drawn.insert(point).inserted { points.append(point) }
    }
    return points
  }
}

/// A setting and the values that a scan tries of it.
public struct ScanAxis: Sendable, Equatable {
  /// The key, such as `training.learning-rate`.
  public var key: String
  /// The values.
  public var values: ScanValues
}

/// The values that a scan tries of a setting: a list in YAML, or a range to draw from.
public enum ScanValues: Sendable, Equatable {
  /// These, each in YAML.
  case list([String])
  /// Numbers of a range.
  case range(ScanRange)

  /// A value, in YAML.
  func draw(using generator: inout SeededGenerator) -> String {
    switch self {
    case .list(let texts): texts.randomElement(using: &generator)!
    case .range(let range): range.draw(using: &generator)
    }
  }
}

extension ScanValues: Decodable {
  /// Reads a list, or a mapping of a range.
  ///
  /// - Throws: `ConfigurationError` if it is neither.
  public init(from decoder: any Decoder) throws {
    let node = try ConfigurationNode(from: decoder)
    guard !node.isMapping else {
      self = .range(try ScanRange(from: decoder))
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    // JSON is YAML.
    let texts = try node.decode([ConfigurationNode].self).map {
      String(decoding: try encoder.encode($0), as: UTF8.self)
    }
    guard !texts.isEmpty else { throw node.error("is empty; give at least one value") }
    guard Set(texts).count == texts.count else {
      throw node.error("has the same value twice; give it once")
    }
    self = .list(texts)
  }
}

/// A range of numbers that a scan draws from.
public struct ScanRange: SettingsSection, Equatable {
  /// How numbers are spread over a range.
  public enum Scale: String, Sendable, Codable, CaseIterable {
    /// Evenly.
    case linear
    /// Their logarithms evenly.
    case log
  }

  /// The least number.
  public var from = 0.0
  /// The largest number.
  public var to = 0.0
  /// How numbers are spread.
  public var scale = Scale.linear
  /// Whether numbers are whole.
  public var isWhole = false

  /// From 0 to 0.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<ScanRange>] = [
    Setting("from", \.from, "the least number", isRequired: true, range: "finite"),
    Setting("to", \.to, "the largest number", isRequired: true, range: "finite, more than `from`"),
    Setting("scale", \.scale, "how numbers are spread: evenly, or their logarithms are"),
    Setting("whole", \.isWhole, "draw whole numbers"),
  ]

  /// Makes sure that there are numbers in the range.
  public func check(given: Set<String>) throws {
    guard from.isFinite, to.isFinite, from < to else {
      throw SettingProblem("to", "must be finite and more than from")
    }
    guard scale == .linear || from > 0 else {
      throw SettingProblem("from", "must be positive for scale: log")
    }
    guard !isWhole || from.rounded(.up) <= to.rounded(.down) && max(abs(from), abs(to)) < 1e15 else {
      throw SettingProblem("whole", "asks for whole numbers, of which there are none in the range")
    }
  }

  func draw(using generator: inout SeededGenerator) -> String {
    let share = Double.random(in: 0..<1, using: &generator)
    let number = scale == .linear ? from + share * (to - from) : from * pow(to / from, share)
    guard isWhole else { return "\(number)" }
    return "\(Int(min(max(number.rounded(), from.rounded(.up)), to.rounded(.down))))"
  }
}
