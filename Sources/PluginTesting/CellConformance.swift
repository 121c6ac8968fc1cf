// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import NeuralEngine
import RecursiveEmbedding

/// Checks that a recursive cell does what every cell has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: CellCheck.allCases) func conforms(_ check: CellCheck) throws {
///   try CellConformance(MeanCell.self).run(check)
/// }
/// ```
///
/// The cell is tried alone, and in a recursive network of random weights on events that are made for it.
public struct CellConformance<C: RecursiveCell>: Sendable {
  private static var width: Int { 5 }

  /// The conformance of a cell.
  public init(_ type: C.Type) {}

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` if the cell does not pass, or what the network throws.
  public func run(_ check: CellCheck) throws {
    switch check {
    case .parameters: try checkParameters()
    case .shapes:
      try checkStates()
      try stage().run(.shapes)
    case .kernels: try checkKernels()
    case .finiteness: try stage().run(.finiteness)
    case .gradients: try stage().run(.gradients)
    case .determinism: try stage().run(.determinism)
    case .independence: try stage().run(.independence)
    case .saving: try stage().run(.saving)
    }
  }

  /// The conformance of the recursive network with the cell.
  private func stage() throws -> StageConformance<RecursiveStage> {
    var plugins = ConformanceEvents.plugins
    if plugins.recursiveCells[C.name] == nil { try plugins.register(C.self) }
    let description = EmbeddingDescription(
      cell: RecursiveNetwork.Cell(C.self), width: Self.width, features: .lund)
    return StageConformance(RecursiveStage.self, configuration: description, plugins: plugins)
  }

  // MARK: - Checks

  private func checkParameters() throws {
    var layout = ParameterLayout()
    let cell = C(width: Self.width, featureCount: 3, in: &layout)
    let read = cell.leafParameters + cell.splittingParameters
    for id in layout.ids {
      let name = layout[id].name
      try ConformanceFailure.require(
        name.hasPrefix("embedding."), "A parameter is called \(name): names begin with embedding.")
      let count = read.count { $0 == id }
      try ConformanceFailure.require(
        count == 1,
        "\(name) is \(count == 0 ? "missing among" : "\(count) times among") leafParameters and splittingParameters: "
          + "name it once.")
    }
  }

  /// States of numbers of nodes that need not be those of trees, before a network counts on their shapes.
  private func checkStates() throws {
    for (width, featureCount) in [(1, 1), (Self.width, 11), (16, 3)] {
      var layout = ParameterLayout()
      let cell = C(width: width, featureCount: featureCount, in: &layout)
      try ConformanceFailure.require(
        cell.width == width && cell.stateWidth >= width,
        "A cell for embeddings of width \(width) has the width \(cell.width) and states of width \(cell.stateWidth)."
      )
      var generator = SeededGenerator(seed: 1)
      let tape = Tape(parameters: Parameters(layout: layout, using: &generator))
      func numbers(_ rows: Int, _ columns: Int) -> Variable {
        tape.constant(
          (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &generator) }, rows: rows,
          columns: columns)
      }
      func check(_ state: Variable, of nodes: String, _ rows: Int) throws {
        try ConformanceFailure.require(
          state.rows == rows && state.columns == cell.stateWidth,
          "The states of \(rows) \(nodes) are \(state.rows) × \(state.columns), with a state's width of "
            + "\(cell.stateWidth).")
      }
      for rows in [0, 1, 7] { try check(cell.leaves(numbers(rows, featureCount)), of: "leaves", rows) }
      for rows in [1, 7] {
        let children = (numbers(rows, cell.stateWidth), numbers(rows, cell.stateWidth))
        try check(
          cell.splittings(left: children.0, right: children.1, numbers(rows, featureCount)), of: "splittings",
          rows)
      }
    }
  }

  /// The network with the cell's kernels against the one without, forward and backward.
  private func checkKernels() throws {
    let finder = try JetFinder(JetDefinition(.antikt, radius: 1), recluster: .kt)
    var trees = FeatureTrees(featureCount: NodeFeatures.lund.count)
    trees.replace(
      with: try JetClusterer(finder).jets(in: ConformanceEvents.ordinary).trees, features: .lund)
    trees.scale(by: FeatureScaling(fitting: trees.features, count: trees.featureCount))
    let (embeddings, gradients) = pass(trees, usesKernels: true)
    let (defined, definedGradients) = pass(trees, usesKernels: false)
    func check(_ numbers: [Float], _ expected: [Float], _ what: String) throws {
      let scale = expected.reduce(1) { max($0, abs($1)) }
      for (number, expected) in zip(numbers, expected) where !(abs(number - expected) <= 1e-4 * scale) {
        throw ConformanceFailure(
          "A component of \(what) is \(number) by the kernels, and \(expected) by the definition.")
      }
    }
    try check(embeddings, defined, "the embeddings")
    try check(gradients, definedGradients, "the gradients")
  }

  private func pass(_ trees: FeatureTrees, usesKernels: Bool) -> (embeddings: [Float], gradients: [Float]) {
    var layout = ParameterLayout()
    let network = RecursiveNetwork(
      RecursiveNetwork.Cell(C.self), width: Self.width, featureCount: trees.featureCount,
      usesKernels: usesKernels,
      in: &layout)
    var generator = SeededGenerator(seed: 2)
    let parameters = Parameters(layout: layout, using: &generator)
    let batch = TreeBatch()
    batch.fill(trees, 0..<trees.treeCount)
    let tape = Tape(parameters: parameters, gradients: Parameters(layout: layout))
    let result = network(batch, PackedWeights(network, parameters), on: tape)
    tape.backward(from: result)
    return (result.matrix.values, Array(tape.gradients!.values))
  }
}
