// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import EventIO
import Settings
import Support

// The functions that canopy.h declares for reading events. Their documentation is there.

/// `canopy_reader_open`.
@_cdecl("canopy_reader_open")
public func openReader(
  _ inputs: UnsafePointer<canopy_input>?, _ inputCount: Int, _ settings: UnsafePointer<CChar>?
) -> OpaquePointer? {
  reporting {
    let plugins = LoadedPlugins.registry
    return Handle.make(
      try OpenReader(
        GivenInputs(inputs, inputCount), ReaderSettings(settings: settings, plugins: plugins), plugins))
  }
}

/// `canopy_reader_close`.
@_cdecl("canopy_reader_close")
public func closeReader(_ reader: OpaquePointer?) { Handle.release(reader, as: OpenReader.self) }

/// `canopy_read`.
@_cdecl("canopy_read")
public func read(_ reader: OpaquePointer?, _ count: Int, _ results: OpaquePointer?) -> canopy_status {
  status {
    guard count > 0 else { throw CallError("The count of events is \(count); ask for one or more.") }
    try Handle.object(results, as: ResultStore.self, "results").fill { results in
      results.fill(with: try Handle.object(reader, as: OpenReader.self, "reader").next(upTo: count))
    }
  }
}

/// The settings of `canopy_reader_open`.
private struct ReaderSettings: Decodable {
  let reading: EventReadingOptions
  let weighting: WeightingSettings
  let jets: JetSettings?
  let observables: [ObservableChoice]
  let cuts: [ObservableCut]

  private struct Sections: Decodable {
    var jets: JetSettings?
    var observables: OrderedMapping<ObservableSection>?
    var cuts: [ObservableCut]?
  }

  init(from decoder: any Decoder) throws {
    reading = try EventReadingOptions(from: decoder)
    weighting = try WeightingSettings(from: decoder)
    let sections = try Sections(from: decoder)
    jets = sections.jets
    observables = sections.observables?.map(\.value.choice) ?? []
    cuts = sections.cuts ?? []
  }
}

/// An open reader.
private final class OpenReader {
  private let stream: EventStream

  init(_ inputs: GivenInputs, _ settings: ReaderSettings, _ plugins: PluginRegistry) throws {
    var options = settings.reading
    options.formats = plugins.eventFormats
    options.demandSelection()
    options.weighting = try settings.weighting.found(settings.observables, plugins)?.weighting
    options.jets = try settings.jets.map {
      FormulaJets(
        try $0.finder(), observables: ObservableCatalogue(settings.observables, plugins: plugins),
        cuts: settings.cuts)
    }
    stream = try inputs.stream(options)
  }

  /// The arrays of the next events, at most `count`; none at the end, and what is to be said then.
  func next(upTo count: Int) throws -> [ResultStore.GivenArray] {
    if let events = try stream.next(upTo: count) { return Self.arrays(of: events) }
    return Self.arrays(of: Events()) + [ResultStore.GivenArray("remark", remarks)]
  }

  private static func arrays(of events: Events) -> [ResultStore.GivenArray] {
    var arrays = [ResultStore.GivenArray("offset", CANOPY_INT64, events.offsets.map(Int64.init))]
    for (name, values) in events.momenta.namedComponents {
      arrays.append(.init("momentum/\(name)", CANOPY_FLOAT64, unit: "GeV", values))
    }
    if !events.pdgID.isEmpty { arrays.append(.init("pdgid", CANOPY_INT32, events.pdgID)) }
    for (name, column) in events.particles.content.columns.sorted {
      arrays.append(.init("particle/\(name)", column))
    }
    if events.columns[EventSchema.number] == nil {
      arrays.append(
        .init("event/\(EventSchema.number)", CANOPY_INT64, events.eventNumbers.map(Int64.init)))
    }
    for (name, column) in events.columns.sorted { arrays.append(.init("event/\(name)", column)) }
    if let jets = events.givenJets {
      arrays.append(.init("jet_offset", CANOPY_INT64, jets.offsets.map(Int64.init)))
      for (name, column) in jets.content.sorted { arrays.append(.init("jet/\(name)", column)) }
    }
    return arrays
  }

  /// What was left out of what was read, a sentence each.
  private var remarks: [String] {
    var remarks = stream.unreadableColumns.sorted { $0.key < $1.key }.map {
      "\($0.value.description); the events are without it"
    }
    remarks += stream.badEvents.map { "a bad event was left out: \($0.description)" }
    let others = stream.badEventCount - stream.badEvents.count
    if others > 0 { remarks.append("\(others) more bad events were left out") }
    if stream.wantedEventCount == 0, stream.goodEventCount > 0 {
      remarks.append("no event was read: none of \(stream.goodEventCount) meets what where asks for")
    }
    return remarks
  }
}
