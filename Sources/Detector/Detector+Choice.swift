// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Settings

extension Detector {
  /// The detector that a section of a configuration describes: the file of a card, a mapping with the file as `card` and what stands over it, or
  /// a card.
  ///
  /// ```yaml
  /// detector: {card: cms.yaml, ecal: {cell-scale: 2}}
  /// ```
  ///
  /// - Throws: `ConfigurationError` or ``DetectorCardError`` that says what is wrong.
  public init(_ written: ConfigurationNode) throws {
    let card = written.isMapping ? written["card"] : written
    guard let card else {
      try self.init(written.decode(DetectorCard.self))
      return
    }
    let base = try ConfigurationNode(contentsOf: URL(fileURLWithPath: card.decode(String.self)))
    try self.init(
      (written.isMapping ? base.overlaid(with: written, except: "card") : base).decode(DetectorCard.self))
  }
}

extension Detector: Equatable {
  /// Whether two detectors have the same card.
  public static func == (first: Detector, second: Detector) -> Bool { first.card == second.card }
}
