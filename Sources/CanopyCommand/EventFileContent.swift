// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// What the event files of a sample hold, as far as its first events tell.
struct EventFileContent {
  /// A column of the events or of their particles.
  struct Column {
    let width: Int
    let unit: String?
    var least = Double.infinity
    var largest = -Double.infinity
    var isWhole = true
    /// The texts of a column of text, in the order in which they appear.
    var texts: [String]?

    /// Takes up the values of the same column of other files.
    mutating func formUnion(_ other: Column) {
      least = min(least, other.least)
      largest = max(largest, other.largest)
      isWhole = isWhole && other.isWhole
      if let others = other.texts {
        texts = others.reduce(into: texts ?? []) { if !$0.contains($1) { $0.append($1) } }
      }
    }
  }

  /// No more events are read.
  static let maximumEvents = 1000

  let sample: InputSample
  private(set) var format: (any EventFormat)?
  private(set) var compression: Compression?
  /// The number of events that were read, the bad ones among them.
  private(set) var readEvents = 0
  /// The number of events of the files, where it is known.
  private(set) var eventCount: Int?
  private(set) var badEventCount = 0
  private(set) var firstBadEvent: EventInputError?
  /// The number of particles of each good event.
  private(set) var particleCounts: [Int] = []
  private(set) var hasIdentifiers = false
  private(set) var columns: [String: Column] = [:]
  private(set) var particleColumns: [String: Column] = [:]
  /// The number of given jets of each good event of a batch that has some.
  private(set) var jetCounts: [Int] = []
  private(set) var jetColumns: [String: Column] = [:]
  /// Why further columns cannot be read, by name.
  private(set) var unreadableColumns: [String: String] = [:]
  /// The first good event.
  private(set) var firstEvent: Events?

  /// Reads the beginning of a sample, whose files have some of `formats`.
  init(_ sample: InputSample, _ content: ContentOptions, _ formats: EventFormats) throws {
    self.sample = sample
    let stream = try EventStream(
      samples: [sample],
      options: EventReadingOptions(
        maximumEvents: Self.maximumEvents, skipBadEvents: true, units: content.units,
        formats: formats, format: content.format(among: formats), limits: content.limits))
    while let batch = try stream.next(upTo: Self.maximumEvents) { add(batch) }
    format = stream.format
    compression = stream.compression
    badEventCount = stream.badEventCount
    firstBadEvent = stream.badEvents.first
    readEvents = stream.nextEventNumber
    let counted =
      sample.files.contains("-")
      ? nil : try EventStream(samples: [sample], options: EventReadingOptions(formats: formats)).countEvents()
    let isWhole = readEvents < Self.maximumEvents || readEvents == sample.maximumEvents
    eventCount = counted ?? (isWhole ? readEvents : nil)
  }

  private mutating func add(_ batch: Events) {
    for event in 0..<batch.eventCount { particleCounts.append(batch.particles(ofEvent: event).count) }
    if !batch.pdgID.isEmpty { hasIdentifiers = true }
    add(batch.columns, to: &columns)
    add(batch.particles.content.columns, to: &particleColumns)
    if let jets = batch.givenJets {
      jetCounts += (0..<batch.eventCount).map { jets.range(of: $0).count }
      add(jets.content, to: &jetColumns)
    }
    unreadableColumns.merge(batch.unreadableColumns) { first, _ in first }
    if firstEvent == nil { firstEvent = batch }
  }
}

extension EventFileContent {
  private func add(_ columns: Columns, to content: inout [String: Column]) {
    for (name, column) in columns.sorted {
      var own = content[name] ?? Column(width: column.width, unit: column.unit)
      if let texts = column.categories {
        own.texts = texts.reduce(into: own.texts ?? []) { if !$0.contains($1) { $0.append($1) } }
      } else {
        for value in column.values { own.add(value) }
      }
      content[name] = own
    }
  }

  /// The format and the compression in words; those of the last file of several.
  var formatTitle: String? {
    format.map { $0.title + (compression.map { ", compressed by \($0.rawValue)" } ?? "") }
  }

  /// How many events there are, or that there are more than were looked at.
  var eventCountTitle: String {
    eventCount.map { "\($0)" } ?? "more than the \(readEvents) that were looked at"
  }
}

extension EventFileContent.Column {
  fileprivate mutating func add(_ value: Double) {
    least = min(least, value)
    largest = max(largest, value)
    if value != value.rounded() { isWhole = false }
  }
}

extension Listing {
  /// The content of an event file for people.
  init(_ content: EventFileContent) {
    add("file", content.sample.title == "-" ? "standard input" : content.sample.title)
    if let format = content.formatTitle { add("format", format) }
    let isWhole = content.readEvents == content.eventCount
    add("events", content.eventCountTitle)
    if content.eventCount != nil, !isWhole {
      add("", "what follows is of the first \(content.readEvents)")
    }
    if let bad = content.firstBadEvent {
      add("bad events", "\(content.badEventCount); the first: \(bad)")
    }
    let isRecord = content.format?.isGeneratorRecord == true
    let counts = content.particleCounts
    if let least = counts.min(), let most = counts.max() {
      let total = counts.reduce(0, +)
      add(
        isRecord ? "visible particles" : "particles",
        "\(total); an event has \(least) to \(most), \(format(Double(total) / Double(counts.count))) on average"
      )
      add("identifiers", content.hasIdentifiers ? "Particle Data Group" : "none")
    }
    add("units", "GeV" + (isRecord ? ", converted where the file has others" : ""))

    add("event columns", content.columns)
    add("particle columns", content.particleColumns)
    if let least = content.jetCounts.min(), let most = content.jetCounts.max() {
      begin("given jets")
      add("jets", "\(content.jetCounts.reduce(0, +)); an event has \(least) to \(most)")
      add(content.jetColumns)
    }
    if !content.unreadableColumns.isEmpty {
      begin("columns that cannot be read")
      for (name, reason) in content.unreadableColumns.sorted(by: { $0.key < $1.key }) { add(name, reason) }
    }
    if let events = content.firstEvent { addFirstEvent(of: events) }
  }

  /// The content of several samples for people: each by itself, then the columns of all.
  init(_ contents: [EventFileContent]) {
    begin("samples")
    let rows = contents.map { content in
      let sample = content.sample
      return [
        sample.shortTitle, "\(sample.files.count)", sample.label ?? "-",
        sample.totalWeight.map { "\(format($0)) in all" } ?? format(sample.weight), content.eventCountTitle,
        content.formatTitle ?? "-",
      ]
    }
    add(table: [["name", "files", "label", "weight", "events", "format"]] + rows)
    for content in contents {
      guard let bad = content.firstBadEvent else { continue }
      add("bad events", "\(content.badEventCount) of \(content.sample.shortTitle); the first: \(bad)")
    }
    addColumns("event columns", of: contents, \.columns)
    addColumns("particle columns", of: contents, \.particleColumns)
    addColumns("columns of given jets", of: contents, \.jetColumns)
    if contents.contains(where: { !$0.unreadableColumns.isEmpty }) {
      begin("columns that cannot be read")
      for content in contents {
        for (name, reason) in content.unreadableColumns.sorted(by: { $0.key < $1.key }) {
          add(name, "\(reason), in \(content.sample.shortTitle)")
        }
      }
    }
  }

  /// The columns of several samples, with the names of the samples that have them where others do not.
  private mutating func addColumns(
    _ title: String, of contents: [EventFileContent],
    _ columns: KeyPath<EventFileContent, [String: EventFileContent.Column]>
  ) {
    var all: [String: EventFileContent.Column] = [:]
    for content in contents {
      for (name, column) in content[keyPath: columns] {
        if all[name]?.formUnion(column) == nil { all[name] = column }
      }
    }
    add(title, all)
    for name in all.keys.sorted() {
      let others = contents.filter { $0[keyPath: columns][name] == nil }.map(\.sample.shortTitle)
      if !others.isEmpty { add("\(name) is not in", others.joined(separator: ", ")) }
    }
  }

  private mutating func add(_ title: String, _ columns: [String: EventFileContent.Column]) {
    guard !columns.isEmpty else { return }
    begin(title)
    add(columns)
  }

  private mutating func add(_ columns: [String: EventFileContent.Column]) {
    guard !columns.isEmpty else { return }
    let hasUnits = columns.values.contains { $0.unit != nil }
    add(
      table: [["name", "numbers", "type", "least", "largest"] + (hasUnits ? ["unit"] : [])]
        + columns.sorted { $0.key < $1.key }.map { name, column in
          [
            name, "\(column.width)", column.texts != nil ? "text" : column.isWhole ? "whole" : "real",
            // A column of NaN alone has neither.
            column.least <= column.largest ? format(column.least) : "-",
            column.least <= column.largest ? format(column.largest) : "-",
          ] + (hasUnits ? [column.unit ?? ""] : [])
        })
    let shown = 10
    for (name, column) in columns.sorted(by: { $0.key < $1.key }) {
      guard let texts = column.texts, !texts.isEmpty else { continue }
      add(
        "texts of \(name)",
        texts.prefix(shown).joined(separator: ", ")
          + (texts.count > shown ? " and \(texts.count - shown) more" : ""))
    }
  }

  private mutating func addFirstEvent(of events: Events) {
    begin("event \(events.eventNumbers[0])")
    let particles = events.particles(ofEvent: 0)
    add("particles", "\(particles.count)")
    guard
      let hardest = particles.max(by: {
        events.momentum(ofParticle: $0).pt2 < events.momentum(ofParticle: $1).pt2
      })
    else { return }
    let sum = particles.reduce(FourMomentum.zero) { $0 + events.momentum(ofParticle: $1) }
    add("their sum", describe(sum))
    let identifier = events.pdgID.isEmpty ? "" : ", identifier \(events.pdgID[hardest])"
    add("hardest", describe(events.momentum(ofParticle: hardest)) + identifier)
  }

  private func describe(_ momentum: FourMomentum) -> String {
    "pT \(format(momentum.pt)) GeV, rapidity \(format(momentum.rapidity)), φ \(format(momentum.phi)), "
      + "E \(format(momentum.energy)) GeV"
  }

  /// Six digits are enough for people.
  private func format(_ value: Double) -> String { String(format: "%.6g", value.withPlainNaN) }
}
