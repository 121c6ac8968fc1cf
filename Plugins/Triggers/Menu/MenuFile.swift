// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Settings

/// A YAML file with the menu of a trigger.
public struct MenuFile: Sendable {
  /// The text of the file.
  public let text: String
  private let node: ConfigurationNode

  /// Reads a file.
  ///
  /// - Throws: `ConfigurationError` if the file cannot be read, is empty, is not YAML or is beyond its limits.
  public init(contentsOf file: URL) throws {
    try self.init(yaml: ConfigurationNode.text(of: file), source: file.relativePath)
  }

  /// A menu of YAML text; `source` names it in messages.
  ///
  /// - Throws: `ConfigurationError` if the text is empty, is not YAML or is beyond its limits.
  public init(yaml text: String, source: String) throws {
    node = try ConfigurationNode(yaml: text, source: source)
    self.text = text
  }

  /// The menu, for events about which `sources` are known.
  ///
  /// - Parameters:
  ///   - sources: the heads and conditions of the model.
  ///   - plugins: the decisions that the menu can ask for.
  ///   - inputRate: how many events per second reach the menu, over what the file says; the file's unless given.
  ///   - luminosity: the luminosity at which the menu is to run, to which the input rate is scaled in proportion; that
  ///     of the file unless given.
  ///   - apply: the name of what the momenta of particles are multiplied by, over what the file says; the file's unless given.
  ///   - isForTuning: whether thresholds to tune are wanted; without, each must have its number.
  /// - Returns: the menu.
  /// - Throws: `ConfigurationError` with all problems, each with its line and column.
  public func menu(
    sources: DecisionSources, plugins: PluginRegistry, inputRate: Double? = nil,
    luminosity: Double? = nil, apply: String? = nil, isForTuning: Bool = false
  ) throws -> TriggerMenu {
    var made: TriggerMenu?
    _ = try node.decode(MenuDescription.self, userInfo: [.plugins: plugins]) { description in
      var description = description
      if let inputRate { description.inputRate = inputRate }
      if let apply { description.apply = apply }
      description.targetLuminosity = luminosity
      do throws(MenuError) {
        let menu = try TriggerMenu(description, sources: sources)
        made = menu
        return (isForTuning ? menu.problemsWithTuning : menu.problemsWithoutTuning)
          + [TriggerColumns.problem(in: menu)].compactMap(\.self)
      } catch {
        return error.problems
      }
    }
    return made!
  }

  /// What is hardly meant in a menu of this file, a sentence each with its line and column.
  public func remarks(on menu: TriggerMenu) -> [String] {
    menu.remarks.flatMap { node.part(at: $0.codingPath).error($0.debugDescription).messages }
  }

  /// An error about a menu of this file, with line and column.
  package func error(_ error: MenuError) -> ConfigurationError {
    let problem = error.problems[0]
    return node.part(at: problem.codingPath).error(problem.debugDescription)
  }

  /// The text of the file with numbers in place of `tune`, and everything else as the user wrote it.
  ///
  /// - Parameters:
  ///   - menu: the menu of this file.
  ///   - values: the number of each of its thresholds.
  /// - Returns: the text.
  /// - Throws: `ConfigurationError` if a threshold is not written as the word `tune` in a place of its own.
  public func text(of menu: TriggerMenu, tuned values: [Double]) throws -> String {
    precondition(values.count == menu.thresholds.count, "a number for each threshold")
    // Lines end as they did, and positions count Unicode scalars.
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    let places = zip(menu.thresholds, values).map { (part: node.part(at: $0.codingPath), value: $1) }
      .sorted {
        ($0.part.position.line, $0.part.position.column) > ($1.part.position.line, $1.part.position.column)
      }
    var last: ConfigurationPosition?
    for (part, value) in places {
      let (line, column) = (part.position.line - 1, part.position.column - 1)
      let word = Array("tune".unicodeScalars)
      guard part.position != last, lines.indices.contains(line), column >= 0,
        lines[line].count >= column + word.count, Array(lines[line][column..<column + word.count]) == word
      else {
        throw part.error("cannot be replaced by a number: write the word tune there, without quotation marks")
      }
      lines[line].replaceSubrange(column..<column + word.count, with: "\(value)".unicodeScalars)
      last = part.position
    }
    return lines.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
  }
}

extension TriggerMenu {
  /// Thresholds without a number, for a menu that is to decide.
  fileprivate var problemsWithoutTuning: [DecodingError.Context] {
    thresholds.map {
      DecodingError.Context(
        codingPath: $0.codingPath,
        debugDescription: "has no number yet: tune the menu first, or write a number")
    }
  }

  /// What a menu lacks that is to be tuned.
  fileprivate var problemsWithTuning: [DecodingError.Context] {
    var problems: [DecodingError.Context] = []
    if thresholds.isEmpty {
      problems.append(
        .init(codingPath: [], debugDescription: "has nothing to tune: write tune for a min or max"))
    }
    if budget == nil {
      problems.append(.init(codingPath: [], debugDescription: "has no budget to tune for: add it to rate"))
    }
    for condition in statefulConditions {
      problems.append(
        .init(
          codingPath: condition.codingPath,
          debugDescription:
            "depends on the events before, so that no threshold can be tuned with it: tune the "
            + "menu without it"))
    }
    return problems
  }
}
