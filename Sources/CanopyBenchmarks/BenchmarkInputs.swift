// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// What is measured on: the files of a folder and a model, each read when it is needed.
package struct BenchmarkInputs {
  /// A kind of event file.
  struct Kind: Hashable {
    /// The name of its format, such as `hepmc3`.
    let format: String
    let compression: Compression?
  }

  private let folder: String
  private let modelFolder: String
  /// The plugins that the model may have, and the cells that are measured.
  let plugins: PluginRegistry

  /// The files of a folder and a model.
  package init(samples: String, model: String, plugins: PluginRegistry) {
    folder = samples
    modelFolder = model
    self.plugins = plugins
  }

  /// The model.
  func model() throws -> Model {
    try Model(contentsOf: URL(fileURLWithPath: modelFolder), plugins: plugins)
  }

  /// Single jets: at most `count` events of the HDF5 files.
  func jets(_ count: Int) throws -> [Events] {
    try read(HDF5EventFormat().name, count, "HDF5 file of jets")
  }

  /// Full events: at most `count` of the HepMC3 files, as many from each.
  func events(_ count: Int) throws -> [Events] {
    try read(HepMCEventFormat.hepMC3.name, count, "HepMC3 file of full events")
  }

  private func read(_ format: String, _ count: Int, _ name: String) throws -> [Events] {
    let files = try files().filter { $0.key.format == format }.flatMap(\.value).sorted()
    let batches = try files.compactMap { file in
      let share = max(1, count / files.count)
      return try stream([file], maximumEvents: share).next(upTo: share)
    }
    guard !batches.isEmpty else { throw refusal("has no \(name)") }
    return batches
  }

  /// A stream of events that have the conditions which the model reads.
  func stream(_ files: [String], maximumEvents: Int?) throws -> EventStream {
    // Any value makes the same work. What is wrong with the model, the sections that use it say.
    let conditions = (try? model())?.network.conditions ?? []
    let columns = Dictionary(uniqueKeysWithValues: conditions.map { ($0, 0.0) })
    return try EventStream(
      inputs: files,
      options: EventReadingOptions(
        particleColumns: [], maximumEvents: maximumEvents, columns: columns, formats: plugins.eventFormats))
  }

  /// The event files of the folder by kind.
  func files() throws -> [Kind: [String]] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw refusal("is no folder that can be read")
    }
    var files: [Kind: [String]] = [:]
    for name in names.sorted() {
      let path = URL(fileURLWithPath: folder).appendingPathComponent(name).relativePath
      // What is no event file, such as a description of the samples, is passed over.
      guard (try? plugins.eventFormats.format(ofFile: path)) != nil else { continue }
      let stream = try EventStream(
        inputs: [path], options: EventReadingOptions(formats: plugins.eventFormats))
      guard try stream.next(upTo: 1) != nil, let format = stream.format else { continue }
      files[Kind(format: format.name, compression: stream.compression), default: []].append(path)
    }
    guard !files.isEmpty else { throw refusal("has no event files") }
    return files
  }

  /// What is wrong with the folder, as an error that says what to do.
  func refusal(_ problem: String) -> EventInputError {
    EventInputError(
      source: folder, problem: "\(problem); give a folder such as Canopy's Resources/Samples with --samples")
  }
}

extension Events {
  /// The events in batches of at most `count`.
  func cut(by count: Int) -> [Events] {
    stride(from: 0, to: eventCount, by: count).map {
      events(at: $0..<min($0 + count, eventCount))
    }
  }

  /// One event of the `count` particles of largest pT of event 0.
  func hardestParticles(_ count: Int) -> Events {
    let chosen = particles(ofEvent: 0).sorted {
      momentum(ofParticle: $0).pt2 > momentum(ofParticle: $1).pt2
    }.prefix(count)
    var event = events(at: 0..<1)
    event.offsets = [0, chosen.count]
    if !pdgID.isEmpty { event.pdgID = chosen.map { pdgID[$0] } }
    event.momenta = FourMomenta(chosen.map { momenta[$0] })
    return event
  }
}
