// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Event files in HDF5: `/event/offset` `[events + 1]`, `/particle/{px,py,pz,E}` or
/// `/particle/{pt,eta,phi,mass}` `[particles]`, optionally `/particle/pdgid`, and any numeric `/event/NAME`
/// `[events]` or `[events × k]` as column.
///
/// Only the range that is asked for is read. A negative mass stands for a negative squared mass, as FastJet's
/// `m()` has it.
final class HDF5EventReader: ParsingEventReader {
  let format = EventFormat.hdf5
  var eventCount: Int? { offset.rows - 1 }
  private let source: String
  private let firstEvent: Int
  private let options: EventReadingOptions
  private let offset: HDF5Dataset
  private let momenta: [HDF5Dataset]
  private let isCartesian: Bool
  private let pdgid: HDF5Dataset?
  private let columns: [(name: String, dataset: HDF5Dataset)]
  private var next = 0

  /// Opens the file at `path`, which the user named `source`; its first event gets the number `firstEvent`.
  init(path: String, source: String, firstEvent: Int, options: EventReadingOptions) throws {
    self.source = source
    self.options = options
    self.firstEvent = firstEvent
    let content = try HDF5.locked { try HDF5EventFile(path: path, source: source) }
    offset = content.offset
    momenta = content.momenta
    isCartesian = content.isCartesian
    pdgid = content.pdgid
    columns = content.columns
  }

  func skip(_ count: Int) throws -> Int {
    let skipped = min(max(count, 0), offset.rows - 1 - next)
    next += skipped
    return skipped
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch? {
    let wanted = next..<min(next + max(count, 0), offset.rows - 1)
    guard !wanted.isEmpty else { return nil }
    // The lock is not held while the caller hears of bad events.
    let (batch, problems) = try HDF5.locked { try read(wanted) }
    for problem in problems { try onBadEvent(problem) }
    return batch
  }

  /// Reads as many events of `wanted` as one batch takes, and moves on behind them.
  private func read(_ wanted: Range<Int>) throws -> (EventBatch, [EventInputError]) {
    let bounds = try offset.integers(wanted.lowerBound..<(wanted.upperBound + 1))
    var good: [Int] = []
    var problems: [EventInputError] = []
    var particles = 0
    var considered = 0
    while considered < wanted.count, particles < EventLimits.particlesOfBatch {
      let event = wanted.lowerBound + considered
      if let problem = offsetProblem(from: bounds[considered], to: bounds[considered + 1]) {
        problems.append(error(event: event, field: offset.name, problem))
      } else {
        good.append(considered)
        particles += bounds[considered + 1] - bounds[considered]
      }
      considered += 1
    }
    var batch = EventBatch(source: source)
    // Events that follow each other in the file are read at once; as a rule these are all.
    var first = 0
    while first < good.count {
      var last = first
      while last + 1 < good.count, good[last + 1] == good[last] + 1 { last += 1 }
      try append(
        events: (wanted.lowerBound + good[first])..<(wanted.lowerBound + good[last] + 1),
        bounds: bounds[good[first]...(good[last] + 1)], to: &batch, problems: &problems)
      first = last + 1
    }
    next = wanted.lowerBound + considered
    problems.sort { $0.event! < $1.event! }
    return (batch, problems)
  }

  private func offsetProblem(from lower: Int, to upper: Int) -> String? {
    let particles = momenta[0].rows
    if lower < 0 || lower > upper {
      return "runs backwards from \(lower) to \(upper); offsets must rise"
    }
    if upper > particles {
      return "goes up to \(upper) but there are \(particles) particles; is the file complete?"
    }
    if upper - lower > EventLimits.particlesOfEvent {
      return "gives the event \(upper - lower) particles; at most \(EventLimits.particlesOfEvent) are read"
    }
    return nil
  }

  /// Reads consecutive events whose offsets are in order, leaving out those with bad momenta.
  private func append(
    events: Range<Int>, bounds: ArraySlice<Int>, to batch: inout EventBatch, problems: inout [EventInputError]
  ) throws {
    let range = bounds.first!..<bounds.last!
    let starts = bounds.map { $0 - range.lowerBound }
    let values = try momenta.map { try $0.doubles(range) }
    let identifiers = try pdgid?.shortIntegers(range)
    let columnValues = try columns.map { try $0.dataset.doubles(events) }

    func append(_ part: Range<Int>) {
      let particles = starts[part.lowerBound]..<starts[part.upperBound]
      let shift = batch.particleCount - particles.lowerBound
      for event in part {
        batch.eventNumbers.append(firstEvent + events.lowerBound + event)
        batch.offsets.append(starts[event + 1] + shift)
      }
      batch.append(values, particles, isCartesian: isCartesian)
      if let identifiers { batch.pdgID.append(contentsOf: identifiers[particles]) }
      for (column, values) in zip(columns, columnValues) {
        let width = column.dataset.width
        let rows = (part.lowerBound * width)..<(part.upperBound * width)
        batch.columns[column.name, default: EventColumn(width: width)].values.append(contentsOf: values[rows])
      }
    }

    if problem(in: values, 0..<range.count) == nil {
      append(0..<events.count)
      return
    }
    for event in 0..<events.count {
      let particles = starts[event]..<starts[event + 1]
      if let bad = problem(in: values, particles) {
        problems.append(error(event: events.lowerBound + event, field: bad.field, bad.problem))
      } else {
        append(event..<(event + 1))
      }
    }
  }

  /// The first thing wrong with the particles in `range`, or nil.
  private func problem(in values: [[Double]], _ range: Range<Int>) -> (field: String, problem: String)? {
    for (dataset, component) in zip(momenta, values) {
      if let particle = EventBatch.firstUnusable(in: component, range) {
        let problem = EventBatch.problem(ofValue: component[particle], particle: particle - range.lowerBound)
        return (dataset.name, problem)
      }
    }
    // Energies and transverse momenta are not negative.
    let positive = isCartesian ? 3 : 0
    if let particle = range.first(where: { values[positive][$0] < 0 }) {
      return (momenta[positive].name, EventBatch.negativeProblem(particle: particle - range.lowerBound))
    }
    if !isCartesian,
      let particle = range.first(where: { abs(values[1][$0]) > EventBatch.maximumPseudorapidity })
    {
      return (
        momenta[1].name,
        "is too large (\(values[1][particle])) for particle \(particle - range.lowerBound); "
          + "correct or leave out this particle"
      )
    }
    return nil
  }

  private func error(event: Int, field: String, _ problem: String) -> EventInputError {
    EventInputError(source: source, event: firstEvent + event, field: field, problem: problem)
  }
}
