// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import TreeGeneration

@Suite struct TreeGenerationTests {
  /// A head with its parameters, and jets of random particles.
  private struct Setting {
    var head: TreeGeneration
    let parameters: Parameters
    let events: Events
    let jets: Jets

    // The mass is that of a particle with a transverse momentum, in GeV.
    init(
      classes: [String] = ["QCD", "W"], events count: Int = 12, mass: (Double) -> Double = { _ in 0 }
    ) throws {
      var builder = HeadBuilder(headName: "jets", layout: ParameterLayout())
      head = try TreeGeneration(
        configuration: TreeGeneration.Configuration(
          truth: classes.count > 1 ? "label" : nil, classes: classes, width: 5, components: 3, azimuthBins: 4),
        builder: &builder)
      var generator = SeededGenerator(seed: 8)
      parameters = Parameters(layout: builder.layout, using: &generator)
      var events = Events()
      for event in 0..<count {
        try events.append(
          (0..<event % 7 + 1).map { _ in
            let pt = Double.random(in: 1...50, using: &generator)
            let phi = Double.random(in: -0.4...0.4, using: &generator)
            let rapidity = Double.random(in: -0.4...0.4, using: &generator)
            let transverseMass = hypot(pt, mass(pt))
            return FourMomentum(
              px: pt * cos(phi), py: pt * sin(phi), pz: transverseMass * sinh(rapidity),
              energy: transverseMass * cosh(rapidity))
          })
      }
      self.events = events
      let finder = try JetFinder(
        JetDefinition(.antikt, radius: 4), recluster: .cambridge)
      jets = try JetClusterer(finder.withTrees(true)).jets(in: events)
      try prepare()
    }

    func inputs(_ tape: Tape, _ events: Events, _ jets: Jets) -> HeadInputs {
      var kinematics = Kinematics([.trees])
      kinematics.replace(with: events, jets: jets)
      return HeadInputs(
        eventCount: events.eventCount, eventOfJet: (0..<Int32(jets.jetCount)).map { $0 }, on: tape,
        kinematics: kinematics)
    }

    private mutating func prepare() throws {
      let labels = (0..<jets.jetCount).map { Float($0 / 7 % head.configuration.classes.count) }
      let truth = HeadTruth(rows: jets.jetCount, columns: ["label": labels])
      try head.prepare(
        by: head.preparation(
          fitting: truth, weights: Array(repeating: 1, count: jets.jetCount),
          inputs: inputs(Tape(parameters: parameters), events, jets)))
    }

    /// `[jets × classes]`, row-major.
    func likelihoods(_ events: Events, _ jets: Jets) -> Matrix {
      let tape = Tape(parameters: parameters)
      return head(inputs(tape, events, jets)).matrix
    }
  }

  /// The likelihood written plainly in double precision, node by node, from the parameters by their names.
  private struct Reference {
    let setting: Setting
    let kind: Int

    private func layer(_ name: String, _ x: [Double]) -> [Double] {
      let layout = setting.parameters.layout
      func values(_ part: String) -> [Double] {
        let entry = layout.entries.first { $0.name == "heads.jets.class\(kind).\(name).\(part)" }!
        return setting.parameters.values[entry.offset..<entry.offset + entry.count].map { Double($0) }
      }
      let (weight, bias) = (values("weight"), values("bias"))
      return bias.indices.map { row in
        bias[row] + x.indices.reduce(0) { $0 + weight[row * x.count + $1] * x[$1] }
      }
    }

    private func layers(_ name: String, _ x: [Double]) -> [Double] {
      layer("\(name).last", layer("\(name).hidden", x).map { max($0, 0) })
    }

    private func logMixture(_ outputs: ArraySlice<Double>, _ value: Double) -> Double {
      let values = Array(outputs)
      let count = values.count / 3
      let norm = values[..<count].reduce(0) { $0 + exp($1) }
      return log(
        (0..<count).reduce(0) { sum, component in
          let width = exp(3.5 * tanh(values[2 * count + component] / 3.5))
          let pull = (value - values[count + component]) / width
          return sum + exp(values[component]) / norm * exp(-pull * pull / 2)
            / (width * (2 * Double.pi).squareRoot())
        })
    }

    func logLikelihood(_ tree: Int) -> Double {
      let (trees, scaling) = (setting.jets.trees, setting.head.scaling)
      let first = trees.offsets[tree]
      func scaled(_ scale: BranchingScaling.Scale, _ value: Double) -> Double {
        (value - scale.mean) / scale.deviation
      }
      func pt(_ node: Int) -> Double { direction(node).pt }
      /// The sum of pT, and the directions weighted by it.
      func direction(_ node: Int) -> (pt: Double, y: Double, phi: Double) {
        guard trees.left[node] >= 0 else {
          let momentum = trees.momentum(ofNode: node)
          // The jets of this test lie around φ = 0.
          return (momentum.pt, momentum.rapidity, momentum.phi > .pi ? momentum.phi - 2 * .pi : momentum.phi)
        }
        let (a, b) = (direction(first + Int(trees.left[node])), direction(first + Int(trees.right[node])))
        let sum = a.pt + b.pt
        return (sum, (a.pt * a.y + b.pt * b.y) / sum, (a.pt * a.phi + b.pt * b.phi) / sum)
      }
      let root = trees.offsets[tree + 1] - 1
      func sum(_ node: Int, _ state: [Double], _ azimuthBefore: Double) -> Double {
        let outputs = layers("branching", state)
        let logit = outputs[0]
        guard trees.left[node] >= 0 else { return -log(1 + exp(logit)) }
        let children = [Int(trees.left[node]), Int(trees.right[node])].map { first + $0 }
          .sorted { pt($0) > pt($1) }
        let (hard, soft) = (direction(children[0]), direction(children[1]))
        let azimuth = atan2(soft.phi - hard.phi, soft.y - hard.y)
        let relative = (azimuth - azimuthBefore).remainder(dividingBy: 2 * .pi)
        let angle = scaled(scaling.logAngle, log(hypot(soft.phi - hard.phi, soft.y - hard.y)))
        let z = soft.pt / (soft.pt + hard.pt)
        let share = scaled(scaling.logitShare, log(2 * z / (1 - 2 * z)))
        let bins = layers("azimuth", state + [angle, share])
        let bin = min(Int((relative + .pi) / (2 * .pi) * Double(bins.count)), bins.count - 1)
        var total = -log(1 + exp(-logit))
        total += logMixture(outputs[1...], angle) - log(scaling.logAngle.deviation)
        total += logMixture(layers("share", state + [angle])[...], share) - log(scaling.logitShare.deviation)
        total += bins[bin] - log(bins.reduce(0) { $0 + exp($1) }) + log(Double(bins.count) / (2 * .pi))
        for (child, name) in zip(children, ["harder", "softer"]) {
          let features = [
            scaled(scaling.logPt, log(pt(child))), log(pt(child) / pt(root)), angle, share, cos(relative),
            sin(relative),
          ]
          let both = layer(name, state + features)
          let next = state.indices.map { place in
            let kept = 1 / (1 + exp(-both[place]))
            return kept * state[place] + (1 - kept) * tanh(both[state.count + place])
          }
          total += sum(child, next, azimuth)
        }
        return total
      }
      return sum(root, layer("root", [scaled(scaling.logPt, log(pt(root)))]).map { tanh($0) }, 0)
    }
  }

  @Test func likelihoodIsThatOfTheReference() throws {
    let setting = try Setting()
    let likelihoods = setting.likelihoods(setting.events, setting.jets)
    for kind in 0..<2 {
      for jet in 0..<setting.jets.jetCount {
        let expected = Reference(setting: setting, kind: kind).logLikelihood(jet)
        #expect(abs(Double(likelihoods[jet, kind]) - expected) < 1e-4 * max(1, abs(expected)))
      }
    }
  }

  /// The density of a mixture has the integral 1.
  @Test func mixturesAreNormalised() throws {
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let count = 40_000
    let outputs = (0..<count).flatMap { _ in [0.3, -1, 2, 0.5, -3, 1, -2, 0, 0.7] as [Float] }
    let values = (0..<count).map { -40 + 80 * Float($0) / Float(count) }
    let mixture = GaussianMixture(tape.constant(outputs, rows: count, columns: 9))
    let density = mixture.logDensity(at: values)
    let integral = density.values.reduce(0.0) { $0 + exp(Double($1)) } * 80 / Double(count)
    #expect(abs(integral - 1) < 1e-3)
  }

  /// A jet is the same whatever others are drawn with it, and another for another seed.
  @Test func drawnJetsDoNotDependOnOthers() throws {
    let setting = try Setting()
    let tape = Tape(parameters: setting.parameters)
    let together = try setting.head.generate(0..<40, of: 1, seed: 5, on: tape)
    #expect(together.eventCount == 40 && together.columns["label"]?.values.allSatisfy { $0 == 1 } == true)
    for number in [0, 17, 39] {
      let alone = try setting.head.generate(number..<number + 1, of: 1, seed: 5, on: tape)
      let particles = together.particles(ofEvent: number)
      #expect(alone.particleCount == particles.count && alone.eventNumbers == [number])
      for (one, other) in zip(0..<alone.particleCount, particles) {
        #expect(alone.momentum(ofParticle: one) == together.momentum(ofParticle: other))
      }
    }
    #expect(try setting.head.generate(0..<40, of: 1, seed: 6, on: tape).momenta != together.momenta)
  }

  /// As many jets have one constituent as the likelihood of such jets says, and the constituents of a jet add up to a pT of
  /// the spectrum.
  @Test func drawnJetsFollowTheLikelihood() throws {
    let setting = try Setting(classes: ["jets"])
    let tape = Tape(parameters: setting.parameters)
    let drawn = try setting.head.generate(0..<4000, of: 0, seed: 1, on: tape)
    var singles = Events()
    var found = 0.0
    let spectrum = setting.head.scaling.spectra[0]
    for event in 0..<drawn.eventCount {
      let particles = drawn.particles(ofEvent: event)
      if particles.count == 1 { found += 1 }
      let pt = particles.reduce(0) { $0 + drawn.momentum(ofParticle: $1).pt }
      #expect(spectrum.logPt[0] - 1e-9 <= log(pt) && log(pt) <= spectrum.logPt.last! + 1e-9)
      try singles.append([FourMomentum(px: pt, py: 0, pz: 0, energy: pt)])
    }
    let finder = try JetFinder(JetDefinition(.antikt, radius: 1)).withTrees(true)
    let likelihoods = setting.likelihoods(singles, try JetClusterer(finder).jets(in: singles))
    let probabilities = (0..<likelihoods.rows).map { exp(Double(likelihoods[$0, 0])) }
    let expected = probabilities.reduce(0, +)
    let variance = probabilities.reduce(0) { $0 + $1 * (1 - $1) }
    #expect(abs(found - expected) < 4 * variance.squareRoot())
  }

  /// Drawn constituents have masses that the sample has at their transverse momentum, as often as it has them, and what else is
  /// drawn does not change with them.
  @Test func drawnConstituentsHaveMassesOfTheSample() throws {
    let (pion, proton) = (0.13957, 0.93827)
    var places = 0
    let setting = try Setting(
      classes: ["jets"], events: 600,
      mass: { pt in
        places += 1
        // A quarter of the hard ones are protons.
        return pt > 10 && places % 4 == 0 ? proton : pion
      })
    let tape = Tape(parameters: setting.parameters)
    let drawn = try setting.head.generate(0..<400, of: 0, seed: 3, on: tape)
    var (hard, protons) = (0, 0)
    for particle in 0..<drawn.particleCount {
      let momentum = drawn.momentum(ofParticle: particle)
      let isProton = abs(momentum.mass - proton) < 1e-3
      #expect(isProton || abs(momentum.mass - pion) < 1e-3)
      // An interval of transverse momentum may begin a little below.
      if momentum.pt < 5 { #expect(!isProton) }
      guard momentum.pt > 15 else { continue }
      hard += 1
      protons += isProton ? 1 : 0
    }
    let expected = 0.25 * Double(hard)
    #expect(hard > 100 && abs(Double(protons) - expected) < 4 * (0.75 * expected).squareRoot())
  }

  /// What was stored before constituents had masses is read, and jets drawn from it have none.
  @Test func constituentsOfEarlierModelsAreMassless() throws {
    var setting = try Setting(classes: ["jets"], mass: { _ in 0.5 })
    var stored = setting.head.scaling
    stored.spectra[0].masses = nil
    let text = try JSONEncoder().encode(stored)
    #expect(!String(decoding: text, as: UTF8.self).contains("masses"))
    try setting.head.prepare(by: JSONDecoder().decode(BranchingScaling.self, from: text))
    let drawn = try setting.head.generate(0..<50, of: 0, seed: 3, on: Tape(parameters: setting.parameters))
    #expect((0..<drawn.particleCount).allSatisfy { abs(drawn.momentum(ofParticle: $0).mass) < 1e-4 })
  }

  @Test(arguments: [
    (edges: [1.0], masses: [[0.1]]), ([], [[]]), ([2, 1], [[0.1], [0.1], [0.1]]), ([], [[-0.1]]),
    ([], [[.nan]]),
  ])
  func wrongMassesAreRefused(edges: [Double], masses: [[Double]]) throws {
    var setting = try Setting(classes: ["jets"])
    var stored = setting.head.scaling
    stored.spectra[0].masses!.edges = edges
    stored.spectra[0].masses!.masses = masses
    let error = #expect(throws: PluginError.self) { try setting.head.prepare(by: stored) }
    #expect(error?.description.contains("masses of constituents of jets") == true)
  }

  @Test func wrongConfigurationsAreRefused() {
    for (configuration, word) in [
      (TreeGeneration.Configuration(classes: ["a", "b"]), "give truth"),
      (TreeGeneration.Configuration(truth: "label", classes: ["a"]), "leave truth out"),
      (TreeGeneration.Configuration(classes: []), "give truth"),
      (TreeGeneration.Configuration(truth: "label", classes: ["a", "a"]), "different names"),
      (TreeGeneration.Configuration(classes: ["a"], width: 0), "width is 0"),
      (TreeGeneration.Configuration(classes: ["a"], components: 65), "components is 65"),
      (TreeGeneration.Configuration(classes: ["a"], azimuthBins: 0), "azimuth-bins is 0"),
    ] {
      var builder = HeadBuilder(headName: "jets", layout: ParameterLayout())
      let error = #expect(throws: PluginError.self) {
        try TreeGeneration(configuration: configuration, builder: &builder)
      }
      #expect(error?.description.contains(word) == true)
    }
  }
}
