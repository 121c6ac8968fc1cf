// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

extension TreeGeneration: GeneratingHead {
  /// The classes.
  public var generatedClasses: [String] { configuration.classes }

  /// Jets that are drawn from the density of a class, one an event: constituents, and the number of the class as the column `label`.
  ///
  /// A jet's transverse momentum and rapidity are drawn from the spectra of the training sample, its azimuth evenly, and the mass
  /// of a constituent from those of its transverse momentum. Numbers that are drawn for a branching stay in the range that the training
  /// sample has; a jet ends to branch when it has twice as many constituents as any in the sample.
  ///
  /// - Parameters:
  ///   - numbers: the numbers of the events; what an event is depends on its number and the seed, and not on the others.
  ///   - kind: the number of the class.
  ///   - seed: where random numbers come from.
  ///   - tape: where the network computes.
  /// - Returns: an event for each number.
  /// - Throws: ``PluginError`` if the training sample had no jets of the class.
  public func generate(_ numbers: Range<Int>, of kind: Int, seed: UInt64, on tape: Tape) throws -> Events {
    guard scaling.spectra.indices.contains(kind), !scaling.spectra[kind].logPt.isEmpty else {
      throw PluginError("The training sample had no jets of \(configuration.classes[kind]) to draw from.")
    }
    let density = densities[kind]
    let spectrum = scaling.spectra[kind]
    let limit = 2 * spectrum.constituents
    var jets = numbers.map { DrawnJet($0, seed: seed, spectrum: spectrum) }
    var nodes = jets.indices.map { DrawnNode(jet: $0, prong: jets[$0].root, azimuth: 0) }
    tape.reset()
    func column(_ values: [Float]) -> Variable { tape.constant(values, rows: values.count, columns: 1) }
    var states = density.states(ofRoots: column(nodes.map { scaling.logPt.scaled(log($0.prong.pt)) }))
    while !nodes.isEmpty {
      let outputs = density.branching(states)
      var branching: [Int32] = []
      for (place, node) in nodes.enumerated() {
        let logit = Double(outputs.values[place * outputs.columns])
        if jets[node.jet].branches(with: logit, limit: limit) {
          branching.append(Int32(place))
        } else {
          jets[node.jet].end(node.prong, masses: spectrum.masses)
        }
      }
      guard !branching.isEmpty else { break }

      states = states.gatheringRows(branching)
      let parents = branching.map { nodes[Int($0)] }
      let angleMixture = GaussianMixture(outputs.columns(1..<outputs.columns).gatheringRows(branching))
      let logAngles = draw(angleMixture, scaling.logAngle, parents, &jets)
      let angles = column(logAngles.map(scaling.logAngle.scaled))
      let logitShares = draw(
        GaussianMixture(density.share(states, angles: angles)), scaling.logitShare, parents, &jets)
      let shares = column(logitShares.map(scaling.logitShare.scaled))
      let azimuths = density.azimuth(states, angles: angles, shares: shares).softmax()

      var (harder, softer): ([DrawnNode], [DrawnNode]) = ([], [])
      var (hardFeatures, softFeatures): ([Float], [Float]) = ([], [])
      for (row, parent) in parents.enumerated() {
        let width = azimuths.columns
        let relative = jets[parent.jet].azimuth(azimuths.values[row * width..<(row + 1) * width])
        var branching = Branching(
          logAngle: logAngles[row], logitShare: logitShares[row], azimuth: relative)
        let jetPt = jets[parent.jet].root.pt
        let absolute = relative + parent.azimuth
        branching.azimuth = absolute
        let children = parent.prong.split(branching)
        branching.azimuth = relative
        harder.append(DrawnNode(jet: parent.jet, prong: children.harder, azimuth: absolute))
        softer.append(DrawnNode(jet: parent.jet, prong: children.softer, azimuth: absolute))
        hardFeatures += BranchingDensity.features(of: children.harder, jetPt, branching, scaling)
        softFeatures += BranchingDensity.features(of: children.softer, jetPt, branching, scaling)
      }
      func features(_ values: [Float]) -> Variable {
        tape.constant(values, rows: parents.count, columns: BranchingDensity.featureCount)
      }
      let next = density.states(
        ofChildren: states, harder: features(hardFeatures), softer: features(softFeatures)
      ).matrix
      tape.reset()
      states = tape.constant(next)
      nodes = harder + softer
    }
    tape.reset()
    var events = Events()
    for (jet, number) in zip(jets, numbers) {
      try events.append(jet.constituents.sorted { $0.pt2 > $1.pt2 }, number: number)
    }
    events.columns["label"] = Column(
      values: Array(repeating: Double(kind), count: numbers.count), storage: .int32)
    return events
  }

  private func draw(
    _ mixture: GaussianMixture, _ scale: BranchingScaling.Scale, _ parents: [DrawnNode],
    _ jets: inout [DrawnJet]
  ) -> [Double] {
    parents.enumerated().map { row, parent in
      scale.value(mixture.draw(row, using: &jets[parent.jet].generator))
    }
  }
}

/// A node whose fate is not drawn yet.
private struct DrawnNode {
  let jet: Int
  let prong: Prong
  /// The azimuth of the branching that it comes from.
  let azimuth: Double
}

/// A jet that is being drawn, with random numbers of its own.
private struct DrawnJet {
  var generator: SeededGenerator
  let root: Prong
  var constituents: [FourMomentum] = []
  /// The number of constituents if none of the present nodes branches.
  private var nodes = 1

  init(_ number: Int, seed: UInt64, spectrum: BranchingScaling.Spectrum) {
    var mixed = SeededGenerator(seed: seed)
    // Neighbouring numbers get seeds far apart.
    var own = SeededGenerator(seed: mixed.next() ^ (UInt64(number) &* 0x9E37_79B9_7F4A_7C15))
    func draw(_ quantiles: [Double]) -> Double {
      let level = Double.random(in: 0..<1, using: &own) * Double(quantiles.count - 1)
      let below = Int(level)
      return quantiles[below] + (level - Double(below)) * (quantiles[below + 1] - quantiles[below])
    }
    let logPt = draw(spectrum.logPt)
    let rapidity = draw(spectrum.rapidity)
    root = Prong(
      pt: exp(logPt), rapidity: rapidity, phi: Double.random(in: 0..<2 * .pi, using: &own))
    generator = own
  }

  /// Whether a node branches.
  mutating func branches(with logit: Double, limit: Int) -> Bool {
    let draw = Double.random(in: 0..<1, using: &generator)
    guard nodes < limit, draw < 1 / (1 + exp(-logit)) else { return false }
    nodes += 1
    return true
  }

  /// Makes a constituent of a prong.
  mutating func end(_ prong: Prong, masses: ConstituentMasses?) {
    let mass = masses?.draw(pt: prong.pt, using: &generator) ?? 0
    constituents.append(prong.momentum(mass: mass))
  }

  /// An azimuth from the probabilities of its bins.
  mutating func azimuth(_ probabilities: Slice<UnsafeMutableBufferPointer<Float>>) -> Double {
    var level = Double.random(in: 0..<1, using: &generator)
    let within = Double.random(in: 0..<1, using: &generator)
    var bin = probabilities.count - 1
    for (place, probability) in probabilities.enumerated() {
      level -= Double(probability)
      if level < 0 {
        bin = place
        break
      }
    }
    return 2 * .pi * (Double(bin) + within) / Double(probabilities.count) - .pi
  }
}
