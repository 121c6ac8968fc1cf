// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Finds the two τ candidates of events, and keeps its memory.
public final class TauPairFinder {
  private var order = ConstituentOrder()
  private var candidates: [TauCandidate] = []
  private var missing = MissingMomenta()

  /// The pair of an event and its missing momentum in GeV; nil for an event with fewer than two candidates.
  func pair<O: Observable>(
    ofEvent event: Int, of sample: ObservableInputs<O>
  ) -> (pair: TauPair, missingX: Double, missingY: Double)? {
    candidates.removeAll(keepingCapacity: true)
    for jet in sample.jets.jets(ofEvent: event) {
      order.replace(withConstituentsOf: jet, of: sample)
      if let candidate = TauCandidate(order.particles, of: sample.events) { candidates.append(candidate) }
    }
    guard let pair = TauPair(candidates) else { return nil }
    missing.removeAll()
    missing.append(event, of: sample.events)
    return (pair, missing.px[0], missing.py[0])
  }
}
