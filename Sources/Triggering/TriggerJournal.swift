// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import Settings
import Support
import Triggers

/// What a run has accepted and counted so far, in a file beside its output, so that a run that was stopped at any point
/// goes on where it was.
///
/// The file begins with a ``Heading``, and has an entry for each batch of the input. Events and counters of a batch are
/// in one record, which is there as a whole or not at all.
final class TriggerJournal {
  /// What a run is made of: a journal is for no other.
  struct Heading: Codable, Equatable {
    /// An input as the user named it.
    struct Input: Codable, Equatable {
      var name: String
      /// In bytes, if it is a file.
      var size: Int?
      /// The text of the fingerprint of its content, if it is a file.
      var fingerprint: String?
    }

    /// Versions 1 and 2 had other fingerprints or none.
    static let currentVersion = 3

    var version = currentVersion
    var canopyVersion: String
    /// The menu as it was written.
    var menu: String
    /// The fingerprint of the model's files.
    var model: String
    var inputs: [Input]
    /// How events are read and weighted, and the time limit.
    var options: String
    /// The name of the format of the accepted events.
    var outputFormat: String

    /// What a heading that is resumed differs in, as the end of a sentence whose subject is the journal; nil if in
    /// nothing.
    func difference(from found: Heading) -> String? {
      if canopyVersion != found.canopyVersion { return Self.differenceOfVersion }
      if let difference = menuDifference(from: found) { return difference }
      if model != found.model { return "is of a run with another model" }
      guard inputs.map(\.name) == found.inputs.map(\.name) else { return "is of a run with another input" }
      for (input, old) in zip(inputs, found.inputs) {
        if old.fingerprint != input.fingerprint || old.size != input.size {
          return "is of a run with another input: the content of \(input.name) has changed since"
        }
      }
      if outputFormat != found.outputFormat {
        return "is of a run that writes the format \(found.outputFormat)"
      }
      // Up to where it is, a run without bad events is one that leaves bad events out.
      let passing = found.options.replacing("skip-bad false", with: "skip-bad true", maxReplacements: 1)
      return [found.options, passing].contains(options) ? nil : "is of a run with another set of options"
    }

    /// What the menus differ in, however they are written; nil if in nothing.
    private func menuDifference(from found: Heading) -> String? {
      guard menu != found.menu else { return nil }
      let another = "is of a run with another menu"
      guard let node = try? ConfigurationNode(yaml: menu, source: "the menu"),
        let otherNode = try? ConfigurationNode(yaml: found.menu, source: "the menu")
      else { return another }
      let differences = node.differences(from: otherNode).map(\.key)
      guard !differences.isEmpty else { return nil }
      return
        "\(another), whose \(differences.joined(separator: ", ")) \(differences.count == 1 ? "differs" : "differ")"
    }

    static let differenceOfVersion = "is of a run with another version of Canopy"
  }

  private let file: RecordFile
  /// Where the run goes on; nil at its beginning.
  private(set) var position: JournalEntry.Position?
  /// How long the decisions took that are in the journal.
  private(set) var latency = LatencyHistogram()
  /// How long each path took of them; nil if that is not measured.
  private(set) var pathTimes: PathTimes?
  /// What the network read of these events; nil if it is not watched.
  private(set) var inputCounts: [InputCounts]?
  /// What all accepted events have.
  private(set) var schema: EventSchema?

  /// The journal of an output.
  static func path(besides output: String) -> String { output + ".journal" }

  /// Begins or goes on with the journal of an output.
  ///
  /// - Parameters:
  ///   - output: the file of the accepted events to be.
  ///   - heading: what the run is made of.
  ///   - resuming: whether a journal that is there is gone on with; where there is none, one is begun in either case.
  /// - Throws: ``TriggerError`` if the journal is another run's, `OutputPlaceError` if it is there though it is not to be
  ///   resumed.
  init(besides output: String, heading: Heading, resuming: Bool) throws {
    let path = Self.path(besides: output)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard FileManager.default.fileExists(atPath: path) else {
      file = try RecordFile(creating: path, first: Array(encoder.encode(heading)))
      return
    }
    guard resuming else {
      throw OutputPlaceError(
        "\(path) is what a run left that was stopped: add --resume to go on with it, or remove the file to begin again."
      )
    }
    struct Version: Decodable { var version: Int }
    func refusal(_ difference: String) -> TriggerError {
      TriggerError(
        "\(path) \(difference): give what that run was given, or remove the journal to begin from the first event."
      )
    }
    var found: Heading?
    var last: JournalEntry?
    var latency = LatencyHistogram()
    var pathTimes: PathTimes?
    var inputCounts: [InputCounts]?
    var schema: EventSchema?
    file = try RecordFile(resuming: path) { record in
      do {
        guard found != nil else {
          // Another version may have other members, so that its number comes first.
          let data = Data(record)
          guard try JSONDecoder().decode(Version.self, from: data).version == Heading.currentVersion else {
            throw refusal(Heading.differenceOfVersion)
          }
          found = try JSONDecoder().decode(Heading.self, from: data)
          return
        }
        let entry = try JournalEntry(record)
        if entry.accepted.eventCount > 0 {
          if schema == nil { schema = try EventSchema(entry.accepted, .groups) }
          try schema!.admit(entry.accepted)
        }
        last = entry
        latency.add(entry.latency)
        if let times = entry.pathTimes {
          guard pathTimes == nil || pathTimes!.paths.count == times.paths.count else {
            throw JournalEntry.damage
          }
          if pathTimes == nil { pathTimes = times } else { pathTimes!.add(times) }
        }
        if let counts = entry.inputCounts {
          guard counts.allSatisfy(\.isSound),
            inputCounts?.map(\.edgeCount) ?? counts.map(\.edgeCount) == counts.map(\.edgeCount)
          else { throw JournalEntry.damage }
          inputCounts = inputCounts.map { zip($0, counts).map { $0.adding($1) } } ?? counts
        }
      } catch is DecodingError {
        throw TriggerError("\(path) is no journal of this version of Canopy: remove it to begin again.")
      }
    }
    if let difference = found.flatMap(heading.difference) { throw refusal(difference) }
    position = last?.position
    self.latency = latency
    self.pathTimes = pathTimes
    self.inputCounts = inputCounts
    self.schema = schema
  }

  /// Adds what a batch of the input came to.
  ///
  /// - Throws: `EventInputError` where the events have other columns than earlier ones, ``TriggerError`` where the
  ///   journal cannot be written.
  func append(_ entry: JournalEntry) throws {
    if entry.accepted.eventCount > 0 {
      if schema == nil { schema = try EventSchema(entry.accepted, .groups) }
      try schema!.admit(entry.accepted)
    }
    try file.append(try entry.encoded())
  }

  /// Hands over the accepted events, a batch at a time.
  func forEachBatch(_ body: (Events) throws -> Void) throws {
    var isHeading = true
    try file.forEachRecord { record in
      defer { isHeading = false }
      guard !isHeading else { return }
      let accepted = try JournalEntry(record).accepted
      if accepted.eventCount > 0 { try body(accepted) }
    }
  }

  /// Takes the file away, once the output is complete.
  func remove() throws { try file.remove() }
}
