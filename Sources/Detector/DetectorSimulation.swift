// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas
import Foundation
import Support

/// Puts events through a detector, with memory that is kept from batch to batch.
///
/// What comes of an event depends on the card, its seed, the event and its number, and on nothing else: not on the batch that it is in. An
/// instance belongs to one thread at a time.
public final class DetectorSimulation {
  /// The detector.
  public let detector: Detector
  /// Whether particles get the column ``MeasuredColumns/truth``.
  public let keepsTruth: Bool

  private var tracks = Tracks()
  private var columns = FormulaColumns(.ofTracks)
  private var cellColumns = FormulaColumns(.ofCells)
  private var memory = FormulaMemory()
  private var rows: [Int] = []
  private var layers: [LayerSignals]

  /// Charged particles that reach the surface of the field.
  private struct Tracks {
    var event: [Int] = []
    var particle: [Int] = []
    var kind: [TrackKind] = []
    var charge: [Double] = []
    var momentum: [FourMomentum] = []
    var mass: [Double] = []
    var shares: [EnergyFractions.Shares] = []
    var eta: [Double] = []
    var phi: [Double] = []
    var d0: [Double] = []
    var dz: [Double] = []
    var d0Error: [Double] = []
    var dzError: [Double] = []
    var efficiency: [Double] = []
    var resolution: [Double] = []
    /// Whether there is a track.
    var isFound: [Bool] = []

    var count: Int { event.count }

    mutating func removeAll() {
      event.removeAll(keepingCapacity: true)
      particle.removeAll(keepingCapacity: true)
      kind.removeAll(keepingCapacity: true)
      charge.removeAll(keepingCapacity: true)
      momentum.removeAll(keepingCapacity: true)
      mass.removeAll(keepingCapacity: true)
      shares.removeAll(keepingCapacity: true)
      eta.removeAll(keepingCapacity: true)
      phi.removeAll(keepingCapacity: true)
      d0.removeAll(keepingCapacity: true)
      dz.removeAll(keepingCapacity: true)
    }

    /// Multiplies the momentum of a track.
    mutating func scale(_ track: Int, by factor: Double) {
      let old = momentum[track]
      let new = FourMomentum(px: old.px * factor, py: old.py * factor, pz: old.pz * factor, energy: 0)
      momentum[track] = new
      momentum[track].energy = (new.modulus * new.modulus + mass[track] * mass[track]).squareRoot()
    }
  }

  /// What hits the cells of a layer, and what they make of it.
  private struct LayerSignals {
    /// A hit: place of the event, cell, whether a track or a particle, and its number, from the highest bits.
    var hits: [UInt64] = []
    /// The energy that each particle leaves, by its number: `[particles]`.
    var energies: [Double] = []

    /// The cells with hits.
    var event: [Int] = []
    var cell: [Int] = []
    var firstHit: [Int] = []
    var energy: [Double] = []
    var sigma: [Double] = []

    /// Towers, or what cells have beyond tracks.
    var signals: [Signal] = []

    mutating func removeAll() {
      hits.removeAll(keepingCapacity: true)
      energies.removeAll(keepingCapacity: true)
      event.removeAll(keepingCapacity: true)
      cell.removeAll(keepingCapacity: true)
      firstHit.removeAll(keepingCapacity: true)
      energy.removeAll(keepingCapacity: true)
      sigma.removeAll(keepingCapacity: true)
      signals.removeAll(keepingCapacity: true)
    }
  }

  private struct Signal {
    let event: Int
    let momentum: FourMomentum
    /// The particle that left most energy, counted from the first of all events.
    let particle: Int
  }

  /// A hit as one number, by which hits are sorted.
  private struct Hit {
    static let numberBits: UInt64 = 27
    static let eventsAtATime = 1 << 12
    static let particlesAtATime = 1 << 27

    static func encoded(event: Int, cell: Int, isTrack: Bool, number: Int) -> UInt64 {
      UInt64(event) << 52 | UInt64(cell) << 28 | (isTrack ? 1 : 0) << numberBits | UInt64(number)
    }

    let code: UInt64
    var place: UInt64 { code >> 28 }
    var event: Int { Int(code >> 52) }
    var cell: Int { Int(code >> 28 & 0xFF_FFFF) }
    var isTrack: Bool { code >> Self.numberBits & 1 == 1 }
    var number: Int { Int(code & (1 << Self.numberBits - 1)) }
  }

  /// A simulation of a detector.
  ///
  /// - Parameters:
  ///   - detector: the detector.
  ///   - keepsTruth: whether particles get the column ``MeasuredColumns/truth``.
  public init(_ detector: Detector, keepsTruth: Bool = false) {
    self.detector = detector
    self.keepsTruth = keepsTruth
    layers = detector.layers.map { _ in LayerSignals() }
  }

  /// What the detector makes of events: the same events with other particles.
  ///
  /// Particles need identifiers. Those of `vertex_x`, `vertex_y` and `vertex_z` begin there, in mm, all others at the origin. What is not
  /// visible is to be left out before, or has no share in ``DetectorCard/energyFractions``.
  ///
  /// - Parameter events: the events.
  /// - Returns: the events with their columns, weights and given jets, and with the particles that the detector sees: tracks, then photons,
  ///   then neutral hadrons, or electromagnetic towers and then hadronic ones.
  /// - Throws: ``DetectorError`` that names the event if identifiers are missing or have no known charge, or a formula gives no resolution.
  public func measure(_ events: Events) throws -> Events {
    guard events.eventCount > Hit.eventsAtATime || events.particleCount >= Hit.particlesAtATime else {
      return try measurePart(events)
    }
    var all: Events?
    var first = 0
    while first < events.eventCount {
      var end = first + 1
      while end < events.eventCount, end - first < Hit.eventsAtATime,
        events.offsets[end + 1] - events.offsets[first] < Hit.particlesAtATime
      { end += 1 }
      let part = try measurePart(events.events(at: first..<end))
      if all == nil { all = part } else { all!.append(part) }
      first = end
    }
    return all ?? events
  }

  private func measurePart(_ events: Events) throws -> Events {
    guard events.particleCount < Hit.particlesAtATime else {
      throw DetectorError(
        event: events.eventNumbers[0], "has more than \(Hit.particlesAtATime) particles, which are too many")
    }
    try propagate(events)
    let isFlow = detector.card.objects == .particleFlow
    if isFlow { try findTracks(events) } else { tracks.removeAll() }
    for layer in detector.layers.indices {
      findCells(layer)
      try smear(layer, events)
      makeSignals(layer, events, isFlow: isFlow)
    }
    return assemble(events, isFlow: isFlow)
  }

  // MARK: - Particles

  /// Leads particles to the surface of the field, and notes what hits which cells.
  private func propagate(_ events: Events) throws {
    guard events.particleCount == 0 || events.pdgID.count == events.particleCount else {
      throw DetectorError(
        event: events.eventNumbers.first,
        "has particles without identifiers (pdgid), by which a detector tells them apart; add them")
    }
    tracks.removeAll()
    for layer in 0..<layers.count { layers[layer].removeAll() }
    let own = events.particles.content.columns
    let vertices = MeasuredColumns.vertex.map { own[$0]?.values ?? [] }
    let areDisplaced = vertices.allSatisfy { !$0.isEmpty }
    try checkVertices(events)
    for event in 0..<events.eventCount {
      for particle in events.particles(ofEvent: event) {
        let identifier = events.pdgID[particle]
        let momentum = events.momentum(ofParticle: particle)
        guard let charge = ParticleCharge.ofParticle(identifier) else {
          throw DetectorError(
            event: events.eventNumbers[event],
            "has a particle of identifier \(identifier) (pdgid), whose charge is not known; correct it or leave it out, as by --particles "
              + "'pdgid != \(identifier)'")
        }
        let shares = detector.card.energyFractions(identifier)
        for (layer, share) in [shares.ecal, shares.hcal].enumerated() {
          layers[layer].energies.append(share * momentum.energy)
        }
        guard
          let path = detector.propagation.path(
            of: momentum, charge: charge, fromX: areDisplaced ? vertices[0][particle] : 0,
            y: areDisplaced ? vertices[1][particle] : 0, z: areDisplaced ? vertices[2][particle] : 0)
        else { continue }
        let (eta, phi) = (path.pseudorapidity, path.phi)
        for layer in 0..<layers.count where (layer == 0 ? shares.ecal : shares.hcal) > 0 {
          guard let cell = detector.layers[layer].grid.cell(eta: eta, phi: phi) else { continue }
          layers[layer].hits.append(Hit.encoded(event: event, cell: cell, isTrack: false, number: particle))
        }
        guard charge != 0 else { continue }
        tracks.event.append(event)
        tracks.particle.append(particle)
        tracks.kind.append(TrackKind(identifier))
        tracks.charge.append(charge)
        tracks.momentum.append(momentum)
        tracks.mass.append(max(0, momentum.mass))
        tracks.shares.append(shares)
        tracks.eta.append(eta)
        tracks.phi.append(phi)
        tracks.d0.append(path.d0)
        tracks.dz.append(path.dz)
      }
    }
  }

  /// - Throws: ``DetectorError`` if events have some coordinates of vertices and lack others, or one is no finite number.
  private func checkVertices(_ events: Events) throws {
    let own = events.particles.content.columns
    let given = MeasuredColumns.vertex.filter { own[$0] != nil }
    guard !given.isEmpty else { return }
    guard given.count == MeasuredColumns.vertex.count else {
      let missing = MeasuredColumns.vertex.filter { own[$0] == nil }
      throw DetectorError(
        event: events.eventNumbers.first,
        "has particles with \(given.joined(separator: " and ")), but without \(missing.joined(separator: " and ")); give all three or none"
      )
    }
    for name in given {
      guard let particle = own[name]!.values.firstIndex(where: { !$0.isFinite }) else { continue }
      let event = (0..<events.eventCount).first { events.particles(ofEvent: $0).contains(particle) }!
      throw DetectorError(
        event: events.eventNumbers[event],
        "has a particle whose \(name) is \(own[name]!.values[particle].text); give a finite number of mm, or leave out the columns of vertices"
      )
    }
  }

  /// The number by which random numbers know a particle: its place in the input.
  private func element(_ particle: Int, ofEvent event: Int, _ events: Events) -> Int {
    events.particles.content.knowsInputIndices
      ? Int(events.particles.content.inputIndices[particle]) : particle - events.offsets[event]
  }

  // MARK: - Tracks

  /// Decides which charged particles have tracks, and smears these.
  private func findTracks(_ events: Events) throws {
    for kind in TrackKind.allCases {
      rows.removeAll(keepingCapacity: true)
      columns.removeAll()
      for track in 0..<tracks.count where tracks.kind[track] == kind {
        rows.append(track)
        columns.values[0].append(tracks.momentum[track].pt)
        columns.values[1].append(tracks.eta[track])
        columns.values[2].append(tracks.phi[track])
        columns.values[3].append(tracks.momentum[track].energy)
        columns.values[4].append(tracks.charge[track])
      }
      let formulas = detector.tracker[kind.rawValue]
      try evaluate(formulas.efficiency, "tracker.efficiency", \.efficiency, events)
      try evaluate(formulas.momentumResolution, "tracker.momentum-resolution", \.resolution, events)
      try evaluate(formulas.d0Resolution, "tracker.d0-resolution", \.d0Error, events)
      try evaluate(formulas.dzResolution, "tracker.dz-resolution", \.dzError, events)
    }
    tracks.isFound.removeAll(keepingCapacity: true)
    for track in 0..<tracks.count {
      let event = tracks.event[track]
      let (number, element) = (
        events.eventNumbers[event], element(tracks.particle[track], ofEvent: event, events)
      )
      let isFound =
        detector.random.uniform(.efficiency, event: number, element: element).0 < tracks.efficiency[track]
      tracks.isFound.append(isFound)
      guard isFound else { continue }
      let width = min(1, tracks.resolution[track])
      tracks.resolution[track] = width
      if width > 0 {
        let normal = detector.random.normal(.momentum, event: number, element: element).0
        tracks.scale(track, by: Self.logNormal(mean: 1, sigma: width, normal))
      }
      let (first, second) = detector.random.normal(.impactParameters, event: number, element: element)
      tracks.d0[track] += first * tracks.d0Error[track]
      tracks.dz[track] += second * tracks.dzError[track]
    }
  }

  /// Works a formula out for the tracks ``rows``.
  private func evaluate(
    _ formula: CompiledFormula, _ name: String, _ path: WritableKeyPath<Tracks, [Double]>, _ events: Events
  ) throws {
    while tracks[keyPath: path].count < tracks.count { tracks[keyPath: path].append(0) }
    memory.evaluate(formula, columns)
    for (place, track) in rows.enumerated() {
      let value = memory.result(ofRow: place)
      guard value >= 0, value <= Self.largestWidth else {
        throw DetectorError(
          event: events.eventNumbers[tracks.event[track]],
          "has a charged particle of pT \(tracks.momentum[track].pt) GeV and η \(tracks.eta[track]) for which \(name) of the card is "
            + "\(value.text); make it a number from 0 to \(Self.largestWidth)")
      }
      tracks[keyPath: path][track] = value
    }
  }

  /// What is wider could not be squared.
  private static let largestWidth = 1e100

  /// A number of a log-normal distribution of a mean and a width.
  private static func logNormal(mean: Double, sigma: Double, _ normal: Double) -> Double {
    let ratio = sigma / mean
    let variance = ratio < largestWidth ? log(1 + ratio * ratio) : 2 * (log(sigma) - log(mean))
    let width = variance.squareRoot()
    return mean * exp(width * normal - 0.5 * width * width)
  }

  // MARK: - Cells

  /// Adds what found tracks hit in a layer, and sums what particles leave in its cells.
  private func findCells(_ layer: Int) {
    let grid = detector.layers[layer].grid
    for track in 0..<tracks.count where tracks.isFound[track] {
      guard share(ofTrack: track, layer) > 0,
        let cell = grid.cell(eta: tracks.eta[track], phi: tracks.phi[track])
      else { continue }
      layers[layer].hits.append(
        Hit.encoded(event: tracks.event[track], cell: cell, isTrack: true, number: track))
    }
    layers[layer].hits.sort()
    cellColumns.removeAll()
    var place: UInt64?
    for (index, code) in layers[layer].hits.enumerated() {
      let hit = Hit(code: code)
      if hit.place != place {
        place = hit.place
        layers[layer].firstHit.append(index)
        layers[layer].event.append(hit.event)
        layers[layer].cell.append(hit.cell)
        layers[layer].energy.append(0)
        cellColumns.values[1].append(grid.edges(ofCell: hit.cell).eta)
      }
      guard !hit.isTrack else { continue }
      layers[layer].energy[layers[layer].energy.count - 1] += layers[layer].energies[hit.number]
    }
    layers[layer].firstHit.append(layers[layer].hits.count)
  }

  private func share(ofTrack track: Int, _ layer: Int) -> Double {
    layer == 0 ? tracks.shares[track].ecal : tracks.shares[track].hcal
  }

  /// Smears the energies of the cells, and works out the resolution of what came of it.
  private func smear(_ layer: Int, _ events: Events) throws {
    let own = detector.layers[layer]
    try findResolutions(layer, events)
    for place in 0..<layers[layer].cell.count {
      let (energy, sigma) = (layers[layer].energy[place], layers[layer].sigma[place])
      guard energy > 0, sigma > 0 else { continue }
      let normal = detector.random.normal(
        own.energy, event: events.eventNumbers[layers[layer].event[place]], element: layers[layer].cell[place]
      ).0
      layers[layer].energy[place] =
        own.section.smearing == .logNormal
        ? Self.logNormal(mean: energy, sigma: sigma, normal) : max(0, energy + sigma * normal)
    }
    try findResolutions(layer, events)
  }

  /// Works out the resolution of each cell's energy.
  private func findResolutions(_ layer: Int, _ events: Events) throws {
    cellColumns.values[0].removeAll(keepingCapacity: true)
    cellColumns.values[0].append(contentsOf: layers[layer].energy)
    memory.evaluate(detector.layers[layer].resolution, cellColumns)
    layers[layer].sigma.removeAll(keepingCapacity: true)
    for place in 0..<layers[layer].cell.count {
      let sigma = memory.result(ofRow: place)
      guard sigma >= 0, sigma <= Self.largestWidth else {
        throw DetectorError(
          event: events.eventNumbers[layers[layer].event[place]],
          "has a cell of \(layers[layer].energy[place].text) GeV at η = \(cellColumns.values[1][place]) for which "
            + "\(detector.layers[layer].name).resolution of the card is \(sigma.text); make it a number from 0 to \(Self.largestWidth)"
        )
      }
      layers[layer].sigma.append(sigma)
    }
  }

  /// Makes towers of the cells or, with tracks, what they have beyond these.
  private func makeSignals(_ layer: Int, _ events: Events, isFlow: Bool) {
    let own = detector.layers[layer]
    let section = own.section
    for place in 0..<layers[layer].cell.count {
      let hits = layers[layer].firstHit[place]..<layers[layer].firstHit[place + 1]
      let (event, cell) = (layers[layer].event[place], layers[layer].cell[place])
      let sigma = layers[layer].sigma[place]
      var energy = layers[layer].energy[place]
      if energy < section.minimumEnergy || energy < section.minimumSignificance * sigma { energy = 0 }
      guard isFlow else {
        if energy > 0 { layers[layer].signals.append(signal(energy, layer, event, cell, hits, events)) }
        continue
      }
      var (trackEnergy, trackSigma) = (0.0, 0.0)
      for index in hits {
        let hit = Hit(code: layers[layer].hits[index])
        guard hit.isTrack else { continue }
        let seen = tracks.momentum[hit.number].energy * share(ofTrack: hit.number, layer)
        trackEnergy += seen
        trackSigma = hypot(trackSigma, tracks.resolution[hit.number] * seen)
      }
      let excess = max(0, energy - trackEnergy)
      let excessSigma = hypot(trackSigma, sigma)
      if excess > section.minimumEnergy, excess > section.minimumSignificance * excessSigma {
        layers[layer].signals.append(signal(excess, layer, event, cell, hits, events))
      } else if trackSigma > 0, sigma > 0 {
        // Without an excess cell and tracks measure the same, and their weighted mean is the better of the three. Relative to the larger
        // width, squares are numbers.
        let (ofTracks, ofCell) = (sigma / max(sigma, trackSigma), trackSigma / max(sigma, trackSigma))
        let (trackWeight, cellWeight) = (ofTracks * ofTracks, ofCell * ofCell)
        let factor =
          (trackWeight * trackEnergy + cellWeight * energy) / (trackWeight + cellWeight) / trackEnergy
        for index in hits {
          let hit = Hit(code: layers[layer].hits[index])
          if hit.isTrack { tracks.scale(hit.number, by: factor) }
        }
      }
    }
  }

  /// A massless signal of a cell.
  private func signal(
    _ energy: Double, _ layer: Int, _ event: Int, _ cell: Int, _ hits: Range<Int>, _ events: Events
  ) -> Signal {
    let own = detector.layers[layer]
    let edges = own.grid.edges(ofCell: cell)
    var (eta, phi) = (edges.eta, edges.phi)
    if own.section.smearsCentre {
      let (first, second) = detector.random.uniform(
        own.place, event: events.eventNumbers[event], element: cell)
      eta = edges.minimumEta + first * (edges.maximumEta - edges.minimumEta)
      phi = edges.minimumPhi + second * (edges.maximumPhi - edges.minimumPhi)
    }
    var (largest, particle) = (0.0, 0)
    for index in hits {
      let hit = Hit(code: layers[layer].hits[index])
      guard !hit.isTrack, layers[layer].energies[hit.number] > largest else { continue }
      (largest, particle) = (layers[layer].energies[hit.number], hit.number)
    }
    let pt = energy / cosh(eta)
    return Signal(
      event: event,
      momentum: FourMomentum(px: pt * cos(phi), py: pt * sin(phi), pz: energy * tanh(eta), energy: energy),
      particle: particle)
  }

  // MARK: - Output

  /// The events with what was measured in place of their particles.
  private func assemble(_ events: Events, isFlow: Bool) -> Events {
    var measured = events
    measured.particles = Ragged(content: Particles())
    var values = MeasuredValues()
    var track = 0
    var places = [0, 0]
    for event in 0..<events.eventCount {
      while track < tracks.count, tracks.event[track] == event {
        if tracks.isFound[track] { append(track, events, to: &measured, &values) }
        track += 1
      }
      for layer in 0..<layers.count {
        let kind: MeasuredKind =
          layer == 0
          ? isFlow ? .photon : .electromagneticTower : isFlow ? .neutralHadron : .hadronicTower
        while places[layer] < layers[layer].signals.count, layers[layer].signals[places[layer]].event == event
        {
          let signal = layers[layer].signals[places[layer]]
          measured.momenta.append(signal.momentum)
          measured.pdgID.append(kind.pdgID!)
          values.append(
            kind, charge: 0, truth: element(signal.particle, ofEvent: event, events))
          places[layer] += 1
        }
      }
      measured.particles.endList(at: measured.particleCount)
    }
    measured.particles.content.columns = values.columns(keepsTruth: keepsTruth, areTracks: isFlow)
    return measured
  }

  private func append(
    _ track: Int, _ events: Events, to measured: inout Events, _ values: inout MeasuredValues
  ) {
    let (kind, momentum) = (tracks.kind[track], tracks.momentum[track])
    let (modulus, mass) = (momentum.modulus, kind.mass)
    measured.momenta.append(
      FourMomentum(
        px: momentum.px, py: momentum.py, pz: momentum.pz,
        energy: (modulus * modulus + mass * mass).squareRoot()))
    measured.pdgID.append(kind.pdgID(charge: tracks.charge[track]))
    values.append(
      .track, charge: tracks.charge[track], d0: tracks.d0[track], d0Error: tracks.d0Error[track],
      dz: tracks.dz[track], dzError: tracks.dzError[track],
      truth: element(tracks.particle[track], ofEvent: tracks.event[track], events))
  }
}

/// The numbers of the columns of ``MeasuredColumns``.
private struct MeasuredValues {
  private var kind: [Double] = []
  private var charge: [Double] = []
  private var d0: [Double] = []
  private var d0Error: [Double] = []
  private var dz: [Double] = []
  private var dzError: [Double] = []
  private var truth: [Double] = []

  mutating func append(
    _ kind: MeasuredKind, charge: Double, d0: Double = .nan, d0Error: Double = .nan, dz: Double = .nan,
    dzError: Double = .nan, truth: Int
  ) {
    self.kind.append(Double(kind.rawValue))
    self.charge.append(charge)
    self.d0.append(d0)
    self.d0Error.append(d0Error)
    self.dz.append(dz)
    self.dzError.append(dzError)
    self.truth.append(Double(truth))
  }

  func columns(keepsTruth: Bool, areTracks: Bool) -> Columns {
    var columns: Columns = [MeasuredColumns.kind: Column(values: kind, storage: .int32)]
    if areTracks {
      columns[MeasuredColumns.charge] = Column(values: charge)
      for (name, values) in [
        (MeasuredColumns.d0, d0), (MeasuredColumns.d0Error, d0Error), (MeasuredColumns.dz, dz),
        (MeasuredColumns.dzError, dzError),
      ] { columns[name] = Column(values: values, unit: "mm") }
    }
    if keepsTruth { columns[MeasuredColumns.truth] = Column(values: truth, storage: .int32) }
    return columns
  }
}
