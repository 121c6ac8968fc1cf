// SPDX-License-Identifier: GPL-3.0-or-later

/// Numbers of events or of rows, of which some may be missing (NaN).
struct TruthColumn: Sendable {
  /// The numbers: `[events]` or `[rows]`.
  private(set) var values: [Float] = []
  /// Whether a number is missing.
  private(set) var isIncomplete = false
  private var firstKnown: Float?

  /// A column of numbers.
  init(_ values: [Float] = []) { append(values) }

  /// Adds further numbers.
  mutating func append(_ further: [Float]) {
    values += further
    if firstKnown == nil { firstKnown = further.first { !$0.isNaN } }
    if further.contains(where: \.isNaN) { isIncomplete = true }
  }

  /// Some numbers of the column with another number of it in place of those that are missing, so that a loss can be
  /// computed that counts for nothing.
  func filled(_ numbers: [Float]) -> [Float] {
    guard isIncomplete else { return numbers }
    let standIn = firstKnown ?? .nan
    return numbers.map { $0.isNaN ? standIn : $0 }
  }
}
