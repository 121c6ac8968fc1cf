// SPDX-License-Identifier: GPL-3.0-or-later

extension EventBatch {
  /// Some of the events, by their place in the batch, with their numbers, identifiers and columns.
  public func events(at places: some Collection<Int>) -> EventBatch {
    var part = EventBatch(source: source)
    part.columns = columns.mapValues { column in
      EventColumn(
        width: column.width,
        values: places.flatMap { column.values[$0 * column.width..<($0 + 1) * column.width] })
    }
    for place in places {
      let particles = particles(ofEvent: place)
      part.eventNumbers.append(eventNumbers[place])
      part.px += px[particles]
      part.py += py[particles]
      part.pz += pz[particles]
      part.energy += energy[particles]
      if !pdgID.isEmpty { part.pdgID += pdgID[particles] }
      part.offsets.append(part.px.count)
    }
    return part
  }
}
