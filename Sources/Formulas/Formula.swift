// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A formula over columns of events and of what is in them, such as `sum(jet.pt) > 500 and abs(eta) < 2.5`.
///
/// ```
/// formula    = formula ("or" | "and") formula | "not" formula | comparison
/// comparison = sum { ("<" | "<=" | ">" | ">=" | "==" | "!=") sum } | sum ["not"] "in" list
///            | name ("==" | "!=") text | name ["not"] "in" "[" text { "," text } "]"
/// list       = "[" item { "," item } "]"          item = number | number ".." number
/// sum        = terms with + - * / % ** and signs, as in Python
/// term       = number | name | name "[" number "]" | function "(" formula { "," formula } ")" | "(" formula ")" | rows "[" number "]" "." name
/// name       = column | ("event" | "jet" | "constituent" | "splitting" | "particle") "." column
/// ```
///
/// A column may have `-`, `/`, `.` and `:` in its name, so that blanks stand around a minus and a slash between names. A
/// number of an event goes with each of its jets, one of a jet with each of its constituents. `count`, `sum`, `mean`, `min`,
/// `max`, `any` and `all` make one number, or condition, out of those of what belongs together: `any(jet.pt > 200)`. What is
/// missing is not a number: it meets no comparison. A text stands in quotation marks, single or double.
///
/// ```swift
/// let formula = try Formula("count(jet.pt > 30) >= 4 and 50 < met < 500")
/// ```
public struct Formula: Sendable {
  /// The formula as it was written.
  public let text: String
  let root: FormulaNode

  /// Reads a formula.
  ///
  /// - Throws: ``FormulaError`` that names the character.
  public init(_ text: String) throws(FormulaError) {
    self.text = text
    var parser = try FormulaParser(text)
    root = try parser.formula()
  }
}

extension Formula {
  /// The condition that a column has a value.
  public init(column: String, isEqualTo value: Double) {
    root = .binary(.equal, .name(column, 1), .number(value, 1), 1)
    text = root.description
  }

  /// The condition that a column of text has a value.
  public init(column: String, isEqualTo value: String) {
    root = .texts(.name(column, 1), [value], isNegated: false, 1)
    text = root.description
  }
}

extension Formula {
  /// What to say of a number where a condition is needed.
  var noCondition: FormulaError {
    FormulaError(
      text, character: root.start,
      "this is a number, and a condition is needed; compare it, as in \(root) != 0")
  }
}

extension Formula {
  /// Whether the formula is nothing but the name of a column.
  public var isName: Bool { if case .name = root { true } else { false } }

  /// The columns that the formula reads of rows; those of events need no prefix.
  public func columns(of rows: FormulaRows) -> Set<String> { names(of: rows).all }

  /// Those of them that the formula compares with texts.
  package func textColumns(of rows: FormulaRows) -> Set<String> { names(of: rows).texts }

  private func names(of rows: FormulaRows) -> (all: Set<String>, texts: Set<String>) {
    var names: Set<String> = []
    var texts: Set<String> = []
    func add(_ name: String, _ isText: Bool) {
      names.insert(name)
      if isText { texts.insert(name) }
    }
    forEachName { node, isText in
      switch node {
      case .name(let name, _), .component(let name, _, _):
        if name.hasPrefix(rows.rawValue + ".") {
          add(String(name.dropFirst(rows.rawValue.count + 1)), isText)
        } else if rows == .event {
          add(name, isText)
        }
      case .element(let own, _, let column, _): if own == rows, let column { add(column, isText) }
      default: break
      }
    }
    return (names, texts)
  }

  /// Whether the formula names rows, with a column of theirs or without one, as in `count(jet)`.
  package func names(_ rows: FormulaRows) -> Bool {
    var isFound = false
    forEachName { node, _ in
      switch node {
      case .name(let name, _), .component(let name, _, _):
        if name == rows.rawValue || name.hasPrefix(rows.rawValue + ".") { isFound = true }
      case .element(let own, _, _, _): if own == rows { isFound = true }
      default: break
      }
    }
    return isFound
  }

  /// Calls `body` for each name, component and element, in their order, and says whether it is compared with texts.
  private func forEachName(_ body: (FormulaNode, _ isText: Bool) -> Void) {
    func visit(_ node: FormulaNode, isText: Bool = false) {
      switch node {
      case .number: break
      case .name, .component, .element: body(node, isText)
      case .texts(let part, _, _, _): visit(part, isText: true)
      case .negation(let part, _), .not(let part, _), .membership(let part, _, _, _): visit(part)
      case .binary:
        let (first, links) = node.chain
        visit(first)
        for link in links { visit(link.right) }
      case .comparisons(let parts, _, _), .call(_, let parts, _):
        for part in parts { visit(part) }
      }
    }
    visit(root)
  }
}

extension Formula: CustomStringConvertible {
  /// The formula as it is understood, which reads as the same formula.
  public var description: String { root.description }
}

extension Formula: Hashable {
  /// Whether two formulas mean the same, however they are written.
  public static func == (left: Formula, right: Formula) -> Bool { left.description == right.description }

  /// Hashes what it means.
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension Formula: Codable {
  /// Reads a text.
  ///
  /// - Throws: `DecodingError` that says what is wrong with it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "at character \(error.character): \(error.problem)")
    }
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Double {
  /// The rest of a division, which has the sign of the divisor.
  func modulo(_ divisor: Double) -> Double {
    let rest = fmod(self, divisor)
    return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest
  }

  /// A power; missing if either number is, though the C library has 1 for the power 0.
  func power(_ exponent: Double) -> Double { isNaN || exponent.isNaN ? .nan : pow(self, exponent) }
}
