// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

extension JetFinder {
  /// Clusters events as a C++ program that uses FastJet directly does, without trees or constituents.
  ///
  /// `canopy bench` measures a ``JetClusterer`` against this.
  ///
  /// - Returns: the sum of the pT of the jets and, if they are reclustered, of their trees' roots; NaN if
  ///   FastJet fails.
  @discardableResult
  package func clusterPlainly(_ events: Events) -> Double {
    var task = task
    return events.withFastJetEvents { cfastjet_cluster_plainly(&task, $0) }
  }
}
