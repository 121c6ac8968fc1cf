// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5

/// A numeric dataset `[rows]` or `[rows × width]` of an open file, read by ranges of rows.
///
/// Every use is inside `HDF5.locked`.
final class HDF5Dataset {
  /// The path inside the file.
  let name: String
  /// The number of rows.
  let rows: Int
  /// The number of values of a row; 1 for a dataset of rank 1.
  let width: Int
  /// Whether the values are integers.
  let isInteger: Bool
  private let rank: Int
  private let source: String
  private let handle: HDF5Handle
  private let space: HDF5Handle

  /// How an object of the file can fail to be such a dataset.
  enum Kind {
    case numeric(HDF5Dataset)
    case notNumeric
    case notDataset
  }

  private init(
    name: String, rows: Int, width: Int, rank: Int, isInteger: Bool, source: String, handle: HDF5Handle,
    space: HDF5Handle
  ) {
    self.name = name
    self.rows = rows
    self.width = width
    self.rank = rank
    self.isInteger = isInteger
    self.source = source
    self.handle = handle
    self.space = space
  }

  /// Opens the object `name` of a file and looks at what it is.
  static func open(_ name: String, in file: HDF5Handle, source: String) throws -> Kind {
    func refusal(_ problem: String) -> EventInputError {
      EventInputError(source: source, field: name, problem: problem)
    }
    guard let object = HDF5Handle(H5Oopen(file.id, name, 0), closedBy: H5Oclose) else {
      throw refusal("cannot be opened; the file is damaged")
    }
    guard H5Iget_type(object.id) == H5I_DATASET else { return .notDataset }
    guard let type = HDF5Handle(H5Dget_type(object.id), closedBy: H5Tclose),
      let space = HDF5Handle(H5Dget_space(object.id), closedBy: H5Sclose)
    else { throw refusal("cannot be opened; the file is damaged") }
    let kind = H5Tget_class(type.id)
    // Booleans of h5py are an enumeration.
    guard kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM else { return .notNumeric }
    // HDF5 allocates by the sizes that the file claims.
    guard H5Tget_size(type.id) <= 16 else {
      throw refusal("claims numbers of \(H5Tget_size(type.id)) bytes; the file is damaged")
    }
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard rank == 1 || rank == 2, H5Sget_simple_extent_type(space.id) == H5S_SIMPLE else {
      throw refusal("has \(max(rank, 0)) dimensions; give it one, or two for several numbers a row")
    }
    var sizes: [hsize_t] = [0, 1]
    H5Sget_simple_extent_dims(space.id, &sizes, nil)
    guard let rows = Int(exactly: sizes[0]), let width = Int(exactly: sizes[1]), rows < 1 << 48 else {
      throw refusal("claims \(sizes[0]) × \(sizes[1]) numbers; the file is damaged")
    }
    guard width <= EventLimits.columnWidth else {
      throw refusal("has \(width) numbers a row; at most \(EventLimits.columnWidth) are read")
    }
    guard let dataset = try openWithCache(name, in: file, like: object, rank: rank, source: source) else {
      throw refusal("cannot be opened; the file is damaged")
    }
    return .numeric(
      HDF5Dataset(
        name: name, rows: rows, width: width, rank: rank, isInteger: kind != H5T_FLOAT, source: source,
        handle: dataset, space: space))
  }

  /// Opens the dataset with a cache that holds two of its chunks, so that reading ranges in order decompresses
  /// each chunk once.
  private static func openWithCache(
    _ name: String, in file: HDF5Handle, like object: HDF5Handle, rank: Int, source: String
  ) throws -> HDF5Handle? {
    guard let access = HDF5Handle(H5Pcreate(canopy_hdf5_dataset_access()), closedBy: H5Pclose),
      let creation = HDF5Handle(H5Dget_create_plist(object.id), closedBy: H5Pclose),
      let type = HDF5Handle(H5Dget_type(object.id), closedBy: H5Tclose)
    else { return nil }
    if H5Pget_layout(creation.id) == H5D_CHUNKED {
      var chunk: [hsize_t] = [1, 1]
      H5Pget_chunk(creation.id, Int32(rank), &chunk)
      let bytes = Double(chunk[0]) * Double(chunk[1]) * Double(H5Tget_size(type.id))
      guard bytes <= 0x4000_0000 else {
        throw EventInputError(
          source: source, field: name, problem: "has chunks of \(bytes) bytes; write chunks of at most 1 GiB")
      }
      let cache = Int(min(max(2 * bytes, 0x10_0000), 0x400_0000))
      H5Pset_chunk_cache(access.id, 521, cache, 1)
    }
    return HDF5Handle(H5Dopen2(file.id, name, access.id), closedBy: H5Dclose)
  }

  /// The values of a range of rows as doubles: `[rows × width]`.
  func doubles(_ range: Range<Int>) throws -> [Double] {
    try values(range, as: canopy_hdf5_native_double())
  }

  /// The values of a range of rows as 64-bit integers, larger ones cut to the largest: `[rows × width]`.
  func integers(_ range: Range<Int>) throws -> [Int] {
    try values(range, as: canopy_hdf5_native_int64())
  }

  /// The values of a range of rows as 32-bit integers, larger ones cut to the largest: `[rows × width]`.
  func shortIntegers(_ range: Range<Int>) throws -> [Int32] {
    try values(range, as: canopy_hdf5_native_int32())
  }

  private func values<Value: BitwiseCopyable>(_ range: Range<Int>, as type: hid_t) throws -> [Value] {
    guard !range.isEmpty, width > 0 else { return [] }
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    let first: [hsize_t] = [hsize_t(range.lowerBound), 0]
    let size: [hsize_t] = [hsize_t(range.count), hsize_t(width)]
    guard H5Sselect_hyperslab(space.id, H5S_SELECT_SET, first, nil, size, nil) >= 0,
      let memory = HDF5Handle(H5Screate_simple(Int32(rank), size, nil), closedBy: H5Sclose)
    else { throw readingError(range) }
    return try [Value](unsafeUninitializedCapacity: range.count * width) { buffer, count in
      guard H5Dread(handle.id, type, memory.id, space.id, 0, buffer.baseAddress) >= 0 else {
        throw readingError(range)
      }
      count = range.count * width
    }
  }

  private func readingError(_ range: Range<Int>) -> EventInputError {
    EventInputError(
      source: source, field: name,
      problem:
        "cannot be read from row \(range.lowerBound) on; the file is cut short, damaged or compressed by a "
        + "filter that is not installed")
  }
}
