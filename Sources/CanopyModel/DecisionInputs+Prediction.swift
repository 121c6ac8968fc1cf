// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit

extension DecisionSources {
  /// What decisions can know of an event that a model has looked at.
  public init(_ model: Model) {
    self.init(
      heads: model.network.heads.map { Head(name: $0.name, rows: $0.head.rows, outputs: $0.head.outputs) },
      conditions: model.network.conditions,
      observables: model.network.observables.columns)
    mostJets = model.description.jets.selection.mostJets
  }
}

extension DecisionInputs {
  /// Replaces the content by events and what the model of these sources predicts for them, and keeps the storage.
  ///
  /// - Precondition: `prediction` is that of a ``Predictor`` for `events`, heads included.
  public mutating func replace(with events: Events, _ prediction: Prediction) {
    replace(with: events, jets: prediction.jets)
    for index in prediction.heads.indices { append(predictions: prediction.heads[index].values) }
  }
}
