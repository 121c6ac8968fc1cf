// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

extension Network {
  /// The network with what its heads learn from the training events before the first step.
  ///
  /// A training that goes on takes over what its checkpoint holds, so that it has the same bits. Nothing depends on the
  /// number of threads.
  ///
  /// - Parameters:
  ///   - dataset: the events.
  ///   - training: the numbers of those that are learnt from.
  ///   - checkpoint: where the training goes on; nil if it begins.
  ///   - known: what the heads of a model learnt that a training begins with, by their names.
  /// - Returns: the network.
  /// - Throws: ``TrainingError`` that names the head if there is too little to learn from, or what was learnt does not fit
  ///   it or cannot be stored, or says that events of the cache cannot be read back.
  public func prepared(
    on dataset: EventDataset, _ training: [Int], resuming checkpoint: Checkpoint? = nil,
    taking known: [String: JSONValue] = [:]
  ) throws -> Network {
    var network = self
    let waiting = heads.indices.filter { !heads[$0].isPrepared }
    guard !waiting.isEmpty else { return network }
    let inputs = try dataset.plainInputs(of: training, for: waiting.map { heads[$0] })
    for index in waiting {
      let named = heads[index]
      if let known = (checkpoint?.preparations ?? known)[named.name] {
        do {
          try network.prepareHead(index, by: known)
        } catch let error as ModelError {
          throw TrainingError(
            checkpoint == nil
              ? "The model under training.from does not fit the network: \(error.description)"
              : "The checkpoint does not fit the network: \(error.description); begin again in another folder."
          )
        }
        continue
      }
      do {
        try network.prepareHead(
          index, fitting: dataset.truth(of: named, of: training),
          weights: dataset.weights(for: named, of: training).map { Double($0) }, inputs: inputs)
      } catch let error where error is ModelError || error is MetricError || error is PluginError {
        let text = "\(error)"
        throw TrainingError(
          "\(named.name) cannot be prepared on the events to learn from: \(text)\(text.hasSuffix(".") ? "" : ".")"
        )
      }
    }
    return network
  }
}
