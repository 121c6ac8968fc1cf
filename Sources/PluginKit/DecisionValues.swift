// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import Support

/// The quantities that decisions write: a decision writes its own by their number, `values[0] = …`.
///
/// Whoever asks several decisions keeps the numbers of all of them here, one after the other.
public struct DecisionValues: Sendable {
  /// The quantities of all decisions so far.
  public private(set) var all: [Double] = []
  private var first = 0
  /// The number of quantities of the decision.
  public private(set) var count = 0
  /// What the decisions' formulas are worked out in.
  var memory = FormulaMemory()

  /// No quantities.
  public init() {}

  /// Forgets all quantities and keeps the storage.
  public mutating func removeAll() {
    all.removeAll(keepingCapacity: true)
    (first, count) = (0, 0)
  }

  /// Adds `count` quantities, NaN until they are written, and makes them those of the next decision.
  public mutating func begin(_ count: Int) {
    (first, self.count) = (all.count, count)
    for _ in 0..<count { all.append(.nan) }
  }

  /// The same quantities, of which the decision's are the `count` from `first` on.
  public func quantities(from first: Int, count: Int) -> DecisionValues {
    require(first >= 0 && count >= 0 && first + count <= all.count, "there are no such quantities")
    var values = self
    (values.first, values.count) = (first, count)
    return values
  }

  /// Adds the quantities of other decisions after these.
  public mutating func append(_ other: DecisionValues) {
    all.append(contentsOf: other.all)
    (first, count) = (all.count, 0)
  }

  /// A quantity of the decision.
  public subscript(index: Int) -> Double {
    get {
      require(index >= 0 && index < count, "the decision has no such quantity")
      return all[first + index]
    }
    set {
      require(index >= 0 && index < count, "the decision has no such quantity")
      all[first + index] = newValue
    }
  }
}

extension DecisionValues: Equatable {
  /// Whether the quantities are the same.
  public static func == (a: DecisionValues, b: DecisionValues) -> Bool {
    a.all == b.all && a.first == b.first && a.count == b.count
  }
}
