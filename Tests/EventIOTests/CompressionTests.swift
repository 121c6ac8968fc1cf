// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import TestFiles
import Testing

@Suite struct CompressionTests {
  /// Enough text for many fills of every buffer.
  static let text = Data((0..<30_000).map { "\($0) 2 3 \($0 &* 7919 % 10_007)\n#END\n" }.joined().utf8)

  @Test func membersAndFramesAreReadOneAfterTheOther() throws {
    let folder = try TemporaryFolder()
    let plain = try batches(try folder.write(CompressionTests.text)).flatMap(\.momenta.energy)
    #expect(plain.count == 30_000)
    let gzip = try folder.gzip(CompressionTests.text)
    #expect(try batches(gzip).flatMap(\.momenta.energy) == plain)
    _ = try folder.gzip(CompressionTests.text, append: true)
    #expect(try batches(gzip).flatMap(\.momenta.energy) == plain + plain)
    // Tapes and some copies pad with zeros.
    let padded = try Data(contentsOf: URL(fileURLWithPath: gzip)) + Data(count: 512)
    #expect(try batches(try folder.write(padded)).flatMap(\.momenta.energy) == plain + plain)

    let frame = zstd(CompressionTests.text)
    #expect(try batches(try folder.write(frame)).flatMap(\.momenta.energy) == plain)
    let skippable = Data([0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3])
    #expect(
      try batches(try folder.write(skippable + frame + frame)).flatMap(\.momenta.energy) == plain + plain)

    for stream in [xz(CompressionTests.text), bzip2(CompressionTests.text)] {
      #expect(try batches(try folder.write(stream)).flatMap(\.momenta.energy) == plain)
      #expect(try batches(try folder.write(stream + stream)).flatMap(\.momenta.energy) == plain + plain)
    }
  }

  @Test func compressedDataCutShortAreRefused() throws {
    let folder = try TemporaryFolder()
    let gzip = try Data(contentsOf: URL(fileURLWithPath: try folder.gzip(CompressionTests.text)))
    let frame = zstd(CompressionTests.text)
    let (xz, bzip2) = (xz(CompressionTests.text), bzip2(CompressionTests.text))
    for (data, name) in [(gzip, "gzip"), (frame, "zstd"), (xz, "xz"), (bzip2, "bzip2")] {
      for length in [6, 20, data.count / 2, data.count - 9, data.count - 1] {
        let sentence = refusal(try folder.write(data.prefix(length)))
        #expect(sentence.contains("is cut short: its \(name) data end too early"), "\(sentence)")
      }
    }
  }

  @Test func damagedCompressedDataAreRefused() throws {
    let folder = try TemporaryFolder()
    let gzip = try Data(contentsOf: URL(fileURLWithPath: try folder.gzip(CompressionTests.text)))
    var damaged = gzip
    damaged[gzip.count - 6] ^= 0xFF  // the checksum
    #expect(refusal(try folder.write(damaged)).contains("has damaged gzip data"))
    #expect(refusal(try folder.write(gzip + Data("more".utf8))).contains("after its gzip data"))
    var frame = zstd(CompressionTests.text)
    frame[frame.count / 2] ^= 0xFF
    #expect(!refusal(try folder.write(frame + Data("more".utf8))).hasPrefix("no error"))
    for (data, name) in [(xz(CompressionTests.text), "xz"), (bzip2(CompressionTests.text), "bzip2")] {
      var damaged = data
      damaged[data.count / 2] ^= 0xFF
      #expect(refusal(try folder.write(damaged)).contains("has damaged \(name) data"))
    }
    for (data, name) in [
      (bzip2(CompressionTests.text), "bzip2"), (xz(CompressionTests.text), "xz"),
      (zstd(CompressionTests.text), "zstd"),
    ] {
      #expect(
        refusal(try folder.write(data + Data("more".utf8))).contains(
          "has bytes after its \(name) data that are not \(name)"))
    }
    #expect(
      refusal(try folder.write(Data([0x28, 0xB5, 0x2F, 0xFD] + "garbagegarbage".utf8))).contains(
        "needs a dictionary of Zstandard or is damaged"))
    #expect(refusal(try folder.gzip(Data())).contains("is empty"))
  }
}
