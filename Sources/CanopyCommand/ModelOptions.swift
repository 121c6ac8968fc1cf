// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Support
import Foundation

/// Which model is used.
struct ModelNameOptions: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The folder of the model, or the name of one that comes with canopy.", valueName: "dir"),
    completion: .directory)
  var names: [String]

  /// The folder of the model.
  var folder: String { ShippedResources.model(names[0]) }

  func validate() throws {
    guard names.count == 1 else {
      throw ValidationError(
        "--model is given \(names.count) times; one model is used at a time: give it once.")
    }
  }
}

/// Which model is used, and under which conditions.
struct ModelOptions: ParsableArguments {
  @OptionGroup
  var name: ModelNameOptions

  @OptionGroup
  var conditions: ConditionOptions

  /// The folder of the model.
  var folder: String { name.folder }

  /// The plugins.
  var plugins: PluginOptions { conditions.plugins }

  /// Reads the model, which may name any of `plugins`.
  ///
  /// - Throws: `ModelError`, also where the model does not read a condition that was given.
  func read(_ plugins: PluginRegistry) throws -> Model { try conditions.read([folder], plugins)[0] }

  /// The conditions as columns of every event.
  var columns: [String: Double] { conditions.columns }
}

/// Which models are compared, and under which conditions.
struct ComparedModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The folder of the model, or the name of one that comes with canopy; further ones are compared with the first, on the same events.",
      valueName: "dir"),
    completion: .directory)
  var given: [String]

  /// The folders of the models.
  var folders: [String] { given.map(ShippedResources.model) }

  @OptionGroup
  var conditions: ConditionOptions

  func validate() throws {
    if let folder = folders.first(where: { folder in folders.count { $0 == folder } > 1 }) {
      throw ValidationError("--model gives \(folder) twice; give it once.")
    }
  }

  /// What each model is called: the last part of its folder or, where two share that, the whole.
  var names: [String] {
    let names = folders.map { URL(fileURLWithPath: $0).lastPathComponent }
    return zip(names, folders).map { name, folder in names.count { $0 == name } > 1 ? folder : name }
  }
}

/// Under which conditions models are used, and the plugins that they may name.
struct ConditionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The value of a condition that the model reads, for all events; may be given several times.",
      discussion: "Without it the events' own columns have the values.",
      valueName: "name=value"))
  var condition: [NamedValue] = []

  @OptionGroup
  var plugins: PluginOptions

  func validate() throws { try NamedValue.checkNames(condition, option: "--condition") }

  /// Makes sure that no condition has the name of a column that is defined.
  func check(_ reading: ReadingOptions) throws {
    let names = Set(condition.map(\.name))
    if let twice = try reading.definitions().first(where: { names.contains($0.name) }) {
      throw ValidationError("--condition and --define both give \(twice.name); leave one of the two out.")
    }
  }

  /// Reads the models of some folders, which may name any of `plugins`.
  ///
  /// - Throws: `ModelError`, also if no model reads a condition that was given.
  func read(_ folders: [String], _ plugins: PluginRegistry) throws -> [Model] {
    let models = try folders.map { try Model(contentsOf: URL(fileURLWithPath: $0), plugins: plugins) }
    let known = Set(models.flatMap(\.network.conditions))
    if let unknown = condition.first(where: { !known.contains($0.name) }) {
      throw ModelError(
        "\(folders.joined(separator: ", ")): the model reads no condition \(unknown.name)"
          + (known.isEmpty ? "." : "; its conditions are: \(known.sorted().joined(separator: ", "))."))
    }
    return models
  }

  /// The conditions as columns of every event.
  var columns: [String: Double] { NamedValue.dictionary(condition) }
}

/// Writes all events and their jets with their embeddings, or else with what the model's heads predict.
func writePredictions(
  of options: ModelOptions, embedding: Bool, observables: ObservableOptions, keep: [String] = [],
  jetTruth: JetMatching? = nil, reading: ReadingOptions, weighting: WeightingOptions, output: OutputOptions
) throws {
  let plugins = try options.plugins.registry()
  let model = try options.read(plugins)
  let matching = jetTruth ?? model.network.jetMatching
  let observables = try observables.set(plugins, of: model)
  if let name = observables.members.map(\.name).first(where: { name in
    model.network.heads.contains { $0.name == name }
  }) {
    throw ValidationError("--observable \(name) has the name of a head of the model: give it another name.")
  }
  if embedding, model.folds != nil {
    throw ModelError(
      "\(options.folder): is a model of folds, whose embeddings have nothing to do with each other; name one of them, such as "
        + "\(options.folder)/\(Model.folder(ofFold: 0)).")
  }
  let jets = try model.formulaJets(plugins, observables: observables)
  let kept = try keptColumns(keep, reading: reading, plugins, jets, matching)
  guard jetTruth == nil || !kept.jets.isEmpty else {
    throw ValidationError("--jet-truth is for columns of given jets: keep one, as in --keep jet/NAME.")
  }
  let matched = kept.jets.isEmpty ? nil : matching.particleColumn
  // Event inputs are for heads alone.
  let inputs = embedding ? nil : InputMonitor(model)
  try writeResults(
    reading: reading, plugins: plugins, jets: jets, columns: options.columns,
    particleColumns: observables.particleColumns.union(kept.particles).union([matched].compactMap(\.self)),
    model: (model, options.folder), weighting: weighting.choice(observables, plugins, for: model),
    output: output
  ) { times in
    let predictor = try Predictor(model, observables: observables)
    predictor.inputMonitor = inputs
    var prediction = Prediction()
    return { events in
      try predictor.predict(events, into: &prediction, heads: !embedding)
      times.add(predictor.times)
      predictor.times = Predictor.Times()
      var results = ResultBatch(prediction, embedding: embedding)
      results.add(observables.columns, of: prediction.jets)
      try results.keep(kept, of: events, jets: prediction.jets, matching: matching)
      results.identify(by: events)
      return results
    }
  }
  reportRemarks(inputs?.remarks ?? [])
}

/// The columns that `--keep` names, each by itself or several with commas between; `all` stands for those of the first event
/// that results can have, and says on standard error which they cannot.
private func keptColumns(
  _ keep: [String], reading: ReadingOptions, _ plugins: PluginRegistry, _ jets: FormulaJets,
  _ matching: JetMatching
) throws -> KeptColumns {
  let names = keep.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
  if let name = names.first(where: { KeptColumns.takenNames.contains($0) }) {
    throw ValidationError(
      "--keep \(name): results have the numbers of events and of their jets in any case; leave it out.")
  }
  guard names.contains("all") else { return KeptColumns(names: names) }
  guard names.count == 1 else {
    throw ValidationError("--keep all keeps everything; leave the other names out.")
  }
  guard !reading.inputs.contains("-") else {
    throw ValidationError("--keep all looks into a file first, and standard input is none; name the columns.")
  }
  var options = try reading.makeStream(plugins, jets: jets, whole: true).options
  options.selection = []
  options.skipEvents = 0
  options.maximumEvents = nil
  options.leavesOutParticles = true
  guard let event = try EventStream(samples: reading.samples(), options: options).next(upTo: 1) else {
    return KeptColumns()
  }
  let (kept, leftOut) = KeptColumns.all(of: event, matching: matching)
  reportRemarks(leftOut.map { "--keep all leaves out what results cannot have: \($0)" })
  return kept
}

/// Says on standard error what casts doubt on results, a line each.
func reportRemarks(_ remarks: [String]) {
  for remark in remarks { writeToStandardError("canopy: \(remark.printable)\n") }
}
