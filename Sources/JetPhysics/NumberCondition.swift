// SPDX-License-Identifier: GPL-3.0-or-later

/// A condition on a number that has a name, such as `abs(eta) < 2.5` or `soft-drop/mass > 60`.
///
/// ```
/// condition  = quantity comparison number | quantity "in" number { "," number }
/// quantity   = name | "abs(" name ")"
/// comparison = "<" | "<=" | ">" | ">=" | "==" | "!="
/// ```
///
/// Numbers are compared exactly, and a value that is not a number meets no condition.
public struct NumberCondition: Sendable, Equatable {
  /// The name of what is compared.
  public internal(set) var name: String
  /// Whether the magnitude of the number is compared.
  public let isMagnitude: Bool
  /// How it is compared.
  public let comparison: Comparison
  /// What it is compared with: one number, or several after `in`.
  public let numbers: [Double]

  /// How a number is compared.
  public enum Comparison: String, Sendable, CaseIterable {
    /// The number is smaller than that of the condition.
    case less = "<"
    /// The number is that of the condition or smaller.
    case lessOrEqual = "<="
    /// The number is larger than that of the condition.
    case greater = ">"
    /// The number is that of the condition or larger.
    case greaterOrEqual = ">="
    /// The number is that of the condition.
    case equal = "=="
    /// The number is another number.
    case notEqual = "!="
    /// The number is one of the numbers.
    case oneOf = "in"
  }

  /// Reads a condition.
  ///
  /// - Parameters:
  ///   - text: the condition.
  ///   - subject: what the condition is on, such as `particles`, for messages.
  ///   - examples: names that may stand in it, such as `pt or eta`, for messages.
  /// - Throws: ``JetPhysicsError`` that shows where the text stops being a condition.
  public init(_ text: String, on subject: String, examples: String) throws {
    var parser = Parser(text, subject: subject, examples: examples)
    (name, isMagnitude) = try parser.quantity()
    comparison = try parser.comparison()
    numbers = try comparison == .oneOf ? parser.numbers() : [parser.number()]
    try parser.end()
  }

  /// Whether a number meets the condition.
  public func isMet(by number: Double) -> Bool {
    let value = isMagnitude ? abs(number) : number
    return switch comparison {
    case .less: value < numbers[0]
    case .lessOrEqual: value <= numbers[0]
    case .greater: value > numbers[0]
    case .greaterOrEqual: value >= numbers[0]
    case .equal: value == numbers[0]
    case .notEqual: value != numbers[0] && !value.isNaN
    case .oneOf: numbers.contains(value)
    }
  }
}

extension NumberCondition: CustomStringConvertible {
  /// The condition, as `init(_:on:examples:)` reads it.
  public var description: String {
    let quantity = isMagnitude ? "abs(\(name))" : name
    return "\(quantity) \(comparison.rawValue) \(numbers.map(Self.text).joined(separator: ", "))"
  }

  private static func text(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? String(number)
  }
}

extension NumberCondition {
  /// Reads the parts of a condition, one after the other.
  private struct Parser {
    private let text: [Character]
    private let subject: String
    private let examples: String
    private var place = 0

    init(_ text: String, subject: String, examples: String) {
      self.text = Array(text)
      self.subject = subject
      self.examples = examples
    }

    mutating func quantity() throws -> (name: String, isMagnitude: Bool) {
      let name = try name()
      guard name == "abs", take("(") else { return (name, false) }
      let inner = try self.name()
      guard take(")") else { throw problem("\")\" is missing") }
      return (inner, true)
    }

    private mutating func name() throws -> String {
      skipSpace()
      let start = place
      while place < text.count, isPartOfName(text[place], isFirst: place == start) { place += 1 }
      guard place > start else {
        throw problem("the name of a quantity is missing, such as \(examples)")
      }
      return String(text[start..<place])
    }

    private func isPartOfName(_ character: Character, isFirst: Bool) -> Bool {
      character.isLetter || character == "_" || !isFirst && (character.isNumber || "./:-".contains(character))
    }

    mutating func comparison() throws -> Comparison {
      // The longer ones first, so that "<=" is not read as "<".
      for comparison in Comparison.allCases.sorted(by: { $0.rawValue.count > $1.rawValue.count })
      where take(comparison.rawValue) {
        return comparison
      }
      throw problem("a comparison is missing: one of <, <=, >, >=, ==, != and in")
    }

    mutating func numbers() throws -> [Double] {
      var numbers = [try number()]
      while take(",") { numbers.append(try number()) }
      return numbers
    }

    mutating func number() throws -> Double {
      skipSpace()
      let start = place
      while place < text.count, text[place].isASCII, isPartOfNumber(text[place]) { place += 1 }
      let number = Double(String(text[start..<place]))
      guard let number, number.isFinite else {
        place = start
        throw problem(number?.isInfinite == true ? "this number is too large" : "a number is missing")
      }
      return number
    }

    private func isPartOfNumber(_ character: Character) -> Bool {
      character.isNumber || "+-.eE".contains(character)
    }

    mutating func end() throws {
      skipSpace()
      guard place == text.count else {
        throw problem("the condition goes on after its end; give each condition by itself")
      }
    }

    /// Passes over `token` if it comes next.
    private mutating func take(_ token: String) -> Bool {
      skipSpace()
      guard text[place...].starts(with: token) else { return false }
      place += token.count
      return true
    }

    private mutating func skipSpace() {
      while place < text.count, text[place].isWhitespace { place += 1 }
    }

    private func problem(_ problem: String) -> JetPhysicsError {
      JetPhysicsError(
        field: subject,
        problem: "The condition \"\(String(text))\" on \(subject) cannot be read at character \(place + 1): "
          + "\(problem).")
    }
  }
}
