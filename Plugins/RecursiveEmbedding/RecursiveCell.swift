// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// How the state of a tree's node follows from its features and from the states of its children: the cell of a
/// recursive network.
///
/// A cell is defined in operations of NeuralEngine. All leaves of a batch, then all splittings of one height after
/// another, are one call each, so that a row is a node. The result of a row may depend on no other row.
///
/// ```swift
/// struct MeanCell: RecursiveCell {
///   static let name = "mean"
///   static let summary = "The mean of both children and of the node itself."
///   let local: Dense
///   let width: Int
///
///   init(width: Int, featureCount: Int, in layout: inout ParameterLayout) {
///     self.width = width
///     local = Dense("embedding.local", inputs: featureCount, outputs: width, in: &layout)
///   }
///
///   var leafParameters: [ParameterID] { [local.weight, local.bias] }
///   var splittingParameters: [ParameterID] { [] }
///   func leaves(_ features: Variable) -> Variable { local(features).relu() }
///   func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable {
///     (left + right + leaves(features)) / 3
///   }
/// }
///
/// let network = RecursiveNetwork(RecursiveNetwork.Cell(MeanCell.self), width: 8, featureCount: 11, in: &layout)
/// ```
///
/// `registry.register(MeanCell.self)` makes it known to configurations and models, as `cell: mean`.
public protocol RecursiveCell: Sendable {
  /// The name by which configurations and models ask for the cell, such as `gated`.
  static var name: String { get }
  /// One sentence that says what the cell does.
  static var summary: String { get }

  /// A cell whose parameters, all named `embedding.…`, are added to a layout.
  ///
  /// - Parameters:
  ///   - width: the number of components of the embedding.
  ///   - featureCount: the number of features of a node.
  ///   - layout: where the parameters are added.
  init(width: Int, featureCount: Int, in layout: inout ParameterLayout)

  /// The number of components of the embedding.
  var width: Int { get }
  /// The number of components of a node's state, the first `width` of which are the embedding; `width` unless given.
  var stateWidth: Int { get }
  /// The parameters that leaves and splittings read.
  var leafParameters: [ParameterID] { get }
  /// The parameters that only splittings read.
  var splittingParameters: [ParameterID] { get }

  /// The states of leaves: `[leaves × stateWidth]`.
  ///
  /// - Parameter features: scaled: `[leaves × features]`.
  /// - Returns: `[leaves × stateWidth]`.
  func leaves(_ features: Variable) -> Variable

  /// The states of splittings: `[splittings × stateWidth]`.
  ///
  /// - Parameters:
  ///   - left: the states of the children of larger pT: `[splittings × stateWidth]`.
  ///   - right: the states of the other children: `[splittings × stateWidth]`.
  ///   - features: scaled: `[splittings × features]`.
  /// - Returns: `[splittings × stateWidth]`.
  func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable
}

extension RecursiveCell {
  /// The number of components of the embedding.
  public var stateWidth: Int { width }
}
