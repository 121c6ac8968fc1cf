// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation

/// Works a formula out, with memory that is kept from batch to batch.
///
/// An evaluator belongs to one thread at a time.
public struct FormulaEvaluator: Sendable {
  /// The formula.
  public let formula: CompiledFormula
  /// What came of the last batch: `[rows]`.
  public private(set) var values: [Double] = []

  private var memory = FormulaMemory()

  /// An evaluator of a formula.
  public init(_ formula: CompiledFormula) { self.formula = formula }

  /// Replaces ``values`` by what the formula says of a batch.
  ///
  /// - Complexity: no memory is asked for once there were as many rows.
  public mutating func evaluate(_ data: some FormulaData) {
    memory.evaluate(formula, data)
    memory.swapResult(with: &values)
  }
}

/// What formulas are worked out in, kept for its storage.
package struct FormulaMemory: Sendable {
  private var stack: [[Double]] = []
  private var top = 0
  private var scratch: [Double] = []

  package init() {}

  /// Works a formula out; the result is there until the next.
  package mutating func evaluate(_ formula: CompiledFormula, _ data: some FormulaData) {
    while stack.count < formula.deepest { stack.append([]) }
    top = 0
    for index in formula.steps.indices { take(formula.steps[index], of: formula, data) }
  }

  /// A number of the result.
  package func result(ofRow row: Int) -> Double { stack[0][row] }

  fileprivate mutating func swapResult(with values: inout [Double]) { swap(&values, &stack[0]) }

  private mutating func take(
    _ step: CompiledFormula.Step, of formula: CompiledFormula, _ data: some FormulaData
  ) {
    switch step {
    case .constant(let value):
      stack[top].removeAll(keepingCapacity: true)
      stack[top].append(value)
      top += 1
    case .column(let index):
      data.read(formula.columns[index], into: &stack[top])
      top += 1
    case .element(let index, let rows, let place):
      data.read(formula.columns[index], into: &scratch)
      stack[top].removeAll(keepingCapacity: true)
      for event in 0..<data.count(of: .event) {
        let range = data.range(of: rows, inOwner: event)
        stack[top].append(place < range.count ? scratch[range.lowerBound + place] : .nan)
      }
      top += 1
    case .spread(let depth, let from, let to): spread(top - 1 - depth, from: from, to: to, data)
    case .negate: for row in stack[top - 1].indices { stack[top - 1][row] = -stack[top - 1][row] }
    case .not: for row in stack[top - 1].indices { stack[top - 1][row] = stack[top - 1][row] != 0 ? 0 : 1 }
    case .missing:
      for row in stack[top - 1].indices { stack[top - 1][row] = stack[top - 1][row].isNaN ? 1 : 0 }
    case .function(let function):
      for row in stack[top - 1].indices { stack[top - 1][row] = function(stack[top - 1][row]) }
    case .binary(let op):
      top -= 1
      for row in stack[top].indices { stack[top - 1][row] = op(stack[top - 1][row], stack[top][row]) }
    case .comparisons(let operators):
      top -= operators.count
      for row in stack[top - 1].indices {
        var areMet = 1.0
        for place in operators.indices
        where operators[place](stack[top - 1 + place][row], stack[top + place][row]) == 0 {
          areMet = 0
        }
        stack[top - 1][row] = areMet
      }
    case .least:
      top -= 1
      for row in stack[top].indices {
        let (a, b) = (stack[top - 1][row], stack[top][row])
        stack[top - 1][row] = a.isNaN || b.isNaN ? .nan : min(a, b)
      }
    case .largest:
      top -= 1
      for row in stack[top].indices {
        let (a, b) = (stack[top - 1][row], stack[top][row])
        stack[top - 1][row] = a.isNaN || b.isNaN ? .nan : max(a, b)
      }
    case .arcTangent:
      top -= 1
      for row in stack[top].indices { stack[top - 1][row] = atan2(stack[top - 1][row], stack[top][row]) }
    case .hypotenuse:
      top -= 1
      for row in stack[top].indices {
        let (a, b) = (stack[top - 1][row], stack[top][row])
        stack[top - 1][row] = a.isNaN || b.isNaN ? .nan : hypot(a, b)
      }
    case .membership(let items, let isNegated):
      for row in stack[top - 1].indices {
        let value = stack[top - 1][row]
        var isOne = false
        for item in items.indices where items[item].contains(value) { isOne = true }
        stack[top - 1][row] = !value.isNaN && isOne != isNegated ? 1 : 0
      }
    case .reduce(let reduction, let rows):
      scratch.removeAll(keepingCapacity: true)
      for owner in 0..<data.count(of: rows.owner!) {
        scratch.append(reduction(stack[top - 1], data.range(of: rows, inOwner: owner)))
      }
      replaceByScratch(top - 1)
    case .ranked(let rank, let rows):
      scratch.removeAll(keepingCapacity: true)
      for owner in 0..<data.count(of: rows.owner!) {
        scratch.append(stack[top - 1].number(ofRank: rank, in: data.range(of: rows, inOwner: owner)))
      }
      replaceByScratch(top - 1)
    case .momenta(let function, let count): takeMomenta(function, count)
    }
  }

  private mutating func spread(_ place: Int, from: FormulaRows?, to: FormulaRows, _ data: some FormulaData) {
    guard let from else {
      let value = stack[place][0]
      stack[place].removeAll(keepingCapacity: true)
      for _ in 0..<data.count(of: to) { stack[place].append(value) }
      return
    }
    let owner = to.owner!
    if owner != from { spread(place, from: from, to: owner, data) }
    scratch.removeAll(keepingCapacity: true)
    for row in 0..<data.count(of: owner) {
      for _ in data.range(of: to, inOwner: row) { scratch.append(stack[place][row]) }
    }
    replaceByScratch(place)
  }

  /// Copies: columns that changed places would each have to grow.
  private mutating func replaceByScratch(_ place: Int) {
    stack[place].removeAll(keepingCapacity: true)
    stack[place].append(contentsOf: scratch)
  }

  private mutating func takeMomenta(_ function: MomentumFunction, _ count: Int) {
    let first = top - 4 * count
    for row in stack[first].indices {
      func momentum(_ object: Int) -> FourMomentum {
        let place = first + 4 * object
        return FourMomentum(
          px: stack[place][row], py: stack[place + 1][row], pz: stack[place + 2][row],
          energy: stack[place + 3][row])
      }
      var sum = momentum(0)
      switch function {
      case .mass, .pt:
        for object in 1..<max(1, count) { sum = sum + momentum(object) }
        stack[first][row] = sum.energy.isNaN ? .nan : function == .mass ? sum.mass : sum.pt
      case .deltaR, .deltaEta, .deltaPhi:
        let other = momentum(1)
        guard !sum.energy.isNaN, !other.energy.isNaN else {
          stack[first][row] = .nan
          continue
        }
        stack[first][row] =
          function == .deltaR
          ? sum.deltaR(to: other)
          : function == .deltaEta ? sum.pseudorapidity - other.pseudorapidity : other.deltaPhi(to: sum)
      }
    }
    top = first + 1
  }
}
