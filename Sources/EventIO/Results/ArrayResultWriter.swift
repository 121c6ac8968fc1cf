// SPDX-License-Identifier: GPL-3.0-or-later

/// One dataset a quantity, in HDF5.
///
/// NAME is the name of a column, `embedding` or `HEAD/OUTPUT`:
///
/// - `/event/number` i64 `[events]`, counted from 0 through all inputs
/// - `/event/NAME` f32 `[events]`, or `[events × width]`
/// - `/jet/offset` u64 `[events + 1]`: event i owns the jets offset[i] ..< offset[i + 1]
/// - `/jet/{pt,rapidity,phi,mass}` f64 `[jets]`
/// - `/jet/NAME` f32 `[jets]`, or `[jets × width]`
/// - `/jet/constituent` i32 `[constituents]`, particles counted from the first one of the event, and
///   `/jet/constituent_offset` u64 `[jets + 1]`
/// - `/jet/tree` i32 `[splittings × 2]`, (left, right) with the constituents as 0 ..< n and the splittings
///   from n on, and `/jet/tree_offset` u64 `[jets + 1]`
/// - `/constituent/NAME` f32 `[constituents]`, or `[constituents × width]`, in the order of `/jet/constituent`, and
///   `/constituent/offset` u64 `[jets + 1]`, if a head has a row for each constituent
/// - `/splitting/NAME` f32 `[splittings]`, or `[splittings × width]`, in the order of `/jet/tree`, and
///   `/splitting/offset` u64 `[jets + 1]`, if a head has a row for each splitting
///
/// A dataset with a unit names it in its attribute `unit`. Columns of text have 64 bytes for each in place of f32.
public struct HDF5ResultFormat: ResultFormat {
  /// `hdf5`.
  public let name = "hdf5"
  /// What the format holds.
  public let summary =
    "has one array a quantity, such as jet/pt, with jet/offset for the first jet of each event"
  /// The endings.
  public let fileExtensions: [String] = ["h5", "hdf5"]

  /// The format.
  public init() {}

  /// Opens `destination`.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written, and on a terminal.
  public func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    try ArrayResultWriter(to: destination, as: HDF5Archive.self)
  }
}

/// The arrays of ``HDF5ResultFormat`` under the same names in NumPy's archive, as in `numpy.load("x.npz")["jet/pt"]`.
public struct NPZResultFormat: ResultFormat {
  /// `npz`.
  public let name = "npz"
  /// What the format holds.
  public let summary = "has the arrays of hdf5 in the archive of NumPy"
  /// The endings.
  public let fileExtensions: [String] = ["npz"]

  /// The format.
  public init() {}

  /// Opens `destination`.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written, and on a terminal.
  public func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    try ArrayResultWriter(to: destination, as: NPZArchive.self)
  }
}

/// Writes one array a quantity, as described at `HDF5ResultFormat`, into a file of named arrays.
final class ArrayResultWriter: ResultWriter {
  private let arrays: ResultArrays
  private var layout: ResultLayout?
  private var jetCount: UInt64 = 0
  private var constituentCount: UInt64 = 0
  private var splittingCount: UInt64 = 0
  private var constituentRowCount: UInt64 = 0
  private var splittingRowCount: UInt64 = 0

  init(to destination: ResultDestination, as format: (some ResultArchive).Type) throws {
    arrays = try ResultArrays(destination, as: format)
  }

  func append(_ batch: ResultBatch) throws {
    if layout == nil { try begin(with: batch) }
    let layout = layout!
    layout.check(batch)

    // In the order in which `begin` declared the arrays.
    var index = 0
    func add<Element>(_ values: [Element]) throws {
      try arrays.append(values, to: index)
      index += 1
    }
    func addOffsets(_ offsets: [Int], to count: inout UInt64) throws {
      try add(offsets.dropFirst().map { count + UInt64($0) })
      count += UInt64(offsets.last!)
    }
    try add(batch.eventNumbers.map(Int64.init))
    if layout.hasInputNumbers { try add(layout.inputNumbers(of: batch)) }
    try addOffsets(batch.jetOffsets, to: &jetCount)
    try add(batch.pt)
    try add(batch.rapidity)
    try add(batch.phi)
    try add(batch.mass)
    if let constituents = batch.constituents {
      try addOffsets(constituents.offsets, to: &constituentCount)
      try add(constituents.values)
    }
    if let trees = batch.trees {
      try addOffsets(trees.offsets, to: &splittingCount)
      try add(trees.values)
    }
    for column in batch.jetColumns + batch.eventColumns {
      if let texts = column.texts {
        try add(Self.bytes(of: texts, column.name))
      } else {
        try add(column.values)
      }
    }
    if !layout.constituentColumns.isEmpty {
      try addOffsets(batch.constituentColumns.offsets, to: &constituentRowCount)
      for column in batch.constituentColumns.columns { try add(column.values) }
    }
    if !layout.splittingColumns.isEmpty {
      try addOffsets(batch.splittingColumns.offsets, to: &splittingRowCount)
      for column in batch.splittingColumns.columns { try add(column.values) }
    }
  }

  /// The bytes that a text has.
  private static let textSize = 64

  /// - Throws: `ResultOutputError` that names the column if a text is longer.
  private static func bytes(of texts: [String], _ name: String) throws -> [UInt8] {
    try texts.flatMap { text in
      guard let bytes = text.bytes(filledTo: textSize) else {
        throw ResultOutputError(
          "\(name) has a text of \(text.utf8.count) bytes, and arrays have room for \(textSize); write JSON lines."
        )
      }
      return bytes
    }
  }

  func finish() throws {
    if layout == nil { try begin(with: ResultBatch()) }
    try arrays.finish()
  }

  private func begin(with batch: ResultBatch) throws {
    let new = try ResultLayout(of: batch)
    layout = new
    arrays.declare("event/number", .int64)
    if new.hasInputNumbers { arrays.declare("event/input_number", .float64) }
    arrays.declare("jet/offset", .uint64, isOffset: true)
    arrays.declare("jet/pt", .float64, unit: "GeV")
    arrays.declare("jet/rapidity", .float64)
    arrays.declare("jet/phi", .float64)
    arrays.declare("jet/mass", .float64, unit: "GeV")
    if new.hasConstituents {
      arrays.declare("jet/constituent_offset", .uint64, isOffset: true)
      arrays.declare("jet/constituent", .int32)
    }
    if new.hasTrees {
      arrays.declare("jet/tree_offset", .uint64, isOffset: true)
      arrays.declare("jet/tree", .int32, columns: 2)
    }
    let groups = [
      ("jet/", new.jetColumns), ("event/", new.eventColumns), ("constituent/", new.constituentColumns),
      ("splitting/", new.splittingColumns),
    ]
    for (owner, columns) in groups {
      if ["constituent/", "splitting/"].contains(owner), !columns.isEmpty {
        arrays.declare(owner + "offset", .uint64, isOffset: true)
      }
      for column in columns {
        arrays.declare(
          owner + column.name, column.isText ? .text(size: Self.textSize) : .float32,
          columns: column.width == 1 ? nil : column.width, unit: column.unit)
      }
    }
  }
}
