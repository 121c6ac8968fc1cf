// SPDX-License-Identifier: GPL-3.0-or-later

/// What an event encoder reads and how wide it is.
public struct EventEncoderDescription: Sendable, Hashable {
  /// What an encoder reads one after the other.
  public enum Items: String, Sendable, Codable, CaseIterable {
    /// The jets of an event.
    case jets
    /// The particles of an event, without clustering.
    case particles
  }

  /// The widths that a unit may have.
  public static let allowedWidths = 1...1024

  /// What is read one after the other.
  public let reads: Items
  /// What is read of an item's four-momentum, and in which frame.
  public let momenta: ItemMomenta
  /// Whether a jet's embedding is read.
  public let embedding: Bool
  /// The number of components of the unit's state.
  public let width: Int
  /// Whether a second unit reads by falling pT; its state follows that of the first.
  public let bidirectional: Bool
  /// The least pT of an item in GeV.
  public let minimumPt: Double
  /// How many items of each event are read, the hardest; `nil` for all.
  public let leading: Int?
  /// What is known of an event beside the items.
  public let inputs: EventInputs

  /// A description with checked parameters.
  ///
  /// - Throws: ``EventEncodingError`` where nothing is read of an item, particles are asked for their embedding, or a
  ///   number is out of range.
  public init(
    reads: Items = .jets, momenta: ItemMomenta = .relative, embedding: Bool = true, width: Int = 40,
    bidirectional: Bool = false, minimumPt: Double = 0, leading: Int? = nil, inputs: EventInputs = .none
  ) throws {
    try EventEncodingError.require(Self.allowedWidths.contains(width), "width") {
      "The width of the event encoder is \(width): choose 1 to 1024."
    }
    try EventEncodingError.require(minimumPt >= 0 && minimumPt.isFinite, "min-pt") {
      "The minimum pT is \(minimumPt) GeV: choose 0 or more."
    }
    try EventEncodingError.require(leading.map { $0 >= 1 } ?? true, "leading") {
      "The number of leading items is \(leading!): choose 1 or more."
    }
    try EventEncodingError.require(!(embedding && reads == .particles), "embedding") {
      "The event encoder reads particles, which have no embedding: set embedding to false or read jets."
    }
    try EventEncodingError.require(embedding || momenta != .none, "momenta") {
      "The event encoder reads neither momenta nor the embedding of jets: choose at least one."
    }
    self.reads = reads
    self.momenta = momenta
    self.embedding = embedding
    self.width = width
    self.bidirectional = bidirectional
    self.minimumPt = minimumPt
    self.leading = leading
    self.inputs = inputs
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

extension EventEncoderDescription: Codable {
  private enum CodingKeys: String, CodingKey {
    case reads, momenta, embedding, width, bidirectional, leading, inputs
    case minimumPt = "min-pt"
  }

  /// Reads the members, each of which may be left out: jets, relative momenta and the embedding (where jets are
  /// read) into a unit of width 40 in one direction, without event inputs.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let reads = try container.decodeIfPresent(Items.self, forKey: .reads) ?? .jets
    try self.init(
      reads: reads, momenta: container.decodeIfPresent(ItemMomenta.self, forKey: .momenta) ?? .relative,
      embedding: container.decodeIfPresent(Bool.self, forKey: .embedding) ?? (reads == .jets),
      width: container.decodeIfPresent(Int.self, forKey: .width) ?? 40,
      bidirectional: container.decodeIfPresent(Bool.self, forKey: .bidirectional) ?? false,
      minimumPt: container.decodeIfPresent(Double.self, forKey: .minimumPt) ?? 0,
      leading: container.decodeIfPresent(Int.self, forKey: .leading),
      inputs: container.decodeIfPresent(EventInputs.self, forKey: .inputs) ?? .none)
  }
}
