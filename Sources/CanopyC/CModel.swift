// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Foundation
import Support

// The functions that canopy.h declares under Models. Their documentation is there.

/// `canopy_model_open`.
@_cdecl("canopy_model_open")
public func openModel(
  _ folder: UnsafePointer<CChar>?, _ settings: UnsafePointer<CChar>?
) -> OpaquePointer? {
  reporting {
    guard let folder else { throw CallError("The folder of the model is null.") }
    let plugins = LoadedPlugins.registry
    return Handle.make(
      try OpenModel(String(cString: folder), ModelSettings(settings: settings, plugins: plugins), plugins))
  }
}

/// `canopy_model_close`.
@_cdecl("canopy_model_close")
public func closeModel(_ model: OpaquePointer?) { Handle.release(model, as: OpenModel.self) }

/// `canopy_model_description`.
@_cdecl("canopy_model_description")
public func modelDescription(_ model: OpaquePointer?) -> UnsafePointer<CChar>? {
  reporting { try Handle.object(model, as: OpenModel.self, "model").description[0] } ?? nil
}

/// `canopy_predict`.
@_cdecl("canopy_predict")
public func predict(
  _ model: OpaquePointer?, _ events: UnsafePointer<canopy_events>?, _ results: OpaquePointer?
) -> canopy_status {
  status {
    try Handle.object(results, as: ResultStore.self, "results").fill { results in
      try Handle.object(model, as: OpenModel.self, "model").work.run(GivenEvents(events), into: results)
    }
  }
}

/// An open model.
final class OpenModel {
  let model: Model
  let work: EventWork
  let description: CStrings

  init(_ folder: String, _ settings: ModelSettings, _ plugins: PluginRegistry) throws {
    let model = try Model(contentsOf: URL(fileURLWithPath: folder), plugins: plugins)
    let file = URL(fileURLWithPath: folder).appendingPathComponent(Model.descriptionFile)
    description = CStrings([String(decoding: try Data(contentsOf: file), as: UTF8.self)])
    if settings.outputs.embeddings, model.folds != nil {
      throw CallError(
        "\(folder): is a model of folds, whose embeddings have nothing to do with each other; open one of them, such as "
          + "\(folder)/\(Model.folder(ofFold: 0)).")
    }
    let known = Set(model.network.conditions)
    if let unknown = settings.conditions.first(where: { !known.contains($0.name) }) {
      throw CallError(
        "\(folder): the model reads no condition \(unknown.name)"
          + (known.isEmpty ? "." : "; its conditions are: \(known.sorted().joined(separator: ", "))."))
    }
    let named = try ObservableSet(settings.observables)
    if let name = named.members.map(\.name).first(where: { name in
      model.network.heads.contains { $0.name == name }
    }) {
      throw CallError("The observable \(name) has the name of a head of the model: give it another name.")
    }
    guard !settings.work.trees || model.description.jets.trees else {
      throw CallError("\(folder): the model has no trees, which trees: true asks for; leave it out.")
    }
    let heads = settings.outputs.heads
    self.model = model
    work = try EventWork(
      EventWork.Plan(
        makeWork: {
          let predictor = try Predictor(model, observables: named)
          return { events, prediction in try predictor.predict(events, into: &prediction, heads: heads) }
        },
        particles: model.description.particles ?? ParticleSelection(),
        weighting: settings.weighting.found(settings.observables, plugins, for: model),
        conditions: Columns(
          Dictionary(uniqueKeysWithValues: settings.conditions.map { ($0.name, Column(values: [$0.value])) }))
      ),
      fields: ResultField.ofJets(settings.work) + named.columns.map(ResultField.init)
        + ResultField.of(model.network, settings.outputs),
      threads: settings.work.threads)
  }
}
