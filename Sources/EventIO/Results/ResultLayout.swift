// SPDX-License-Identifier: GPL-3.0-or-later

/// What all batches of one output have in common: which quantities there are, under which names.
public struct ResultLayout: Sendable, Equatable {
  /// A column without its values.
  public struct Column: Sendable, Equatable {
    /// `embedding`, or `HEAD/OUTPUT`.
    public var name: String
    /// How many numbers each jet or event has.
    public var width: Int
    /// The unit of the numbers, if they have one.
    public var unit: String?
    /// Whether it is text.
    public var isText: Bool

    /// The column without its values.
    public init(_ column: ResultColumn) {
      name = column.name
      width = column.width
      unit = column.unit
      isText = column.texts != nil
    }
  }

  /// Whether the first events have numbers in their file; those of later ones that have none are NaN.
  public let hasInputNumbers: Bool
  /// Whether jets have their constituents.
  public let hasConstituents: Bool
  /// Whether jets have their trees.
  public let hasTrees: Bool
  /// The columns of the jets.
  public let jetColumns: [Column]
  /// The columns of the events.
  public let eventColumns: [Column]
  /// The columns of the constituents.
  public let constituentColumns: [Column]
  /// The columns of the splittings.
  public let splittingColumns: [Column]

  /// The layout of `batch`.
  ///
  /// - Throws: `ResultOutputError` if two quantities would have the same name in some format.
  public init(of batch: ResultBatch) throws {
    hasInputNumbers = !batch.inputNumbers.isEmpty
    hasConstituents = batch.constituents != nil
    hasTrees = batch.trees != nil
    jetColumns = batch.jetColumns.map(Column.init)
    eventColumns = batch.eventColumns.map(Column.init)
    constituentColumns = batch.constituentColumns.columns.map(Column.init)
    splittingColumns = batch.splittingColumns.columns.map(Column.init)
    var reservedOfJets: Set<String> = [
      "pt", "rapidity", "phi", "mass", "constituents", "tree", "offset", "constituent", "constituent_offset",
      "tree_offset",
    ]
    if !splittingColumns.isEmpty { reservedOfJets.insert("splitting") }
    try Self.checkNames(jetColumns, reserved: reservedOfJets)
    for columns in [constituentColumns, splittingColumns] {
      try Self.checkNames(columns, reserved: ["offset"])
    }
    try Self.checkNames(eventColumns, reserved: ["event", "jets", "number", "input_number"])
  }

  /// Checks that `batch` has this layout and that its arrays fit together, which the program must ensure.
  public func check(_ batch: ResultBatch) {
    let events = batch.eventCount
    let jets = batch.jetCount
    precondition(batch.jetOffsets.count == events + 1 && batch.jetOffsets.last == jets, "jet offsets")
    precondition(batch.inputNumbers.isEmpty || batch.inputNumbers.count == events, "numbers of events")
    precondition(batch.rapidity.count == jets && batch.phi.count == jets && batch.mass.count == jets, "jets")
    for lists in [batch.constituents, batch.trees] {
      guard let lists else { continue }
      precondition(lists.offsets.count == jets + 1, "one list a jet")
      precondition(lists.offsets.last! * lists.width == lists.values.count, "list offsets")
    }
    for (columns, rows) in [(batch.jetColumns, jets), (batch.eventColumns, events)] {
      for column in columns {
        precondition(
          column.width > 0 && column.values.count == rows * column.width, "values of \(column.name)")
      }
    }
    for rows in [batch.constituentColumns, batch.splittingColumns] where !rows.columns.isEmpty {
      precondition(rows.offsets.count == jets + 1, "rows of each jet")
      for column in rows.columns {
        precondition(
          column.width > 0 && column.values.count == rows.offsets.last! * column.width,
          "values of \(column.name)")
      }
    }
    precondition(
      (batch.constituents != nil) == hasConstituents && (batch.trees != nil) == hasTrees
        && batch.jetColumns.map(Column.init) == jetColumns
        && batch.eventColumns.map(Column.init) == eventColumns
        && batch.constituentColumns.columns.map(Column.init) == constituentColumns
        && batch.splittingColumns.columns.map(Column.init) == splittingColumns,
      "all batches of one output have the same columns")
  }

  /// The numbers that the events of `batch` have in their file, for an output that has them: `[events]`.
  public func inputNumbers(of batch: ResultBatch) -> [Double] {
    batch.inputNumbers.isEmpty ? Array(repeating: .nan, count: batch.eventCount) : batch.inputNumbers
  }

  private static func checkNames(_ columns: [Column], reserved: Set<String>) throws {
    var names: Set<String> = []
    var heads: Set<String> = []
    for column in columns {
      let parts = column.name.split(separator: "/", omittingEmptySubsequences: false)
      let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
      guard isPlain, parts.count <= 2 else {
        throw ResultOutputError(
          "The results cannot hold a quantity called '\(column.name)'; "
            + "give its head and its output names without '/'.")
      }
      guard !reserved.contains(String(parts[0])) else {
        throw ResultOutputError(
          "The results already hold a quantity called '\(parts[0])'; rename the head of that name.")
      }
      guard names.insert(column.name).inserted else {
        throw ResultOutputError("The results hold '\(column.name)' twice; rename one of the heads.")
      }
      if parts.count == 2 { heads.insert(String(parts[0])) }
    }
    if let head = heads.intersection(names).min() {
      throw ResultOutputError(
        "The results already hold a quantity called '\(head)'; rename the head of that name.")
    }
  }
}
