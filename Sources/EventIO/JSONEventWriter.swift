// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Writes events as described at `EventOutputFormat.jsonl`.
final class JSONEventWriter: EventWriter {
  private let text: ResultText
  private var schema: EventSchema?
  /// What stands before the value of each column of the schema.
  private var labels: [String] = []

  init(to destination: ResultDestination) throws { text = try ResultText(destination) }

  func append(_ events: EventBatch) throws {
    var schema = try self.schema ?? EventSchema(events)
    try schema.admit(events)
    labels += schema.columns.dropFirst(labels.count).map { "," + JSONText.quoted($0.name) + ":" }
    self.schema = schema
    let columns = schema.columns.map { schema.values(of: $0, in: events) }
    let pdgID = schema.pdgID(of: events)
    for event in 0..<events.eventCount {
      text.append("{")
      if schema.writesNumbers { text.append("\"\(EventSchema.number)\":\(events.eventNumbers[event]),") }
      text.append("\"particles\":")
      let particles = events.particles(ofEvent: event)
      text.append(particles) { particle in
        let components = [
          events.px[particle], events.py[particle], events.pz[particle], events.energy[particle],
        ]
        text.append(components) { text.append($0) }
      }
      if schema.hasPDGID {
        text.append(",\"pdgid\":")
        text.append(particles) { text.append(pdgID[$0].description) }
      }
      for (index, column) in schema.columns.enumerated() {
        let values = columns[index]
        text.append(labels[index])
        if column.width == 1 {
          text.append(values[event])
        } else {
          text.append(event * column.width..<(event + 1) * column.width) { text.append(values[$0]) }
        }
      }
      text.append("}")
      try text.endLine()
    }
    try text.flush()
  }

  func finish() throws { try text.finish() }
}
