// SPDX-License-Identifier: GPL-3.0-or-later

import CZstd
import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// Small files that would become large ones.
@Suite struct ReadingLimitsTests {
  private let folder: TemporaryFolder
  /// An event may have 1 MiB, 16,384 particles; a decompressor 2 MiB; a copy 64 MiB.
  private let limits = EventReadingOptions(limits: ReadingLimits(memory: 16 << 20))

  init() throws { folder = try TemporaryFolder() }

  @Test func linesWithoutEndAreRefused() throws {
    let bomb = Data("{\"particles\": [".utf8) + Data(repeating: UInt8(ascii: " "), count: 8 << 20)
    for file in [
      try folder.write(bomb, to: "plain"), try folder.gzip(bomb), try folder.write(zstd(bomb), to: "zstd"),
      try folder.write(xz(bomb), to: "xz"), try folder.write(bzip2(bomb), to: "bzip2"),
    ] {
      let sentence = refusal(file, options: limits)
      #expect(sentence.contains("line 1 is longer than the 1048576 bytes"), "\(sentence)")
    }
    // The same amount in many lines is read in pieces.
    let lines = Data("{\"particles\": []}".utf8) + Data(repeating: UInt8(ascii: "\n"), count: 8 << 20)
    #expect(try batches(try folder.write(zstd(lines)), options: limits).count == 1)
  }

  @Test func windowsBeyondTheLimitAreRefused() throws {
    let file = try folder.write(zstd(CompressionTests.text, windowLog: 24), to: "wide.zst")
    #expect(refusal(file, options: limits).contains("needs more than 2 MiB to be decompressed"))
    #expect(refusal(file).hasPrefix("no error, 30000"))
    let wide = try folder.write(xz(CompressionTests.text, preset: 6), to: "wide.xz")
    #expect(refusal(wide, options: limits).contains("needs more than 2 MiB to be decompressed"))
    #expect(refusal(wide).hasPrefix("no error, 30000"))
  }

  @Test func copiesAreBounded() throws {
    let hdf5 = try Fixtures.data("cartesian.h5")
    let name = "canopy-events-abandoned"
    let abandoned = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try Data("left by a killed program".utf8).write(to: abandoned)
    #expect(try batches(try folder.gzip(hdf5), options: limits).flatMap(\.eventNumbers).count == 5)
    #expect(!FileManager.default.fileExists(atPath: abandoned.path))
    let bomb = try folder.gzip(hdf5 + Data(count: 65 << 20), to: "bomb.gz")
    #expect(refusal(bomb, options: limits).contains("has more than the 64 MiB that may be copied"))
  }

  /// Many events in flight take no more memory than there may be, whatever the number of threads.
  @Test func batchesWaitForMemory() throws {
    let event = String(repeating: "1 2 3 4\n", count: 10_000) + "#END\n"
    let file = try folder.write(String(repeating: event, count: 40), to: "events.txt")
    let options = EventReadingOptions(limits: ReadingLimits(memory: 10 << 20))
    let stream = try EventStream(inputs: [file], options: options)
    var numbers: [Int] = []
    try EventPipeline.run(
      stream: stream, eventsPerBatch: 4, threads: 8, makeWorker: { { $0.eventNumbers } },
      consume: { numbers += $0 })
    #expect(numbers == Array(0..<40))
  }
}

/// A frame of a window of 2^`windowLog` bytes, whose content's size is not stated.
private func zstd(_ data: Data, windowLog: Int32) -> Data {
  let context = ZSTD_createCCtx()
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
  var bytes = [UInt8](repeating: 0, count: ZSTD_compressBound(data.count) + 1024)
  let count = bytes.count
  var used = 0
  data.withUnsafeBytes { data in
    bytes.withUnsafeMutableBytes { bytes in
      var output = ZSTD_outBuffer(dst: bytes.baseAddress, size: count, pos: 0)
      var input = ZSTD_inBuffer(src: data.baseAddress, size: data.count, pos: 0)
      // Flushed before the end, so that the frame cannot be made as small as its content.
      while ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush) > 0 {}
      while ZSTD_compressStream2(context, &output, &input, ZSTD_e_end) > 0 {}
      used = output.pos
    }
  }
  return Data(bytes.prefix(used))
}
