// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

extension Listing {
  /// A model for people.
  init(_ model: Model, folder: String) {
    let description = model.description
    add("model", folder)
    add("parameters", "\(model.network.layout.parameterCount)")
    if let folds = model.folds {
      add("folds", "\(folds.count), by \(folds.formula?.text ?? "the momenta of the particles")")
      add("", "an event is judged by the model trained without its fold; what follows is of the first")
    }

    begin("jets")
    add("particles", (description.particles ?? ParticleSelection()).description)
    model.weighting.map { add("apply", "the weights of \($0.name)") }
    let definition = description.jets.definition
    var parts = [definition.algorithm.rawValue]
    if definition.algorithm.hasRadius { parts.append("R = \(definition.radius)") }
    if let power = definition.power { parts.append("p = \(power)") }
    add("definition", parts.joined(separator: ", ") + ", \(definition.recombination.rawValue) scheme")
    add("selection", description.jets.selection.text)
    if description.jets.trees {
      add(
        "tree", description.jets.recluster.map { "reclustered by \($0.rawValue)" } ?? "of the jet algorithm")
    }

    if !description.cuts.isEmpty {
      add("cuts", description.cuts.map(\.description).joined(separator: ", "))
    }

    if !description.observables.isEmpty {
      begin("observables")
      for observable in description.observables {
        add(
          observable.name, "\(observable.plugin) \(observable.version) \(observable.configuration.text)")
      }
    }

    for stage in model.network.stages { add(stage) }

    for (head, named) in zip(description.heads, model.network.heads) {
      begin("head \(head.name)")
      add("plugin", "\(head.plugin) \(head.version)")
      add("rows", named.head.rows.rawValue)
      add("inputs", named.head.inputs.map(\.rawValue).sorted().joined(separator: ", "))
      if !named.head.observables.isEmpty {
        add("observables", named.head.observables.sorted().joined(separator: ", "))
      }
      add("outputs", named.head.outputs.map(\.text).joined(separator: ", "))
      let derived = named.head.derivedTruthColumns
      add(
        "truth",
        named.head.truthColumns.map { derived.contains($0) ? "\($0) (derived)" : $0 }.joined(separator: ", "))
      add("configuration", head.configuration.text)
      head.preparation.map { add("preparation", Self.beginning($0.text)) }
      head.calibration.map { add("calibration", Self.beginning($0.text)) }
    }
    if let training = description.training { add(training) }
  }

  /// What a head has learnt may be thousands of numbers, which `model.json` has.
  private static func beginning(_ text: String) -> String {
    text.count > 400 ? "\(text.prefix(400))…" : text
  }

  private mutating func add(_ stage: NetworkStage) {
    begin(stage.place.rawValue)
    switch stage.stage {
    case let recursive as RecursiveStage:
      let configuration = recursive.configuration
      add("cell", configuration.cell.name)
      add("width", "\(configuration.width)")
      add(
        "features",
        "\(configuration.features.partNames.joined(separator: " + ")): \(configuration.features.names.joined(separator: ", "))"
      )
      if let tree = configuration.tree {
        add("tree", "splittings of kT ≥ \(tree.minKt.text) GeV and z ≥ \(tree.minZ.text)")
      }
    case let encoder as EventEncoder:
      let events = encoder.description
      add("reads", events.text)
      add("momenta", events.momenta.rawValue)
      add("width", "\(events.width)" + (events.bidirectional ? " in each direction" : ""))
      add("inputs", events.inputNames.isEmpty ? "none" : events.inputNames.joined(separator: ", "))
    default:
      let description = stage.description
      add("plugin", description.plugin + (description.version.map { " \($0)" } ?? ""))
      add("width", "\(stage.width)")
      add("configuration", description.configuration.text)
    }
  }

  private mutating func add(_ training: TrainingProvenance) {
    begin("training")
    add("by", "canopy \(training.canopyVersion)")
    add("files", training.files.joined(separator: ", "))
    add("events", "\(training.trainingEvents) to learn from, \(training.validationEvents) to validate on")
    add("seed", "\(training.seed), with \(training.threads) \(training.threads == 1 ? "thread" : "threads")")
    let isBest = training.epochs.last(where: \.isBest)?.epoch == training.bestEpoch
    add(isBest ? "best epoch" : "epoch", "\(training.bestEpoch) of \(training.epochs.count)")

    begin("epochs")
    let metrics = training.epochs.first?.metrics.map(\.name) ?? []
    add(
      table: [["epoch", "loss", "validation loss"] + metrics + ["seconds"]]
        + training.epochs.map { epoch in
          [
            "\(epoch.epoch)", format(epoch.trainingLoss), epoch.validationLoss.map(format) ?? "-",
          ] + metrics.map { name in epoch.metrics.first { $0.name == name }.map { format($0.value) } ?? "-" }
            + [String(format: "%.0f", epoch.seconds)]
        })
  }

  /// The tensors of a file for people.
  init(_ file: Safetensors) {
    add("file", file.source)
    add("format", "safetensors")
    add("tensors", "\(file.tensors.count), \(file.tensors.reduce(0) { $0 + $1.values.count }) numbers")
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      add("metadata", "\(key): \(value.count > 60 ? value.prefix(60) + "…" : value)")
    }
    begin("tensors")
    add(
      table: [["name", "shape", "least", "largest"]]
        + file.tensors.map { tensor in
          [
            tensor.name, tensor.shape.isEmpty ? "1" : tensor.shape.map(String.init).joined(separator: " × "),
            tensor.values.min().map { format(Double($0)) } ?? "-",
            tensor.values.max().map { format(Double($0)) } ?? "-",
          ]
        })
  }

  private func format(_ value: Double) -> String { String(format: "%.4f", value.withPlainNaN) }
}

extension JetSelection {
  fileprivate var text: String {
    var parts =
      switch kind {
      case .inclusive(let minimumPt): ["inclusive, pT ≥ \(minimumPt) GeV"]
      case .exclusiveJets(let count): ["exclusive, \(count) jets"]
      case .exclusiveCut(let cut): ["exclusive, d_cut = \(cut)"]
      }
    if let maximumAbsRapidity { parts.append("|rapidity| ≤ \(maximumAbsRapidity)") }
    if let leading { parts.append(leading == 1 ? "the leading one" : "the leading \(leading)") }
    return parts.joined(separator: ", ")
  }
}

extension EventEncoderDescription {
  fileprivate var text: String {
    var parts = [embedding ? "\(reads.rawValue) with their embeddings" : reads.rawValue]
    if minimumPt > 0 { parts.append("pT ≥ \(minimumPt) GeV") }
    if let leading { parts.append(leading == 1 ? "the leading one" : "the leading \(leading)") }
    return parts.joined(separator: ", ")
  }
}

extension HeadOutput {
  /// The name, with the width and the unit where they matter.
  var text: String { name + (width > 1 ? " [\(width)]" : "") + (unit.map { " in \($0)" } ?? "") }
}

extension JSONValue {
  /// The value on one line.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
