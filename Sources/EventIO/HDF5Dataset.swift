// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import CZlib
import JetPhysics

/// A dataset of numbers or texts `[rows]`, `[rows × …]` or `[rows × … × …]` of an open file, read by ranges of rows.
///
/// Every use is inside `HDF5.locked`.
final class HDF5Dataset {
  /// The path inside the file.
  let name: String
  /// The lengths of the dimensions, from one to three; the first is the number of rows.
  let shape: [Int]
  /// Whether the values are integers.
  let isInteger: Bool
  /// How a column of the values is stored when it is written again.
  let storage: Column.Storage
  /// How many bits a value has.
  let bits: Int
  /// How texts are written; nil for numbers.
  let texts: HDF5Texts?
  /// The unit that an attribute `unit` or `units` says, in lower case.
  let unit: String?
  /// The names in an attribute `features`, in the order of the last dimension; nil if there is none.
  let features: [String]?
  /// The bytes that the values take in the file.
  let storedBytes: Int
  private let source: String
  private let handle: HDF5Handle
  private let space: HDF5Handle
  private let chunks: Chunks?
  /// The rows whose chunks were found to hold what they say.
  private var checkedRows = 0..<0

  /// The chunks of a dataset that is compressed by deflate.
  private struct Chunks {
    /// How many rows, and how many numbers of the further dimensions, each of them has.
    var shape: [hsize_t]
    /// The bytes of the numbers of each.
    var bytes: Int
  }

  /// The number of rows.
  var rows: Int { shape[0] }
  /// The number of values of a row; 1 if there is only one dimension.
  var width: Int { shape.dropFirst().reduce(1, *) }

  /// Examines an object; `object` is the dataset `name` of `file`, which may have at most `mostTexts` texts a row.
  init(
    _ name: String, _ object: HDF5Handle, in file: HDF5Handle, source: String, texts mostTexts: Int = 0
  ) throws {
    func refusal(_ problem: String) -> EventInputError {
      EventInputError(source: source, field: name, problem: problem)
    }
    let damaged = "cannot be opened; the file is damaged"
    // Before anything else: to ask a virtual dataset for its size opens the files that it is made of.
    guard let creation = HDF5Handle(H5Dget_create_plist(object.id), closedBy: H5Pclose) else {
      throw refusal(damaged)
    }
    let layout = H5Pget_layout(creation.id)
    guard layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED,
      H5Pget_external_count(creation.id) == 0
    else {
      throw refusal(
        "\(layout == H5D_VIRTUAL ? "is a virtual dataset, whose numbers are" : "has its numbers") in other files, which "
          + "are not read; copy them into this file (h5repack)")
    }
    guard let type = HDF5Handle(H5Dget_type(object.id), closedBy: H5Tclose),
      let space = HDF5Handle(H5Dget_space(object.id), closedBy: H5Sclose)
    else { throw refusal(damaged) }
    let kind = H5Tget_class(type.id)
    // Booleans of h5py are an enumeration.
    let isText = mostTexts > 0 && kind == H5T_STRING
    guard isText || kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM else {
      throw refusal("does not hold numbers; write integers or floating-point numbers")
    }
    // HDF5 allocates by the sizes that the file claims.
    let size = H5Tget_size(type.id)
    guard (1...(isText ? HDF5Texts.longest : 16)).contains(size) else {
      throw isText
        ? refusal("has texts of \(size) bytes; at most \(HDF5Texts.longest) are read")
        : refusal("claims numbers of \(size) bytes; the file is damaged")
    }
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard (1...3).contains(rank), H5Sget_simple_extent_type(space.id) == H5S_SIMPLE else {
      throw refusal("has \(max(rank, 0)) dimensions; give it one, or two for several numbers a row")
    }
    var sizes = [hsize_t](repeating: 0, count: rank)
    H5Sget_simple_extent_dims(space.id, &sizes, nil)
    let lengths = sizes.compactMap { Int(exactly: $0) }
    let width = lengths.dropFirst().reduce((1, false)) { product, length in
      let (value, overflow) = product.0.multipliedReportingOverflow(by: length)
      return (value, product.1 || overflow)
    }
    guard lengths.count == rank, lengths[0] < 1 << 48, !width.1, width.0 < 1 << 32 else {
      throw refusal("claims \(sizes.map(String.init).joined(separator: " × ")) numbers; the file is damaged")
    }
    if isText, width.0 > mostTexts { throw refusal("has \(width.0) texts a row; give it one") }
    var chunks: Chunks?
    if layout == H5D_CHUNKED {
      let filters = HDF5Filters.look(at: creation)
      if let problem = filters.problem { throw refusal(problem) }
      var chunk = [hsize_t](repeating: 1, count: rank)
      H5Pget_chunk(creation.id, Int32(rank), &chunk)
      let bytes = chunk.reduce(Double(size)) { $0 * Double($1) }
      guard bytes >= 1, bytes <= Double(HDF5Filters.largestChunk) else {
        throw refusal(
          "has chunks of \(bytes) bytes; write chunks of at most \(HDF5Filters.largestChunk >> 20) MiB")
      }
      if filters.deflates { chunks = Chunks(shape: chunk, bytes: Int(bytes)) }
    }
    guard let dataset = HDF5Dataset.openWithCache(name, in: file, creation, size) else {
      throw refusal(damaged)
    }
    self.name = name
    shape = lengths
    isInteger = kind == H5T_INTEGER || kind == H5T_ENUM
    texts =
      isText
      ? try HDF5Texts(type, layout, creation, of: dataset, shape: lengths) { refusal($0) } : nil
    storage = Self.storage(of: type, kind, bytes: size)
    bits = size * 8
    do {
      let attributes = try HDF5Attributes(of: dataset)
      let units = try ["unit", "units"].compactMap { try attributes.texts($0)?.first?.lowercased() }
      if let other = units.last, other != units[0] {
        throw refusal("has the unit '\(units[0])' and the units '\(other)'; keep one of the two")
      }
      unit = units.first
      features = try attributes.texts("features")
    } catch let error as HDF5Attributes.Problem {
      throw refusal(error.problem)
    }
    storedBytes = Int(clamping: H5Dget_storage_size(dataset.id))
    self.source = source
    self.space = space
    self.chunks = chunks
    handle = dataset
  }

  /// Opens the dataset with a cache that holds two of its chunks, so that reading ranges in order decompresses
  /// each chunk once.
  private static func openWithCache(
    _ name: String, in file: HDF5Handle, _ creation: HDF5Handle, _ size: Int
  ) -> HDF5Handle? {
    guard let access = HDF5Handle(H5Pcreate(canopy_hdf5_dataset_access()), closedBy: H5Pclose) else {
      return nil
    }
    HDF5File.stayInside(access)
    if H5Pget_layout(creation.id) == H5D_CHUNKED {
      var chunk = [hsize_t](repeating: 1, count: 3)
      H5Pget_chunk(creation.id, 3, &chunk)
      let bytes = chunk.reduce(size) { $0 * Int(clamping: $1) }
      H5Pset_chunk_cache(access.id, 521, min(max(2 * bytes, 0x10_0000), 0x400_0000), 1)
    }
    return HDF5Handle(H5Dopen2(file.id, name, access.id), closedBy: H5Dclose)
  }

  /// How the numbers of a column are stored: as they are, integers of less than 32 bits as those of 32 bits.
  private static func storage(of type: HDF5Handle, _ kind: H5T_class_t, bytes: Int) -> Column.Storage {
    guard kind == H5T_INTEGER || kind == H5T_ENUM, bytes <= 8 else { return .float64 }
    var integer = type
    if kind == H5T_ENUM {
      if isBoolean(type) { return .bool }
      guard let base = HDF5Handle(H5Tget_super(type.id), closedBy: H5Tclose) else { return .float64 }
      integer = base
    }
    if canopy_hdf5_is_signed(integer.id) { return bytes <= 4 ? .int32 : .int64 }
    return bytes < 4 ? .int32 : bytes == 4 ? .int64 : .uint64
  }

  /// Whether an enumeration has the two names that h5py gives truth values.
  private static func isBoolean(_ type: HDF5Handle) -> Bool {
    guard H5Tget_nmembers(type.id) == 2 else { return false }
    var value: Int64 = 0
    return [("FALSE", 0), ("TRUE", 1)].allSatisfy { name, number in
      value = 0
      return H5Tenum_valueof(type.id, name, &value) >= 0 && value & 0xFF == number
    }
  }

  /// The values of a range of rows as a column.
  func column(_ range: Range<Int>) throws -> Column {
    if let texts { return Column(texts: try self.texts(range, texts)) }
    switch storage {
    case .int64:
      let numbers: [Int64] = try values(range, as: canopy_hdf5_native_int64())
      return Column(width: width, wholeNumbers: numbers, unit: unit, storage: storage)
    case .uint64:
      let numbers: [UInt64] = try values(range, as: canopy_hdf5_native_uint64())
      return Column(width: width, wholeNumbers: numbers, unit: unit, storage: storage)
    case .float64, .int32, .bool:
      return Column(width: width, values: try doubles(range), unit: unit, storage: storage)
    }
  }

  /// The texts of a range of rows: `[rows × width]`.
  private func texts(_ range: Range<Int>, _ texts: HDF5Texts) throws -> [String] {
    guard let type = texts.fixedType else {
      do {
        return try texts.read(range, of: handle)
      } catch is HDF5Attributes.Problem {
        throw readingError(range)
      }
    }
    let bytes: [UInt8] = try values(range, as: type.id, size: bits / 8)
    return texts.texts(bytes, size: bits / 8)
  }

  /// The values of a range of rows as doubles: `[rows × width]`.
  func doubles(_ range: Range<Int>) throws -> [Double] {
    try values(range, as: canopy_hdf5_native_double())
  }

  /// The values of a range of rows as 64-bit integers, larger ones cut to the largest: `[rows × width]`.
  func integers(_ range: Range<Int>) throws -> [Int] {
    try values(range, as: canopy_hdf5_native_int64())
  }

  /// Values of a type of HDF5, each of which is `size` of Swift's.
  private func values<Value: BitwiseCopyable>(
    _ range: Range<Int>, as type: hid_t, size valueSize: Int = 1
  ) throws -> [Value] {
    guard !range.isEmpty, width > 0 else { return [] }
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    try checkChunks(of: range)
    var first = shape.map { _ in hsize_t(0) }
    var size = shape.map { hsize_t($0) }
    first[0] = hsize_t(range.lowerBound)
    size[0] = hsize_t(range.count)
    guard H5Sselect_hyperslab(space.id, H5S_SELECT_SET, first, nil, size, nil) >= 0,
      let memory = HDF5Handle(H5Screate_simple(Int32(shape.count), size, nil), closedBy: H5Sclose)
    else { throw readingError(range) }
    let total = range.count * width * valueSize
    return try [Value](unsafeUninitializedCapacity: total) { buffer, count in
      guard H5Dread(handle.id, type, memory.id, space.id, 0, buffer.baseAddress) >= 0 else {
        throw readingError(range)
      }
      count = total
    }
  }

  private func readingError(_ range: Range<Int>) -> EventInputError {
    EventInputError(
      source: source, field: name,
      problem: "cannot be read from row \(range.lowerBound) on; the file is cut short or damaged")
  }
}

// MARK: - Chunks that hold more than they say

extension HDF5Dataset {
  /// Chunks that take fewer bytes in the file become a GiB at most, and are left to HDF5.
  private static let smallChunk: hsize_t = 1 << 20

  /// Throws if a chunk of these rows would be decompressed to more than it says, as HDF5 accepts any size.
  private func checkChunks(of range: Range<Int>) throws {
    guard let chunks, storedBytes > Self.smallChunk else { return }
    let rowsOfChunk = Int(chunks.shape[0])
    for row in stride(
      from: range.lowerBound / rowsOfChunk * rowsOfChunk, to: range.upperBound, by: rowsOfChunk)
    where !checkedRows.contains(row) {
      var place = chunks.shape.map { _ in hsize_t(0) }
      place[0] = hsize_t(row)
      try checkChunks(chunks, at: &place, dimension: 1)
      checkedRows = row..<(row + rowsOfChunk)
    }
  }

  private func checkChunks(_ chunks: Chunks, at place: inout [hsize_t], dimension: Int) throws {
    guard dimension < shape.count else { return try checkChunk(chunks, place) }
    for start in stride(from: 0, to: shape[dimension], by: Int(chunks.shape[dimension])) {
      place[dimension] = hsize_t(start)
      try checkChunks(chunks, at: &place, dimension: dimension + 1)
    }
  }

  private func checkChunk(_ chunks: Chunks, _ place: [hsize_t]) throws {
    var mask: UInt32 = 0
    var address = haddr_t(0)
    var stored: hsize_t = 0
    guard H5Dget_chunk_info_by_coord(handle.id, place, &mask, &address, &stored) >= 0,
      stored > Self.smallChunk
    else { return }
    guard stored <= HDF5Filters.mostBytes(packing: chunks.bytes) else { throw swollen(place) }
    var packed = [UInt8](repeating: 0, count: Int(stored))
    guard H5Dread_chunk(handle.id, 0, place, &mask, &packed) >= 0 else {
      throw readingError(Int(place[0])..<rows)
    }
    guard mask == 0 else { return }
    // Four bytes are a checksum's.
    guard Self.inflatedSize(packed, limit: chunks.bytes + 4) <= chunks.bytes + 4 else { throw swollen(place) }
  }

  private func swollen(_ place: [hsize_t]) -> EventInputError {
    EventInputError(
      source: source, field: name,
      problem: "has a chunk at row \(place[0]) that holds more numbers than it says; the file is damaged")
  }

  /// How many bytes `packed` holds, counted until there are more than `limit`.
  private static func inflatedSize(_ packed: [UInt8], limit: Int) -> Int {
    packed.withUnsafeBufferPointer { packed in
      var stream = z_stream()
      guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return 0 }
      defer { inflateEnd(&stream) }
      stream.next_in = UnsafeMutablePointer(mutating: packed.baseAddress)
      stream.avail_in = UInt32(packed.count)
      var count = 0
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { content in
        var status = Z_OK
        while status == Z_OK, count <= limit {
          stream.next_out = content.baseAddress
          stream.avail_out = UInt32(content.count)
          status = inflate(&stream, Z_NO_FLUSH)
          count += content.count - Int(stream.avail_out)
        }
        return count
      }
    }
  }
}
