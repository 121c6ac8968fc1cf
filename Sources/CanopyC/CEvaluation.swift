// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import CanopyModel
import EventIO
import JetPhysics
import Reports
import Settings
import Statistics
import Support

// The function that canopy.h declares for evaluations. Its documentation is there.

/// `canopy_evaluate`.
@_cdecl("canopy_evaluate")
public func evaluate(
  _ model: OpaquePointer?, _ inputs: UnsafePointer<canopy_input>?, _ inputCount: Int,
  _ settings: UnsafePointer<CChar>?, _ watch: UnsafePointer<canopy_watch>?, _ results: OpaquePointer?
) -> canopy_status {
  status {
    let plugins = LoadedPlugins.registry
    let model = try Handle.object(model, as: OpenModel.self, "model").model
    let settings = try EvaluationSettings(settings: settings, plugins: plugins)
    let watch = try Watch(watch)
    let inputs = try GivenInputs(inputs, inputCount)
    try Handle.object(results, as: ResultStore.self, "results").fill { results in
      var study = EvaluationStudy(plugins: plugins)
      study.divisions = settings.divisions
      study.shuffles = settings.work.importance
      study.changes = settings.work.robustness ? EventChange.allCases : []
      let evaluation = try Evaluation(
        of: model, on: inputs.stream(settings.reading(for: model, study, plugins)),
        yields: settings.yields(), study: study, threads: settings.work.threads
      ) { _ in try watch.check() }
      results.fill(with: try evaluation.arrays(of: model))
    }
  }
}

/// The settings of `canopy_evaluate`.
private struct EvaluationSettings: Decodable {
  let reading: EventReadingOptions
  let weighting: WeightingSettings
  let work: Work
  let conditions: [String: Double]
  let divisions: [RowDivision]

  struct Work: SettingsSection {
    var weight: EventWeight?
    var negativeWeights = NegativeWeights.asTheyAre
    var signalYield: Double?
    var backgroundYield: Double?
    var importance = 0
    var robustness = false
    var threads = 1

    static let settings: [Setting<Work>] = [
      Setting("weight", \.weight, "what each event counts"),
      Setting("negative-weights", \.negativeWeights, "what becomes of events of negative weight"),
      Setting(
        "signal-yield", \.signalYield, .positive, "the number of signal events expected before any cut"),
      Setting(
        "background-yield", \.backgroundYield, .positive,
        "the number of background events expected before any cut"),
      Setting(
        "importance", \.importance, .closed(0...1000),
        "how often each number that the network reads is shuffled"),
      Setting("robustness", \.robustness, "judge changed events too"),
      Setting("threads", \.threads, .closed(1...1024), "how many threads work"),
    ]

    func check(given: Set<String>) throws {
      if given.contains("negative-weights"), weight == nil {
        throw SettingProblem("negative-weights", "is of weights; name one under weight")
      }
      if (signalYield == nil) != (backgroundYield == nil) {
        throw SettingProblem(
          signalYield == nil ? "background-yield" : "signal-yield", "needs the other yield; give both")
      }
    }
  }

  private struct Sections: Decodable {
    var conditions: OrderedMapping<Double>?
    var `in`: OrderedMapping<[Double]>?
  }

  init(from decoder: any Decoder) throws {
    reading = try EventReadingOptions(from: decoder)
    weighting = try WeightingSettings(from: decoder)
    work = try Work(from: decoder)
    let sections = try Sections(from: decoder)
    conditions = Dictionary(
      uniqueKeysWithValues: (sections.conditions ?? OrderedMapping()).map { ($0.key, $0.value) })
    divisions = try (sections.in ?? OrderedMapping()).map {
      try RowDivision($0.key, edges: $0.value.isEmpty ? nil : $0.value)
    }
  }

  /// The yields that are expected.
  func yields() throws -> EventYields? {
    guard let signal = work.signalYield, let background = work.backgroundYield else { return nil }
    return try EventYields(signal: signal, background: background)
  }

  /// How the events are read for a model, whose selection of particles is theirs unless another is given.
  func reading(
    for model: Model, _ study: EvaluationStudy, _ plugins: PluginRegistry
  ) throws -> EventReadingOptions {
    if let unknown = conditions.keys.sorted().first(where: { !model.network.conditions.contains($0) }) {
      throw CallError("The model reads no condition \(unknown).")
    }
    var options = reading
    options.demandSelection()
    if options.particles == ParticleSelection() {
      options.particles = model.description.particles ?? options.particles
    } else if model.folds?.goByParticles == true, options.particles != model.description.particles {
      throw CallError(
        "The model is one of folds, which go by the particles that it was trained on: leave out settings that choose "
          + "particles, or train with a data.folds.by that reads columns of events alone.")
    }
    options.particleColumns = try study.observables(for: model).particleColumns.union(
      model.network.particleColumns)
    options.weighting = try weighting.found([], plugins, for: model)?.weighting
    options.formats = plugins.eventFormats
    options.jets = try model.formulaJets(plugins)
    options.columns = conditions
    options.weight = work.weight
    options.negativeWeights = work.negativeWeights
    return options
  }
}

extension Evaluation {
  /// All numbers and arrays, by the names of canopy.h.
  fileprivate func arrays(of model: Model) throws -> [ResultStore.GivenArray] {
    var arrays: [ResultStore.GivenArray] = [
      .init("evaluation", [String(decoding: try json(), as: UTF8.self)]), .init("remark", remarks),
    ]
    for (result, named) in zip(heads, model.network.heads) {
      let name = named.name
      var column = 0
      for output in named.head.outputs {
        let values = (0..<result.outputs.rows).flatMap { row in
          (column..<column + output.width).map { result.outputs[row, $0] }
        }
        arrays.append(
          .init(
            "outputs/\(name)/\(output.name)", CANOPY_FLOAT32, width: output.width == 1 ? nil : output.width,
            unit: output.unit, values))
        column += output.width
      }
      for column in result.truth.names {
        arrays.append(.init("truth/\(name)/\(column)", CANOPY_FLOAT32, result.truth[column]))
      }
      arrays.append(.init("weight/\(name)", CANOPY_FLOAT64, result.weights))
      if let labels = result.labels {
        arrays.append(.init("class/\(name)", CANOPY_INT32, labels.map { Int32($0) }))
      }
    }
    for classifier in classifiers {
      guard let points = classifier.curve?.points() else { continue }
      for (quantity, values) in [
        ("threshold", points.map { Double($0.threshold) }),
        ("signal_efficiency", points.map(\.signalEfficiency)),
        ("signal_efficiency_error", points.map(\.signalEfficiencyError)),
        ("background_efficiency", points.map(\.backgroundEfficiency)),
        ("background_rejection", points.map { $0.rejection?.value ?? .nan }),
        ("background_rejection_error", points.map { $0.rejection?.error ?? .nan }),
      ] {
        arrays.append(.init("roc/\(classifier.name)/\(quantity)", CANOPY_FLOAT64, values))
      }
    }
    return arrays
  }
}
