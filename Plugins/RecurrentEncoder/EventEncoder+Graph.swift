// SPDX-License-Identifier: GPL-3.0-or-later

import ONNX
import PluginKit

/// The event encoder in ONNX: its items are ranked in rows of one length, one for each event.
extension EventEncoder: GraphStage {
  package func graph(
    _ inputs: GraphInputs, scaling: EventScaling, parameters: Parameters, jetEmbedding: GraphValue?
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?) {
    let graph = inputs.graph
    let readsJets = description.reads == .jets
    let momenta = readsJets ? inputs.jets : inputs.particles
    let events = readsJets ? inputs.jetsOfEvent : inputs.particlesOfEvent
    let frame = GraphFrame(inputs, isOwn: description.momenta != .paper)
    let pt = momenta.pt
    var read: [GraphValue] = []
    let numbers = description.momenta.graph(momenta, frame, events.ofRow)
    if !numbers.isEmpty {
      read.append(scaling.momenta.scaled(GraphValue.matrix(columns: numbers).cast(to: .float)))
    }
    if description.embedding { read.append(jetEmbedding!) }
    let items = GraphValue.concatenation(read, axis: 1)

    let isRead = pt.isAtLeast(description.minimumPt)
    let counts = events.sums(isRead.cast(to: .int64))
    let sequences = Self.sequences(
      of: items, columns: rising.inputs, events, counts, pt.replaced(where: isRead.not(), by: -1),
      leading: description.leading)
    let embedding = graph.states(
      of: [rising] + (falling.map { [$0] } ?? []), sequences.items, lengths: sequences.lengths)

    let known = description.inputs.graph(description.momenta, inputs, frame, counts)
    guard !known.isEmpty else {
      let shape = GraphValue.concatenation([counts.rowCount, graph.constant([0])], axis: 0)
      return (embedding, graph.filled(0, .float, shape: shape))
    }
    let matrix = GraphValue.concatenation(known, axis: 1).cast(to: .float)
    return (embedding, scaling.inputs.scaled(matrix))
  }

  /// The items of each event by rising pT, the hardest of them: `[steps × events × columns]`, and how many there are:
  /// `[events]`.
  private static func sequences(
    of items: GraphValue, columns: Int, _ events: GraphSegments, _ counts: GraphValue, _ pt: GraphValue,
    leading: Int?
  ) -> (items: GraphValue, lengths: GraphValue) {
    let graph = items.graph
    let width = events.width(atLeast: 1)
    let steps = leading.map { width.minimum(Double($0)) } ?? width
    let lengths = leading.map { counts.minimum(Double($0)) } ?? counts
    let hardest = events.ranked(pt, count: steps, width: width, padding: -1).rows
    let step = graph.range(before: steps).reshaped([1, -1])
    let length = lengths.reshaped([-1, 1])
    let rank = (length - 1 - step).maximum(0)
    let rising = graph.add("GatherElements", [hardest, rank], .int64, ["axis": .int(1)])
    // Steps behind the last item read a row of zeros.
    let padding = graph.filled(0, .float, shape: graph.constant([1, columns]))
    let rows = GraphValue.choice(step.isLess(than: length), rising, items.rowCount)
    let padded = GraphValue.concatenation([items, padding], axis: 0).gathered(rows)
    return (graph.add("Transpose", [padded], .float, ["perm": .ints([1, 0, 2])]), lengths)
  }
}

extension ItemMomenta {
  /// The numbers of each item, not scaled: `[items]` each.
  fileprivate func graph(_ p: GraphMomenta, _ frame: GraphFrame, _ event: GraphValue) -> [GraphValue] {
    switch self {
    case .paper: return [p.pt, p.pseudorapidity(within: FourMomentum.largestPseudorapidity), p.phi, p.mass]
    case .relative:
      let (cosine, sine) = frame.direction(of: p, event)
      return [
        p.pt.logarithm(atLeast: FourMomentum.leastPt), frame.pseudorapidity(of: p, event), cosine, sine,
        p.mass.logarithm(atLeast: FourMomentum.leastMass),
      ]
    case .none: return []
    }
  }
}

extension EventInputs {
  /// The event inputs, not scaled: `[events × some]` each.
  fileprivate func graph(
    _ momenta: ItemMomenta, _ inputs: GraphInputs, _ frame: GraphFrame, _ counts: GraphValue
  ) -> [GraphValue] {
    var numbers: [GraphValue] = []
    func append(_ column: GraphValue) { numbers.append(column.reshaped([-1, 1])) }
    if missingMomentum {
      append(frame.missingPt.logarithm(atLeast: FourMomentum.leastPt))
      if momenta == .paper {
        let hasMissing = frame.missingPt.isGreater(than: 0)
        append((frame.missingX / frame.missingPt).replaced(where: hasMissing.not(), by: 0))
        append((frame.missingY / frame.missingPt).replaced(where: hasMissing.not(), by: 0))
      }
    }
    if scalarSum { append(frame.scalarSum.logarithm(atLeast: FourMomentum.leastPt)) }
    if itemCount { append(counts.cast(to: .double)) }
    if let leptons { numbers.append(leptons.graph(.lepton, inputs, frame)) }
    if let photons { numbers.append(photons.graph(.photon, inputs, frame)) }
    for condition in conditions {
      append(inputs.column(condition, rows: .events, "The condition \(condition) of each event."))
    }
    return numbers
  }
}

extension IsolatedParticles.Kind {
  fileprivate func includes(_ pdgID: GraphValue) -> GraphValue {
    switch self {
    case .lepton:
      let magnitude = pdgID.absolute()
      return magnitude.isEqual(to: 11).or(magnitude.isEqual(to: 13))
    case .photon: return pdgID.isEqual(to: 22)
    }
  }
}

extension IsolatedParticles {
  /// The numbers of the hardest particles of a kind: `[events × count · numbers]`.
  fileprivate func graph(_ kind: Kind, _ inputs: GraphInputs, _ frame: GraphFrame) -> GraphValue {
    let graph = inputs.graph
    let events = inputs.particlesOfEvent
    let allPt = inputs.particles.pt
    let isCandidate = kind.includes(inputs.pdgID).and(allPt.isAtLeast(minimumPt))
    let candidates = isCandidate.places()
    let ofEvent = GraphSegments(events.sums(isCandidate.cast(to: .int64)))
    let p = inputs.particles.gathered(candidates)
    let pt = p.pt
    let isolation = isolation(of: candidates, inputs)
    let (cosine, sine) = frame.direction(of: p, ofEvent.ofRow)
    let one = graph.filled(1, .double, shape: candidates.rowCount)
    var columns = [
      one, pt.logarithm(atLeast: FourMomentum.leastPt), frame.pseudorapidity(of: p, ofEvent.ofRow), cosine,
      sine, (isolation + 1).logarithm(),
    ]
    if kind == .lepton {
      let pdgID = inputs.pdgID.gathered(candidates)
      // Leptons have negative charge, antileptons negative identifiers.
      columns.append(one.replaced(where: pdgID.isGreater(than: 0), by: -1))
      columns.append(one.replaced(where: pdgID.absolute().isEqual(to: 13).not(), by: 0))
    }
    // What an event does not have is NaN, which scaling turns into 0.
    let none = graph.constant([0] + Array(repeating: .nan, count: kind.count - 1), [1, kind.count])
    let rows = GraphValue.concatenation(
      [GraphValue.matrix(columns: columns), none.cast(to: .double)], axis: 0)
    let passing = maximumIsolation.map { pt.replaced(where: isolation.isAtMost($0).not(), by: -1) } ?? pt
    let ranked = ofEvent.ranked(
      passing, count: graph.constant([count]), width: ofEvent.width(atLeast: count), padding: -1)
    let chosen = GraphValue.choice(ranked.values.isLess(than: 0), candidates.rowCount, ranked.rows)
    return rows.gathered(chosen).reshaped([-1, count * kind.count])
  }

  /// The isolation of some particles: `[candidates]`, as `Events.isolation` has it.
  private func isolation(of candidates: GraphValue, _ inputs: GraphInputs) -> GraphValue {
    let graph = inputs.graph
    let (events, particles) = (inputs.particlesOfEvent, inputs.particles)
    let width = events.width(atLeast: 1)
    let event = events.ofRow.gathered(candidates)
    let eta = particles.pseudorapidity(within: 1e5)
    /// A number of each candidate, `[candidates × 1]`, and of each particle of its event, `[candidates × width]`.
    func pairs(_ values: GraphValue) -> (own: GraphValue, other: GraphValue) {
      (
        values.gathered(candidates).reshaped([-1, 1]),
        events.padded(values, width: width, by: 0).gathered(event)
      )
    }
    let (x, y, pt, etas) = (pairs(particles.px), pairs(particles.py), pairs(particles.pt), pairs(eta))
    let radius2 = isolationRadius * isolationRadius
    let deltaEta = (etas.other - etas.own).absolute()
    // The largest distance in azimuth, by whose cosine directions are compared: it keeps double precision.
    let azimuth = (radius2 - deltaEta * deltaEta).maximum(0).squareRoot().minimum(.pi)
    let least = graph.add("Cos", [azimuth], .double) * pt.own * pt.other
    let isClose = deltaEta.isAtMost(isolationRadius)
      .and((x.own * x.other + y.own * y.other).isAtLeast(least))
    let places = graph.range(before: width).reshaped([1, -1])
    let isItself = places.isEqual(to: events.placeOfRow.gathered(candidates).reshaped([-1, 1]))
    let counted = pt.other.replaced(where: isClose.not().or(isItself), by: 0)
    let sum = graph.add(
      "ReduceSum", [counted, graph.constant([1])], .double, ["keepdims": .int(0)])
    let own = particles.pt.gathered(candidates)
    return (sum / own).replaced(where: own.isGreater(than: 0).not(), by: 0)
  }
}
