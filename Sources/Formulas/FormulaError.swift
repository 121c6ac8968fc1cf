// SPDX-License-Identifier: GPL-3.0-or-later

/// What is wrong with a formula, and at which character.
public struct FormulaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The formula.
  public let text: String
  /// The character that the problem begins at, counted from 1.
  public let character: Int
  /// What is wrong and what to do about it, without a full stop.
  public let problem: String

  /// A problem of the formula `text` at a character.
  public init(_ text: String, character: Int, _ problem: String) {
    self.text = text
    self.character = character
    self.problem = problem
  }

  /// The formula, the character and the problem, without a full stop, which follows when the place of the formula is told.
  public var description: String {
    // Of a long one its surroundings are enough.
    let first = max(0, character - 60)
    let shown =
      (first > 0 ? "…" : "") + text.dropFirst(first).prefix(120) + (text.count > first + 120 ? "…" : "")
    return "\"\(shown)\" is wrong at character \(character): \(problem)"
  }
}
