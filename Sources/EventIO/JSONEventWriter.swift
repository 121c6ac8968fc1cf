// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// JSON lines: one object an event, `{"number": …, "particles": [[px, py, pz, E], …], "pdgid": […], "jets": [{"NAME": …}, …], "NAME": …}`.
///
/// Numbers have the shortest digits that read back as the same number, whole numbers all of theirs; what is no number becomes
/// null, which reads back as NaN, and infinite numbers are `Infinity` and `-Infinity`, as Python's `json` has them.
public struct JSONLinesEventOutputFormat: EventOutputFormat {
  /// `jsonl`.
  public let name = "jsonl"
  /// What a file has.
  public let summary = "has one JSON object an event"
  /// The endings.
  public let fileExtensions = ["jsonl"]

  /// The format.
  public init() {}

  /// Opens `destination`; JSON lines have no units.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func makeWriter(
    to destination: ResultDestination, units: [String: String], schema: EventSchema?
  ) throws -> any EventWriter {
    try JSONEventWriter(to: destination, schema: schema?.laidOut(.members))
  }
}

/// Writes events as described at `JSONLinesEventOutputFormat`.
final class JSONEventWriter: EventWriter {
  private let text: ResultText
  private var schema: EventSchema?
  /// What stands before the value of each column of events, and of particles, of the schema.
  private var labels: [String] = []
  private var particleLabels: [[String]] = []
  /// The same of columns of given jets.
  private var jetLabels: [String] = []

  init(to destination: ResultDestination, schema: EventSchema?) throws {
    text = try ResultText(destination)
    self.schema = schema
  }

  func append(_ events: Events) throws {
    var schema = try self.schema ?? EventSchema(events, .members)
    try schema.admit(events)
    labels += schema.columns.dropFirst(labels.count).map { "," + JSONText.quoted($0.name) + ":" }
    particleLabels += schema.particleColumns.dropFirst(particleLabels.count).map { column in
      column.writtenNames.map { "," + JSONText.quoted($0) + ":" }
    }
    jetLabels += schema.jetColumns.dropFirst(jetLabels.count).map { JSONText.quoted($0.name) + ":" }
    self.schema = schema
    let columns = schema.columns.map { schema.column($0, in: events) }
    let particleColumns = schema.particleColumns.map { schema.particleColumn($0, in: events) }
    let jetColumns = schema.jetColumns.map { schema.jetColumn($0, in: events) }
    let pdgID = schema.pdgID(of: events)
    let momenta = events.momenta
    for event in 0..<events.eventCount {
      text.append("{")
      if schema.writesNumbers { text.append("\"\(EventSchema.number)\":\(events.eventNumbers[event]),") }
      text.append("\"particles\":")
      let particles = events.particles(ofEvent: event)
      text.append(particles) { particle in
        let components = [
          momenta.px[particle], momenta.py[particle], momenta.pz[particle], momenta.energy[particle],
        ]
        text.append(components) { text.append($0) }
      }
      if schema.hasPDGID {
        text.append(",\"pdgid\":")
        text.append(particles) { text.append(pdgID[$0].description) }
      }
      for (index, column) in schema.particleColumns.enumerated() {
        let values = particleColumns[index]
        for place in 0..<column.width {
          text.append(particleLabels[index][place])
          text.append(particles) { text.append(values, at: $0 * column.width + place) }
        }
      }
      if schema.hasGivenJets {
        text.append(",\"jets\":")
        text.append(events.givenJets?.range(of: event) ?? 0..<0) { jet in
          var separator = "{"
          for (label, column) in zip(jetLabels, jetColumns) {
            text.append(separator + label)
            text.append(column, at: jet)
            separator = ","
          }
          text.append(separator == "{" ? "{}" : "}")
        }
      }
      for (index, column) in schema.columns.enumerated() {
        let values = columns[index]
        text.append(labels[index])
        if column.width == 1 {
          text.append(values, at: event)
        } else {
          text.append(event * column.width..<(event + 1) * column.width) { text.append(values, at: $0) }
        }
      }
      text.append("}")
      try text.endLine()
    }
    try text.flush()
  }

  func finish() throws { try text.finish() }
}
