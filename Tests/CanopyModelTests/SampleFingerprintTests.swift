// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit
import Testing

/// A sample by the fingerprints of its events.
@Suite struct SampleFingerprintTests {
  private static func events(_ events: [[FourMomentum]]) -> Events {
    var batch = Events()
    for momenta in events { batch.append(momenta) }
    return batch
  }

  /// XXH64 of the numbers in a row, by Python's `xxhash`, in the order of the numbers and without the event of no particle.
  @Test func eventsHaveTheXXH64OfTheirMomenta() throws {
    let first = FourMomentum(px: 1, py: 2, pz: 3, energy: 4)
    let second = FourMomentum(px: 0.5, py: -0.0, pz: 0, energy: 0.5)
    let fingerprint = SampleFingerprint(Self.events([[first, second], [], [first]]))
    let text = String(decoding: try JSONEncoder().encode(fingerprint), as: UTF8.self)
    #expect(text == #"["232fec10097313df","8bd09cfb5788e65e"]"#)
    #expect(try JSONDecoder().decode(SampleFingerprint.self, from: Data(text.utf8)) == fingerprint)
  }
}
