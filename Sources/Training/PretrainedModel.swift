// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Settings

/// A trained model, all weights of which a training of the same network begins with.
public struct PretrainedModel: Sendable {
  /// What its heads learnt before the first step of their training, by their names.
  public let preparations: [String: JSONValue]

  private let folder: URL
  private let model: Model

  /// The model in `folder`.
  ///
  /// - Throws: what reading a model throws.
  public init(contentsOf folder: URL, plugins: PluginRegistry) throws {
    self.folder = folder
    model = try Model(ofOneTrainingIn: folder, plugins: plugins)
    preparations = Dictionary(
      uniqueKeysWithValues: model.network.heads.compactMap { named in
        named.preparation.map { (named.name, $0) }
      })
  }

  /// All weights, for a network that ``check(_:)`` has nothing to say of.
  public var weights: PretrainedWeights {
    PretrainedWeights(model.parameters, only: model.network.layout.ids)
  }

  /// Tells which events the model was trained on; nil if it does not say.
  var fingerprint: SampleFingerprint? { model.description.training?.fingerprint }

  /// The scaling that the network was trained with.
  public var scaling: SampleScaling { model.description.scaling }

  /// A sentence if the model was trained on jets, or trees, of another definition or of other cuts, or of other weights of particles.
  func remark(onJets jets: JetFinder, cuts: [ObservableCut], _ weighting: AppliedWeighting?) -> String? {
    model.remark("The model \(folder.relativePath)", onJets: jets, cuts: cuts, weighting)
  }

  /// Makes sure that a network has the same stages, heads and parameters as the model, in the same order; a head that
  /// encloses another has the weights of that one.
  ///
  /// - Throws: ``TrainingError`` that names what differs.
  public func check(_ network: Network) throws {
    var differences = try StagePlace.allCases.flatMap { place in
      try Self.differences(
        place.rawValue, network.stages.first { $0.place == place }?.description,
        model.network.stages.first { $0.place == place }?.description)
    }
    func note(_ what: String, _ own: String, _ other: String) {
      if own != other { differences.append("\(what) is \(own) here and \(other) there") }
    }
    func text(_ heads: [Network.NamedHead]) -> String {
      heads.map { named in
        let head: any Head = (named.head as? any ClassifyingHead)?.enclosed ?? named.head
        return "\(named.name) (\(type(of: head).identifier))"
      }.joined(separator: ", ")
    }
    note("the list of heads", text(network.heads), text(model.network.heads))
    for member in network.observables.members {
      guard let other = model.network.observables.members.first(where: { $0.name == member.name }) else {
        continue
      }
      let (own, its) = (try ObservableDescription(member), try ObservableDescription(other))
      note(
        "observables.\(member.name)", "\(own.plugin) \(own.configuration)",
        "\(its.plugin) \(its.configuration)")
    }
    if differences.isEmpty {
      let others = Dictionary(uniqueKeysWithValues: model.network.layout.entries.map { ($0.name, $0) })
      for entry in network.layout.entries {
        note("the parameter \(entry.name)", Self.shape(entry), Self.shape(others[entry.name]))
      }
      if differences.isEmpty, network.layout != model.network.layout {
        note(
          "the number of parameters", "\(network.layout.entries.count)",
          "\(model.network.layout.entries.count)")
      }
    }
    guard differences.isEmpty else {
      throw TrainingError(
        "\(folder.relativePath): is the model of another network: \(differences.joined(separator: "; ")). Give the "
          + "settings that it was trained with, or take its embedding alone by embedding.from.")
    }
  }

  private static func shape(_ entry: ParameterLayout.Entry?) -> String {
    entry.map { "\($0.rows) × \($0.columns)" } ?? "absent"
  }

  /// The keys of two stages whose values differ, in words.
  private static func differences(
    _ place: String, _ own: StageDescription?, _ other: StageDescription?
  ) throws -> [String] {
    guard let own, let other else {
      return (own == nil) == (other == nil)
        ? [] : ["\(place) is \(own == nil ? "absent here and there there" : "here and absent there")"]
    }
    guard own.plugin == other.plugin else {
      return ["\(place).plugin is \(own.plugin) here and \(other.plugin) there"]
    }
    func node(_ stage: StageDescription) throws -> ConfigurationNode {
      // JSON is YAML.
      try ConfigurationNode(
        yaml: String(decoding: JSONEncoder().encode(stage.configuration), as: UTF8.self), source: place)
    }
    return try node(own).differences(from: node(other), under: place).map {
      "\($0.key) is \($0.own ?? "left out") here and \($0.other ?? "left out") there"
    }
  }
}

extension Model {
  /// Reads a model to begin a training with.
  ///
  /// - Throws: ``TrainingError`` if it is one of folds, which have nothing to begin with together; what reading a model throws.
  init(ofOneTrainingIn folder: URL, plugins: PluginRegistry) throws {
    self = try Model(contentsOf: folder, plugins: plugins)
    guard folds == nil else {
      throw TrainingError(
        "\(folder.relativePath): is a model of folds, each with weights of its own; name one of them, such as "
          + "\(folder.relativePath)/\(Model.folder(ofFold: 0)).")
    }
  }
}
