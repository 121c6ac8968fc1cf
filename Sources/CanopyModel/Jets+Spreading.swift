// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import PluginKit

extension Jets {
  /// A number of an observable for each row of a kind: its own, or that of its jet or its event; NaN if it is not finite.
  func numbers(_ name: String, for rows: HeadRows) -> [Float] {
    let own: HeadRows = columns[rows][name] != nil ? rows : columns.jets[name] != nil ? .jets : .events
    return spread(
      columns[own][name]!.values.map { $0.isFinite ? Float($0) : .nan }, of: own, over: rows)
  }

  /// Values of events or jets for each of the rows that belong to them, or for the same rows: `[rows]`.
  func spread(_ values: [Float], of own: HeadRows, over rows: HeadRows) -> [Float] {
    if own == rows { return values }
    var numbers: [Float] = []
    for event in 0..<eventCount {
      for jet in jets(ofEvent: event) {
        let count =
          rows == .jets
          ? 1
          : rows == .constituents
            ? constituents(ofJet: jet).count : splittings(ofJets: jet..<jet + 1).count
        numbers.append(contentsOf: repeatElement(values[own == .jets ? jet : event], count: count))
      }
    }
    return numbers
  }
}
