// SPDX-License-Identifier: GPL-3.0-or-later

/// Reads the text of a formula, by recursive descent.
struct FormulaParser {
  private enum Token: Equatable {
    case number(Double)
    case name(String)
    /// A name in backquotes, which is no word of the language.
    case quotedName(String)
    case text(String)
    case symbol(String)
    case end
  }

  /// Deeper ones are refused, as each level takes some of the stack.
  private static let deepest = 60
  private static let longest = 10_000

  private let text: String
  private let characters: [Character]
  private var place = 0
  private var token = Token.end
  /// Where the token begins.
  private var start = 0
  private var depth = 0
  private var callDepth = 0

  init(_ text: String) throws(FormulaError) {
    self.text = text
    characters = Array(text)
    guard characters.count <= Self.longest else {
      throw FormulaError(
        text, character: Self.longest + 1,
        "a formula has at most \(Self.longest) characters; define parts of it by names")
    }
    try advance()
  }

  /// The whole text as one formula.
  mutating func formula() throws(FormulaError) -> FormulaNode {
    let node = try disjunction()
    guard token == .end else { throw unexpected("an operator, such as and, < or +, is missing") }
    return node
  }

  // MARK: - Grammar

  private mutating func disjunction() throws(FormulaError) -> FormulaNode {
    defer { depth -= 1 }
    try deepen()
    var node = try conjunction()
    while let at = try take(word: "or") { node = .binary(.or, node, try conjunction(), at) }
    return node
  }

  private mutating func conjunction() throws(FormulaError) -> FormulaNode {
    var node = try inversion()
    while let at = try take(word: "and") { node = .binary(.and, node, try inversion(), at) }
    return node
  }

  private mutating func inversion() throws(FormulaError) -> FormulaNode {
    var places: [Int] = []
    defer { depth -= places.count }
    while let at = try take(word: "not") {
      places.append(at)
      try deepen()
    }
    var node = try comparison()
    for at in places.reversed() { node = .not(node, at) }
    return node
  }

  /// Goes down one level.
  private mutating func deepen() throws(FormulaError) {
    depth += 1
    guard depth <= Self.deepest else { throw problem("parts are nested deeper than \(Self.deepest) levels") }
  }

  private static let comparisons: [String: BinaryOperator] = [
    "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual, "==": .equal, "!=": .notEqual,
  ]

  private mutating func comparison() throws(FormulaError) -> FormulaNode {
    var parts = [try sum()]
    var operators: [BinaryOperator] = []
    let first = start + 1
    while case .symbol(let symbol) = token, let op = Self.comparisons[symbol] {
      let at = start + 1
      try advance()
      if case .text(let text) = token {
        guard operators.isEmpty, op == .equal || op == .notEqual else {
          throw problem("a text is compared with one column by == or !=")
        }
        try advance()
        return .texts(parts[0], [text], isNegated: op == .notEqual, at)
      }
      operators.append(op)
      parts.append(try sum())
    }
    if token == .name("in") || token == .name("not") {
      let at = start + 1
      guard operators.isEmpty else {
        throw problem("put the comparison before it in parentheses, and join the two by and")
      }
      let isNegated = try take(word: "not") != nil
      guard try take(word: "in") != nil else { throw unexpected("in is missing after not") }
      let (items, texts) = try list()
      return texts.isEmpty
        ? .membership(parts[0], items, isNegated: isNegated, at)
        : .texts(parts[0], texts, isNegated: isNegated, at)
    }
    return switch operators.count {
    case 0: parts[0]
    case 1: .binary(operators[0], parts[0], parts[1], first)
    default: .comparisons(parts, operators, first)
    }
  }

  /// Numbers, or texts.
  private mutating func list() throws(FormulaError) -> (items: [ClosedRange<Double>], texts: [String]) {
    let isBracketed = try take("[")
    // Without brackets a comma would also be the next argument of a function.
    guard isBracketed || callDepth == 0 else { throw unexpected("put the numbers in brackets, as in [1, 2]") }
    var items: [ClosedRange<Double>] = []
    var texts: [String] = []
    repeat {
      if case .text(let text) = token, items.isEmpty {
        texts.append(text)
        try advance()
      } else {
        guard texts.isEmpty else { throw unexpected("a text is missing") }
        items.append(try listItem())
      }
    } while try take(",")
    if isBracketed {
      guard try take("]") else { throw unexpected("] is missing") }
    }
    return (items, texts)
  }

  private mutating func listItem() throws(FormulaError) -> ClosedRange<Double> {
    let at = start
    let first = try signedNumber()
    guard try take("..") else { return first...first }
    let last = try signedNumber()
    guard first <= last else {
      throw FormulaError(text, character: at + 1, "the range ends before it begins; exchange its ends")
    }
    return first...last
  }

  private mutating func signedNumber() throws(FormulaError) -> Double {
    let isNegative = try take("-")
    if !isNegative { _ = try take("+") }
    guard case .number(let number) = token else {
      if case .name(let word) = token {
        throw unexpected("a number is missing, or a text in quotation marks, as in \"\(word)\"")
      }
      throw unexpected("a number is missing")
    }
    try advance()
    return isNegative ? -number : number
  }

  private mutating func sum() throws(FormulaError) -> FormulaNode {
    var node = try product()
    while case .symbol(let symbol) = token, symbol == "+" || symbol == "-" {
      let at = start + 1
      try advance()
      node = .binary(symbol == "+" ? .plus : .minus, node, try product(), at)
    }
    return node
  }

  private mutating func product() throws(FormulaError) -> FormulaNode {
    var node = try signed()
    while case .symbol(let symbol) = token, ["*", "/", "%"].contains(symbol) {
      let at = start + 1
      try advance()
      node = .binary(symbol == "*" ? .times : symbol == "/" ? .over : .modulo, node, try signed(), at)
    }
    return node
  }

  private mutating func signed() throws(FormulaError) -> FormulaNode {
    var signs: [(isNegative: Bool, at: Int)] = []
    defer { depth -= signs.count }
    while case .symbol(let symbol) = token, symbol == "-" || symbol == "+" {
      signs.append((symbol == "-", start + 1))
      try deepen()
      try advance()
    }
    var node = try power()
    for sign in signs.reversed() where sign.isNegative {
      if case .number(let value, _) = node {
        node = .number(-value, sign.at)
      } else {
        node = .negation(node, sign.at)
      }
    }
    return node
  }

  private mutating func power() throws(FormulaError) -> FormulaNode {
    defer { depth -= 1 }
    try deepen()
    let base = try atom()
    let at = start + 1
    guard try take("**") else { return base }
    return .binary(.power, base, try signed(), at)
  }

  private mutating func atom() throws(FormulaError) -> FormulaNode {
    let at = start + 1
    switch token {
    case .number(let value):
      try advance()
      return .number(value, at)
    case .symbol("("):
      try advance()
      let outer = callDepth
      callDepth += 1
      let node = try disjunction()
      callDepth = outer
      guard try take(")") else { throw unexpected(") is missing") }
      return node
    case .name(let name) where !Self.keywords.contains(name):
      try advance()
      if try take("(") { return .call(name, try arguments(), at) }
      guard try take("[") else { return .name(name, at) }
      if let rows = FormulaRows(rawValue: name) { return try element(rows, at) }
      return try component(name, at)
    case .quotedName(let name):
      try advance()
      return try take("[") ? try component(name, at) : .name(name, at)
    case .text: throw problem("a text is compared with a column, as in process == \"signal\"")
    default:
      throw unexpected("a number, a name or a function is missing")
    }
  }

  private mutating func arguments() throws(FormulaError) -> [FormulaNode] {
    callDepth += 1
    defer { callDepth -= 1 }
    if try take(")") { return [] }
    var arguments = [try disjunction()]
    while try take(",") { arguments.append(try disjunction()) }
    guard try take(")") else { throw unexpected(") or , is missing") }
    return arguments
  }

  /// The number in brackets, up to the closing one, which is the token then.
  private mutating func index(of noun: String) throws(FormulaError) -> Int {
    guard case .number(let number) = token, let place = Int(exactly: number), (0..<1_000_000).contains(place)
    else {
      throw unexpected("the \(noun) is missing, counted from 0")
    }
    try advance()
    guard token == .symbol("]") else { throw unexpected("] is missing") }
    return place
  }

  private mutating func component(_ name: String, _ at: Int) throws(FormulaError) -> FormulaNode {
    let place = try index(of: "number of the place in \(name)")
    try advance()
    return .component(name, place, at)
  }

  private mutating func element(_ rows: FormulaRows, _ at: Int) throws(FormulaError) -> FormulaNode {
    guard rows.owner == .event else {
      throw FormulaError(text, character: at, "only jet and particle have elements, as in jet[0].pt")
    }
    let place = try index(of: "number of the element")
    // A name may follow at once, and must not be read as a number.
    if self.place >= characters.count || characters[self.place] != "." {
      try advance()
      return .element(rows, place: place, column: nil, at)
    }
    self.place += 1
    try advance()
    switch token {
    case .name(let column), .quotedName(let column):
      try advance()
      return .element(rows, place: place, column: column, at)
    default: throw unexpected("the name of a column is missing")
    }
  }

  // MARK: - Tokens

  private mutating func take(_ symbol: String) throws(FormulaError) -> Bool {
    guard token == .symbol(symbol) else { return false }
    try advance()
    return true
  }

  /// The character of `word` if it comes next, which is passed over.
  private mutating func take(word: String) throws(FormulaError) -> Int? {
    guard token == .name(word) else { return nil }
    let at = start + 1
    try advance()
    return at
  }

  private func problem(_ problem: String) -> FormulaError {
    FormulaError(text, character: start + 1, problem)
  }

  private func unexpected(_ problem: String) -> FormulaError {
    if case .symbol(let symbol) = token, let word = Self.foreignSymbols[symbol] {
      return self.problem("\(symbol) is not known here; write \(word)")
    }
    return self.problem(problem)
  }

  /// What other languages write, and what is written here.
  private static let foreignSymbols = [
    "&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "=": "==", "^": "**",
  ]

  private static let symbols = [
    "**", "<=", ">=", "==", "!=", "&&", "||", "..", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]",
    ",", "&", "|",
    "!", "=", "^", ".",
  ]

  private static func isPartOfName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private mutating func advance() throws(FormulaError) {
    while place < characters.count, characters[place].isWhitespace { place += 1 }
    start = place
    guard place < characters.count else {
      token = .end
      return
    }
    let character = characters[place]
    if character.isLetter || character == "_" {
      token = .name(readName())
    } else if character == "`" {
      token = .quotedName(try readQuoted("`", "the second ` of a name is missing"))
    } else if character == "\"" || character == "'" {
      token = .text(try readQuoted(character, "the second \(character) of a text is missing"))
    } else if character.isASCIIDigit || character == "." && next(1)?.isASCIIDigit == true {
      token = .number(try readNumber())
    } else if let symbol = Self.symbols.first(where: { characters[place...].starts(with: $0) }) {
      token = .symbol(symbol)
      place += symbol.count
    } else {
      throw problem("\(character) means nothing in a formula")
    }
  }

  /// Whether a name is read as one without quotes.
  static func isName(_ name: String) -> Bool {
    guard !keywords.contains(name), var parser = try? FormulaParser(name) else { return false }
    return parser.token == .name(name) && (try? parser.advance()) != nil && parser.token == .end

  }

  private static let keywords = ["and", "or", "not", "in"]

  private func next(_ distance: Int) -> Character? {
    place + distance < characters.count ? characters[place + distance] : nil
  }

  /// A name goes on over `.`, `/`, `:` and `-` if a letter, a digit or `_` follows at once.
  private mutating func readName() -> String {
    let first = place
    while place < characters.count {
      let character = characters[place]
      guard
        Self.isPartOfName(character) || "./:-".contains(character) && next(1).map(Self.isPartOfName) == true
      else { break }
      place += 1
    }
    return String(characters[first..<place])
  }

  /// What stands between two marks.
  private mutating func readQuoted(_ mark: Character, _ missing: String) throws(FormulaError) -> String {
    guard let end = characters[(place + 1)...].firstIndex(of: mark), end > place + 1 else {
      throw problem(missing)
    }
    defer { place = end + 1 }
    return String(characters[(place + 1)..<end])
  }

  private mutating func readNumber() throws(FormulaError) -> Double {
    let first = place
    func endOfDigits() -> Int {
      var end = place
      while end < characters.count, characters[end].isASCIIDigit { end += 1 }
      return end
    }
    place = endOfDigits()
    if place < characters.count, characters[place] == ".", next(1) != "." {
      place += 1
      place = endOfDigits()
    }
    if let exponent = next(0), exponent == "e" || exponent == "E" {
      let hasSign = next(1) == "+" || next(1) == "-"
      if next(hasSign ? 2 : 1)?.isASCIIDigit == true {
        place += hasSign ? 2 : 1
        place = endOfDigits()
      }
    }
    let digits = String(characters[first..<place])
    guard let number = Double(digits), number.isFinite else { throw problem("this number is too large") }
    // A whole number in all its digits is meant exactly.
    if number >= 0x1p53, digits.allSatisfy(\.isNumber), UInt64(digits) != UInt64(exactly: number) {
      throw problem("formulas calculate with 53 bits, and this whole number has more")
    }
    guard place == characters.count || !Self.isPartOfName(characters[place]) else {
      throw FormulaError(text, character: place + 1, "an operator, such as *, is missing after the number")
    }
    return number
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
