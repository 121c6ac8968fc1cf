// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// Attributes of datasets as h5py writes them, and as damaged files have them.
@Suite struct HDF5AttributeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let file = Result { try Data(contentsOf: URL(fileURLWithPath: HDF5LayoutTests.path("mev"))) }

  /// Where the heap of strings begins in the file.
  private static func heap(_ file: Data) throws -> Int {
    try #require(file.range(of: Data("GCOL".utf8))).lowerBound
  }

  private func complaint(_ damage: (inout Data) throws -> Void) throws -> String {
    var file = try Self.file.get()
    try damage(&file)
    let path = folder.path("damaged.h5")
    try file.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: EventInputError.self) { try batches(path) }
    return error?.description ?? ""
  }

  /// Each of these crashes libhdf5 1.10.8, keeps it busy for ever or takes all memory.
  @Test(
    arguments: [
      // An object without an end, one that begins again and again, one of another number, a heap without a
      // size.
      (24, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), (16, [0xFE, 0x00]), (16, [0x00, 0x00]),
      (8, [0, 0, 0, 0, 0, 0, 0, 0]), (8, [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]), (0, [0x67]),
    ] as [(Int, [UInt8])])
  func damagedHeapsOfStringsAreRefused(place: Int, bytes: [UInt8]) throws {
    let text = try complaint { file in
      let start = try Self.heap(file) + place
      file.replaceSubrange(start..<start + bytes.count, with: bytes)
    }
    #expect(
      text.contains("damaged.h5, particle/") && text.hasSuffix("cannot be read; the file is damaged"),
      "\(text)")
  }

  /// Reading ends for the header of an object that continues in itself.
  @Test func everyByteOfTheHeapMayBeWrong() throws {
    let file = try Self.file.get()
    let heap = try Self.heap(file)
    for place in 0..<48 {
      var damaged = file
      damaged[heap + place] ^= 0xA5
      let path = folder.path("damaged.h5")
      try damaged.write(to: URL(fileURLWithPath: path))
      // Whether the file is sound or refused, reading ends.
      _ = try? batches(path)
    }
  }

  /// Files of newer formats, with a block of the user in front, have the same attributes.
  ///
  /// Those of many attributes have them in a heap of their own: one block, or several that a table and a tree lead to.
  @Test(arguments: [
    "mev-latest", "mev-user-block", "mev-fixed", "many-attributes", "hundreds-of-attributes",
  ]) func unitsAreReadInEveryFormat(name: String) throws {
    let expected = try #require(try batches(HDF5LayoutTests.path("mev")).first)
    let batch = try #require(try batches(HDF5LayoutTests.path(name)).first)
    #expect(batch.momenta.px == expected.momenta.px && batch.momenta.energy == expected.momenta.energy)
  }

  /// Whatever byte of the heap and of the tree is wrong, reading ends, and no wrong unit is read.
  @Test(arguments: ["many-attributes", "hundreds-of-attributes"])
  func everyByteOfAHeapOfAttributesMayBeWrong(name: String) throws {
    let file = try Data(contentsOf: URL(fileURLWithPath: HDF5LayoutTests.path(name)))
    let expected = try #require(try batches(HDF5LayoutTests.path(name)).first)
    var refusals = 0
    for signature in ["FRHP", "BTHD", "BTLF", "BTIN", "FHIB", "FHDB"] {
      guard let start = file.range(of: Data(signature.utf8))?.lowerBound else { continue }
      for place in 0..<64 {
        var damaged = file
        damaged[start + place] ^= 0xA5
        let path = folder.path("damaged.h5")
        try damaged.write(to: URL(fileURLWithPath: path))
        guard let batch = try? batches(path).first else {
          refusals += 1
          continue
        }
        #expect(batch.momenta.px == expected.momenta.px, "\(signature) \(place)")
      }
    }
    #expect(refusals > 20)
  }
}
