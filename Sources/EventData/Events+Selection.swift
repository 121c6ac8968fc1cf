// SPDX-License-Identifier: GPL-3.0-or-later

extension Events {
  /// Some of the events, by their place here, with all that belongs to them.
  public func events(at places: some Collection<Int>) -> Events {
    var part = Events(source: source)
    part.firstEventOfSource = firstEventOfSource
    part.columns = columns.rows(places)
    part.unreadableColumns = unreadableColumns
    part.givenJets = givenJets?.lists(at: places)
    if !weights.isEmpty { part.weights = places.map { weights[$0] } }
    for place in places {
      part.eventNumbers.append(eventNumbers[place])
      part.particles.content.append(contentsOf: particles.content, particles(ofEvent: place))
      part.particles.endList(at: part.particleCount)
    }
    return part
  }

  /// Replaces the content by one event of others, by its place there, and keeps the storage.
  ///
  /// - Complexity: O(particles of the event); no memory is asked for once there was as large an event of these columns.
  public mutating func replace(withEvent place: Int, of other: Events) {
    eventNumbers.removeAll(keepingCapacity: true)
    eventNumbers.append(other.eventNumbers[place])
    particles.content.replace(with: other.particles.content, other.particles(ofEvent: place))
    particles.removeOffsets()
    particles.endList(at: particleCount)
    columns.replace(with: other.columns, rows: place..<place + 1)
    if let jets = other.givenJets {
      if givenJets == nil { givenJets = Ragged(content: Columns()) }
      givenJets!.replace(with: jets, list: place)
    } else {
      givenJets = nil
    }
    weights.removeAll(keepingCapacity: true)
    if !other.weights.isEmpty { weights.append(other.weights[place]) }
    source = other.source
    firstEventOfSource = other.firstEventOfSource
  }

  /// Leaves out the particles for which `takesPart` `[particles]` is false, and keeps the storage.
  public mutating func keepParticles(_ takesPart: [Bool]) {
    if !particles.content.knowsInputIndices { numberParticles() }
    particles.content.inputIndices.keep(takesPart)
    var kept = 0
    for event in 0..<eventCount {
      let first = kept
      for particle in particles(ofEvent: event) where takesPart[particle] { kept += 1 }
      offsets[event] = first
    }
    offsets[eventCount] = kept
    particles.content.momenta.keep(takesPart)
    if !pdgID.isEmpty { pdgID.keep(takesPart) }
    particles.content.columns.keep(takesPart)
  }

  /// Writes down the place of each particle in its event.
  private mutating func numberParticles() {
    particles.content.inputIndices.removeAll(keepingCapacity: true)
    for event in 0..<eventCount {
      for place in 0..<particles(ofEvent: event).count { particles.content.inputIndices.append(Int32(place)) }
    }
  }
}
