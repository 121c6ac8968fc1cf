// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import PluginTesting
import RecursiveEmbedding
import TestCells
import Testing

/// The cells that come with Canopy conform, and so does one from outside; the faults of others are found.
@Suite struct CellConformanceTests {
  @Test(arguments: testedCells, CellCheck.allCases)
  func cellsConform(_ cell: RecursiveNetwork.Cell, _ check: CellCheck) throws {
    func run<C: RecursiveCell>(_ type: C.Type) throws { try CellConformance(type).run(check) }
    try run(cell.type)
  }

  @Test func aSimpleCellConforms() throws {
    for check in CellCheck.allCases { try CellConformance(MeanCell<NoFault>.self).run(check) }
  }

  @Test func faultsAreFound() {
    func failing<F: CellFault>(_ fault: F.Type) -> [CellCheck] {
      CellCheck.allCases.filter { (try? CellConformance(MeanCell<F>.self).run($0)) == nil }
    }
    #expect(failing(ForgottenParameter.self) == [.parameters])
    #expect(failing(OtherName.self).contains(.parameters))
    #expect(failing(LostGradient.self) == [.gradients])
    #expect(failing(MixedRows.self) == [.independence])
    #expect(failing(Infinite.self).contains(.finiteness))
  }

  /// A wrong width would end the program in a network, so that it is looked for before.
  @Test func aStateOfAnotherWidthIsRefused() {
    let error = #expect(throws: ConformanceFailure.self) {
      try CellConformance(MeanCell<WideState>.self).run(.shapes)
    }
    #expect(error?.description == "The states of 1 splittings are 1 × 2, with a state's width of 1.")
  }

  @Test func aNameThatDoesNotServeIsRefused() {
    let error = #expect(throws: PluginError.self) { try CellConformance(MeanCell<BadName>.self).run(.saving) }
    #expect(error?.description.contains("“the mean” is no name of a recursive cell") == true)
  }
}

/// Something that a cell does wrong.
private protocol CellFault: Sendable {}
private enum NoFault: CellFault {}
private enum ForgottenParameter: CellFault {}
private enum OtherName: CellFault {}
private enum LostGradient: CellFault {}
private enum MixedRows: CellFault {}
private enum Infinite: CellFault {}
private enum WideState: CellFault {}
private enum BadName: CellFault {}

/// The mean of both children and of the node itself.
private struct MeanCell<F: CellFault>: RecursiveCell {
  static var name: String { F.self == BadName.self ? "the mean" : "mean" }
  static var summary: String { "The mean of both children and of the node itself." }

  let width: Int
  private let local: Dense

  init(width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.width = width
    local = Dense(
      F.self == OtherName.self ? "mean.local" : "embedding.local", inputs: featureCount, outputs: width,
      in: &layout)
  }

  var leafParameters: [ParameterID] {
    F.self == ForgottenParameter.self ? [local.weight] : [local.weight, local.bias]
  }
  var splittingParameters: [ParameterID] { [] }

  func leaves(_ features: Variable) -> Variable {
    let state = local(features).relu()
    return F.self == LostGradient.self ? state.detached() : state
  }

  func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable {
    if F.self == WideState.self { return left.concatenated(with: right) }
    let sum = left + right + local(features).relu()
    if F.self == Infinite.self { return sum / 1e-38 / 1e-38 }
    if F.self == MixedRows.self { return sum / Float(2 + left.rows) }
    return sum / 3
  }
}
