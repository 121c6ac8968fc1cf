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
