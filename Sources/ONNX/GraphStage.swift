// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// A stage that can be written as a graph of ONNX.
package protocol GraphStage: Stage {
  /// Adds the stage to a graph.
  ///
  /// - Parameters:
  ///   - inputs: what the graph is given.
  ///   - scaling: the scaling of what the stage reads.
  ///   - parameters: the weights of the network.
  ///   - jetEmbedding: the embedding of each jet in the graph, `[jets × width]`; nil if jets are not embedded.
  /// - Returns: the embedding, `[rows × width]`, and what a stage of events knows of them beside it, `[events × names]`.
  /// - Throws: ``GraphError``, without a full stop, if a part of the stage cannot be written.
  func graph(
    _ inputs: GraphInputs, scaling: Features.Scaling, parameters: Parameters, jetEmbedding: GraphValue?
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?)

  /// What the graph is given for this stage alone, of some events and their jets; nothing unless given.
  ///
  /// - Returns: the names of inputs and their numbers, `[rows]` each.
  /// - Throws: an error that names the event and the field, if an event lacks what the stage reads.
  func graphNumbers(of events: Events, _ jets: Jets) throws -> [(name: String, values: [Double])]
}

extension GraphStage {
  /// Nothing.
  package func graphNumbers(of events: Events, _ jets: Jets) throws -> [(name: String, values: [Double])] {
    []
  }
}

/// A head that works numbers out beside the engine's operations, and says how a graph works them out.
///
/// A head of the engine's operations alone, on embeddings and event inputs, needs nothing to be exported.
package protocol GraphHead: Head {
  /// The numbers in a graph: `[rows × columns]` each, in single precision.
  func numbers(_ inputs: GraphInputs) -> [(value: GraphValue, columns: Int)]

  /// The forward pass with these numbers in place of those that the head works out.
  func callAsFunction(_ inputs: HeadInputs, numbers: [Variable]) -> Variable
}
