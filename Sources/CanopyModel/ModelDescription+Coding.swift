// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit
import Settings

extension ModelDescription: Codable {
  private enum CodingKeys: String, CodingKey {
    case formatVersion, particles, jets, observables, cuts, embedding, events, scaling, heads, training
    case jetMatching = "jetTruth"
    case weighting = "apply"
  }

  /// Reads what this version and earlier ones write.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    formatVersion = try container.decode(Int.self, forKey: .formatVersion)
    particles = try container.decodeIfPresent(ParticleSelection.self, forKey: .particles)
    weighting = try container.decodeIfPresent(WeightingDescription.self, forKey: .weighting)
    jets = try container.decode(StoredJets.self, forKey: .jets).finder
    observables = try container.decodeIfPresent([ObservableDescription].self, forKey: .observables) ?? []
    cuts = try container.decodeIfPresent([ObservableCut].self, forKey: .cuts) ?? []
    embedding = try container.decodeIfPresent(StoredStage.self, forKey: .embedding)?
      .description(in: .embedding)
    events = try container.decodeIfPresent(StoredStage.self, forKey: .events)?.description(in: .events)
    scaling = try container.decode(SampleScaling.self, forKey: .scaling)
    heads = try container.decode([HeadDescription].self, forKey: .heads)
    jetMatching = try container.decodeIfPresent(JetMatching.self, forKey: .jetMatching)
    training = try container.decodeIfPresent(TrainingProvenance.self, forKey: .training)
  }

  /// Writes the members of `model.json`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(formatVersion, forKey: .formatVersion)
    try container.encodeIfPresent(particles, forKey: .particles)
    try container.encodeIfPresent(weighting, forKey: .weighting)
    try container.encode(StoredJets(finder: jets), forKey: .jets)
    if !observables.isEmpty { try container.encode(observables, forKey: .observables) }
    if !cuts.isEmpty { try container.encode(cuts, forKey: .cuts) }
    try container.encodeIfPresent(embedding.map(StoredStage.init), forKey: .embedding)
    try container.encodeIfPresent(events.map(StoredStage.init), forKey: .events)
    try container.encode(scaling, forKey: .scaling)
    try container.encode(heads, forKey: .heads)
    try container.encodeIfPresent(jetMatching, forKey: .jetMatching)
    try container.encodeIfPresent(training, forKey: .training)
  }
}

extension ModelDescription {
  /// What `model.json` may have that is not read: which weights belong to it, and what a training says of itself, which no
  /// prediction depends on.
  private static let unreadMembers: Set<String> = ["weightsChecksum", "training"]

  /// Makes sure that every member of a file was read, whatever part it is of: one that a newer version has added may mean
  /// that the model predicts something else than this version would.
  ///
  /// The configurations of plugins are left to ``checkMembers(by:)``.
  ///
  /// - Throws: ``ModelError``, without a full stop, that names the member.
  func checkMembers(of file: JSONValue) throws {
    guard case .object(var members) = file, case .object(let own) = try JSONValue(encoding: self) else {
      return
    }
    for name in Self.unreadMembers { members[name] = nil }
    // Versions before 0.2 had other keys for jets.
    if case .object(let jets)? = members["jets"], jets["definition"] != nil { members["jets"] = nil }
    try Self.check(.object(members), .object(own))
  }

  /// Makes sure that the plugins of a network, which was made by this description, have read all of their configurations.
  ///
  /// - Throws: ``ModelError``, without a full stop, that names the member.
  func checkMembers(by network: Network) throws {
    for (stage, made, name) in [
      (embedding, network.embedding?.description, "embedding"),
      (events, network.events?.description, "events"),
    ] {
      guard let stage, let made, let version = stage.version, let known = made.version,
        !version.isOlder(than: known)
      else { continue }
      try Self.check(stage.configuration, made.configuration, name)
    }
    for (head, made) in zip(heads, network.heads) {
      let made = try made.description()
      guard !head.version.isOlder(than: made.version) else { continue }
      for (own, read, part) in [
        (head.configuration, made.configuration, "configuration"),
        (head.preparation ?? .null, made.preparation ?? .null, "preparation"),
        (head.calibration ?? .null, made.calibration ?? .null, "calibration"),
      ] {
        try Self.check(own, read, "the \(part) of the head \(head.name):")
      }
    }
  }

  /// Makes sure that every member of a value is one of what was read of it.
  ///
  /// - Throws: ``ModelError``, without a full stop, that names the member after `place`.
  static func check(_ members: JSONValue, _ read: JSONValue, _ place: String = "") throws {
    guard let unknown = members.member(missingIn: read) else { return }
    throw ModelError(
      "\(place.isEmpty ? "" : place + " ")\(unknown) is nothing that this version of Canopy or of the plugin knows: use "
        + "the version that wrote the model, or take it out")
  }
}

extension PluginVersion {
  /// Whether another version came after this one; an older one may have had other keys, which are read nevertheless.
  fileprivate func isOlder(than other: PluginVersion) -> Bool {
    (major, minor, patch) < (other.major, other.minor, other.patch)
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
