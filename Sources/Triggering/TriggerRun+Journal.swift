// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import Support
import Triggers

extension TriggerRun {
  /// Where accepted events go, and what a run is known by when it goes on.
  public struct Output: Sendable {
    /// The file of the accepted events.
    public var path: String
    /// Its format.
    public var format: any EventOutputFormat
    /// The file that the menu was read from.
    public var menu: URL
    /// The folder that the model was read from.
    public var model: URL
    /// Whether a run that was stopped is gone on with.
    public var isResumed: Bool

    /// An output.
    public init(path: String, format: any EventOutputFormat, menu: URL, model: URL, isResumed: Bool) {
      self.path = path
      self.format = format
      self.menu = menu
      self.model = model
      self.isResumed = isResumed
    }

    /// What the run has done so far lies in this file until it is complete.
    public var journal: String { TriggerJournal.path(besides: path) }
  }

  /// Decides about all events of some inputs and writes the accepted ones, with ``columns``, so that nothing is lost
  /// or repeated where the run is stopped at any point.
  ///
  /// What is found out about a batch, the accepted events and the counters, goes into a journal beside the output, and
  /// is on the disk before the next batch follows. When the input ends, the journal becomes the output and goes away.
  /// A run that is resumed gives the same output and counters as one that was never stopped. The journal stays if a run
  /// ends by an error that another one can get past: a bad event, which is passed over if the options of the resumed run say so,
  /// or a failure of the system. It goes away with a run that ends by any other error of the input, as each further one would.
  ///
  /// - Parameters:
  ///   - stream: the events, from the first on.
  ///   - output: where the accepted events go.
  ///   - progress: hears after each batch how far the run is; what it throws stops the run, which can be resumed.
  /// - Returns: what was decided, and how long it took.
  /// - Throws: what reading, predicting and writing throw, before the first event where the output cannot be written,
  ///   and ``TriggerError`` where there is a journal that is not to be resumed or is of another run.
  public func run(
    _ stream: EventStream, to output: Output,
    progress: (EventPipeline.Progress) throws -> Void = { _ in }
  ) throws -> Outcome {
    try ResultDestination.file(output.path).check()
    let isWeighted = try isWeighted(stream)
    let journal = try TriggerJournal(
      besides: output.path, heading: heading(stream, output), resuming: output.isResumed)
    var outcome = Outcome(state: TriggerState(menu, isWeighted: isWeighted))
    if let position = journal.position {
      guard position.state.fits(menu), (position.state.weights != nil) == isWeighted,
        journal.pathTimes?.paths.count ?? menu.paths.count == menu.paths.count,
        journal.inputCounts.map({ DriftMonitor(model)?.fits($0) ?? false }) ?? true
      else {
        throw TriggerError("\(output.journal) has counters that cannot be: remove it to begin again.")
      }
      outcome.state = position.state
      do {
        try outcome.state.restoreDecisions(of: menu)
      } catch {
        throw TriggerError("\(output.journal): \(error)")
      }
      outcome.badEventCount = position.badEventCount
      outcome.badEvents = position.badEvents
      outcome.latency = journal.latency
      outcome.pathTimes = journal.pathTimes
      outcome.inputCounts = journal.inputCounts
      stream.advance(to: position.nextEvent)
    }
    let before = outcome
    var hasBegun = journal.position != nil
    // A run that came to nothing leaves nothing to go on with, nor does one whose output is a pipe or a device.
    defer { if !hasBegun || !ResultDestination.file(output.path).isFile { try? journal.remove() } }
    do {
      try decide(stream, &outcome) { accepted, found, measured, place in
        var counted = before
        counted.addBadEvents(place.badEventCount, place.badEvents)
        try journal.append(
          JournalEntry(
            position: JournalEntry.Position(
              nextEvent: place.events, badEventCount: counted.badEventCount, badEvents: counted.badEvents,
              state: found.state),
            latency: measured.latency, pathTimes: measured.paths, inputCounts: measured.inputs,
            accepted: accepted))
        hasBegun = true
        try progress(place)
      }
    } catch var error as EventInputError {
      guard hasBegun else { throw error }
      if error.canBePassed {
        error.problem +=
          "; what was decided before is in \(output.journal): add --resume --skip-bad-events to go on, or remove the file"
      } else {
        hasBegun = false
      }
      throw error
    }
    hasBegun = true
    outcome.addBadEvents(stream.badEventCount, stream.badEvents)

    var writer: (any EventWriter)?
    try journal.forEachBatch { accepted in
      writer =
        try writer
        ?? output.format.makeWriter(
          to: .file(output.path), units: columns.units(in: accepted), schema: journal.schema)
      try writer!.append(accepted)
    }
    if output.format is HDF5EventOutputFormat {
      outcome.roundedColumns = journal.schema?.roundedColumns ?? []
    }
    try (writer ?? output.format.makeWriter(to: .file(output.path))).finish()
    try journal.remove()
    return outcome
  }

  private func heading(_ stream: EventStream, _ output: Output) throws -> TriggerJournal.Heading {
    let options = stream.options
    let columns = options.columns.merging(conditions) { $1 }.sorted { $0.key < $1.key }.map {
      "\($0.key)=\($0.value)"
    }
    let selection = options.selection.map(\.description).sorted()
    let definitions = options.definitions.map { "\($0.name) = \($0.formula)" }
    return TriggerJournal.Heading(
      canopyVersion: CanopyVersion.current, menu: try MenuFile(contentsOf: output.menu).text,
      model: try Self.fingerprints(model.files(in: output.model)),
      inputs: try zip(stream.inputs, stream.inputSizes).map { name, size in
        TriggerJournal.Heading.Input(
          name: name, size: size, fingerprint: size == nil ? nil : try ContentFingerprint(ofFile: name)?.text)
      },
      options: """
        keep-invisible \(options.particles.keepsInvisible) max \(options.maximumEvents.map(String.init) ?? "all") \
        skip \(options.skipEvents) skip-bad \(options.skipBadEvents) columns \(columns) where \(selection) define \(definitions) \
        time-limit \(timeLimit.map(String.init(describing:)) ?? "none")
        """ + (options.weight.map { " weight \($0)" } ?? "") + reading(options) + describe(stream.samples)
          + (try appliedWeights()) + (reweighting.map { " reweighting \($0.description)" } ?? "")
          + (measuresPaths ? " path-times" : "")
          + (watchesInputs ? " drift" : "") + (keptJets.map { " keep-embeddings \($0)" } ?? ""),
      outputFormat: output.format.name)
  }

  /// What is asked of the particles and the content of the inputs; nothing if nothing is.
  private func reading(_ options: EventReadingOptions) -> String {
    var particles = options.particles
    particles.keepsInvisible = false
    // Particles meet all conditions, in whatever order they are given.
    particles.conditions.sort { $0.description < $1.description }
    var text = particles == ParticleSelection() ? "" : " particles \(particles)"
    if options.negativeWeights != .asTheyAre {
      text += " negative-weights \(options.negativeWeights.rawValue)"
    }
    options.units.map { text += " units \($0.rawValue)" }
    options.format.map { text += " format \(options.formats[$0]?.title ?? $0)" }
    return text
  }

  /// What the momenta of particles are multiplied by; nothing if by nothing.
  private func appliedWeights() throws -> String {
    guard let weighting else { return "" }
    let observable =
      if case .observable(let observable) = weighting.description {
        " \(try JSONValue(encoding: observable))"
      } else { "" }
    return " apply \(weighting.name)\(observable) \(try Self.fingerprints(weighting.namedFiles))"
  }

  /// What is said of the events of samples; nothing if nothing is.
  private func describe(_ samples: [InputSample]) -> String {
    samples.enumerated().reduce(into: "") { text, entry in
      let sample = entry.element
      let columns = sample.allColumns.sorted.map { name, column in
        "\(name)=\(column.categories == nil ? "\(column.values[0])" : column.text(ofRow: 0))"
      }
      guard !columns.isEmpty || sample.weight != 1 || sample.maximumEvents != nil else { return }
      text +=
        " sample \(entry.offset) columns \(columns) weight \(sample.weight) "
        + "max \(sample.maximumEvents.map(String.init) ?? "all")"
    }
  }

  /// The fingerprints of files.
  private static func fingerprints(_ files: [URL]) throws -> String {
    try files.map { file in
      guard let fingerprint = try ContentFingerprint(ofFile: file.path) else {
        throw TriggerError("\(file.relativePath) is no file; give one that can be read again.")
      }
      return fingerprint.text
    }.joined(separator: " ")
  }
}
