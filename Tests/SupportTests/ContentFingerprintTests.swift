// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support
import Testing

@Suite struct ContentFingerprintTests {
  /// Values of the reference implementation, `xxhsum -H1`.
  @Test(
    arguments: [
      ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
      ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ] as [(String, UInt64)])
  func knownValues(text: String, value: UInt64) {
    #expect(ContentFingerprint(Data(text.utf8)).value == value)
  }

  @Test func portionsDoNotMatter() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let whole = ContentFingerprint(bytes).text
    #expect(whole.count == 16)
    for size in [1, 7, 31, 32, 33, 64, 999] {
      var parts = ContentFingerprint()
      for first in stride(from: 0, to: bytes.count, by: size) {
        parts.update(Array(bytes[first..<min(first + size, bytes.count)]))
      }
      #expect(parts.text == whole)
    }
  }

  @Test func everyBitCounts() {
    var numbers: [Float] = [1, 2, 3]
    let before = ContentFingerprint(Data(numbers.withUnsafeBytes { Data($0) })).value
    numbers[1] = numbers[1].nextUp
    #expect(ContentFingerprint(Data(numbers.withUnsafeBytes { Data($0) })).value != before)
  }
}
