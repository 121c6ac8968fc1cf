// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Turns the parts of a formula into steps, and makes sure that they go together.
struct FormulaCompiler {
  private(set) var steps: [CompiledFormula.Step] = []
  private(set) var columns: [FormulaColumn] = []
  private(set) var deepest = 0

  /// What a part of the formula is.
  private struct Part {
    /// What it has values for; nil for a constant.
    var rows: FormulaRows?
    var isCondition = false
  }

  private let formula: Formula
  private let context: FormulaRows
  private let known: [FormulaRows: [String]]
  /// The columns of several numbers, with how many these are.
  private let wide: [FormulaRows: [String: Int]]
  /// The columns of text.
  private let texts: [FormulaRows: [String]]
  private var depth = 0

  init(_ formula: Formula, for rows: FormulaRows, in schema: some FormulaSchema) {
    self.formula = formula
    context = rows
    known = Dictionary(uniqueKeysWithValues: FormulaRows.allCases.map { ($0, schema.names(of: $0)) })
    texts = Dictionary(uniqueKeysWithValues: FormulaRows.allCases.map { ($0, schema.texts(of: $0)) })
    wide = Dictionary(uniqueKeysWithValues: FormulaRows.allCases.map { ($0, schema.widths(of: $0)) })
  }

  /// - Returns: whether the formula is a condition.
  mutating func compile() throws(FormulaError) -> Bool {
    let part = try emit(formula.root)
    if let rows = part.rows, !rows.own(context) {
      throw problem(
        formula.root.start,
        "there is a value for each \(rows.rawValue), and one for each \(context.rawValue) is needed; "
          + (context.own(rows)
            ? "put it into \(part.isCondition ? "any(), all() or count()" : "sum(), mean(), min() or max()")"
            : "\(rows.plural) do not belong to \(context.plural)"))
    }
    if part.rows != context { push(.spread(depth: 0, from: part.rows, to: context), change: 0) }
    return part.isCondition
  }

  /// The rows that examples in messages are of.
  private var example: FormulaRows {
    [.jet, .particle].first { known[$0]?.isEmpty == false } ?? .jet
  }

  /// Makes sure that there are such rows at all.
  private func check(_ rows: FormulaRows, _ at: Int) throws(FormulaError) {
    guard known[rows, default: []].isEmpty else { return }
    throw problem(
      at,
      "there are no \(rows.plural) here"
        + (rows == .event || example == rows
          ? "" : "; there are \(example.plural), as in \(example.rawValue).pt"))
  }

  private func problem(_ character: Int, _ problem: String) -> FormulaError {
    FormulaError(formula.text, character: character, problem)
  }

  private mutating func push(_ step: CompiledFormula.Step, change: Int) {
    steps.append(step)
    depth += change
    deepest = max(deepest, depth)
  }

  // MARK: - Parts

  private mutating func emit(_ node: FormulaNode) throws(FormulaError) -> Part {
    switch node {
    case .number(let value, _):
      push(.constant(value), change: 1)
      return Part()
    case .name(let name, let at):
      let column = try column(name, at)
      push(.column(index(of: column)), change: 1)
      return Part(rows: column.rows)
    case .component(let name, let number, let at):
      let column = try component(number, of: name, at)
      push(.column(index(of: column)), change: 1)
      return Part(rows: column.rows)
    case .element(let rows, let place, let name, let at):
      guard let name else {
        throw problem(
          at, "\(rows.rawValue)[\(place)] is no number; name a column, as in \(rows.rawValue)[\(place)].pt")
      }
      let column = try column(name, of: rows, at)
      push(.element(column: index(of: column), rows, place: place), change: 1)
      return Part(rows: .event)
    case .negation(let part, _):
      let part = try emit(part)
      push(.negate, change: 0)
      return Part(rows: part.rows)
    case .not(let inner, _):
      let part = try condition(inner)
      push(.not, change: 0)
      return part
    case .binary: return try emitChain(node)
    case .comparisons(let parts, let operators, let at):
      var rows: [FormulaRows?] = []
      for part in parts { rows.append(try emit(part).rows) }
      let joined = try join(rows, at)
      push(.comparisons(operators), change: -operators.count)
      return Part(rows: joined, isCondition: true)
    case .membership(let inner, let items, let isNegated, _):
      let part = try emit(inner)
      push(.membership(items, isNegated: isNegated), change: 0)
      return Part(rows: part.rows, isCondition: true)
    case .texts(let inner, let texts, let isNegated, let at):
      let column = try textColumn(inner, texts, at)
      push(.column(index(of: column)), change: 1)
      push(.membership([1...1], isNegated: isNegated), change: 0)
      return Part(rows: column.rows, isCondition: true)
    case .call(let name, let arguments, let at): return try emit(name, arguments, at)
    }
  }

  /// Makes sure that a column of text is not compared with a word without quotation marks, which would be a column.
  private func checkTexts(
    _ left: FormulaNode, _ link: (op: BinaryOperator, right: FormulaNode, at: Int)
  ) throws(FormulaError) {
    guard link.op.isComparison, case .name(let name, _) = left, let column = textColumn(name),
      case .name(let word, let at) = link.right
    else { return }
    throw problem(
      at,
      textColumn(word) == nil
        ? "\(column.name) is text; write the text in quotation marks, as in \(name) == \"\(word)\""
        : "\(column.name) and \(word) are both text; compare each with a text in quotation marks")
  }

  private mutating func condition(_ node: FormulaNode) throws(FormulaError) -> Part {
    let part = try emit(node)
    guard part.isCondition else {
      throw noCondition(node.start, "\(node)")
    }
    return part
  }

  private func noCondition(_ character: Int, _ number: String) -> FormulaError {
    problem(character, "this is a number, and a condition is needed; compare it, as in \(number) != 0")
  }

  private mutating func emitChain(_ node: FormulaNode) throws(FormulaError) -> Part {
    let (first, links) = node.chain
    if let link = links.first { try checkTexts(first, link) }
    var part = try emit(first)
    for (place, link) in links.enumerated() {
      if link.op.isLogical, !part.isCondition {
        // What stands on the left is all that was read so far.
        throw noCondition(first.start, place == 0 ? "\(first)" : "this")
      }
      let second = link.op.isLogical ? try condition(link.right) : try emit(link.right)
      let rows = try join([part.rows, second.rows], link.at)
      push(.binary(link.op), change: -1)
      part = Part(rows: rows, isCondition: link.op.isLogical || link.op.isComparison)
    }
    return part
  }

  /// Makes the uppermost columns, `rows` from the lowest on, have values for the same rows.
  private mutating func join(_ rows: [FormulaRows?], _ at: Int) throws(FormulaError) -> FormulaRows? {
    var finest: FormulaRows?
    for case let rows? in rows {
      if finest.map({ $0.own(rows) }) ?? true {
        finest = rows
      } else if !rows.own(finest!) {
        throw problem(
          at,
          "\(finest!.plural) and \(rows.plural) do not go together; make one number of each with sum(), max() or the like"
        )
      }
    }
    for (place, own) in rows.enumerated() where own != finest {
      push(.spread(depth: rows.count - 1 - place, from: own, to: finest!), change: 0)
    }
    return finest
  }

  // MARK: - Functions

  private mutating func emit(
    _ name: String, _ arguments: [FormulaNode], _ at: Int
  ) throws(FormulaError) -> Part {
    func need(_ count: Int) throws(FormulaError) {
      guard arguments.count != count else { return }
      throw problem(
        at, "\(name)() takes \(count == 1 ? "one argument" : "\(count) arguments"), not \(arguments.count)")
    }
    if name == "min" || name == "max", arguments.count > 1 {
      var rows: FormulaRows?
      for (place, argument) in arguments.enumerated() {
        let part = try emit(argument)
        guard place > 0 else {
          rows = part.rows
          continue
        }
        rows = try join([rows, part.rows], at)
        push(name == "min" ? .least : .largest, change: -1)
      }
      return Part(rows: rows)
    }
    if let reduction = Reduction(rawValue: name) {
      try need(1)
      return try reduce(reduction, arguments[0])
    }
    if let function = NumberFunction(rawValue: name) {
      try need(1)
      let part = try emit(arguments[0])
      push(.function(function), change: 0)
      return Part(rows: part.rows)
    }
    if let function = MomentumFunction(rawValue: name) { return try emit(function, arguments, at) }
    switch name {
    case "missing":
      try need(1)
      let part = try emit(arguments[0])
      push(.missing, change: 0)
      return Part(rows: part.rows, isCondition: true)
    case "largest":
      try need(2)
      return try emitLargest(arguments)
    case "atan2", "hypot":
      try need(2)
      let parts = [try emit(arguments[0]), try emit(arguments[1])]
      let rows = try join(parts.map(\.rows), at)
      push(name == "atan2" ? .arcTangent : .hypotenuse, change: -1)
      return Part(rows: rows)
    default:
      throw problem(
        at,
        "there is no function \(name)()"
          + (name.nearest(among: FunctionNames.all).map { "; did you mean \($0)()?" }
            ?? "; the functions are \(FunctionNames.all.joined(separator: ", "))"))
    }
  }

  private mutating func reduce(_ reduction: Reduction, _ node: FormulaNode) throws(FormulaError) -> Part {
    // As in count(jet), which needs no column.
    if reduction == .count, case .name(let name, _) = node, let rows = FormulaRows(rawValue: name),
      let owner = rows.owner, !known[context, default: []].contains(name)
    {
      try check(rows, node.start)
      push(.constant(1), change: 1)
      push(.spread(depth: 0, from: nil, to: rows), change: 0)
      push(.reduce(.count, rows), change: 0)
      return Part(rows: owner)
    }
    let part = reduction.isOfConditions ? try condition(node) : try emit(node)
    let (rows, owner) = try several(part, node, reduction.rawValue)
    push(.reduce(reduction, rows), change: 0)
    return Part(rows: owner, isCondition: reduction.givesCondition)
  }

  /// `largest(x, 1)`.
  private mutating func emitLargest(_ arguments: [FormulaNode]) throws(FormulaError) -> Part {
    guard case .number(let number, _) = arguments[1], let rank = Int(exactly: number),
      (0..<1_000_000).contains(rank)
    else {
      throw problem(
        arguments[1].start,
        "the rank is missing, counted from 0 for the largest, as in largest(\(example.rawValue).pt, 1)")
    }
    let (rows, owner) = try several(try emit(arguments[0]), arguments[0], "largest")
    push(.ranked(rank, rows), change: 0)
    return Part(rows: owner)
  }

  /// The rows of which a function makes one number for each owner.
  private func several(
    _ part: Part, _ node: FormulaNode, _ function: String
  ) throws(FormulaError) -> (rows: FormulaRows, owner: FormulaRows) {
    guard let rows = part.rows, let owner = rows.owner else {
      throw problem(
        node.start,
        "there is one value for each event here, and \(function)() makes one of several; "
          + "name a column of \(example.plural), as in \(example.rawValue).pt")
    }
    return (rows, owner)
  }

  private mutating func emit(
    _ function: MomentumFunction, _ arguments: [FormulaNode], _ at: Int
  ) throws(FormulaError) -> Part {
    guard function.argumentCount.map({ $0 == arguments.count }) ?? !arguments.isEmpty else {
      throw problem(
        at,
        "\(function.rawValue)() takes "
          + (function.argumentCount.map { "\($0) objects" } ?? "one object or several") + ", as in "
          + "\(function.rawValue)(\(example.rawValue)[0], \(example.rawValue)[1]), not \(arguments.count)")
    }
    for argument in arguments {
      guard case .element(let rows, let place, nil, let at) = argument else {
        throw problem(
          argument.start,
          "\(function.rawValue)() takes objects, as in \(function.rawValue)(\(example.rawValue)[0], \(example.rawValue)[1])"
        )
      }
      for component in ["px", "py", "pz", "energy"] {
        push(.element(column: index(of: try column(component, of: rows, at)), rows, place: place), change: 1)
      }
    }
    push(.momenta(function, count: arguments.count), change: 1 - 4 * arguments.count)
    return Part(rows: .event)
  }

  // MARK: - Columns

  private mutating func index(of column: FormulaColumn) -> Int {
    if let index = columns.firstIndex(of: column) { return index }
    columns.append(column)
    return columns.count - 1
  }

  private func column(_ name: String, of rows: FormulaRows, _ at: Int) throws(FormulaError) -> FormulaColumn {
    try check(rows, at)
    let names = known[rows, default: []]
    guard names.contains(name) else { throw unknown(name, names, rows, at) }
    return FormulaColumn(rows, name)
  }

  private func column(_ written: String, _ at: Int) throws(FormulaError) -> FormulaColumn {
    let dot = written.firstIndex(of: ".")
    let prefix = dot.flatMap { FormulaRows(rawValue: String(written[..<$0])) }
    let rest = dot.map { String(written[written.index(after: $0)...]) } ?? ""
    if let prefix, known[prefix, default: []].contains(rest) { return FormulaColumn(prefix, rest) }
    // A name without a prefix is one of the context, or of what that belongs to.
    var rows: FormulaRows? = context
    while let own = rows {
      if known[own, default: []].contains(written) { return FormulaColumn(own, written) }
      rows = own.owner
    }
    if let prefix { return try column(rest, of: prefix, at) }
    if FormulaRows(rawValue: written) != nil {
      throw problem(
        at, "\(written) is no number; name a column, as in \(written).pt, or write count(\(written))")
    }
    throw unknown(written, known[context, default: []], context, at)
  }

  /// One of the numbers of a column that has several.
  private func component(_ number: Int, of written: String, _ at: Int) throws(FormulaError) -> FormulaColumn {
    guard let (rows, name, width) = wideColumn(written) else {
      throw problem(at, "\(try column(written, at).name) has one number; leave [\(number)] out")
    }
    guard number < width else {
      throw problem(at, "\(name) has \(width) numbers, of which the last is \(name)[\(width - 1)]")
    }
    return FormulaColumn(rows, name, component: number)
  }

  private func wideColumn(_ written: String) -> (rows: FormulaRows, name: String, width: Int)? {
    if let dot = written.firstIndex(of: "."), let prefix = FormulaRows(rawValue: String(written[..<dot])) {
      let name = String(written[written.index(after: dot)...])
      if let width = wide[prefix, default: [:]][name] { return (prefix, name, width) }
    }
    var rows: FormulaRows? = context
    while let own = rows {
      if let width = wide[own, default: [:]][written] { return (own, written, width) }
      rows = own.owner
    }
    return nil
  }

  /// A column of text, for one of some texts.
  private func textColumn(
    _ node: FormulaNode, _ wanted: [String], _ at: Int
  ) throws(FormulaError) -> FormulaColumn {
    guard case .name(let written, let place) = node else {
      throw problem(at, "a text is compared with the name of a column, and this is \(node)")
    }
    if let column = textColumn(written) { return FormulaColumn(column.rows, column.name, texts: wanted) }
    if let dot = written.firstIndex(of: "."), let prefix = FormulaRows(rawValue: String(written[..<dot])),
      prefix != .event
    {
      throw problem(place, "columns of \(prefix.plural) are numbers; those of events alone may be text")
    }
    throw problem(place, "\(try column(written, place).name) has numbers; compare it with a number")
  }

  /// The column of text of a name; nil if there is none.
  private func textColumn(_ written: String) -> (rows: FormulaRows, name: String)? {
    if let dot = written.firstIndex(of: "."), let prefix = FormulaRows(rawValue: String(written[..<dot])) {
      let name = String(written[written.index(after: dot)...])
      if texts[prefix, default: []].contains(name) { return (prefix, name) }
    }
    var rows: FormulaRows? = context
    while let own = rows {
      if texts[own, default: []].contains(written) { return (own, written) }
      rows = own.owner
    }
    return nil
  }

  private func unknown(_ name: String, _ names: [String], _ rows: FormulaRows, _ at: Int) -> FormulaError {
    if let width = wide[rows, default: [:]][name] {
      return problem(at, "\(name) has \(width) numbers; choose one, as in \(name)[0]")
    }
    if texts[rows, default: []].contains(name) {
      return problem(at, "\(name) is text; compare it with one, as in \(name) == \"signal\"")
    }
    var text = "\(rows.plural) have no column \(name)"
    if let other = FormulaRows.allCases.first(where: { known[$0, default: []].contains(name) }) {
      text += "; \(other.plural) have one: write \(other.rawValue).\(name)"
    } else if let nearest = name.nearest(among: names) {
      text += "; did you mean \(nearest)?"
    } else if name.contains(where: { "/-".contains($0) }) {
      text += "; if you mean to divide or to subtract, put blanks around the sign"
    } else if !names.isEmpty {
      text += "; their columns are \(names.sorted().joined(separator: ", "))"
    }
    return problem(at, text)
  }
}

extension FormulaNode {
  /// The first character of all that belongs to it.
  var start: Int {
    switch self {
    case .binary: chain.first.start
    case .comparisons(let parts, _, _): parts[0].start
    case .membership(let left, _, _, _), .texts(let left, _, _, _): left.start
    default: character
    }
  }
}
