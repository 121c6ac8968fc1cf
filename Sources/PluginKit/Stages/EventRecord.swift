// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Writes the numbers of an event as bytes, which an ``EventRecordReader`` reads in the same order.
///
/// A training whose events do not fit into memory keeps each of them as such a record in a file.
public struct EventRecordWriter: Sendable {
  /// What was written; every list begins at a multiple of eight bytes.
  @usableFromInline package var bytes: [UInt8] = []

  /// Nothing written.
  package init() {}

  /// Forgets what was written and keeps the storage.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Writes a list of numbers: how many there are, and their bits.
  @inlinable
  public mutating func write<Number: BitwiseCopyable>(_ numbers: ArraySlice<Number>) {
    require(MemoryLayout<Number>.alignment <= 8, "numbers that can begin at any multiple of eight bytes")
    withUnsafeBytes(of: UInt64(numbers.count)) { bytes.append(contentsOf: $0) }
    numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
    pad(to: 8)
  }

  /// Writes how many elements each of some lists has.
  ///
  /// - Parameter offsets: where the lists begin in flat arrays, and where the last of them ends: `[lists + 1]`.
  public mutating func write(offsets: ArraySlice<Int>) {
    withUnsafeBytes(of: UInt64(offsets.count - 1)) { bytes.append(contentsOf: $0) }
    for place in offsets.startIndex..<offsets.endIndex - 1 {
      withUnsafeBytes(of: UInt32(offsets[place + 1] - offsets[place])) { bytes.append(contentsOf: $0) }
    }
    pad(to: 8)
  }

  /// Writes a text.
  package mutating func write(_ text: String) { write(Array(text.utf8)[...]) }

  /// Writes what `body` writes as one list of bytes, which a reader can pass over.
  package mutating func writePart(_ body: (inout EventRecordWriter) -> Void) {
    let start = bytes.count
    withUnsafeBytes(of: UInt64(0)) { bytes.append(contentsOf: $0) }
    body(&self)
    let count = UInt64(bytes.count - start - 8)
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: count, toByteOffset: start, as: UInt64.self) }
  }

  /// Adds zeros until the bytes are a multiple of `size`, a power of two.
  @usableFromInline
  package mutating func pad(to size: Int) {
    bytes.append(contentsOf: repeatElement(0, count: -bytes.count & (size - 1)))
  }
}

/// Reads what an ``EventRecordWriter`` wrote, in the same order.
public struct EventRecordReader {
  /// What is still to be read.
  @usableFromInline var rest: UnsafeRawBufferPointer

  /// A reader of `bytes`, which begin at a multiple of eight bytes in memory.
  package init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// Whether everything is read.
  package var isAtEnd: Bool { rest.isEmpty }

  /// Adds the numbers of the next list after others.
  ///
  /// - Throws: ``PluginError`` if there are none.
  @inlinable
  public mutating func read<Number: BitwiseCopyable>(onto numbers: inout [Number]) throws {
    let list = try takeList(stride: MemoryLayout<Number>.stride)
    list.withMemoryRebound(to: Number.self) { numbers.append(contentsOf: $0) }
  }

  /// Adds lists of the lengths that were written after those that `offsets` has: `[lists + 1]`.
  ///
  /// - Throws: ``PluginError`` if there are none.
  public mutating func read(ontoOffsets offsets: inout [Int]) throws {
    let lengths = try takeList(stride: MemoryLayout<UInt32>.stride)
    var end = offsets[offsets.count - 1]
    for place in stride(from: 0, to: lengths.count, by: MemoryLayout<UInt32>.stride) {
      end += Int(lengths.load(fromByteOffset: place, as: UInt32.self))
      offsets.append(end)
    }
  }

  /// The next text.
  ///
  /// - Throws: ``PluginError`` if there is none.
  package mutating func readText() throws -> String {
    String(decoding: try takeList(stride: 1), as: UTF8.self)
  }

  /// A reader of the next part alone.
  ///
  /// - Throws: ``PluginError`` if there is none.
  package mutating func takePart() throws -> EventRecordReader { EventRecordReader(try takeList(stride: 1)) }

  /// The bytes of the next list, whose elements have `stride` bytes.
  @usableFromInline
  mutating func takeList(stride: Int) throws -> UnsafeRawBufferPointer {
    guard rest.count >= 8 else { throw Self.end }
    let count = rest.load(as: UInt64.self)
    guard count <= UInt64((rest.count - 8) / stride) else { throw Self.end }
    let size = Int(count) * stride
    let end = 8 + (size + 7) / 8 * 8
    guard end <= rest.count else { throw Self.end }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[end...]) }
    return UnsafeRawBufferPointer(rebasing: rest[8..<8 + size])
  }

  private static var end: PluginError {
    PluginError(
      "More is read of an event than was written of it: mend the plugin, which reads what it wrote.")
  }
}

// MARK: - Columns

extension EventRecordWriter {
  /// Writes some rows of columns, with the names.
  mutating func write(_ columns: Columns, rows: Range<Int>) {
    write([Int32(columns.count)][...])
    for (name, column) in columns.sorted {
      let places = rows.lowerBound * column.width..<rows.upperBound * column.width
      write(name)
      write(column.unit ?? "")
      write(column.storage.rawValue)
      write([Int32(column.width)][...])
      write(column.values[places])
      write(column.remainders.isEmpty ? [] : column.remainders[places])
    }
  }

  mutating func write(_ momenta: FourMomenta, _ range: Range<Int>) {
    for (_, component) in momenta.namedComponents { write(component[range]) }
  }
}

extension EventRecordReader {
  /// Adds rows to columns.
  mutating func read(onto columns: inout Columns) throws {
    for _ in 0..<(try readNumber()) {
      let (name, unit) = (try readText(), try readText())
      let storage = Column.Storage(rawValue: try readText()) ?? .float64
      let width = try readNumber()
      var (values, remainders): ([Double], [Double]) = ([], [])
      try read(onto: &values)
      try read(onto: &remainders)
      columns[name, default: Column(width: width, unit: unit.isEmpty ? nil : unit, storage: storage)].append(
        values, remainders: remainders)
    }
  }

  private mutating func readNumber() throws -> Int {
    var numbers: [Int32] = []
    try read(onto: &numbers)
    guard numbers.count == 1, numbers[0] >= 0 else { throw Self.end }
    return Int(numbers[0])
  }

  mutating func read(onto momenta: inout FourMomenta) throws {
    try read(onto: &momenta.px)
    try read(onto: &momenta.py)
    try read(onto: &momenta.pz)
    try read(onto: &momenta.energy)
  }
}
