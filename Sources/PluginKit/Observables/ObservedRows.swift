// SPDX-License-Identifier: GPL-3.0-or-later

/// The numbers of observables for the events and jets of a sample, of which batches take some.
struct ObservedRows: Sendable {
  /// The names of the columns that are kept.
  let names: Set<String>
  private(set) var columns = ObservedColumns()
  /// The first constituent of each jet, and the number of constituents at the end: `[jets + 1]`.
  private var constituentOffsets = [0]
  /// The first splitting of each jet, and the number of splittings at the end: `[jets + 1]`.
  private var splittingOffsets = [0]

  init(_ names: Set<String> = []) { self.names = names }

  /// The numbers of a column: `[rows]`; nil if it is not here.
  func values(_ name: String) -> [Double]? {
    guard names.contains(name) else { return nil }
    for rows in HeadRows.allCases {
      if let column = columns[rows][name] { return column.values }
    }
    // There were no rows so far.
    return []
  }

  /// Deals the numbers of a column out again among its rows.
  mutating func shuffle(_ name: String, using generator: inout SeededGenerator) {
    for rows in HeadRows.allCases { columns[rows][name]?.values.shuffle(using: &generator) }
  }

  /// Forgets all rows and keeps the storage.
  mutating func removeAll() {
    guard !names.isEmpty else { return }
    for rows in HeadRows.allCases {
      for name in names where columns[rows][name] != nil {
        columns[rows][name]!.values.removeAll(keepingCapacity: true)
      }
    }
    constituentOffsets.removeAll(keepingCapacity: true)
    constituentOffsets.append(0)
    splittingOffsets.removeAll(keepingCapacity: true)
    splittingOffsets.append(0)
  }

  /// Adds the columns of jets.
  ///
  /// - Precondition: the jets have all columns.
  mutating func append(_ jets: Jets) {
    guard !names.isEmpty else { return }
    var (constituent, splitting) = (constituentOffsets.last!, splittingOffsets.last!)
    for jet in 0..<jets.jetCount {
      let count = jets.constituents(ofJet: jet).count
      constituent += count
      // A binary tree has one splitting less than leaves.
      splitting += count - 1
      constituentOffsets.append(constituent)
      splittingOffsets.append(splitting)
    }
    appendColumns(of: jets.columns)
  }

  /// Adds the rows of another collection of the same columns.
  mutating func append(_ other: ObservedRows) {
    guard !names.isEmpty else { return }
    let (constituent, splitting) = (constituentOffsets.last!, splittingOffsets.last!)
    constituentOffsets.append(contentsOf: other.constituentOffsets.dropFirst().map { $0 + constituent })
    splittingOffsets.append(contentsOf: other.splittingOffsets.dropFirst().map { $0 + splitting })
    appendColumns(of: other.columns)
  }

  private mutating func appendColumns(of other: ObservedColumns) {
    for rows in HeadRows.allCases {
      for name in names {
        guard let column = other[rows][name] else { continue }
        columns[rows][name, default: Column(unit: column.unit)].values.append(contentsOf: column.values)
      }
    }
  }

  /// Adds some events and jets of another collection of the same columns and others.
  mutating func append(_ other: ObservedRows, events: [Int], jets: [Int]) {
    guard !names.isEmpty else { return }
    for rows in HeadRows.allCases {
      for name in names {
        guard let column = other.columns[rows][name] else { continue }
        columns[rows][name, default: Column(unit: column.unit)].values.append(
          column.values, rows, events: events, jets: jets, other)
      }
    }
    for jet in jets {
      constituentOffsets.append(
        constituentOffsets.last! + other.range(of: jet, other.constituentOffsets).count)
      splittingOffsets.append(splittingOffsets.last! + other.range(of: jet, other.splittingOffsets).count)
    }
  }

  /// Writes the rows of one event and of its jets.
  func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter) {
    guard !names.isEmpty else { return }
    record.write(offsets: constituentOffsets[jets.lowerBound...jets.upperBound])
    record.write(offsets: splittingOffsets[jets.lowerBound...jets.upperBound])
    record.write(columns.events, rows: event..<event + 1)
    record.write(columns.jets, rows: jets)
    for (columns, offsets) in [
      (columns.constituents, constituentOffsets), (columns.splittings, splittingOffsets),
    ] {
      record.write(columns, rows: offsets[jets.lowerBound]..<offsets[jets.upperBound])
    }
  }

  /// Adds the rows of an event that were written.
  mutating func append(from record: inout EventRecordReader) throws {
    guard !names.isEmpty else { return }
    try record.read(ontoOffsets: &constituentOffsets)
    try record.read(ontoOffsets: &splittingOffsets)
    try record.read(onto: &columns.events)
    try record.read(onto: &columns.jets)
    try record.read(onto: &columns.constituents)
    try record.read(onto: &columns.splittings)
  }

  private func range(of jet: Int, _ offsets: [Int]) -> Range<Int> { offsets[jet]..<offsets[jet + 1] }

  /// The rows of a jet among those of constituents or splittings.
  fileprivate func rows(ofJet jet: Int, _ rows: HeadRows) -> Range<Int> {
    range(of: jet, rows == .constituents ? constituentOffsets : splittingOffsets)
  }
}

extension [Double] {
  fileprivate mutating func append(
    _ values: [Double], _ rows: HeadRows, events: [Int], jets: [Int], _ other: ObservedRows
  ) {
    switch rows {
    case .events: for event in events { append(values[event]) }
    case .jets: for jet in jets { append(values[jet]) }
    case .constituents, .splittings:
      for jet in jets { append(contentsOf: values[other.rows(ofJet: jet, rows)]) }
    }
  }
}
