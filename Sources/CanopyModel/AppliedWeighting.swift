// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import PluginKit
import Support

/// What multiplies the momenta of particles before jets are found, as a user names it or a model keeps it: an observable or a model.
///
/// ```swift
/// let applied = try AppliedWeighting("puppi", plugins: .builtIn)
/// options.weighting = applied.weighting
/// ```
public struct AppliedWeighting: Sendable {
  /// The name: that of an observable, or what a model was named by.
  public let name: String
  /// What multiplies.
  public let weighting: ParticleWeighting
  /// The folder of the model that was named; nil for an observable, and for a model that another one keeps.
  public let folder: String?
  private let source: Source

  private indirect enum Source {
    case observable(ObservableDescription)
    case model(Model)
  }

  /// What is found under a name: one of `observables`, an observable of a plugin with its defaults, or a model that comes with
  /// Canopy or is in this folder.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - observables: those that the user declares.
  ///   - plugins: the plugins.
  /// - Throws: `PluginError` if there is nothing of the name or an observable gives no weights, ``ModelError`` if a model cannot be
  ///   read or gives none.
  public init(_ name: String, observables: [ObservableChoice] = [], plugins: PluginRegistry) throws {
    if let choice = try observables.first(where: { $0.name == name })
      ?? (plugins.origin(ofObservable: name).map { _ in try ObservableChoice(name, plugins.observable(name)) })
    {
      try self.init(choice)
      return
    }
    let folder = ShippedResources.model(name)
    guard !name.isEmpty, FileManager.default.fileExists(atPath: folder) else {
      throw PluginError(
        "There is no observable and no model of this name, and no folder; give puppi, softkiller or the folder of a model."
      )
    }
    try self.init(
      Model(contentsOf: URL(fileURLWithPath: folder), plugins: plugins), name: name, folder: folder)
  }

  private init(_ choice: ObservableChoice) throws {
    name = choice.name
    weighting = try ParticleWeighting(choice)
    folder = nil
    source = .observable(try ObservableDescription(ObservableSet([choice]).members[0]))
  }

  private init(_ model: Model, name: String, folder: String?) throws {
    self.name = name
    weighting = try ParticleWeighting(model, name: name)
    self.folder = folder
    source = .model(model)
  }
}

extension AppliedWeighting: Equatable {
  /// Whether two weightings are the same observable with the same settings, or the same model, whatever they are called.
  public static func == (first: AppliedWeighting, second: AppliedWeighting) -> Bool {
    switch (first.source, second.source) {
    case (.observable(var own), .observable(let other)):
      own.name = other.name
      return own == other
    case (.model(let own), .model(let other)):
      return own.description == other.description && own.folds == other.folds
    default: return false
    }
  }
}

// MARK: - In a model

/// What multiplies the momenta of particles before a model reads them, as `model.json` has it: an observable, or the name of a model,
/// which lies in a folder of its own.
public enum WeightingDescription: Sendable, Equatable {
  /// An observable.
  case observable(ObservableDescription)
  /// A model, by what it was called.
  case model(String)
}

extension WeightingDescription: Codable {
  private enum CodingKeys: String, CodingKey { case observable, model }

  /// Reads an observable or the name of a model.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self =
      try container.decodeIfPresent(ObservableDescription.self, forKey: .observable).map { .observable($0) }
      ?? .model(container.decode(String.self, forKey: .model))
    if case .model(let name) = self, !Self.isName(name) {
      throw DecodingError.dataCorruptedError(
        forKey: .model, in: container, debugDescription: "“\(name.printable)” is no name of a model")
    }
  }

  /// Whether a text is the last part of a path, as what a model was called.
  private static func isName(_ text: String) -> Bool {
    !["", ".", ".."].contains(text) && !text.contains { $0 == "/" || $0 == "\0" }
      && URL(fileURLWithPath: text).lastPathComponent == text
  }

  /// Writes an observable or the name of a model.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .observable(let observable): try container.encode(observable, forKey: .observable)
    case .model(let name): try container.encode(name, forKey: .model)
    }
  }
}

extension AppliedWeighting {
  /// The folder of a model in that of the one which it weights particles for.
  package static let folder = "apply"

  /// What was written into the folder of a model.
  ///
  /// - Throws: ``ModelError`` if it is not there or gives no weights.
  init(_ description: WeightingDescription, ofModelIn folder: URL, plugins: PluginRegistry) throws {
    switch description {
    case .observable(let observable): try self.init(observable.choice(plugins))
    case .model(let name):
      let folder = folder.appendingPathComponent(Self.folder)
      try self.init(Model(contentsOf: folder, plugins: plugins, isApplied: true), name: name, folder: nil)
    }
  }

  /// What `model.json` says of it.
  public var description: WeightingDescription {
    switch source {
    case .observable(let observable): .observable(observable)
    case .model: .model(URL(fileURLWithPath: name).lastPathComponent)
    }
  }

  /// Writes what does not stand in `model.json` into the folder of a model.
  func write(to folder: URL) throws {
    guard case .model(let model) = source else { return }
    try model.write(to: folder.appendingPathComponent(Self.folder))
  }

  /// The files that it has in the folder of a model.
  func files(in folder: URL) -> [URL] {
    guard case .model(let model) = source else { return [] }
    return model.files(in: folder.appendingPathComponent(Self.folder))
  }

  /// The files of the model that was named; none for an observable, and for a model that another one keeps.
  package var namedFiles: [URL] {
    guard let folder, case .model(let model) = source else { return [] }
    return model.files(in: URL(fileURLWithPath: folder))
  }
}

// MARK: - In settings

/// Which weights the momenta of particles are multiplied by, as trainings, menus, calls and the command line say it.
public struct WeightingSettings: SettingsSection {
  /// The name of what weights; nil if the user names nothing, ``nothing`` if no weights are wanted.
  public var apply: String?

  /// Nothing is named.
  public init() {}

  /// The name that stands for no weights, also for a model that was trained with some.
  public static let nothing = "none"

  /// The settings, in the order of tables.
  public static let settings: [Setting<WeightingSettings>] = [
    Setting(
      "apply", \.apply,
      "multiply the momenta of particles by their weights before jets are found, and leave out those of weight 0: `puppi`, `softkiller` or "
        + "another observable with the number `weight`, also one under `observables`; or the name or folder of a model with the output "
        + "`weight`, such as `pileup` (<doc:MitigatingPileup>); a model keeps it", default: "none")
  ]

  /// What is named, else what a model was trained with.
  ///
  /// - Parameters:
  ///   - observables: those that the user declares.
  ///   - plugins: the plugins.
  ///   - model: the model that reads the particles; nil for none.
  /// - Returns: what multiplies momenta; nil for nothing.
  /// - Throws: what ``AppliedWeighting/init(_:observables:plugins:)`` throws, and ``ModelError`` if the model is one of folds that go by
  ///   the particles, and another one is named than it was trained with.
  public func choice(
    _ observables: [ObservableChoice], _ plugins: PluginRegistry, for model: Model? = nil
  ) throws -> AppliedWeighting? {
    guard let apply else { return model?.weighting }
    let named =
      apply == Self.nothing ? nil : try AppliedWeighting(apply, observables: observables, plugins: plugins)
    if let model, model.folds?.goByParticles == true, named != model.weighting {
      throw ModelError(
        "The model is one of folds, which go by the particles that it was trained on: leave apply out, or train with a data.folds.by "
          + "that reads columns of events alone.")
    }
    return named
  }
}

extension Model {
  /// A sentence if particles are multiplied by other weights than those that the model was trained with; nil if they are not, or the
  /// model was trained without any.
  package func remark(on applied: AppliedWeighting?) -> String? {
    guard let weighting, applied != weighting else { return nil }
    return
      "the model is for particles multiplied by the weights of \(weighting.name); as asked, it now reads them "
      + (applied.map { "multiplied by those of \($0.name)" } ?? "as they are")
  }
}
