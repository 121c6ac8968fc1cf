// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import Foundation

/// The texts among the attributes of a dataset, read from the bytes of the file.
///
/// libhdf5 believes the heap that holds strings of variable length, which is how h5py writes them: a damaged
/// one crashes it, keeps it busy for ever or takes all memory. Therefore the header of the dataset is read
/// here, by the HDF5 File Format Specification, version 3.0: object headers (IV.A.1), their attribute
/// messages (IV.A.2.m) and the global heap (III.E); for attributes outside of the header see ``HDF5DenseAttributes``.
struct HDF5Attributes {
  private let bytes: HDF5Bytes
  private var messages: [AttributeMessage] = []

  /// What is wrong with the attributes, as the end of a sentence about the dataset.
  struct Problem: Error {
    let problem: String

    static let damaged = Problem(problem: "has attributes that cannot be read; the file is damaged")
    static let elsewhere = Problem(
      problem:
        "has an attribute that it shares with another object, or hundreds of them, which are not read; take attributes "
        + "away, or write the file in the format of earlier versions (libver='earliest')")
  }

  /// Finds the attributes of an object.
  ///
  /// - Throws: ``Problem``.
  init(of object: HDF5Handle) throws {
    bytes = try HDF5Bytes(ofFileOf: object)
    let address = UInt64(canopy_hdf5_object_address(object.id))
    guard address != UInt64(canopy_hdf5_no_address()) else { throw Problem.damaged }
    var header = HDF5ObjectHeader(bytes)
    try header.read(at: address)
    for message in header.messages {
      switch message.kind {
      case .attribute:
        guard !message.isShared else { throw Problem.elsewhere }
        messages.append(try AttributeMessage(message.content))
      case .attributeInfo:
        messages += try Self.messagesElsewhere(message.content, bytes).map { try AttributeMessage($0) }
      }
    }
  }

  /// The attributes that lie in a heap of their own, if the object has one.
  private static func messagesElsewhere(
    _ content: ArraySlice<UInt8>, _ bytes: HDF5Bytes
  ) throws -> [ArraySlice<UInt8>] {
    var cursor = HDF5Cursor(content)
    try cursor.skip(1)
    let tracksOrder = try cursor.number(1) & 1 != 0
    try cursor.skip(tracksOrder ? 2 : 0)
    let heap = try cursor.number(8)
    return heap == UInt64.max
      ? [] : try HDF5DenseAttributes.messages(heap: heap, tree: cursor.number(8), in: bytes)
  }

  /// The texts of an attribute: one or several strings, or one string of names between commas; nil if there is no
  /// attribute of this name that holds text.
  ///
  /// - Throws: ``Problem``.
  func texts(_ name: String) throws -> [String]? {
    guard let message = messages.last(where: { $0.name == name }), let kind = message.textKind else {
      return nil
    }
    guard (1...256).contains(message.count) else { throw Problem.damaged }
    var cursor = HDF5Cursor(message.values)
    var collection: (address: UInt64, objects: [UInt64: ArraySlice<UInt8>])?
    return try (0..<message.count).flatMap { _ in
      let text =
        switch kind {
        case .fixed(let size): try cursor.take(size)
        case .variable: try bytes.heapObject(&cursor, in: &collection)
        }
      return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self).split(separator: ",").map { part in
        String(part.drop { $0 == " " }.prefix { $0 != " " })
      }
    }
  }
}

/// One attribute message of an object header.
private struct AttributeMessage {
  enum TextKind {
    case fixed(Int)
    case variable
  }

  let name: String
  /// How its strings are written; nil if the values are no text.
  let textKind: TextKind?
  /// The number of values; 0 if there are too many to count.
  let count: Int
  let values: ArraySlice<UInt8>

  init(_ content: ArraySlice<UInt8>) throws {
    var cursor = HDF5Cursor(content)
    let version = try cursor.number(1)
    guard (1...3).contains(version) else { throw HDF5Attributes.Problem.damaged }
    let flags = try cursor.number(1)
    let sizes = try (0..<3).map { _ in Int(try cursor.number(2)) }
    if version == 3 { try cursor.skip(1) }
    // Only the first version pads.
    func part(_ size: Int) throws -> ArraySlice<UInt8> {
      let part = try cursor.take(size)
      if version == 1 { try cursor.skip((8 - size % 8) % 8) }
      return part
    }
    name = String(decoding: try part(sizes[0]).prefix { $0 != 0 }, as: UTF8.self)
    let type = try part(sizes[1])
    let space = try part(sizes[2])
    values = try cursor.take(cursor.remaining)
    // Types that are named in the file are not followed: no program writes texts in this way.
    let isShared = version > 1 && flags & 3 != 0
    textKind = isShared ? nil : try Self.textKind(type)
    count = isShared ? 0 : try Self.count(space)
  }

  private static func textKind(_ type: ArraySlice<UInt8>) throws -> TextKind? {
    var cursor = HDF5Cursor(type)
    let classAndVersion = try cursor.number(1)
    let bits = try cursor.number(3)
    let size = Int(try cursor.number(4))
    switch classAndVersion & 0x0F {
    case 3: return (1...4096).contains(size) ? .fixed(size) : nil
    case 9: return bits & 0x0F == 1 ? .variable : nil
    default: return nil
    }
  }

  private static func count(_ space: ArraySlice<UInt8>) throws -> Int {
    var cursor = HDF5Cursor(space)
    let version = try cursor.number(1)
    let rank = Int(try cursor.number(1))
    try cursor.skip(version == 1 ? 6 : 2)
    return try (0..<rank).reduce(1) { count, _ in
      let length = try cursor.number(8)
      return length > 0 && length <= 256 && count * Int(length) <= 256 ? count * Int(length) : 0
    }
  }
}

/// The messages of an object header that are about attributes.
private struct HDF5ObjectHeader {
  enum Kind: UInt64 {
    case attribute = 0x0C
    case attributeInfo = 0x15
  }

  struct Message {
    let kind: Kind
    let isShared: Bool
    let content: ArraySlice<UInt8>
  }

  private(set) var messages: [Message] = []
  private let bytes: HDF5Bytes
  private var blocks = 0

  private static let continuation: UInt64 = 0x10
  /// Headers have a handful of blocks; more are a loop.
  private static let mostBlocks = 64
  private static let largestBlock = 1 << 20

  init(_ bytes: HDF5Bytes) { self.bytes = bytes }

  /// Reads the header at an address.
  mutating func read(at address: UInt64) throws {
    let start = try bytes.read(at: address, count: 64, atLeast: 16)
    if start.starts(with: "OHDR".utf8) {
      var cursor = HDF5Cursor(start)
      try cursor.skip(5)
      let flags = try cursor.number(1)
      try cursor.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
      let size = try cursor.number(1 << Int(flags & 3))
      let first = address + UInt64(start.count - cursor.remaining)
      try read(block: first, size: size, isNew: true, tracksOrder: flags & 0x04 != 0)
    } else {
      var cursor = HDF5Cursor(start)
      guard try cursor.number(1) == 1 else { throw HDF5Attributes.Problem.damaged }
      try cursor.skip(7)
      try read(block: address + 16, size: try cursor.number(4), isNew: false, tracksOrder: false)
    }
  }

  private mutating func read(block address: UInt64, size: UInt64, isNew: Bool, tracksOrder: Bool) throws {
    blocks += 1
    guard blocks <= Self.mostBlocks, size <= Self.largestBlock else { throw HDF5Attributes.Problem.damaged }
    var cursor = HDF5Cursor(try bytes.read(at: address, count: Int(size), atLeast: Int(size)))
    let headSize = isNew ? (tracksOrder ? 6 : 4) : 8
    while cursor.remaining >= headSize {
      let type = try cursor.number(isNew ? 1 : 2)
      let length = Int(try cursor.number(2))
      let flags = try cursor.number(1)
      try cursor.skip(headSize - (isNew ? 4 : 5))
      let content = try cursor.take(length)
      if type == Self.continuation {
        var place = HDF5Cursor(content)
        let (next, size) = (try place.number(8), try place.number(8))
        if isNew {
          // A signature begins the block, a checksum ends it.
          guard size >= 8, next < UInt64.max - 4 else { throw HDF5Attributes.Problem.damaged }
          try read(block: next + 4, size: size - 8, isNew: true, tracksOrder: tracksOrder)
        } else {
          try read(block: next, size: size, isNew: false, tracksOrder: false)
        }
      } else if let kind = Kind(rawValue: type) {
        messages.append(Message(kind: kind, isShared: flags & 0x02 != 0, content: content))
      }
    }
  }
}

/// The bytes of an open HDF5 file.
struct HDF5Bytes {
  private let descriptor: Int32
  /// Where addresses are counted from.
  private let base: UInt64

  private static let largestHeap = 1 << 24

  init(ofFileOf object: HDF5Handle) throws {
    guard let file = HDF5Handle(H5Iget_file_id(object.id), closedBy: H5Fclose),
      let creation = HDF5Handle(H5Fget_create_plist(file.id), closedBy: H5Pclose)
    else { throw HDF5Attributes.Problem.damaged }
    var sizes = (address: 0, length: 0)
    var userBlock: hsize_t = 0
    var handle: UnsafeMutableRawPointer?
    guard H5Pget_sizes(creation.id, &sizes.address, &sizes.length) >= 0, sizes == (8, 8),
      H5Pget_userblock(creation.id, &userBlock) >= 0,
      H5Fget_vfd_handle(file.id, 0, &handle) >= 0, let handle
    else { throw HDF5Attributes.Problem.damaged }
    descriptor = handle.load(as: Int32.self)
    base = userBlock
  }

  /// Some bytes at an address, of which there are fewer at the end of the file.
  func read(at address: UInt64, count: Int, atLeast least: Int) throws -> ArraySlice<UInt8> {
    let (place, overflow) = base.addingReportingOverflow(address)
    guard !overflow else { throw HDF5Attributes.Problem.damaged }
    return try read(fromStart: place, count: count, atLeast: least)
  }

  /// The same from a place that is counted from the start of the file.
  func read(fromStart place: UInt64, count: Int, atLeast least: Int) throws -> ArraySlice<UInt8> {
    guard place < 1 << 62 else { throw HDF5Attributes.Problem.damaged }
    let found = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let read = pread(
          descriptor, buffer.baseAddress! + filled, count - filled, off_t(place) + off_t(filled))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { break }
        filled += read
      }
    }
    guard found.count >= least else { throw HDF5Attributes.Problem.damaged }
    return found[...]
  }

  /// What a value of variable length, written as length, address of a collection and number in it, stands for.
  ///
  /// Values that follow each other are in one `collection`, which is read when another one is needed.
  func heapObject(
    _ value: inout HDF5Cursor, in collection: inout (address: UInt64, objects: [UInt64: ArraySlice<UInt8>])?
  ) throws -> ArraySlice<UInt8> {
    let (length, address) = (Int(try value.number(4)), try value.number(8))
    let index = try value.number(4)
    if length == 0 { return [] }
    if collection?.address != address { collection = (address, try heapObjects(at: address)) }
    guard let content = collection!.objects[index], length <= content.count else {
      throw HDF5Attributes.Problem.damaged
    }
    return content.prefix(length)
  }

  /// The objects of a collection, by their numbers, up to where it is damaged.
  private func heapObjects(at address: UInt64) throws -> [UInt64: ArraySlice<UInt8>] {
    var head = HDF5Cursor(try read(at: address, count: 16, atLeast: 16))
    guard try head.take(4).elementsEqual("GCOL".utf8) else { throw HDF5Attributes.Problem.damaged }
    try head.skip(4)
    let size = try head.number(8)
    guard (16...UInt64(Self.largestHeap)).contains(size) else { throw HDF5Attributes.Problem.damaged }
    var collection = HDF5Cursor(try read(at: address + 16, count: Int(size) - 16, atLeast: 0))
    var objects: [UInt64: ArraySlice<UInt8>] = [:]
    while collection.remaining >= 16 {
      let index = try collection.number(2)
      try collection.skip(6)
      let size = try collection.number(8)
      // Object 0 is the free space, and the last.
      guard index != 0, size <= collection.remaining else { break }
      objects[index] = try collection.take(Int(size))
      try collection.skip(min((8 - Int(size) % 8) % 8, collection.remaining))
    }
    return objects
  }
}

/// A place in bytes, from which little-endian numbers and parts are taken, and never more than there are.
struct HDF5Cursor {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var remaining: Int { bytes.count }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count else { throw HDF5Attributes.Problem.damaged }
    defer { bytes = bytes.dropFirst(count) }
    return bytes.prefix(count)
  }

  mutating func skip(_ count: Int) throws { _ = try take(count) }

  mutating func number(_ count: Int) throws -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
