// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit
import Settings

extension ModelDescription: Codable {
  private enum CodingKeys: String, CodingKey {
    case formatVersion, particles, jets, observables, cuts, embedding, events, scaling, heads, training
  }

  /// Reads what this version and earlier ones write.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    formatVersion = try container.decode(Int.self, forKey: .formatVersion)
    particles = try container.decodeIfPresent(ParticleSelection.self, forKey: .particles)
    jets = try container.decode(StoredJets.self, forKey: .jets).finder
    observables = try container.decodeIfPresent([ObservableDescription].self, forKey: .observables) ?? []
    cuts = try container.decodeIfPresent([ObservableCut].self, forKey: .cuts) ?? []
    embedding = try container.decodeIfPresent(StoredStage.self, forKey: .embedding)?
      .description(in: .embedding)
    events = try container.decodeIfPresent(StoredStage.self, forKey: .events)?.description(in: .events)
    scaling = try container.decode(SampleScaling.self, forKey: .scaling)
    heads = try container.decode([HeadDescription].self, forKey: .heads)
    training = try container.decodeIfPresent(TrainingProvenance.self, forKey: .training)
  }

  /// Writes the members of `model.json`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(formatVersion, forKey: .formatVersion)
    try container.encodeIfPresent(particles, forKey: .particles)
    try container.encode(StoredJets(finder: jets), forKey: .jets)
    if !observables.isEmpty { try container.encode(observables, forKey: .observables) }
    if !cuts.isEmpty { try container.encode(cuts, forKey: .cuts) }
    try container.encodeIfPresent(embedding.map(StoredStage.init), forKey: .embedding)
    try container.encodeIfPresent(events.map(StoredStage.init), forKey: .events)
    try container.encode(scaling, forKey: .scaling)
    try container.encode(heads, forKey: .heads)
    try container.encodeIfPresent(training, forKey: .training)
  }
}

/// A jet finder as `model.json` has it: the keys of a training's section `jets`, and `trees`.
private struct StoredJets: Codable {
  let finder: JetFinder

  private enum CodingKeys: String, CodingKey {
    case trees
    /// The mark of models by versions before 0.2, which have other keys.
    case definition
  }

  init(finder: JetFinder) { self.finder = finder }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    finder =
      container.contains(.definition)
      ? try JetFinder(from: decoder)
      : try JetSettings(from: decoder).finder(
        trees: container.decodeIfPresent(Bool.self, forKey: .trees) ?? true)
  }

  func encode(to encoder: any Encoder) throws {
    try JetSettings(finder).encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(finder.trees, forKey: .trees)
  }
}
