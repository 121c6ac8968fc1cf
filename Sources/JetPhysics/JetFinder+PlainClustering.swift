// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

extension JetFinder {
  /// Clusters events as a C++ program does that uses FastJet directly, without trees or constituents: what
  /// `canopy bench` measures a ``JetClusterer`` against.
  ///
  /// - Returns: the sum of the pT of the jets and, where they are reclustered, of their trees' roots; NaN where
  ///   FastJet fails.
  @discardableResult
  package func clusterPlainly(_ events: EventBatch) -> Double {
    events.offsets.withUnsafeBufferPointer { offsets in
      offsets.withMemoryRebound(to: Int64.self) { offsets in
        events.px.withUnsafeBufferPointer { px in
          events.py.withUnsafeBufferPointer { py in
            events.pz.withUnsafeBufferPointer { pz in
              events.energy.withUnsafeBufferPointer { energy in
                var input = CFastJetEvents(
                  count: Int64(events.eventCount), offsets: offsets.baseAddress, px: px.baseAddress,
                  py: py.baseAddress, pz: pz.baseAddress, energy: energy.baseAddress)
                var task = task
                return cfastjet_cluster_plainly(&task, &input)
              }
            }
          }
        }
      }
    }
  }
}
