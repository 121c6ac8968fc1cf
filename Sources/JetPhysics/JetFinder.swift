// SPDX-License-Identifier: GPL-3.0-or-later

/// A full description of jet finding: what a jet is, which jets are kept, and where their trees come from.
///
/// It is a value to store, send and compare; a ``JetClusterer`` does the work.
///
/// ```swift
/// let finder = try JetFinder(JetDefinition(.antikt, radius: 1), recluster: .cambridge)
/// let jets = try JetClusterer(finder).jets(in: events)
/// ```
public struct JetFinder: Sendable, Hashable {
  /// What a jet is.
  public let definition: JetDefinition
  /// Which jets are kept.
  public let selection: JetSelection
  /// The algorithm that clusters each jet's constituents anew, at FastJet's largest radius and with the
  /// definition's power and recombination scheme, to get its tree; `nil` where the tree is the part of the
  /// event's own history that made the jet.
  public let recluster: JetDefinition.Algorithm?
  /// Whether the jets come with trees.
  public let trees: Bool

  /// A jet finder with checked parameters.
  ///
  /// - Throws: ``JetPhysicsError`` where `recluster` needs a power that `definition` does not have.
  public init(
    _ definition: JetDefinition, selection: JetSelection = .allInclusive,
    recluster: JetDefinition.Algorithm? = nil, trees: Bool = true
  ) throws {
    if let recluster, recluster.hasPower, definition.power == nil {
      throw JetPhysicsError(
        field: "power", problem: "Reclustering with \(recluster.rawValue) needs a power p: give one.")
    }
    self.definition = definition
    self.selection = selection
    self.recluster = recluster
    self.trees = trees
  }
}

extension JetFinder {
  /// The same jets, with trees or without.
  public func withTrees(_ trees: Bool) -> JetFinder {
    // It was a finder before.
    try! JetFinder(definition, selection: selection, recluster: recluster, trees: trees)
  }
}

extension JetFinder: Codable {
  private enum CodingKeys: String, CodingKey {
    case definition, selection, recluster, trees
  }

  /// Reads `definition`, `selection` (all inclusive jets unless given), `recluster` and `trees` (true unless
  /// given).
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      container.decode(JetDefinition.self, forKey: .definition),
      selection: container.decodeIfPresent(JetSelection.self, forKey: .selection) ?? .allInclusive,
      recluster: container.decodeIfPresent(JetDefinition.Algorithm.self, forKey: .recluster),
      trees: container.decodeIfPresent(Bool.self, forKey: .trees) ?? true)
  }
}
