// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import RecursiveEmbedding
import TestCells
import Testing

/// The network in batches against the reference node by node, and its gradient against central differences of it.
@Suite struct RecursiveNetworkTests {
  /// Trees of 1, 2, 3 and hundreds of leaves, of the shapes that clustering gives and of extreme ones.
  private static func trees() throws -> JetTrees {
    var trees = JetTrees()
    for (leaves, shape) in [
      (1, Shape.balanced), (2, .balanced), (3, .chain), (1, .chain), (40, .random), (300, .random),
      (60, .chain),
      (64, .balanced), (5, .random),
    ] {
      append(to: &trees, leaves: leaves, shape)
    }
    return trees
  }

  private enum Shape { case balanced, chain, random }

  private static func append(to trees: inout JetTrees, leaves: Int, _ shape: Shape) {
    var generator = SeededGenerator(seed: UInt64(leaves))
    var open = Array(0..<leaves)
    var momenta = (0..<leaves).map { _ in
      let p = (0..<3).map { _ in Double.random(in: -20...20, using: &generator) }
      return [
        p[0] + 60, p[1], p[2], ((p[0] + 60) * (p[0] + 60) + p[1] * p[1] + p[2] * p[2] + 0.02).squareRoot(),
      ]
    }
    var links = Array(repeating: (-1, -1), count: leaves)
    while open.count > 1 {
      let places: (Int, Int)
      switch shape {
      case .balanced: places = (0, 1)
      case .chain: places = (open.count - 2, open.count - 1)
      case .random:
        let first = Int.random(in: 0..<open.count, using: &generator)
        let second = Int.random(in: 0..<open.count - 1, using: &generator)
        places = (first, second < first ? second : second + 1)
      }
      let (a, b) = (open[places.0], open[places.1])
      links.append((a, b))
      momenta.append(zip(momenta[a], momenta[b]).map { $0 + $1 })
      open = open.enumerated().filter { $0.offset != places.0 && $0.offset != places.1 }.map(\.element)
      if shape == .chain { open.append(links.count - 1) } else { open.append(links.count - 1) }
    }
    trees.offsets.append(trees.offsets.last! + links.count)
    trees.left += links.map { Int32($0.0) }
    trees.right += links.map { Int32($0.1) }
    trees.momenta.px += momenta.map { $0[0] }
    trees.momenta.py += momenta.map { $0[1] }
    trees.momenta.pz += momenta.map { $0[2] }
    trees.momenta.energy += momenta.map { $0[3] }
    trees.mergeScale += links.map { _ in 0 }
  }

  private struct Setup {
    var trees: FeatureTrees
    var network: RecursiveNetwork
    var parameters: Parameters
    var weights: PackedWeights { PackedWeights(network, parameters) }

    init(_ cell: RecursiveNetwork.Cell, width: Int) throws {
      let jetTrees = try RecursiveNetworkTests.trees()
      trees = FeatureTrees(featureCount: NodeFeatures.lund.count)
      trees.replace(with: jetTrees, features: .lund)
      trees.scale(by: FeatureScaling(fitting: trees.features, count: trees.featureCount))
      var layout = ParameterLayout()
      network = RecursiveNetwork(cell, width: width, featureCount: trees.featureCount, in: &layout)
      var generator = SeededGenerator(seed: 11)
      parameters = Parameters(layout: layout, using: &generator)
      // Biases that are not zero, so that a forgotten one shows.
      for entry in layout.entries where entry.rows == 1 {
        for i in 0..<entry.count {
          parameters.values[entry.offset + i] = Float.random(in: -0.5...0.5, using: &generator)
        }
      }
    }

    func reference(_ tree: Int) -> ReferenceNetwork.Tree {
      let nodes = trees.offsets[tree]..<trees.offsets[tree + 1]
      let count = trees.featureCount
      return ReferenceNetwork.Tree(
        left: nodes.map { Int(trees.left[$0]) }, right: nodes.map { Int(trees.right[$0]) },
        features: nodes.map { node in (0..<count).map { Double(trees.features[node * count + $0]) } })
    }
  }

  @Test(arguments: testedCells, [1, 5, 40])
  func forwardEqualsTheReference(cell: RecursiveNetwork.Cell, width: Int) throws {
    let setup = try Setup(cell, width: width)
    let reference = ReferenceNetwork(setup.network, setup.parameters)
    let batch = TreeBatch()
    batch.fill(setup.trees, 0..<setup.trees.treeCount)
    let learning = Tape(parameters: setup.parameters, gradients: Parameters(layout: setup.parameters.layout))
    let predicting = Tape(parameters: setup.parameters)
    let result = setup.network(batch, setup.weights, on: learning).matrix
    #expect(setup.network(batch, setup.weights, on: predicting).matrix == result, "recording changes no bit")
    for tree in 0..<setup.trees.treeCount {
      let expected = reference.embedding(of: setup.reference(tree))
      let scale = expected.map(abs).max()!
      for i in 0..<width {
        #expect(
          abs(Double(result[tree, i]) - expected[i]) < 2e-5 * max(scale, 1e-3), "tree \(tree), component \(i)"
        )
      }
    }
  }

  @Test(arguments: testedCells)
  func gradientsEqualCentralDifferences(cell: RecursiveNetwork.Cell) throws {
    let width = 5
    let setup = try Setup(cell, width: width)
    // More splittings than go into the gradients of the weights at once.
    let selection = [0, 1, 2, 4, 7]
    let batch = TreeBatch()
    batch.fill(setup.trees, selection[...])
    let gradients = Parameters(layout: setup.parameters.layout)
    let tape = Tape(parameters: setup.parameters, gradients: gradients)
    let result = setup.network(batch, setup.weights, on: tape)
    var generator = SeededGenerator(seed: 5)
    let coefficients = (0..<result.count).map { _ in Float.random(in: -1...1, using: &generator) }
    coefficients.withUnsafeBufferPointer { tape.seedGradient(of: result, $0) }
    tape.backward()

    var reference = ReferenceNetwork(setup.network, setup.parameters)
    let trees = selection.map(setup.reference)
    func value() -> Double {
      var sum = 0.0
      for (row, tree) in trees.enumerated() {
        for (i, h) in reference.embedding(of: tree).enumerated() {
          sum += Double(coefficients[row * width + i]) * h
        }
      }
      return sum
    }
    for entry in setup.parameters.layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      let scale = range.map { abs(Double(gradients.values[$0])) }.max()!
      #expect(scale > 1e-3, "\(entry.name) has a gradient")
      for i in range {
        let number = reference.numbers[i]
        reference.numbers[i] = number + 1e-6
        let above = value()
        reference.numbers[i] = number - 1e-6
        let difference = (above - value()) / 2e-6
        reference.numbers[i] = number
        #expect(abs(difference - Double(gradients.values[i])) < 1e-4 * max(scale, 1), "\(entry.name)")
      }
    }
  }

  /// Logits whose exponentials no Float holds, with two blocks of about the same weight above the others.
  @Test(arguments: [100, 1000] as [Float], [(0, 1), (1, 3), (2, 0)])
  func largeLogits(size: Float, largest: (Int, Int)) throws {
    let width = 5
    let setup = try Setup(.gated, width: width)
    let bias = try #require(setup.parameters.layout.entries.first { $0.name == "embedding.choice.bias" })
    for block in 0..<4 {
      let sign: Float = block == largest.0 || block == largest.1 ? 1 : -1
      for i in 0..<width { setup.parameters.values[bias.offset + block * width + i] += sign * size }
    }
    let reference = ReferenceNetwork(setup.network, setup.parameters)
    let batch = TreeBatch()
    batch.fill(setup.trees, [2, 8])
    let result = setup.network(batch, setup.weights, on: Tape(parameters: setup.parameters)).matrix
    for (row, tree) in [2, 8].enumerated() {
      let expected = reference.embedding(of: setup.reference(tree))
      let scale = expected.map(abs).max()!
      // A Float of this size is this coarse.
      for i in 0..<width { #expect(abs(Double(result[row, i]) - expected[i]) < 2e-6 * Double(size) * scale) }
    }
  }

  @Test(arguments: testedCells) func aJetDoesNotDependOnThoseBesideIt(cell: RecursiveNetwork.Cell) throws {
    let setup = try Setup(cell, width: 40)
    let tape = Tape(parameters: setup.parameters)
    let batch = TreeBatch()
    batch.fill(setup.trees, 0..<setup.trees.treeCount)
    let together = setup.network(batch, setup.weights, on: tape).matrix
    for tree in 0..<setup.trees.treeCount {
      tape.reset()
      batch.fill(setup.trees, [tree])
      let alone = setup.network(batch, setup.weights, on: tape).values
      for i in 0..<40 { #expect(alone[i].bitPattern == together[tree, i].bitPattern) }
    }
  }

  /// The kernels of a cell against its definition, forward and backward.
  @Test(arguments: testedCells, [1, 5, 40])
  func kernelsDoAsTheDefinition(cell: RecursiveNetwork.Cell, width: Int) throws {
    let setup = try Setup(cell, width: width)
    var layout = ParameterLayout()
    let plain = RecursiveNetwork(
      cell, width: width, featureCount: setup.trees.featureCount, usesKernels: false, in: &layout)
    #expect(layout == setup.parameters.layout)
    let batch = TreeBatch()
    batch.fill(setup.trees, 0..<setup.trees.treeCount)
    let passes = [setup.network, plain].map { network in
      let tape = Tape(parameters: setup.parameters, gradients: Parameters(layout: layout))
      let result = network(batch, PackedWeights(network, setup.parameters), on: tape)
      tape.backward(from: result)
      return (embedding: result.matrix, gradients: tape.gradients!)
    }
    let scale = passes[0].embedding.values.reduce(0) { max($0, abs($1)) }
    for (a, b) in zip(passes[0].embedding.values, passes[1].embedding.values) {
      #expect(abs(a - b) < 2e-5 * scale)
    }
    for entry in layout.entries {
      let places = entry.offset..<entry.offset + entry.count
      let scale = places.reduce(0) { max($0, abs(passes[0].gradients.values[$1])) }
      for place in places {
        #expect(
          abs(passes[0].gradients.values[place] - passes[1].gradients.values[place]) < 2e-4 * max(scale, 1),
          "\(entry.name)")
      }
    }
  }

  @Test(arguments: testedCells) func frozenEmbeddingsAreConstants(cell: RecursiveNetwork.Cell) throws {
    let setup = try Setup(cell, width: 5)
    let tape = Tape(parameters: setup.parameters, gradients: Parameters(layout: setup.parameters.layout))
    let batch = TreeBatch()
    batch.fill(setup.trees, 0..<3)
    let frozen = setup.network(batch, setup.weights, on: tape, freezing: true)
    #expect(frozen.matrix == setup.network(batch, setup.weights, on: tape).matrix)
    tape.backward(from: frozen)
    #expect(tape.gradients!.values.allSatisfy { $0 == 0 })
  }

  /// A registry knows its own cells and no other registry's.
  @Test func cellsAreKnownByName() throws {
    var plugins = PluginRegistry()
    try plugins.register(TreeMemoryCell.self)
    #expect(plugins.recursiveCells.names == ["simple", "gated", "tree-memory"])
    #expect(plugins.recursiveCells.table.contains("\n| `tree-memory` | \(TreeMemoryCell.summary) |"))
    #expect(PluginRegistry().recursiveCells.names == ["simple", "gated"])
    #expect(
      plugins.origin(ofRecursiveCell: "gated") == .builtIn && plugins.origin(ofRecursiveCell: "lstm") == nil)
    for (cell, problem) in [
      (TreeMemoryCell.self, "There is a recursive cell tree-memory already"),
      (SecondGatedCell<Gated>.self, "There is a recursive cell gated already"),
      (SecondGatedCell<Blank>.self, "“my cell” is no name of a recursive cell"),
    ] as [(any RecursiveCell.Type, String)] {
      let error = #expect(throws: PluginError.self) { try plugins.register(cell) }
      #expect(error?.description.contains(problem) == true)
    }
    let text = try JSONEncoder().encode(testedCells)
    #expect(String(decoding: text, as: UTF8.self) == #"["simple","gated","tree-memory"]"#)
    func read(_ text: Data, with plugins: PluginRegistry?) throws -> [RecursiveNetwork.Cell] {
      let decoder = JSONDecoder()
      decoder.userInfo[.plugins] = plugins
      return try decoder.decode([RecursiveNetwork.Cell].self, from: text)
    }
    #expect(try read(text, with: plugins) == testedCells)
    for (name, others, end) in [
      ("tree-memory", nil, "simple, gated"), ("tree-memory", PluginRegistry(), "simple, gated"),
      ("tree-memoty", plugins, "simple, gated, tree-memory; did you mean tree-memory?"),
    ] as [(String, PluginRegistry?, String)] {
      let unknown = #expect(throws: DecodingError.self) { try read(Data("[\"\(name)\"]".utf8), with: others) }
      guard case .dataCorrupted(let context) = unknown else { return #expect(Bool(false), "another error") }
      #expect(
        context.debugDescription
          == "there is no recursive cell \(name) here: load its library by --plugin PATH or "
          + "CANOPY_PLUGIN_PATH; the cells here are: \(end)")
    }
  }

  @Test func weightsAreCountedByTheCell() throws {
    let counts = try testedCells.map { try Setup($0, width: 4).network.weightCounts }
    #expect(counts.map(\.node) == [4 * 11, 4 * 11, 20 * 11])
    #expect(counts.map(\.splitting) == [3 * 16, 28 * 16, 10 * 16])
  }

  @Test(arguments: testedCells) func noTreesAreABatchToo(cell: RecursiveNetwork.Cell) throws {
    let setup = try Setup(cell, width: 8)
    let gradients = Parameters(layout: setup.parameters.layout)
    let tape = Tape(parameters: setup.parameters, gradients: gradients)
    let batch = TreeBatch()
    batch.fill(setup.trees, 0..<0)
    let result = setup.network(batch, setup.weights, on: tape)
    #expect(result.rows == 0 && result.columns == 8)
    tape.backward(from: result)
    #expect(gradients.values.allSatisfy { $0 == 0 })
  }
}

/// What a cell is called that cannot be.
private protocol RefusedName: Sendable {
  static var name: String { get }
}
private enum Gated: RefusedName { static let name = "gated" }
private enum Blank: RefusedName { static let name = "my cell" }

/// A cell that takes the name of another, or has one that does not serve.
private struct SecondGatedCell<Name: RefusedName>: RecursiveCell {
  static var name: String { Name.name }
  static var summary: String { "The sum of both children." }
  let width: Int
  private let local: Dense

  init(width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.width = width
    local = Dense("embedding.local", inputs: featureCount, outputs: width, in: &layout)
  }

  var leafParameters: [ParameterID] { [local.weight, local.bias] }
  var splittingParameters: [ParameterID] { [] }
  func leaves(_ features: Variable) -> Variable { local(features) }
  func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable { left + right }
}
