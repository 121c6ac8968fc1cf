// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics
import PluginKit

extension ParticleWeighting {
  /// A weighting by the output `weight` of a model's head on constituents, such as the probability not to be from pile-up.
  ///
  /// ```swift
  /// options.weighting = try ParticleWeighting(Model(contentsOf: folder, plugins: .builtIn), name: "pileup")
  /// ```
  ///
  /// - Parameters:
  ///   - model: the model, whose jets have each particle once: inclusive ones of any pT and rapidity.
  ///   - name: what messages call it.
  /// - Throws: ``ModelError`` if the model has no such head, or several, leaves out jets, or reads particles that are weighted
  ///   themselves.
  public init(_ model: Model, name: String) throws {
    let heads = model.network.heads.map(HeadPrediction.init).filter { head in
      head.rows == .constituents && head.outputs.contains { $0.name == Self.quantity && $0.width == 1 }
    }
    guard heads.count == 1 else {
      throw ModelError(
        "\(name): \(heads.isEmpty ? "no head of the model" : "more than one head of the model (\(heads.map(\.name).joined(separator: ", ")))") has the output “weight” of "
          + "constituents, which particles are multiplied by; use a model with one, whose head particle-identification has the setting weight."
      )
    }
    guard model.description.jets.selection == .allInclusive, model.network.cuts.isEmpty else {
      throw ModelError(
        "\(name): the model leaves out jets, so that their particles have no weight; use a model whose jets have min-pt: 0 and no other "
          + "condition.")
    }
    guard model.weighting == nil else {
      throw ModelError(
        "\(name): the model was itself trained on particles that were multiplied by weights, and leaves some without one; use a model "
          + "that was trained without data.apply.")
    }
    let output = "\(heads[0].name)/\(Self.quantity)"
    self.init(name: name, particleColumns: model.network.particleColumns) {
      let predictor = try Predictor(model)
      var prediction = Prediction()
      return { events, weights in
        try predictor.predict(events, into: &prediction)
        weights.removeAll(keepingCapacity: true)
        for weight in prediction[output]!.values { weights.append(Double(weight)) }
        return prediction.jets
      }
    }
  }
}
