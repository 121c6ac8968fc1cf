// SPDX-License-Identifier: GPL-3.0-or-later

extension EventBatch {
  /// Some of the events, by their place in the batch, with all that belongs to them.
  public func events(at places: some Collection<Int>) -> EventBatch {
    var part = EventBatch(source: source)
    part.firstEventOfSource = firstEventOfSource
    part.columns = columns.mapValues { column in
      EventColumn(
        width: column.width,
        values: places.flatMap { column.values[$0 * column.width..<($0 + 1) * column.width] })
    }
    part.unreadableColumns = unreadableColumns
    part.particleColumns = particleColumns.mapValues { values in
      places.flatMap { values[particles(ofEvent: $0)] }
    }
    for place in places {
      let particles = particles(ofEvent: place)
      part.eventNumbers.append(eventNumbers[place])
      part.px += px[particles]
      part.py += py[particles]
      part.pz += pz[particles]
      part.energy += energy[particles]
      if !pdgID.isEmpty { part.pdgID += pdgID[particles] }
      if knowsInputPlaces { part.inputPlaces += inputPlaces[particles] }
      part.offsets.append(part.px.count)
    }
    return part
  }

  /// Replaces the content by one event of another batch, by its place there, and keeps the storage.
  ///
  /// - Complexity: O(particles of the event); no memory is asked for once there was as large an event of these columns.
  public mutating func replace(withEvent place: Int, of other: EventBatch) {
    let particles = other.particles(ofEvent: place)
    eventNumbers.removeAll(keepingCapacity: true)
    eventNumbers.append(other.eventNumbers[place])
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    offsets.append(particles.count)
    px.replaceAll(with: other.px[particles])
    py.replaceAll(with: other.py[particles])
    pz.replaceAll(with: other.pz[particles])
    energy.replaceAll(with: other.energy[particles])
    pdgID.replaceAll(with: other.pdgID.isEmpty ? [] : other.pdgID[particles])
    inputPlaces.replaceAll(with: other.knowsInputPlaces ? other.inputPlaces[particles] : [])
    if columns.count != other.columns.count { columns.removeAll() }
    for (name, column) in other.columns {
      // A name that is new here is in place of one that is not in the other batch.
      if columns[name] == nil { columns = columns.filter { other.columns[$0.key] != nil } }
      let values = column.values[place * column.width..<(place + 1) * column.width]
      columns[name, default: EventColumn()].width = column.width
      columns[name]!.values.replaceAll(with: values)
    }
    source = other.source
    firstEventOfSource = other.firstEventOfSource
  }
}

extension Array {
  /// Replaces the elements and keeps the storage.
  fileprivate mutating func replaceAll(with elements: ArraySlice<Element>) {
    removeAll(keepingCapacity: true)
    append(contentsOf: elements)
  }
}
