// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

extension Listing {
  /// What a detector is, as its card is understood.
  init(_ detector: Detector, file: String) {
    let card = detector.card
    add("card", file)
    add("name", card.name)
    add("objects", card.objects.rawValue)
    add("seed", "\(card.seed)")
    begin("field")
    add("radius", "\(card.field.radius) m")
    add("half-length", "\(card.field.halfLength) m")
    add("strength", "\(card.field.strength) T")
    begin("tracker")
    for (name, formulas) in [
      ("efficiency", card.tracker.efficiency), ("momentum-resolution", card.tracker.momentumResolution),
      ("d0-resolution", card.tracker.d0Resolution), ("dz-resolution", card.tracker.dzResolution),
    ] {
      add(name, "\(formulas.chargedHadrons)")
      for (kind, formula) in [("electrons", formulas.electrons), ("muons", formulas.muons)] {
        if let formula { add("", "\(kind): \(formula)") }
      }
    }
    for (name, layer) in [("ecal", card.ecal), ("hcal", card.hcal)] {
      begin(name)
      for (place, region) in layer.grid.enumerated() {
        add(
          place == 0 ? "cells" : "",
          "\(region.etaCount) × \(region.phiCount) on either side up to |η| = \(region.maximumAbsEta), of "
            + "\(Self.rounded(region.etaSize)) × \(Self.rounded(region.phiSize))")
      }
      add("resolution", "\(layer.resolution) GeV, \(layer.smearing.rawValue)")
      add("least energy", "\(layer.minimumEnergy) GeV and \(layer.minimumSignificance) σ")
      add("direction", layer.smearsCentre ? "drawn within the cell" : "of the middle of the cell")
    }
    begin("shares of ecal and hcal")
    for (name, shares) in card.energyFractions.named { add(name, "\(shares.ecal), \(shares.hcal)") }
  }

  /// A number of four digits.
  private static func rounded(_ number: Double) -> String { String(format: "%.4g", number) }
}
