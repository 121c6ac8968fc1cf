// SPDX-License-Identifier: GPL-3.0-or-later

/// Attributes outside of the header of their object, as new versions of HDF5 keep more than eight.
///
/// By the HDF5 File Format Specification, version 3.0: a B-tree of version 2 (III.A.2) says where in a fractal heap (III.G) each
/// attribute message lies. The checksums of all parts are verified, as a damaged one would lead to another attribute or none.
/// Trees of one level above the leaves are read, which have hundreds of attributes, and heaps
/// without filters whose blocks are all direct, which have half a megabyte; others are refused.
struct HDF5DenseAttributes {
  private let bytes: HDF5Bytes
  private let heap: Heap

  /// More attributes than an object can have for a reason.
  private static let mostRecords = 4096

  /// What an attribute info message leads to: its messages, as they would stand in a header.
  ///
  /// - Throws: ``HDF5Attributes/Problem``.
  static func messages(heap: UInt64, tree: UInt64, in bytes: HDF5Bytes) throws -> [ArraySlice<UInt8>] {
    let attributes = HDF5DenseAttributes(bytes: bytes, heap: try Heap(at: heap, in: bytes))
    return try attributes.records(ofTree: tree).compactMap { try attributes.message($0) }
  }

  // MARK: - The tree

  /// The records of a tree of attributes by name, in whatever order.
  private func records(ofTree address: UInt64) throws -> [ArraySlice<UInt8>] {
    let start = try bytes.read(at: address, count: 38, atLeast: 38)
    try HDF5Checksum.check(start, count: 34)
    var header = HDF5Cursor(start)
    try header.expect("BTHD")
    try header.skip(1)
    guard try header.number(1) == 8 else { throw HDF5Attributes.Problem.damaged }
    let nodeSize = Int(try header.number(4))
    let recordSize = Int(try header.number(2))
    let depth = try header.number(2)
    try header.skip(2)
    let root = try header.number(8)
    let count = Int(try header.number(2))
    guard (64...1 << 16).contains(nodeSize), recordSize == 17 else { throw HDF5Attributes.Problem.damaged }
    guard depth <= 1 else { throw HDF5Attributes.Problem.elsewhere }
    if count == 0 { return [] }
    // A signature, two bytes and a checksum stand around the records of a leaf.
    let mostOfLeaf = (nodeSize - 10) / recordSize
    let size = (Int.bitWidth - mostOfLeaf.leadingZeroBitCount + 7) / 8
    func node(
      at address: UInt64, _ signature: String, _ count: Int
    ) throws -> (
      records: [ArraySlice<UInt8>], rest: HDF5Cursor
    ) {
      let node = try bytes.read(at: address, count: nodeSize, atLeast: 6)
      // After the records of a node of one level stand one pointer more than these, each of an address and a number.
      let pointers = signature == "BTIN" ? (count + 1) * (8 + size) : 0
      try HDF5Checksum.check(node, count: 6 + count * recordSize + pointers)
      var cursor = HDF5Cursor(node)
      try cursor.expect(signature)
      try cursor.skip(2)
      return (try (0..<count).map { _ in try cursor.take(recordSize) }, cursor)
    }
    guard depth == 1 else { return try node(at: root, "BTLF", count).records }
    var (records, pointers) = try node(at: root, "BTIN", count)
    for _ in 0...count {
      let child = try pointers.number(8)
      let count = Int(try pointers.number(size))
      guard count <= mostOfLeaf, records.count <= Self.mostRecords else {
        throw HDF5Attributes.Problem.damaged
      }
      records += try node(at: child, "BTLF", count).records
    }
    return records
  }

  /// The message that a record leads to; nil for one so large that it lies in no block.
  private func message(_ record: ArraySlice<UInt8>) throws -> ArraySlice<UInt8>? {
    var cursor = HDF5Cursor(record)
    let kind = try cursor.number(1)
    guard kind >> 4 & 3 == 0 else { return nil }
    let offset = try cursor.number(heap.offsetSize)
    let length = try cursor.number(heap.lengthSize)
    let isShared = record[record.startIndex + 8] & 0x02 != 0
    guard !isShared else { throw HDF5Attributes.Problem.elsewhere }
    return try heap.object(at: offset, length: Int(length), in: bytes)
  }

  // MARK: - The heap

  /// A heap whose blocks hold the messages.
  private final class Heap {
    /// How many bytes the place and the length of an object take.
    let offsetSize: Int
    let lengthSize: Int
    /// Where each block of the heap's space begins, its size, and its address in the file.
    private var blocks: [(start: UInt64, size: UInt64, address: UInt64)] = []
    /// Whether blocks have a checksum.
    private let hasChecksums: Bool
    /// The blocks that were read, by their addresses.
    private var contents: [UInt64: ArraySlice<UInt8>] = [:]

    init(at address: UInt64, in bytes: HDF5Bytes) throws {
      let content = try bytes.read(at: address, count: 146, atLeast: 146)
      var header = HDF5Cursor(content)
      try header.expect("FRHP")
      try header.skip(1)
      guard try header.number(2) == 8 else { throw HDF5Attributes.Problem.damaged }
      // Filters, which come before the checksum, are not read.
      guard try header.number(2) == 0 else { throw HDF5Attributes.Problem.elsewhere }
      try HDF5Checksum.check(content, count: 142)
      hasChecksums = try header.number(1) & 2 != 0
      let largestObject = try header.number(4)
      try header.skip(12 * 8)
      let width = Int(try header.number(2))
      let first = try header.number(8)
      let largestBlock = try header.number(8)
      let bits = Int(try header.number(2))
      try header.skip(2)
      let root = try header.number(8)
      let rows = Int(try header.number(2))
      guard (1...64).contains(width), (8...64).contains(bits), largestObject > 0, first > 0,
        first & (first - 1) == 0, largestBlock & (largestBlock - 1) == 0,
        (first...UInt64(1 << 24)).contains(largestBlock)
      else { throw HDF5Attributes.Problem.damaged }
      func exponent(_ number: UInt64) -> Int { 63 - number.leadingZeroBitCount }
      offsetSize = (bits + 7) / 8
      lengthSize = min((exponent(largestBlock) + 7) / 8, exponent(largestObject) / 8 + 1)
      guard 1 + offsetSize + lengthSize <= 8 else { throw HDF5Attributes.Problem.damaged }
      if rows == 0 {
        blocks = [(0, first, root)]
        return
      }
      // Blocks of the first two rows have the first size, those of each further row twice that of the row before.
      guard rows <= exponent(largestBlock) - exponent(first) + 2 else {
        throw HDF5Attributes.Problem.elsewhere
      }
      let headSize = 13 + offsetSize
      let size = headSize + rows * width * 8
      let entries = try bytes.read(at: root, count: size + 4, atLeast: size + 4)
      try HDF5Checksum.check(entries, count: size)
      var table = HDF5Cursor(entries)
      try table.expect("FHIB")
      try table.skip(headSize - 4)
      var start: UInt64 = 0
      for row in 0..<rows {
        let size = first << UInt64(max(row - 1, 0))
        for _ in 0..<width {
          let address = try table.number(8)
          if address != UInt64.max { blocks.append((start, size, address)) }
          start += size
        }
      }
    }

    func object(at offset: UInt64, length: Int, in bytes: HDF5Bytes) throws -> ArraySlice<UInt8> {
      guard let block = blocks.first(where: { $0.start <= offset && offset - $0.start < $0.size }),
        UInt64(length) <= block.size - (offset - block.start)
      else { throw HDF5Attributes.Problem.damaged }
      return try content(at: block.address, Int(block.size), in: bytes)
        .dropFirst(Int(offset - block.start)).prefix(length)
    }

    private func content(at address: UInt64, _ size: Int, in bytes: HDF5Bytes) throws -> ArraySlice<UInt8> {
      if let content = contents[address] { return content }
      var content = try bytes.read(at: address, count: size, atLeast: size)
      var cursor = HDF5Cursor(content)
      try cursor.expect("FHDB")
      if hasChecksums {
        try cursor.skip(9 + offsetSize)
        let checksum = UInt32(try cursor.number(4))
        let place = content.startIndex + 13 + offsetSize
        content.replaceSubrange(place..<place + 4, with: [0, 0, 0, 0])
        guard HDF5Checksum.of(content) == checksum else { throw HDF5Attributes.Problem.damaged }
      }
      contents[address] = content
      return content
    }
  }
}

/// The checksum of the parts of an HDF5 file: Bob Jenkins' lookup3, `hashlittle`, from 0.
private enum HDF5Checksum {
  /// Throws unless the first bytes are followed by their checksum.
  static func check(_ bytes: ArraySlice<UInt8>, count: Int) throws {
    var rest = HDF5Cursor(bytes.dropFirst(count))
    guard count <= bytes.count, try rest.number(4) == UInt64(of(bytes.prefix(count))) else {
      throw HDF5Attributes.Problem.damaged
    }
  }

  static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
    var a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c) = (a, a)
    var rest = bytes
    func word(_ first: Int) -> UInt32 {
      (0..<4).reduce(0) { word, place in
        let index = rest.startIndex + first + place
        return index < rest.endIndex ? word | UInt32(rest[index]) << UInt32(8 * place) : word
      }
    }
    while !rest.isEmpty {
      a &+= word(0)
      b &+= word(4)
      c &+= word(8)
      guard rest.count > 12 else { break }
      for (first, second, third) in [(4, 6, 8), (16, 19, 4)] as [(UInt32, UInt32, UInt32)] {
        a = (a &- c) ^ rotated(c, first)
        c &+= b
        b = (b &- a) ^ rotated(a, second)
        a &+= c
        c = (c &- b) ^ rotated(b, third)
        b &+= a
      }
      rest = rest.dropFirst(12)
    }
    guard !rest.isEmpty else { return c }
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    return (c ^ b) &- rotated(b, 24)
  }
}

extension HDF5Cursor {
  /// Passes over a signature.
  fileprivate mutating func expect(_ signature: String) throws {
    guard try take(4).elementsEqual(signature.utf8) else { throw HDF5Attributes.Problem.damaged }
  }
}
