// SPDX-License-Identifier: GPL-3.0-or-later

import CFuzzing
import Canopy
import Foundation

/// The journal of a stopped trigger, from which it is resumed.
struct JournalTarget: FuzzTarget {
  private let fixtures: Fixtures
  private let run: TriggerRun
  private let output: TriggerRun.Output

  init(_ fixtures: Fixtures) throws {
    self.fixtures = fixtures
    run = try fixtures.triggerRun()
    output = fixtures.triggerOutput(
      fixtures.scratch.appendingPathComponent("accepted.jsonl"), isResumed: true)
  }

  func read(_ input: Data) throws {
    try input.write(to: URL(fileURLWithPath: output.journal))
    _ = try run.run(try fixtures.stream(Fixtures.journalEvents), to: output)
  }

  /// A record is its length (u64), a mark (u32), the CRC-32 of the record without it (u32), and its bytes.
  func seal(_ input: UnsafeMutableRawBufferPointer) {
    let headerSize = 16
    var rest = input[...]
    while rest.count >= headerSize {
      let record = UnsafeMutableRawBufferPointer(rebasing: rest)
      let length = record.loadUnaligned(as: UInt64.self)
      guard length <= UInt64(record.count - headerSize) else { return }
      let bytes = record.baseAddress!.assumingMemoryBound(to: UInt8.self)
      record.storeBytes(of: 0, toByteOffset: 12, as: UInt32.self)
      let checksum = crc32_z(0, bytes, headerSize + Int(length))
      record.storeBytes(of: UInt32(checksum), toByteOffset: 12, as: UInt32.self)
      rest = rest.dropFirst(headerSize + Int(length))
    }
  }
}
