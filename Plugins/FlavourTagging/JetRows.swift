// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Numbers of rows of which jets have any number: constituents of one kind, or the jets themselves, one each.
struct JetRows: Sendable {
  /// What the rows are, such as `charged constituents`.
  let kind: String
  /// The names of the columns.
  let names: [String]
  /// The first row of each jet, and the number of rows at the end: `[jets + 1]`.
  private(set) var offsets = [0]
  /// Row-major `[rows × names]`.
  private(set) var values: [Float] = []

  /// No jets.
  init(_ kind: String, names: [String]) {
    self.kind = kind
    self.names = names
  }

  /// The number of columns.
  var width: Int { names.count }
  /// The number of rows of all jets together.
  var count: Int { offsets[offsets.count - 1] }

  /// Adds numbers of the next row of the jet that is being added.
  mutating func append(_ number: Double) { values.append(Float(number)) }

  /// Ends the rows of a jet.
  mutating func endJet() { offsets.append(values.count / width) }

  /// Adds the rows of a jet of another collection.
  mutating func append(_ jet: Int, of other: JetRows) {
    values.append(
      contentsOf: other.values[other.offsets[jet] * width..<other.offsets[jet + 1] * width])
    endJet()
  }

  /// Adds the jets of another collection.
  mutating func append(_ other: JetRows) {
    let first = count
    offsets.append(contentsOf: other.offsets.dropFirst().map { $0 + first })
    values.append(contentsOf: other.values)
  }

  /// Forgets all jets and keeps the storage.
  mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    values.removeAll(keepingCapacity: true)
  }

  /// The scaling of the numbers of some jets.
  func scaling(fitting jets: [Int]) -> FeatureScaling {
    FeatureScaling(
      fitting: jets.flatMap { values[offsets[$0] * width..<offsets[$0 + 1] * width] }, count: width)
  }

  /// Scales all numbers.
  mutating func scale(by scaling: FeatureScaling) { scaling.apply(to: &values) }

  /// The names of the columns with what they belong to.
  var fullNames: [String] { names.map { "\($0) of \(kind)" } }

  /// The extents of the columns in some jets.
  func extents(ofJets jets: [Int]) -> [FeatureExtent] {
    FeatureExtent.extents(
      of: values, names: names, suffix: " of \(kind)",
      rows: jets.lazy.flatMap { offsets[$0]..<offsets[$0 + 1] })
  }

  /// Gives each row the number that another row, chosen at random, has in a column.
  mutating func shuffle(column: Int, using generator: inout SeededGenerator) {
    let others = (0..<count).shuffled(using: &generator).map { values[$0 * width + column] }
    for (row, other) in others.enumerated() { values[row * width + column] = other }
  }

  /// Hands over the numbers that consecutive jets have in a column.
  func forEachNumber(column: Int, ofJets jets: Range<Int>, _ body: (Float) -> Void) {
    for row in offsets[jets.lowerBound]..<offsets[jets.upperBound] { body(values[row * width + column]) }
  }

  /// Writes consecutive jets.
  func write(_ jets: Range<Int>, to record: inout EventRecordWriter) {
    record.write(offsets: offsets[jets.lowerBound...jets.upperBound])
    record.write(values[offsets[jets.lowerBound] * width..<offsets[jets.upperBound] * width])
  }

  /// Adds jets that were written.
  ///
  /// - Throws: `PluginError` if the record ends before.
  mutating func append(from record: inout EventRecordReader) throws {
    try record.read(ontoOffsets: &offsets)
    try record.read(onto: &values)
  }

  /// The numbers as the forward pass reads them: `[rows × names]`.
  func constant(on tape: Tape) -> Variable { tape.constant(values, rows: count, columns: width) }
}
