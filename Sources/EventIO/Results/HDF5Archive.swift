// SPDX-License-Identifier: GPL-3.0-or-later

// Its type identifiers are variables in C; they are set once, in H5open.
@preconcurrency import CHDF5

/// Arrays as datasets of an HDF5 file.
public final class HDF5Archive: ResultArchive {
  /// `HDF5`.
  public static let name = "HDF5"

  /// H5F_ACC_TRUNC and H5T_VARIABLE, macros that Swift cannot read.
  private static let truncate: UInt32 = 2
  private static let variableLength = -1

  private let destination: String
  private var file: hid_t = -1
  /// The datasets made so far, by the index of their array.
  private var datasets: [Int: (id: hid_t, rows: hsize_t)] = [:]

  /// Starts the file `path`, which exists and is empty; `destination` is its name in messages.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public init(path: String, destination: String) throws {
    self.destination = destination
    try HDF5.locked {
      H5open()
      let access = H5Pcreate(H5P_CLS_FILE_ACCESS_ID_g)
      try check(access)
      defer { H5Pclose(access) }
      // The file's maker holds a lock on it already.
      try check(H5Pset_file_locking(access, false, true))
      file = H5Fcreate(path, Self.truncate, 0, access)
      try check(file)
    }
  }

  deinit {
    HDF5.locked {
      for dataset in datasets.values { H5Dclose(dataset.id) }
      if file >= 0 { H5Fclose(file) }
    }
  }

  /// Adds rows to `array`, a dataset that it makes if it is not there yet.
  ///
  /// - Throws: `ResultOutputError` if they cannot be written.
  public func append(_ rows: UnsafeRawBufferPointer, to array: ResultArray, isLast: Bool) throws {
    try HDF5.locked {
      let count = hsize_t(rows.count / array.rowSize)
      let start: hsize_t
      if let dataset = datasets[array.index] {
        start = dataset.rows
        if count > 0 { try check(H5Dset_extent(dataset.id, array.shape(rows: start + count))) }
      } else {
        start = 0
        datasets[array.index] = (try makeDataset(array, rows: count, mayGrow: !isLast), 0)
      }
      if count > 0 { try write(rows, to: array, start: start, count: count) }
      datasets[array.index]!.rows = start + count
    }
  }

  /// Completes and closes the file.
  ///
  /// - Throws: `ResultOutputError` if it cannot be completed.
  public func finish() throws {
    try HDF5.locked {
      // In order: what HDF5 still holds back gets its place in the file now.
      for index in datasets.keys.sorted() {
        try check(H5Dclose(datasets.removeValue(forKey: index)!.id))
      }
      try check(H5Fflush(file, H5F_SCOPE_LOCAL))
      let closing = file
      file = -1
      try check(H5Fclose(closing))
    }
  }

  /// A dataset of `rows` rows; one that may grow is stored in chunks.
  private func makeDataset(_ array: ResultArray, rows: hsize_t, mayGrow: Bool) throws -> hid_t {
    var limit = array.shape(rows: rows)
    if mayGrow { limit[0] = hsize_t.max }
    let space = H5Screate_simple(Int32(limit.count), array.shape(rows: rows), limit)
    try check(space)
    defer { H5Sclose(space) }
    let links = H5Pcreate(H5P_CLS_LINK_CREATE_ID_g)
    try check(links)
    defer { H5Pclose(links) }
    try check(H5Pset_create_intermediate_group(links, 1))
    let properties = H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g)
    try check(properties)
    defer { H5Pclose(properties) }
    // The same results give the same bytes: no time of writing.
    try check(H5Pset_obj_track_times(properties, false))
    if mayGrow {
      let chunk = array.shape(rows: hsize_t(array.chunkRows))
      try check(H5Pset_chunk(properties, Int32(chunk.count), chunk))
    }
    let type = try makeType(of: array.element)
    defer { H5Tclose(type) }
    let dataset = H5Dcreate2(file, array.name, type, space, links, properties, 0)
    try check(dataset)
    if let unit = array.unit { try setUnit(unit, of: dataset) }
    return dataset
  }

  private func setUnit(_ unit: String, of dataset: hid_t) throws {
    let type = H5Tcopy(H5T_C_S1_g)
    try check(type)
    defer { H5Tclose(type) }
    try check(H5Tset_size(type, Self.variableLength))
    try check(H5Tset_cset(type, H5T_CSET_UTF8))
    let space = H5Screate(H5S_SCALAR)
    try check(space)
    defer { H5Sclose(space) }
    let attribute = H5Acreate2(dataset, "unit", type, space, 0, 0)
    try check(attribute)
    defer { H5Aclose(attribute) }
    try unit.withCString { text in
      var text: UnsafePointer<CChar>? = text
      try check(H5Awrite(attribute, type, &text))
    }
  }

  private func write(
    _ rows: UnsafeRawBufferPointer, to array: ResultArray, start: hsize_t, count: hsize_t
  ) throws {
    let dataset = datasets[array.index]!.id
    let shape = array.shape(rows: count)
    let memory = H5Screate_simple(Int32(shape.count), shape, nil)
    try check(memory)
    defer { H5Sclose(memory) }
    let space = H5Dget_space(dataset)
    try check(space)
    defer { H5Sclose(space) }
    var origin = [hsize_t](repeating: 0, count: shape.count)
    origin[0] = start
    try check(H5Sselect_hyperslab(space, H5S_SELECT_SET, origin, nil, shape, nil))
    let type = try makeType(of: array.element)
    defer { H5Tclose(type) }
    try check(H5Dwrite(dataset, type, memory, space, 0, rows.baseAddress))
  }

  /// HDF5's identifier, which is to be closed, of a type in memory, which is also the type in the file.
  private func makeType(of element: ResultArray.Element) throws -> hid_t {
    guard element == .bool else {
      let type = H5Tcopy(element.hdf5Type)
      try check(type)
      if case .text(let size) = element {
        try check(H5Tset_size(type, size))
        try check(H5Tset_cset(type, H5T_CSET_UTF8))
        try check(H5Tset_strpad(type, H5T_STR_NULLPAD))
      }
      return type
    }
    // As h5py writes and reads truth values.
    let type = H5Tenum_create(H5T_NATIVE_INT8_g)
    try check(type)
    for (name, number) in [("FALSE", Int8(0)), ("TRUE", 1)] {
      try withUnsafeBytes(of: number) { try check(H5Tenum_insert(type, name, $0.baseAddress)) }
    }
    return type
  }

  /// Throws where `result`, an identifier or a status, says that an HDF5 function failed.
  private func check(_ result: some SignedInteger) throws {
    if result < 0 { throw ResultOutputError(writing: destination, reason: Self.innermostReason()) }
  }

  /// What HDF5 says went wrong: the system's reason where it quotes one.
  private static func innermostReason() -> String {
    var reason = ""
    withUnsafeMutablePointer(to: &reason) { reason in
      _ = H5Ewalk2(
        0, H5E_WALK_UPWARD,
        { depth, error, reason in
          if depth == 0, let text = error?.pointee.desc {
            reason?.assumingMemoryBound(to: String.self).pointee = String(cString: text)
          }
          return 0
        }, reason)
    }
    guard let quote = reason.firstRange(of: "error message = '") else { return reason }
    return String(reason[quote.upperBound...].prefix { $0 != "'" })
  }
}

extension ResultArray {
  /// The dimensions of `rows` rows.
  fileprivate func shape(rows: hsize_t) -> [hsize_t] {
    [rows] + (columns.map { [hsize_t($0)] } ?? [])
  }
}

extension ResultArray.Element {
  /// HDF5's identifier of the type of the numbers.
  fileprivate var hdf5Type: hid_t {
    switch self {
    case .float32: H5T_NATIVE_FLOAT_g
    case .float64: H5T_NATIVE_DOUBLE_g
    case .int32: H5T_NATIVE_INT32_g
    case .int64: H5T_NATIVE_INT64_g
    case .uint64: H5T_NATIVE_UINT64_g
    case .bool: H5T_NATIVE_INT8_g
    case .text: H5T_C_S1_g
    }
  }
}
