// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import JetTaggers
import TestCells
import Testing

/// A tagger on the recursive network.
@Suite struct TaggerGradientTests {
  private static let configurations = [
    JetTagger.Configuration(truth: "label", classes: ["QCD", "W"], hidden: [4, 3]),
    JetTagger.Configuration(truth: "flavour", classes: ["g", "q", "b"], hidden: [5]),
  ]

  /// The loss through the head and the recursive network below it, against its central differences in every
  /// parameter of both.
  @Test(arguments: configurations, testedCells)
  func gradientsReachTheTree(configuration: JetTagger.Configuration, cell: RecursiveNetwork.Cell) throws {
    var layout = ParameterLayout()
    let network = RecursiveNetwork(cell, width: 4, featureCount: NodeFeatures.lund.count, in: &layout)
    var builder = HeadBuilder(headName: "tagger", jetEmbeddingWidth: 4, layout: layout)
    let head = try JetTagger(configuration: configuration, builder: &builder)
    layout = builder.layout
    var generator = SeededGenerator(seed: 13)
    let parameters = Parameters(layout: layout, using: &generator)
    for entry in layout.entries where entry.rows == 1 {
      for i in 0..<entry.count {
        parameters.values[entry.offset + i] = Float.random(in: 0.1...0.5, using: &generator)
      }
    }
    let batch = TreeBatch()
    let trees = try Self.trees()
    batch.fill(trees, 0..<trees.treeCount)
    let classes = configuration.classes.count
    let truth = HeadTruth(
      rows: trees.treeCount,
      columns: [configuration.truth.columns[0]: (0..<trees.treeCount).map { Float($0 % classes) }])
    let weights = PackedWeights(network, parameters)
    func loss(on tape: Tape) -> Variable {
      weights.pack(parameters)
      let inputs = HeadInputs(
        eventCount: 1, eventOfJet: Array(repeating: 0, count: trees.treeCount), on: tape,
        jetEmbedding: network(batch, weights, on: tape))
      return head.loss(of: head(inputs), truth: truth)
    }

    let gradients = Parameters(layout: layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    tape.backward(from: loss(on: tape))
    let plain = Tape(parameters: parameters)
    func value() -> Double {
      plain.reset()
      return loss(on: plain).values.reduce(0) { $0 + Double($1) }
    }
    let step: Float = 1.0 / 1024
    var compared = 0
    var differing = 0
    for entry in layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      #expect(range.contains { abs(gradients.values[$0]) > 1e-3 }, "\(entry.name) has a gradient")
      for i in range {
        let number = parameters.values[i]
        parameters.values[i] = number + step
        let above = value()
        parameters.values[i] = number - step
        let difference = (above - value()) / Double(2 * step)
        parameters.values[i] = number
        compared += 1
        if abs(difference - Double(gradients.values[i])) > 4e-3 * max(1, abs(difference)) { differing += 1 }
      }
    }
    // There is no central difference for a ReLU whose corner lies within the step.
    #expect(compared > 130 && differing <= compared / 50, "\(differing) of \(compared)")
  }

  /// The trees of a few jets of particles around an axis.
  private static func trees() throws -> FeatureTrees {
    var generator = SeededGenerator(seed: 17)
    var events = Events()
    for size in [1, 2, 3, 7, 12, 30] {
      for _ in 0..<size {
        let pt = Double.random(in: 1...40, using: &generator)
        let eta = Double.random(in: -0.4...0.4, using: &generator)
        let phi = Double.random(in: 1...1.8, using: &generator)
        events.momenta.px.append(pt * cos(phi))
        events.momenta.py.append(pt * sin(phi))
        events.momenta.pz.append(pt * sinh(eta))
        events.momenta.energy.append(pt * cosh(eta) + 0.01)
      }
      events.eventNumbers.append(events.eventCount)
      events.offsets.append(events.momenta.px.count)
    }
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.exclusiveJets(1)), recluster: .kt)
    let jets = try JetClusterer(finder).jets(in: events)
    var trees = FeatureTrees(featureCount: NodeFeatures.lund.count)
    trees.replace(with: jets.trees, features: .lund)
    trees.scale(by: FeatureScaling(fitting: trees.features, count: trees.featureCount))
    return trees
  }
}
