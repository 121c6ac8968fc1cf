// SPDX-License-Identifier: GPL-3.0-or-later

/// A part of a formula, and the character that it begins at, counted from 1.
indirect enum FormulaNode: Sendable {
  case number(Double, Int)
  /// A column, by all that is written of its name.
  case name(String, Int)
  /// One of the numbers of a column that has several, counted from 0.
  case component(String, Int, Int)
  /// One of the rows of an event, counted from 0, and the column that is read of it; nil for the object itself.
  case element(FormulaRows, place: Int, column: String?, Int)
  case negation(FormulaNode, Int)
  case not(FormulaNode, Int)
  case binary(BinaryOperator, FormulaNode, FormulaNode, Int)
  /// Comparisons in a row, such as a < b < c, which are all to be met: one operator less than parts.
  case comparisons([FormulaNode], [BinaryOperator], Int)
  case membership(FormulaNode, [ClosedRange<Double>], isNegated: Bool, Int)
  /// Whether a column of text is one of some texts.
  case texts(FormulaNode, [String], isNegated: Bool, Int)
  case call(String, [FormulaNode], Int)

  /// The character that it begins at.
  var character: Int {
    switch self {
    case .number(_, let place), .name(_, let place), .component(_, _, let place),
      .element(_, _, _, let place), .negation(_, let place),
      .not(_, let place), .binary(_, _, _, let place), .comparisons(_, _, let place),
      .membership(_, _, _, let place), .texts(_, _, _, let place),
      .call(_, _, let place):
      place
    }
  }
}

/// An operator between two parts.
enum BinaryOperator: String, Sendable {
  case or, and
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case equal = "=="
  case notEqual = "!="
  case plus = "+"
  case minus = "-"
  case times = "*"
  case over = "/"
  case modulo = "%"
  case power = "**"

  /// How strongly it binds.
  var precedence: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: 4
    case .plus, .minus: 5
    case .times, .over, .modulo: 6
    case .power: 8
    }
  }

  var isComparison: Bool { precedence == 4 }
  /// Whether it is between conditions.
  var isLogical: Bool { self == .or || self == .and }

  /// The result; a comparison with what is missing is not met, whichever it is.
  func callAsFunction(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .or: a != 0 || b != 0 ? 1 : 0
    case .and: a != 0 && b != 0 ? 1 : 0
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .greater: a > b ? 1 : 0
    case .greaterOrEqual: a >= b ? 1 : 0
    case .equal: a == b ? 1 : 0
    case .notEqual: a < b || a > b ? 1 : 0
    case .plus: a + b
    case .minus: a - b
    case .times: a * b
    case .over: a / b
    case .modulo: a.modulo(b)
    case .power: a.power(b)
    }
  }
}

extension FormulaNode: CustomStringConvertible {
  /// The formula as it is understood, with the parentheses that it needs.
  var description: String {
    switch self {
    case .number(let value, _): Self.text(value)
    case .name(let name, _): Self.text(ofName: name)
    case .component(let name, let number, _): "\(Self.text(ofName: name))[\(number)]"
    case .element(let rows, let place, let column, _):
      "\(rows.rawValue)[\(place)]" + (column.map { ".\($0)" } ?? "")
    case .negation(let part, _): "-\(part.text(above: 7))"
    case .not(let part, _): "not \(part.text(above: 3))"
    case .binary: chainDescription
    case .comparisons(let parts, let operators, _):
      zip(operators, parts.dropFirst()).reduce(parts[0].text(above: 5)) { text, link in
        "\(text) \(link.0.rawValue) \(link.1.text(above: 5))"
      }
    case .membership(let part, let items, let isNegated, _):
      "\(part.text(above: 5)) \(isNegated ? "not in" : "in") ["
        + items.map {
          $0.lowerBound == $0.upperBound
            ? Self.text($0.lowerBound) : "\(Self.text($0.lowerBound))..\(Self.text($0.upperBound))"
        }.joined(separator: ", ") + "]"
    case .texts(let part, let texts, let isNegated, _):
      texts.count == 1
        ? "\(part.text(above: 5)) \(isNegated ? "!=" : "==") \(Self.quoted(texts[0]))"
        : "\(part.text(above: 5)) \(isNegated ? "not in" : "in") [\(texts.map(Self.quoted).joined(separator: ", "))]"
    case .call(let name, let arguments, _):
      "\(name)(\(arguments.map(\.description).joined(separator: ", ")))"
    }
  }

  /// The operators of a chain such as a + b + c, from the first on, and what it begins with.
  ///
  /// A chain may be longer than the stack is deep.
  var chain: (first: FormulaNode, links: [(op: BinaryOperator, right: FormulaNode, at: Int)]) {
    var first = self
    var links: [(op: BinaryOperator, right: FormulaNode, at: Int)] = []
    while case .binary(let op, let left, let right, let at) = first {
      links.append((op, right, at))
      first = left
    }
    return (first, links.reversed())
  }

  private var chainDescription: String {
    let (first, links) = chain
    var text = first.description
    var precedence = first.precedence
    for (op, right, _) in links {
      // Powers group to the right, comparisons do not group.
      let least = op == .power || op.isComparison ? op.precedence + 1 : op.precedence
      if precedence < least { text = "(\(text))" }
      text += " \(op.rawValue) \(right.text(above: op == .power ? 7 : op.precedence + 1))"
      precedence = op.precedence
    }
    return text
  }

  private var precedence: Int {
    switch self {
    case .number(let value, _): value < 0 ? 7 : 9
    case .name, .component, .element, .call: 9
    case .negation: 7
    case .not: 3
    case .binary(let op, _, _, _): op.precedence
    case .comparisons, .membership, .texts: 4
    }
  }

  private func text(above least: Int) -> String { precedence >= least ? description : "(\(description))" }

  private static func text(ofName name: String) -> String { FormulaParser.isName(name) ? name : "`\(name)`" }

  /// In the quotation marks that it does not have itself.
  private static func quoted(_ text: String) -> String { text.contains("\"") ? "'\(text)'" : "\"\(text)\"" }

  private static func text(_ number: Double) -> String {
    number == 0 && number.sign == .minus ? "-0.0" : Int(exactly: number).map(String.init) ?? String(number)
  }
}
