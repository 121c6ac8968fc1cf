// SPDX-License-Identifier: GPL-3.0-or-later

@preconcurrency import CHDF5
import CZip
import EventIO
import Foundation
import TestFiles
import Testing

/// An array as an independent library reads it.
private struct ReadArray: Equatable {
  var shape: [Int]
  var bytes: [UInt8]

  func values<Element>(as type: Element.Type) -> [Element] {
    bytes.withUnsafeBytes { Array($0.bindMemory(to: type)) }
  }
}

@Suite struct ResultArrayTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Small batches, one larger than several chunks and one without events.
  static let batches: [ResultBatch] = {
    var first = 0
    return [3, 0, 20_000, 1, 200].map { events in
      defer { first += events }
      return .random(events: events, first: first, embeddingWidth: 7, seed: UInt64(events))
    }
  }()

  func write(_ batches: [ResultBatch], as format: String) throws {
    let writer = try ResultFormats.builtIn[format]!.makeWriter(to: .file(folder.path("out")))
    for batch in batches { try writer.append(batch) }
    try writer.finish()
  }

  @Test(arguments: ["hdf5", "npz"])
  func arraysReadBack(format: String) throws {
    let batches = Self.batches
    try write(batches, as: format)
    let arrays = try format == "hdf5" ? readHDF5() : readNPZ()

    /// The ends of all lists, one batch after the other.
    func offsets(_ of: (ResultBatch) -> [Int]) -> [UInt64] {
      batches.reduce(into: [0]) { all, batch in
        let start = all.last!
        all += of(batch).dropFirst().map { start + UInt64($0) }
      }
    }
    func expect<Element: Equatable>(_ name: String, _ values: [Element], columns: Int? = nil) {
      let array = arrays[name]
      #expect(array?.shape == [values.count / (columns ?? 1)] + (columns.map { [$0] } ?? []), "\(name)")
      #expect(array?.values(as: Element.self) == values, "\(name)")
    }
    expect("event/number", batches.flatMap { $0.eventNumbers.map(Int64.init) })
    expect("jet/offset", offsets(\.jetOffsets))
    expect("jet/pt", batches.flatMap(\.pt))
    expect("jet/rapidity", batches.flatMap(\.rapidity))
    expect("jet/phi", batches.flatMap(\.phi))
    expect("jet/mass", batches.flatMap(\.mass))
    expect("jet/constituent_offset", offsets { $0.constituents!.offsets })
    expect("jet/constituent", batches.flatMap { $0.constituents!.values })
    expect("jet/tree_offset", offsets { $0.trees!.offsets })
    expect("jet/tree", batches.flatMap { $0.trees!.values }, columns: 2)
    expect("jet/embedding", batches.flatMap { $0.jetColumns[0].values }, columns: 7)
    expect("event/selection/score", batches.flatMap { $0.eventColumns[0].values })
    expect("constituent/offset", offsets { $0.constituentColumns.offsets })
    expect("constituent/origin/score", batches.flatMap { $0.constituentColumns.columns[0].values })
    expect(
      "constituent/origin/vertex", batches.flatMap { $0.constituentColumns.columns[1].values }, columns: 3)
    expect("splitting/offset", offsets { $0.splittingColumns.offsets })
    expect("splitting/kind/z", batches.flatMap { $0.splittingColumns.columns[0].values })
    #expect(arrays.count == 17)
  }

  @Test(arguments: ["hdf5", "npz"])
  func resultsWithoutEventsAreComplete(format: String) throws {
    try write([], as: format)
    let arrays = try format == "hdf5" ? readHDF5() : readNPZ()
    #expect(arrays["jet/offset"]?.values(as: UInt64.self) == [0])
    for name in ["event/number", "jet/pt", "jet/rapidity", "jet/phi", "jet/mass"] {
      #expect(arrays[name] == ReadArray(shape: [0], bytes: []))
    }
    #expect(arrays.count == 6)
  }

  @Test(arguments: ["hdf5", "npz"])
  func sameResultsGiveTheSameBytes(format: String) throws {
    try write(Self.batches, as: format)
    let first = try Data(contentsOf: URL(fileURLWithPath: folder.path("out")))
    // The clocks of both formats count seconds or pairs of them.
    Thread.sleep(forTimeInterval: 2)
    try write(Self.batches, as: format)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("out"))) == first)
  }

  @Test func datasetsNameTheirUnits() throws {
    try write([.byHand()], as: "hdf5")
    HDF5.locked { checkUnits() }
  }

  private func checkUnits() {
    let file = H5Fopen(folder.path("out"), 0, 0)
    defer { H5Fclose(file) }
    for (dataset, unit) in ["jet/pt": "GeV", "jet/regression/mass": "GeV", "event/trigger/rate": "Hz"] {
      let attribute = H5Aopen_by_name(file, dataset, "unit", 0, 0)
      defer { H5Aclose(attribute) }
      let type = H5Aget_type(attribute)
      defer { H5Tclose(type) }
      var text: UnsafeMutablePointer<CChar>?
      H5Aread(attribute, type, &text)
      defer { H5free_memory(text) }
      #expect(text.map { String(cString: $0) } == unit)
    }
    #expect(H5Aexists_by_name(file, "jet/phi", "unit", 0) == 0)
  }

  /// All datasets of the file, in the types that they are stored in.
  private func readHDF5() throws -> [String: ReadArray] {
    try HDF5.locked { try readDatasets() }
  }

  private func readDatasets() throws -> [String: ReadArray] {
    let file = H5Fopen(folder.path("out"), 0, 0)
    try #require(file >= 0)
    defer { H5Fclose(file) }
    var names: [String] = []
    withUnsafeMutablePointer(to: &names) { names in
      _ = H5Ovisit1(
        file, H5_INDEX_NAME, H5_ITER_INC,
        { _, name, info, names in
          if info!.pointee.type == H5O_TYPE_DATASET {
            names!.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name!))
          }
          return 0
        }, names)
    }
    var arrays: [String: ReadArray] = [:]
    for name in names {
      let dataset = H5Dopen2(file, name, 0)
      defer { H5Dclose(dataset) }
      let type = H5Dget_type(dataset)
      defer { H5Tclose(type) }
      let space = H5Dget_space(dataset)
      defer { H5Sclose(space) }
      var shape = [hsize_t](repeating: 0, count: Int(H5Sget_simple_extent_ndims(space)))
      H5Sget_simple_extent_dims(space, &shape, nil)
      var bytes = [UInt8](repeating: 0, count: H5Tget_size(type) * Int(shape.reduce(1, *)))
      try #require(H5Dread(dataset, type, 0, 0, 0, &bytes) >= 0)
      arrays[name] = ReadArray(shape: shape.map(Int.init), bytes: bytes)
    }
    return arrays
  }

  /// All arrays of the archive; their checksums are checked by libzip.
  private func readNPZ() throws -> [String: ReadArray] {
    let archive = try #require(zip_open(folder.path("out"), ZIP_RDONLY | ZIP_CHECKCONS, nil))
    defer { zip_discard(archive) }
    var arrays: [String: ReadArray] = [:]
    for index in 0..<zip_uint64_t(zip_get_num_entries(archive, 0)) {
      var status = zip_stat_t()
      try #require(zip_stat_index(archive, index, 0, &status) == 0)
      var bytes = [UInt8](repeating: 0, count: Int(status.size))
      let entry = zip_fopen_index(archive, index, 0)
      try #require(zip_fread(entry, &bytes, status.size) == Int64(status.size))
      try #require(zip_fclose(entry) == 0)
      let name = String(cString: status.name)
      try #require(name.hasSuffix(".npy"))

      // NumPy's format, version 1.0: magic, version, length of the text, text that ends in a new line.
      try #require(Array(bytes[..<8]) == [0x93] + Array("NUMPY".utf8) + [1, 0])
      let end = 10 + Int(bytes[8]) + 256 * Int(bytes[9])
      try #require(end % 64 == 0 && bytes[end - 1] == UInt8(ascii: "\n"))
      let text = String(decoding: bytes[10..<end], as: UTF8.self)
      let pattern = /\{'descr': '<[fiu][48]', 'fortran_order': False, 'shape': \((\d+), ?(\d+)?\), \} *\n/
      let match = try #require(try pattern.wholeMatch(in: text), "\(text)")
      let shape = [Int(match.1)!] + (match.2.map { [Int($0)!] } ?? [])
      arrays[String(name.dropLast(4))] = ReadArray(shape: shape, bytes: Array(bytes[end...]))
    }
    return arrays
  }
}
