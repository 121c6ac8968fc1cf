// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Settings
import Support

extension Detector {
  /// The detector of a card in YAML.
  ///
  /// - Parameters:
  ///   - card: the file, or the name of a card that comes with the program: atlas, cms, fcc or ild.
  ///   - settings: values over those of the card, as in `ecal.cell-scale=4`.
  /// - Throws: `ConfigurationError`, with the place of each problem, or ``DetectorCardError`` if there is no such card.
  public init(card: String, settings: [String] = []) throws {
    try self.init(reading: settings.reduce(Self.node(ofCard: card)) { try $0.setting($1) })
  }

  /// The detector that a section of a configuration describes: a card by its file or its name, a mapping with that as `card` and what stands over
  /// it, or a card.
  ///
  /// ```yaml
  /// detector: {card: cms, ecal: {cell-scale: 2}}
  /// ```
  ///
  /// - Throws: `ConfigurationError` that says what is wrong, and where.
  public init(_ written: ConfigurationNode) throws {
    let card = written.isMapping ? written["card"] : written
    guard let card else {
      try self.init(reading: written)
      return
    }
    let base: ConfigurationNode
    do {
      base = try Self.node(ofCard: card.decode(String.self))
    } catch let error as DetectorCardError {
      throw card.error(error.problem)
    }
    try self.init(reading: written.isMapping ? base.overlaid(with: written, except: "card") : base)
  }

  /// The detector of a card that is read, whose formulas are blamed at their places.
  private init(reading card: ConfigurationNode) throws {
    do {
      try self.init(card.decode(DetectorCard.self))
    } catch let error as DetectorCardError {
      throw error.key.split(separator: ".").reduce(card) { $0[String($1)] ?? $0 }.error(error.problem)
    }
  }

  private static func node(ofCard name: String) throws -> ConfigurationNode {
    let file = ShippedResources.detector(name)
    guard !name.isEmpty, FileManager.default.fileExists(atPath: file) else {
      let known = ShippedResources.detectors
      throw DetectorCardError(
        "\"\(name)\"",
        "is not there; name a file in YAML"
          + (known.isEmpty ? "" : ", or one of \(known.joined(separator: ", "))"))
    }
    return try ConfigurationNode(contentsOf: URL(fileURLWithPath: file))
  }
}

extension Detector: Equatable {
  /// Whether two detectors have the same card.
  public static func == (first: Detector, second: Detector) -> Bool { first.card == second.card }
}
