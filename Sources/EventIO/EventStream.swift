// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The events of several inputs, one after the other, in batches.
///
/// Events are numbered from 0 through all inputs; skipped and bad events keep their numbers. The format of each
/// input is told from its content, `-` is standard input, and gzip, Zstandard, xz and bzip2 are read as they are. Formats
/// that seek, as HDF5, are first copied to a temporary file if they are compressed or no regular file.
///
/// An input that holds no event is an error; one that says how many events it has, as HDF5, may have none, but not all
/// inputs.
public final class EventStream {
  /// The inputs as the user named them.
  public let inputs: [String]
  /// What the inputs are of, in their order.
  public let samples: [InputSample]
  /// What is read of them.
  public let options: EventReadingOptions
  /// The columns of the inputs that cannot be read, with what is wrong with each, by name: an error only for those who
  /// need them.
  public private(set) var unreadableColumns: [String: EventInputError] = [:]
  /// How many bad events were left out so far.
  public private(set) var badEventCount = 0
  /// What was wrong with the first bad events, at most `maximumBadEventsKept`.
  public private(set) var badEvents: [EventInputError] = []
  /// How many good events were read, those that ``EventReadingOptions/selection`` passes over included.
  public private(set) var goodEventCount = 0
  /// What the good events have of particles.
  private var particles = ParticleCounts()
  /// How many of the good events have the values that ``EventReadingOptions/selection`` asks for.
  public private(set) var wantedEventCount = 0
  /// How many of the wanted events had a negative weight that ``EventReadingOptions/negativeWeights`` changes.
  public private(set) var negativeWeightCount = 0
  /// The number that the next event has.
  public private(set) var nextEventNumber = 0
  /// The format of the input that was opened last; nil before the first.
  public private(set) var format: (any EventFormat)?
  /// How the input that was opened last is compressed; nil if it is not.
  public private(set) var compression: Compression?

  /// How many bad events are kept with their sentence; further ones are counted only.
  public static let maximumBadEventsKept = 20

  /// The number of the first event that is not passed over.
  private var firstEvent: Int
  /// The sample that each input belongs to: `[inputs]`.
  private let sampleOfInput: [Int]
  /// What works out the formulas of the options for ``next(upTo:)``.
  private let formulas: EventFormulas
  private var nextInput = 0
  private var input: EventInput?
  /// The number of the first event of each input that was opened.
  private var firstEventOfInput: [Int] = []
  /// The number of the first event of the sample that is being read.
  private var firstEventOfSample = 0
  private var bytesOfFinishedInputs = 0
  private var decompressionOfFinishedInputs = 0.0
  /// The size of each input in bytes; nil if it is not a regular file.
  public let inputSizes: [Int?]

  /// How many particles there were, and how many of them took part.
  private struct ParticleCounts {
    var read = 0
    var kept = 0
    var haveIdentifiers = false
  }

  /// A stream over `inputs`, each a sample of its own.
  ///
  /// Throws `EventInputError` if an input is missing, may not be read or is a folder. What is in the inputs
  /// is looked at when their turn comes.
  public convenience init(
    inputs: [String], options: EventReadingOptions = EventReadingOptions()
  ) throws {
    try self.init(samples: inputs.map { InputSample(files: [$0]) }, options: options)
  }

  /// A stream over the files of `samples`.
  ///
  /// Throws `EventInputError` if an input is missing, may not be read or is a folder. What is in the inputs
  /// is looked at when their turn comes.
  public init(samples: [InputSample], options: EventReadingOptions = EventReadingOptions()) throws {
    self.samples = samples
    sampleOfInput = samples.enumerated().flatMap { repeatElement($0.offset, count: $0.element.files.count) }
    let inputs = samples.flatMap(\.files)
    for (index, input) in inputs.enumerated() where options.held[input] == nil {
      try FileBytes.check(source: input)
      if input == "-", inputs[..<index].contains("-") {
        throw EventInputError(source: input, problem: "is given twice; it can be read only once")
      }
    }
    self.inputs = inputs
    self.options = options
    formulas = EventFormulas(options)
    firstEvent = options.skipEvents
    inputSizes = inputs.map { options.held[$0] == nil ? FileBytes.size(source: $0) : nil }
  }

  /// Passes over all events before the one of number `event`, to go on from the place of an earlier stream;
  /// the end of the stream does not change.
  public func advance(to event: Int) { firstEvent = max(firstEvent, event) }

  /// Reads the next events, at most `count`, or returns nil at the end.
  ///
  /// A batch holds events of one input only, at least one, and may hold fewer than `count` before the end.
  /// Throws `EventInputError` if an input cannot be read, and at a bad event unless bad events are skipped.
  public func next(upTo count: Int) throws -> Events? {
    while let unparsed = try take(upTo: count) {
      let parsed = try unparsed.parsed(formulas)
      note(parsed)
      if let batch = parsed.batch { return batch }
    }
    try checkEnd()
    return nil
  }

  /// Takes the next events, at most `count`, for another thread to parse; nil at the end.
  ///
  /// The results are to be noted by `note`, in the order in which the events were taken.
  func take(upTo count: Int) throws -> UnparsedBatch? {
    do {
      return try takeNext(upTo: count)
    } catch var error as EventInputError {
      if nextInput < inputs.count { error.sample = samples[sampleOfInput[nextInput]].name }
      throw error
    }
  }

  private func takeNext(upTo count: Int) throws -> UnparsedBatch? {
    precondition(count > 0, "a batch holds at least one event")
    while true {
      let remaining = options.maximumEvents.map { maximum in
        let (end, overflow) = max(options.skipEvents, 0).addingReportingOverflow(max(maximum, 0))
        return (overflow ? .max : end) - nextEventNumber
      }
      if let remaining, remaining <= 0 { return nil }
      guard let input = try currentInput() else { return nil }
      let sample = samples[sampleOfInput[nextInput]]
      let ofSample = sample.maximumEvents.map { max($0, 0) - (nextEventNumber - firstEventOfSample) }
      do {
        if let ofSample, ofSample <= 0 {
          endInput()
          continue
        }
        if nextEventNumber < firstEvent {
          let wanted = min(firstEvent - nextEventNumber, ofSample ?? .max)
          let skipped = try input.reader.skip(wanted)
          nextEventNumber += skipped
          if skipped < wanted { try finishInput() }
          continue
        }
        guard let events = try input.reader.take(upTo: min(count, remaining ?? count, ofSample ?? count))
        else {
          try finishInput()
          continue
        }
        nextEventNumber += events.eventCount
        return UnparsedBatch(
          events, options: options, sample: sample, firstEvent: input.firstEvent,
          unit: input.convertsMomenta ? .gev : options.units ?? .gev)
      } catch let error as EventInputError {
        throw error.counted(from: input.firstEvent)
      }
    }
  }

  /// Makes sure, at the end of the inputs, that there was something to read.
  ///
  /// - Throws: `EventInputError` if the inputs hold no event, or bad ones alone.
  func checkEnd() throws {
    let source = inputs.count == 1 ? inputs[0] : "each of the \(inputs.count) inputs"
    // A stream that goes on from the place of an earlier one need not meet a particle.
    if firstEvent == max(options.skipEvents, 0) { try checkParticles(source) }
    guard nextInput == inputs.count else { return }
    guard nextEventNumber > 0 else {
      throw EventInputError(source: source, problem: "holds no event; check what wrote it")
    }
    // A stream that goes on from the place of an earlier one need not meet a good event.
    guard goodEventCount == 0, badEventCount > 0, firstEvent == max(options.skipEvents, 0) else { return }
    throw EventInputError(
      source: source,
      problem:
        "holds no readable event: \(badEventCount) bad \(badEventCount == 1 ? "event was" : "events were") "
        + "left out; the first: \(badEvents[0])")
  }

  /// Makes sure that no part of the selection of particles that the user asks for leaves nothing, or does nothing.
  private func checkParticles(_ source: String) throws {
    func refusal(_ problem: String) -> EventInputError { EventInputError(source: source, problem: problem) }
    guard goodEventCount > 0 else { return }
    let events = "none of \(goodEventCount) \(goodEventCount == 1 ? "event" : "events")"
    if options.demands.contains(.status), particles.read == 0 {
      let statuses = options.particles.statuses.sorted().map(String.init).joined(separator: ", ")
      throw refusal(
        "has no particle of status \(statuses), as --status asks for, in any of \(goodEventCount) "
          + "\(goodEventCount == 1 ? "event" : "events"); choose other statuses")
    }
    guard particles.read > 0 else { return }
    if !particles.haveIdentifiers,
      let demand = [EventReadingOptions.Demand.invisible, .keepInvisible].first(
        where: options.demands.contains)
    {
      throw refusal(
        "has no identifiers of particles, by which invisible ones are told; leave out --\(demand.rawValue)")
    }
    if particles.kept == 0, !options.demands.isDisjoint(with: [.particles, .invisible]) {
      throw refusal(
        "has \(particles.read) particles, of which none takes part: \(events) has \(options.particles); "
          + "choose other particles")
    }
  }

  /// The input that an event is in, which was read already, and the number of its first event.
  public func input(ofEvent event: Int) -> (source: String, firstEvent: Int)? {
    guard let place = firstEventOfInput.lastIndex(where: { $0 <= event }) else { return nil }
    return (inputs[place], firstEventOfInput[place])
  }

  /// The place, among ``samples``, of the one that an event is in, which was read already.
  public func sample(ofEvent event: Int) -> Int? {
    firstEventOfInput.lastIndex(where: { $0 <= event }).map { sampleOfInput[$0] }
  }

  /// Whether events may have other weights than 1.
  public var isWeighted: Bool {
    options.weight != nil || samples.contains { $0.weight != 1 || $0.totalWeight != nil }
  }

  /// Counts the bad events of what was taken.
  func note(_ parsed: ParsedBatch) {
    badEventCount += parsed.badEventCount
    goodEventCount += parsed.goodEventCount
    wantedEventCount += parsed.batch?.eventCount ?? 0
    negativeWeightCount += parsed.negativeWeightCount
    particles.read += parsed.particleCount
    particles.kept += parsed.keptParticleCount
    particles.haveIdentifiers = particles.haveIdentifiers || parsed.hasIdentifiers
    for (name, reason) in parsed.batch?.unreadableColumns ?? [:] where unreadableColumns[name] == nil {
      unreadableColumns[name] = EventInputError(
        source: parsed.batch!.source, field: name, problem: "cannot be read: \(reason)")
    }
    let room = EventStream.maximumBadEventsKept - badEvents.count
    badEvents += parsed.badEvents.prefix(max(0, room))
  }

  private func currentInput() throws -> EventInput? {
    if input == nil, nextInput < inputs.count {
      let opened = try EventInput(
        source: inputs[nextInput], firstEvent: nextEventNumber, options: options)
      format = opened.format
      compression = opened.compression
      firstEventOfInput.append(nextEventNumber)
      if nextInput == 0 || sampleOfInput[nextInput] != sampleOfInput[nextInput - 1] {
        firstEventOfSample = nextEventNumber
      }
      input = opened
    }
    return input
  }

  private func finishInput() throws {
    if let input, input.firstEvent == nextEventNumber, input.reader.eventCount == nil {
      throw EventInputError(source: inputs[nextInput], problem: "holds no event; check what wrote it")
    }
    endInput()
  }

  private func endInput() {
    bytesOfFinishedInputs += inputSizes[nextInput] ?? input?.bytesRead(before: nextEventNumber) ?? 0
    decompressionOfFinishedInputs += input?.decompressionSeconds ?? 0
    input = nil
    nextInput += 1
  }
}

// MARK: - Progress

extension EventStream {
  /// How many bytes of the inputs have been read, in their compressed form.
  public var bytesRead: Int {
    guard let input else { return bytesOfFinishedInputs }
    return bytesOfFinishedInputs + input.bytesRead(before: nextEventNumber)
  }

  /// How long decompressing the inputs has taken so far, reading their bytes included, in seconds.
  public var decompressionSeconds: Double {
    decompressionOfFinishedInputs + (input?.decompressionSeconds ?? 0)
  }

  /// The size of all inputs in bytes, or nil if one is not a regular file.
  public var totalBytes: Int? {
    var total = 0
    for size in inputSizes {
      guard let size else { return nil }
      total += size
    }
    return total
  }

  /// The number of events that this stream reads, or nil if counting them would mean to read them.
  ///
  /// HDF5 files say how many events they have; others do not.
  public func countEvents() -> Int? {
    var total = 0
    for sample in samples {
      var ofSample = 0
      for source in sample.files {
        guard let count = EventInput.countEvents(source: source, options) else { return nil }
        ofSample += count
      }
      total += sample.maximumEvents.map { min(max($0, 0), ofSample) } ?? ofSample
    }
    let rest = max(0, total - max(options.skipEvents, 0))
    return options.maximumEvents.map { min(max($0, 0), rest) } ?? rest
  }
}
