// SPDX-License-Identifier: GPL-3.0-or-later

extension Events {
  /// The weight of each event, also if each counts as one: `[events]`.
  public var weightOfEach: [Double] {
    weights.isEmpty ? Array(repeating: 1, count: eventCount) : weights
  }

  /// What the names of the columns of named weights begin with.
  public static let weightPrefix = "weight."

  /// The column of an event weight and its name, or nil if there is none of numbers.
  ///
  /// A weight that its generator named NAME is the column `weight.NAME`. It is found by either name; a column that
  /// is itself called NAME comes first.
  public func column(forWeight name: String) -> (name: String, column: Column)? {
    for candidate in [name, Self.weightPrefix + name] {
      if let column = columns[candidate], column.categories == nil { return (candidate, column) }
    }
    return nil
  }
}
