// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Support

extension Model {
  /// A model of several folds: each event is judged by the one of `members` that was trained without it.
  ///
  /// - Parameters:
  ///   - members: the model of each fold, in their order.
  ///   - folds: which fold an event belongs to.
  /// - Throws: ``ModelError``, without a full stop, if the members do not go together.
  public init(members: [Model], folds: EventFolds) throws {
    guard members.count == folds.count else {
      throw ModelError("there are \(members.count) models for \(folds.count) folds")
    }
    for (fold, member) in members.enumerated() {
      guard member.members.isEmpty, member.description.training?.fold == TrainingFold(fold, of: folds) else {
        throw ModelError(
          "the model \(Self.folder(ofFold: fold)) was not trained without fold \(fold + 1) of \(folds.count)")
      }
      guard member.readsAndPredictsLike(members[0]) else {
        throw ModelError(
          "the models \(Self.folder(ofFold: 0)) and \(Self.folder(ofFold: fold)) do not read and predict the same, or learnt from other events"
        )
      }
    }
    let first = members[0]
    self.init(
      description: first.description, network: first.network, parameters: first.parameters,
      weighting: first.weighting)
    self.members = members
    self.folds = folds
  }

  /// Whether two models differ in nothing but what they have learnt.
  private func readsAndPredictsLike(_ other: Model) -> Bool {
    let (own, others) = (description, other.description)
    return own.particles == others.particles && weighting == other.weighting && own.jets == others.jets
      && own.observables == others.observables
      && own.heads.map(\.configuration) == others.heads.map(\.configuration)
      && own.training?.fingerprint == others.training?.fingerprint
      && own.cuts == others.cuts && own.embedding == others.embedding && own.events == others.events
      && zip(network.heads, other.network.heads).allSatisfy {
        $0.name == $1.name && type(of: $0.head) == type(of: $1.head) && $0.head.outputs == $1.head.outputs
      } && own.heads.count == others.heads.count
  }

  /// The folder of the model of a fold, in that of the whole.
  public static func folder(ofFold fold: Int) -> String { "fold-\(fold + 1)" }

  /// The files that the model has in a folder, those of all folds included.
  public func files(in folder: URL) -> [URL] {
    let own = folder.appendingPathComponent(Self.descriptionFile)
    guard !members.isEmpty else {
      return [own, folder.appendingPathComponent(Self.weightsFile)] + (weighting?.files(in: folder) ?? [])
    }
    return [own]
      + members.enumerated().flatMap { fold, member in
        member.files(in: folder.appendingPathComponent(Self.folder(ofFold: fold)))
      }
  }

  /// What `model.json` says of a model of several folds.
  private struct FoldedDescription: Codable {
    var formatVersion = formatOfFolds
    var folds: EventFolds
  }

  /// The format of a description that names folds.
  static let formatOfFolds = 2

  /// Reads a model of several folds, whose description is `data`.
  static func readFolds(
    _ data: Data, in folder: URL, plugins: PluginRegistry, isApplied: Bool
  ) throws -> Model {
    let file = folder.appendingPathComponent(descriptionFile)
    let folds: EventFolds
    do {
      let description = try JSONDecoder().decode(FoldedDescription.self, from: data)
      folds = description.folds
      try ModelDescription.check(
        JSONDecoder().decode(JSONValue.self, from: data), JSONValue(encoding: description))
    } catch let error as ModelError {
      throw ModelError("\(file.relativePath): \(error.sentence)")
    } catch {
      throw ModelError(
        "\(file.relativePath): is no description of a model of several folds: \(error.clause).")
    }
    let members = try (0..<folds.count).map { fold in
      try Model(
        contentsOf: folder.appendingPathComponent(Self.folder(ofFold: fold)), plugins: plugins,
        isApplied: isApplied)
    }
    do {
      return try Model(members: members, folds: folds)
    } catch let error as ModelError {
      throw ModelError("\(file.relativePath): \(error.clause); train the model again.")
    }
  }

  /// Writes the description of a model whose folds are in their folders already.
  ///
  /// - Throws: `FileOutputError` if the folder cannot be written.
  public static func write(_ folds: EventFolds, to folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try WholeFile.write(
      encoder.encode(FoldedDescription(folds: folds)),
      to: folder.appendingPathComponent(descriptionFile).relativePath)
  }
}
