// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What an event encoder reads and how wide it is.
public struct EventEncoderDescription: Sendable, Hashable {
  /// The items that an encoder reads one after the other.
  public enum Items: String, Sendable, Codable, CaseIterable {
    /// The jets of an event.
    case jets
    /// The particles of an event, without clustering.
    case particles
  }

  /// The widths that a unit may have.
  public static let allowedWidths = 1...1024

  /// What is read one after the other.
  public private(set) var reads = Items.jets { didSet { embedding = reads == .jets } }
  /// What is read of an item's four-momentum, and in which frame.
  public private(set) var momenta = ItemMomenta.relative
  /// Whether a jet's embedding is read; by default if jets are read.
  public private(set) var embedding = true
  /// The number of components of the unit's state.
  public private(set) var width = 40
  /// Whether a second unit reads by falling pT; its state follows that of the first.
  public private(set) var bidirectional = false
  /// The least pT of an item in GeV.
  public private(set) var minimumPt = 0.0
  /// How many items of each event are read, the hardest; `nil` for all.
  public private(set) var leading: Int?
  /// What is known of an event in addition to the items.
  public private(set) var inputs = EventInputs.none

  /// A unit of width 40 that reads jets, relative momenta and embeddings, without event inputs.
  public init() {}

  /// The description of the stage's example.
  init(relativeMomentaOfWidth width: Int) {
    embedding = false
    self.width = width
  }

  /// A description with checked parameters.
  ///
  /// - Throws: ``EventEncodingError`` if nothing is read of an item, particles are asked for their embedding, or a
  ///   number is out of range.
  public init(
    reads: Items = .jets, momenta: ItemMomenta = .relative, embedding: Bool = true, width: Int = 40,
    bidirectional: Bool = false, minimumPt: Double = 0, leading: Int? = nil, inputs: EventInputs = .none
  ) throws {
    self.reads = reads
    self.momenta = momenta
    self.embedding = embedding
    self.width = width
    self.bidirectional = bidirectional
    self.minimumPt = minimumPt
    self.leading = leading
    self.inputs = inputs
    try EventEncodingError.check(self)
  }

  /// The number of components of an event's embedding.
  public var embeddingWidth: Int { bidirectional ? 2 * width : width }

  /// The names of the event inputs, in order.
  public var inputNames: [String] {
    var names: [String] = []
    if inputs.missingMomentum {
      names.append("ln pT_miss")
      if momenta == .paper { names += ["cos φ_miss", "sin φ_miss"] }
    }
    if inputs.scalarSum { names.append("ln Σ pT") }
    if inputs.itemCount { names.append("number of \(reads.rawValue)") }
    for (kind, selection) in [(IsolatedParticles.Kind.lepton, inputs.leptons), (.photon, inputs.photons)] {
      for particle in 0..<(selection?.count ?? 0) {
        names += kind.names(azimuth: momenta == .paper ? "φ" : "Δφ").map {
          "\(kind.rawValue) \(particle + 1): \($0)"
        }
      }
    }
    return names + inputs.conditions
  }
}

extension EventEncoderDescription: SettingsSection, Encodable {
  /// The settings, in the order of tables; what an embedding is read of follows from the items, which come first.
  public static let settings: [Setting<EventEncoderDescription>] = [
    Setting("reads", \.reads, "the items of an event; `particles` does without clustering"),
    Setting("momenta", \.momenta, "what is read of an item's four-momentum"),
    Setting(
      "embedding", \.embedding, "whether a jet's embedding is read; particles have none",
      default: "true for jets"),
    Setting("width", \.width, .closed(allowedWidths), "the number of components of the unit's state"),
    Setting(
      "bidirectional", \.bidirectional,
      "whether a second unit reads by falling pT; the embedding is twice as wide then"),
    Setting("min-pt", \.minimumPt, .notNegative, unit: "GeV", "the least pT of an item"),
    Setting("leading", \.leading, .positive, "read this many items, the hardest", default: "all"),
    Setting(
      "inputs", \.inputs, "what heads on events read beside the embedding: the keys below", default: "none"),
  ]

  /// Makes sure that something is read, and that it exists.
  public func check(given: Set<String>) throws {
    if embedding, reads == .particles {
      throw SettingProblem(
        "embedding", "is true, but particles have no embedding; set it to false or read jets")
    }
    if !embedding, momenta == .none {
      throw SettingProblem("momenta", "is none, and no embedding is read; choose at least one")
    }
  }
}
