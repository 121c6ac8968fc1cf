// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// What is wrong with a configuration file: one sentence a problem, each with file, line and column.
public struct ConfigurationError: ReportedError, Equatable, LocalizedError {
  struct Problem: Equatable {
    let position: ConfigurationPosition
    let sentence: String
  }

  let problems: [Problem]

  /// How many problems are reported one by one.
  private static let shown = 20

  /// The command line if all problems are those of values that options give, as `--set` does; else the input.
  public var fault: Fault { problems.allSatisfy { $0.position.isInOption } ? .commandLine : .input }

  /// One sentence a problem, in the order of the file: `file:line:column: what is wrong and what to do`;
  /// after the first 20, how many more there are.
  public var messages: [String] {
    let rest = problems.count - Self.shown
    return problems.prefix(Self.shown).map { "\($0.position): \($0.sentence)" }
      + (rest > 0 ? ["There are \(rest) more problems; correct these first."] : [])
  }

  /// The messages, one a line.
  public var description: String { messages.joined(separator: "\n") }

  /// The messages, one a line, for Foundation.
  public var errorDescription: String? { description }

  /// Problems, which are put in the order of the file.
  init(_ problems: [Problem]) {
    self.problems = problems.sorted {
      ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
    }
  }

  /// The same problems, but those of values that `settings` set, as by `--set`, are of a file.
  package func ofFile(_ file: String, settings: [String]) -> ConfigurationError {
    ConfigurationError(
      problems.map { problem in
        guard let setting = settings.first(where: { problem.position.file == "--set \($0)" }) else {
          return problem
        }
        return Problem(
          position: ConfigurationPosition(file: "\(file), \(setting)", line: 0, column: 0),
          sentence: problem.sentence)
      })
  }

  /// A problem at a position; `problem` gets a full stop if it has none.
  public init(_ position: ConfigurationPosition, _ problem: String) {
    let isSentence = problem.hasSuffix(".") || problem.hasSuffix("?")
    problems = [Problem(position: position, sentence: "\(problem)\(isSentence ? "" : ".")")]
  }
}

/// A place in a configuration file.
public struct ConfigurationPosition: Sendable, Equatable, CustomStringConvertible {
  /// The file, as the user named it, or an option with its value.
  public let file: String
  /// The line, counted from 1, or 0 if the whole file is meant.
  public let line: Int
  /// The column in characters, counted from 1.
  public let column: Int

  /// A place in a file; line 0 stands for the whole file.
  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Whether it is the value of an option.
  var isInOption: Bool { file.hasPrefix("--") }

  /// `file:line:column`, or the file alone.
  public var description: String { line > 0 ? "\(file):\(line):\(column)" : file }
}
