// SPDX-License-Identifier: GPL-3.0-or-later

import CBzip2
import CLZMA
import CZlib
import CZstd
import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// The event files that pyhepmc and h5py wrote.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Fixtures")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  static func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }
}

extension TemporaryFolder {
  func gzip(_ data: Data, to name: String = "events.gz", append: Bool = false) throws -> String {
    let path = url.appendingPathComponent(name).path
    let file = try #require(gzopen(path, append ? "ab" : "wb"))
    let bytes = [UInt8](data)
    if !bytes.isEmpty { #expect(gzwrite(file, bytes, UInt32(bytes.count)) == bytes.count) }
    gzclose(file)
    return path
  }
}

func zstd(_ data: Data) -> Data {
  let bytes = [UInt8](data)
  var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
  let count = ZSTD_compress(&output, output.count, bytes, bytes.count, 3)
  return Data(output.prefix(count))
}

func xz(_ data: Data, preset: UInt32 = 0) -> Data {
  let bytes = [UInt8](data)
  var output = [UInt8](repeating: 0, count: lzma_stream_buffer_bound(bytes.count))
  var count = 0
  lzma_easy_buffer_encode(preset, LZMA_CHECK_CRC64, nil, bytes, bytes.count, &output, &count, output.count)
  return Data(output.prefix(count))
}

func bzip2(_ data: Data) -> Data {
  var bytes = data.map { CChar(bitPattern: $0) }
  var output = [CChar](repeating: 0, count: bytes.count + bytes.count / 100 + 600)
  var count = UInt32(output.count)
  BZ2_bzBuffToBuffCompress(&output, &count, &bytes, UInt32(bytes.count), 9, 0, 0)
  return Data(output.prefix(Int(count)).map { UInt8(bitPattern: $0) })
}

/// All events of `inputs`, `step` at a time.
func batches(
  _ inputs: String..., options: EventReadingOptions = EventReadingOptions(), step: Int = 1000
) throws -> [Events] {
  let stream = try EventStream(inputs: inputs, options: options)
  var found: [Events] = []
  while let batch = try stream.next(upTo: step) {
    #expect(batch.eventCount > 0 && batch.eventCount <= step)
    #expect(batch.offsets.count == batch.eventCount + 1 && batch.offsets.last == batch.particleCount)
    found.append(batch)
  }
  return found
}

/// The momenta of one event as rows.
func rows(_ batch: Events, _ event: Int) -> [[Double]] {
  batch.particles(ofEvent: event).map {
    [batch.momenta.px[$0], batch.momenta.py[$0], batch.momenta.pz[$0], batch.momenta.energy[$0]]
  }
}

/// The sentence that refuses an input; checks that nothing else is thrown.
func refusal(_ path: String, options: EventReadingOptions = EventReadingOptions()) -> String {
  do {
    let found = try batches(path, options: options)
    return "no error, \(found.reduce(0) { $0 + $1.eventCount }) events"
  } catch let error as EventInputError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}

/// SplitMix64 (Steele, Lea, Flood, doi:10.1145/2660193.2660195): the same numbers in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// The values of each column, by name.
func values(of columns: Columns) -> [String: [Double]] {
  Dictionary(uniqueKeysWithValues: columns.sorted.map { ($0.name, $0.column.values) })
}
