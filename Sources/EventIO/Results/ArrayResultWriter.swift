// SPDX-License-Identifier: GPL-3.0-or-later

/// Writes one array a quantity, as described at `ResultFormat.hdf5`, into a file of named arrays.
final class ArrayResultWriter: ResultWriter {
  private let file: ResultFile
  private let archive: any ResultArchive
  private var layout: ResultLayout?
  /// Rows that wait until they fill a chunk: `[arrays]`.
  private var pending: [[UInt8]] = []
  private var arrays: [ResultArray] = []
  private var jetCount: UInt64 = 0
  private var constituentCount: UInt64 = 0
  private var splittingCount: UInt64 = 0

  init(to destination: ResultDestination, as format: (some ResultArchive).Type) throws {
    let target = try ResultTarget(destination)
    if target.isTerminal {
      throw ResultOutputError(
        "\(format.name) is not for a terminal; name a file, or choose the format table or jsonl.")
    }
    file = try ResultFile(for: target)
    archive = try format.init(path: file.path, destination: target.name)
  }

  func append(_ batch: ResultBatch) throws {
    if layout == nil { try begin(with: batch) }
    layout?.check(batch)

    // In the order in which `begin` declared the arrays.
    var index = 0
    func add<Element>(_ values: [Element]) throws {
      values.withUnsafeBytes { pending[index].append(contentsOf: $0) }
      try writeFullChunks(of: index)
      index += 1
    }
    func addOffsets(_ offsets: [Int], to count: inout UInt64) throws {
      try add(offsets.dropFirst().map { count + UInt64($0) })
      count += UInt64(offsets.last!)
    }
    try add(batch.eventNumbers.map(Int64.init))
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
    for column in batch.jetColumns + batch.eventColumns { try add(column.values) }
  }

  func finish() throws {
    if layout == nil { try begin(with: ResultBatch()) }
    for (index, array) in arrays.enumerated() {
      try pending[index].withUnsafeBytes { try archive.append($0, to: array, isLast: true) }
    }
    try archive.finish()
    try file.commit()
  }

  private func begin(with batch: ResultBatch) throws {
    let new = try ResultLayout(of: batch)
    layout = new
    func declare(_ name: String, _ type: ResultArray.Element, columns: Int? = nil, unit: String? = nil) {
      arrays.append(ResultArray(index: arrays.count, name: name, element: type, columns: columns, unit: unit))
      // Offsets start with the zero of the first row.
      let isOffset = type == .uint64
      pending.append([UInt8](repeating: 0, count: isOffset ? type.size : 0))
    }
    declare("event/number", .int64)
    declare("jet/offset", .uint64)
    declare("jet/pt", .float64, unit: "GeV")
    declare("jet/rapidity", .float64)
    declare("jet/phi", .float64)
    declare("jet/mass", .float64, unit: "GeV")
    if new.hasConstituents {
      declare("jet/constituent_offset", .uint64)
      declare("jet/constituent", .int32)
    }
    if new.hasTrees {
      declare("jet/tree_offset", .uint64)
      declare("jet/tree", .int32, columns: 2)
    }
    for (owner, columns) in [("jet/", new.jetColumns), ("event/", new.eventColumns)] {
      for column in columns {
        declare(
          owner + column.name, .float32, columns: column.width == 1 ? nil : column.width, unit: column.unit)
      }
    }
  }

  private func writeFullChunks(of index: Int) throws {
    let array = arrays[index]
    let chunk = array.chunkRows * array.rowSize
    let full = pending[index].count / chunk * chunk
    guard full > 0 else { return }
    try pending[index].withUnsafeBytes {
      try archive.append(UnsafeRawBufferPointer(rebasing: $0[..<full]), to: array, isLast: false)
    }
    pending[index].removeFirst(full)
  }
}

/// One array of a file of results.
struct ResultArray {
  /// The types of numbers that results have.
  enum Element {
    case float32, float64, int32, int64, uint64

    /// In bytes.
    var size: Int {
      switch self {
      case .float32, .int32: 4
      case .float64, .int64, .uint64: 8
      }
    }
  }

  /// The place of the array among those of the file.
  let index: Int
  /// The path of the array in the file.
  let name: String
  let element: Element
  /// How many numbers a row has; `nil` for an array of one dimension.
  let columns: Int?
  let unit: String?

  /// The size of a row in bytes.
  var rowSize: Int { element.size * (columns ?? 1) }

  /// How many rows are written at once, except for the last ones: about 256 KiB.
  var chunkRows: Int { max(1, (1 << 18) / rowSize) }
}

/// A file of named arrays that grow by rows.
protocol ResultArchive: AnyObject {
  /// The format as messages name it.
  static var name: String { get }

  /// Starts the file `path`, which exists and is empty; `destination` is its name in messages.
  init(path: String, destination: String) throws

  /// Adds rows to `array`: a multiple of `chunkRows` of them, unless they are the last, which may be none.
  ///
  /// Arrays come in turn by their `index` when they come for the last time.
  func append(_ rows: UnsafeRawBufferPointer, to array: ResultArray, isLast: Bool) throws

  /// Completes and closes the file, after each array's last rows.
  func finish() throws
}
