// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

extension Events {
  /// Calls `body` with the events as CFastJet reads them, in place.
  func withFastJetEvents<Result>(_ body: (UnsafePointer<CFastJetEvents>) -> Result) -> Result {
    offsets.withUnsafeBufferPointer { offsets in
      offsets.withMemoryRebound(to: Int64.self) { offsets in
        momenta.px.withUnsafeBufferPointer { px in
          momenta.py.withUnsafeBufferPointer { py in
            momenta.pz.withUnsafeBufferPointer { pz in
              momenta.energy.withUnsafeBufferPointer { energy in
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
