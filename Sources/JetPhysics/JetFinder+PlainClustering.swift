// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

extension JetFinder {
  /// Clusters events as a C++ program does that uses FastJet directly, without trees or constituents: what
  /// `canopy bench` measures a ``JetClusterer`` against.
  ///
  /// - Returns: the sum of the pT of the jets and, where they are reclustered, of their trees' roots; NaN if
  ///   FastJet fails.
  @discardableResult
  package func clusterPlainly(_ events: Events) -> Double {
    var task = task
    return events.withFastJetEvents { cfastjet_cluster_plainly(&task, $0) }
  }
}
