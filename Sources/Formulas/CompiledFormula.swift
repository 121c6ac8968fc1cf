// SPDX-License-Identifier: GPL-3.0-or-later

/// A formula whose names are known, as a list of steps that each work on a whole column.
public struct CompiledFormula: Sendable {
  /// What the formula has a value for.
  public let rows: FormulaRows
  /// Whether the values are conditions, 1 if they are met and 0 if not.
  public let isCondition: Bool
  /// The columns that it reads, each once.
  public let columns: [FormulaColumn]

  /// Whether the formula puts rows together, as `sum` and `largest` do, or names one of several by its place.
  package var readsOtherRows: Bool {
    steps.contains { step in
      switch step {
      case .reduce, .ranked, .element, .momenta: true
      default: false
      }
    }
  }

  let steps: [Step]
  /// The most columns of numbers that are kept at once.
  let deepest: Int

  /// A step, which takes columns from the top of a stack and leaves one there.
  enum Step: Sendable {
    case constant(Double)
    case column(Int)
    /// The number of one of the rows of each event; missing where there is none.
    case element(column: Int, FormulaRows, place: Int)
    /// Gives rows the number of what they belong to; the column is so deep in the stack.
    case spread(depth: Int, from: FormulaRows?, to: FormulaRows)
    case negate
    case not
    case missing
    case function(NumberFunction)
    case binary(BinaryOperator)
    /// Comparisons in a row, of one column more than there are operators.
    case comparisons([BinaryOperator])
    case least
    case largest
    case arcTangent
    case hypotenuse
    case membership([ClosedRange<Double>], isNegated: Bool)
    case reduce(Reduction, FormulaRows)
    /// The number of a rank, counted from 0 for the largest.
    case ranked(Int, FormulaRows)
    /// A function of objects, whose px, py, pz and energy are four columns each.
    case momenta(MomentumFunction, count: Int)
  }

  /// Finds the columns that a condition names.
  ///
  /// - Throws: ``FormulaError`` that names the character, also if the formula is a number.
  public init(
    condition formula: Formula, for rows: FormulaRows, in schema: some FormulaSchema
  ) throws(FormulaError) {
    try self.init(formula, for: rows, in: schema)
    guard isCondition else { throw formula.noCondition }
  }

  /// Finds the columns that a formula names.
  ///
  /// - Parameters:
  ///   - formula: the formula.
  ///   - rows: what it shall have a value for; names without a prefix are of these, or of what these belong to.
  ///   - schema: the columns that there are.
  /// - Throws: ``FormulaError`` that names the character.
  public init(_ formula: Formula, for rows: FormulaRows, in schema: some FormulaSchema) throws(FormulaError) {
    self.rows = rows
    var compiler = FormulaCompiler(formula, for: rows, in: schema)
    isCondition = try compiler.compile()
    columns = compiler.columns
    steps = compiler.steps
    deepest = compiler.deepest
  }
}
