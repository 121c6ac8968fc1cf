// SPDX-License-Identifier: GPL-3.0-or-later

import Support

extension EventDataset {
  /// Fingerprints of the events and of their split, by what they are of, in words for a message.
  ///
  /// They are of the events as they were read, in memory or into a cache.
  func fingerprints(_ split: EventSplit) -> [String: String] {
    var fingerprints = ["features": featureFingerprint.text]
    func note(_ name: String, _ numbers: [some BitwiseCopyable]) {
      var fingerprint = ContentFingerprint()
      fingerprint.update(numbers)
      fingerprints[name] = fingerprint.text
    }
    for (name, column) in eventTruth.columns { note("column \(name)", column.values) }
    for (name, column) in eventTruth.jetColumns { note("column of jets \(name)", column.values) }
    for (name, column) in eventTruth.constituentColumns { note("column of particles \(name)", column.values) }
    for (head, derived) in eventTruth.derivedColumns {
      for (name, column) in derived { note("truth \(name) that \(head) derives", column.values) }
    }
    note("weights", weights)
    if let factors = rowFactors[.jets] { note("weights of jets", factors) }
    note(
      "split into training and validation",
      split.training.map(Int64.init) + [-1] + split.validation.map(Int64.init))
    return fingerprints
  }
}
