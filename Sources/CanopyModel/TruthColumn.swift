// SPDX-License-Identifier: GPL-3.0-or-later

/// Numbers of events or of rows, of which some may be missing (NaN).
package struct TruthColumn: Sendable {
  /// The numbers: `[events]` or `[rows]`.
  package private(set) var values: [Float] = []
  /// Whether a number is missing.
  package private(set) var isIncomplete = false
  private var firstKnown: Float?

  /// A column of numbers.
  package init(_ values: [Float] = []) { append(values) }

  /// Adds further numbers.
  package mutating func append(_ further: [Float]) {
    values += further
    if firstKnown == nil { firstKnown = further.first { !$0.isNaN } }
    if further.contains(where: \.isNaN) { isIncomplete = true }
  }

  /// Some numbers of the column with another number of it in place of those that are missing, so that a loss can be
  /// computed that counts for nothing.
  package func filled(_ numbers: [Float]) -> [Float] {
    guard isIncomplete else { return numbers }
    let standIn = firstKnown ?? .nan
    return numbers.map { $0.isNaN ? standIn : $0 }
  }
}
