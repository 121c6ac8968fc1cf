// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

extension EventBatch {
  /// Calls `body` with the events as CFastJet reads them, in place.
  func withFastJetEvents<Result>(_ body: (UnsafePointer<CFastJetEvents>) -> Result) -> Result {
    offsets.withUnsafeBufferPointer { offsets in
      offsets.withMemoryRebound(to: Int64.self) { offsets in
        px.withUnsafeBufferPointer { px in
          py.withUnsafeBufferPointer { py in
            pz.withUnsafeBufferPointer { pz in
              energy.withUnsafeBufferPointer { energy in
                var input = CFastJetEvents(
                  count: Int64(eventCount), offsets: offsets.baseAddress, px: px.baseAddress,
                  py: py.baseAddress, pz: pz.baseAddress, energy: energy.baseAddress)
                return body(&input)
              }
            }
          }
        }
      }
    }
  }
}
