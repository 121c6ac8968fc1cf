// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5

/// How a dataset holds texts, of fixed or of variable length.
///
/// Those of variable length, as h5py writes them, are read from the bytes of the file, as libhdf5 believes the heap that holds
/// them: see ``HDF5Attributes``.
final class HDF5Texts {
  /// Longer texts are none that name a class.
  static let longest = 4096
  /// The bytes of a text of variable length in a dataset: its length, and where it is in the heap.
  private static let referenceSize = 16

  /// The type of texts of fixed length; nil for those of variable length.
  let fixedType: HDF5Handle?
  /// Whether texts of fixed length are filled up, so that they may hold zeros, and do not end at the first.
  private let isPadded: Bool
  private let bytes: HDF5Bytes?
  /// Where the references begin in the file; nil if they are in chunks.
  private let start: UInt64?
  /// How the dataset was made, its filters included.
  private let creation: HDF5Handle
  /// The rows of a chunk, and the texts of a row.
  private let rowsOfChunk: Int
  private let width: Int
  private let rank: Int
  private var chunk: (row: Int, content: ArraySlice<UInt8>)?
  private var collection: (address: UInt64, objects: [UInt64: ArraySlice<UInt8>])?

  /// Examines the texts of a dataset; inside `HDF5.locked`.
  ///
  /// - Throws: what `refusal` makes of what is wrong with them.
  init(
    _ type: HDF5Handle, _ layout: H5D_layout_t, _ creation: HDF5Handle, of dataset: HDF5Handle,
    shape: [Int], refusal: (String) -> EventInputError
  ) throws {
    self.creation = creation
    rank = shape.count
    width = shape.dropFirst().reduce(1, *)
    isPadded = H5Tget_strpad(type.id) != H5T_STR_NULLTERM
    guard H5Tis_variable_str(type.id) > 0 else {
      fixedType = type
      (bytes, start, rowsOfChunk) = (nil, nil, 0)
      return
    }
    fixedType = nil
    do {
      bytes = try HDF5Bytes(ofFileOf: dataset)
    } catch let error as HDF5Attributes.Problem {
      throw refusal(error.problem)
    }
    if layout == H5D_CHUNKED {
      guard HDF5Filters.canUndo(creation) else {
        throw refusal(
          "has texts of variable length that are compressed by another filter than gzip and lzf; write them with one of these, or "
            + "with a fixed length")
      }
      var chunk = [hsize_t](repeating: 1, count: rank)
      H5Pget_chunk(creation.id, Int32(rank), &chunk)
      guard let rows = Int(exactly: chunk[0]), zip(chunk, shape).dropFirst().allSatisfy({ $0 == $1 }),
        rows * max(width, 1) < 1 << 20
      else {
        throw refusal(
          "has texts in chunks of a part of each row, or of more than are read; write chunks of whole rows, and smaller ones"
        )
      }
      (start, rowsOfChunk) = (nil, rows)
      return
    }
    rowsOfChunk = 0
    let address = H5Dget_offset(dataset.id)
    // Nothing was written, and nothing is there.
    guard layout == H5D_CONTIGUOUS, address != canopy_hdf5_no_address() else {
      throw refusal("has no texts that can be read; write them again")
    }
    start = UInt64(address)
  }

  /// The texts of variable length of a range of rows, `[rows × width]`; inside `HDF5.locked`.
  ///
  /// - Throws: `HDF5Attributes.Problem` if they are damaged.
  func read(_ rows: Range<Int>, of dataset: HDF5Handle) throws -> [String] {
    if let start {
      let place = start + UInt64(rows.lowerBound * width * Self.referenceSize)
      let size = rows.count * width * Self.referenceSize
      var cursor = HDF5Cursor(try bytes!.read(fromStart: place, count: size, atLeast: size))
      return try (0..<rows.count * width).map { _ in try text(&cursor) }
    }
    return try rows.flatMap { row in
      let first = row / rowsOfChunk * rowsOfChunk
      if chunk?.row != first { chunk = (first, try chunk(first, of: dataset)) }
      var cursor = HDF5Cursor(chunk!.content)
      try cursor.skip((row - first) * width * Self.referenceSize)
      return try (0..<width).map { _ in try text(&cursor) }
    }
  }

  private func text(_ cursor: inout HDF5Cursor) throws -> String {
    let content = try bytes!.heapObject(&cursor, in: &collection)
    guard content.count <= Self.longest else { throw HDF5Attributes.Problem.damaged }
    return Self.text(content, endsAtZero: true)
  }

  /// The references of a chunk; none of one that was not written.
  private func chunk(_ row: Int, of dataset: HDF5Handle) throws -> ArraySlice<UInt8> {
    let place = [hsize_t(row)] + Array(repeating: 0, count: rank - 1)
    var mask: UInt32 = 0
    var address = haddr_t(0)
    var size: hsize_t = 0
    let expected = rowsOfChunk * width * Self.referenceSize
    guard H5Dget_chunk_info_by_coord(dataset.id, place, &mask, &address, &size) >= 0 else {
      throw HDF5Attributes.Problem.damaged
    }
    if size == 0 { return Array(repeating: 0, count: expected)[...] }
    guard size <= HDF5Filters.mostBytes(packing: expected), address != canopy_hdf5_no_address() else {
      throw HDF5Attributes.Problem.damaged
    }
    var content = [UInt8](repeating: 0, count: Int(size))
    guard H5Dread_chunk(dataset.id, 0, place, &mask, &content) >= 0,
      let references = HDF5Filters.undo(creation, mask: mask, on: content, size: expected)
    else { throw HDF5Attributes.Problem.damaged }
    return references[...]
  }

  /// A text without the zeros and blanks that fill it up.
  ///
  /// - Parameters:
  ///   - bytes: the text in UTF-8, or, if that makes no sense of it, in Latin-1, which keeps different texts apart.
  ///   - endsAtZero: whether the first zero is its end; else only those behind it are none of the text.
  /// - Returns: the text.
  private static func text(_ bytes: ArraySlice<UInt8>, endsAtZero: Bool) -> String {
    let text = endsAtZero ? bytes.prefix { $0 != 0 } : bytes
    let end = text.lastIndex { $0 != UInt8(ascii: " ") && $0 != 0 }.map { $0 + 1 } ?? text.startIndex
    let content = text[text.startIndex..<end]
    return String(validating: content, as: UTF8.self)
      ?? String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
  }

  /// The texts of fixed length whose bytes lie one after the other.
  func texts(_ bytes: [UInt8], size: Int) -> [String] {
    stride(from: 0, to: bytes.count, by: size).map {
      Self.text(bytes[$0..<$0 + size], endsAtZero: !isPadded)
    }
  }
}
