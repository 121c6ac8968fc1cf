// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `missing-momentum`: the transverse momentum that is missing in each event, and the scalar sum.
public struct MissingTransverseMomentum: Observable {
  /// `missing-momentum`.
  public static let identifier = "missing-momentum"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The transverse momentum that is missing in each event, and the scalar sum."
  /// An example for users and tests.
  public static let example = NoSettings()

  /// Nothing.
  public let configuration: NoSettings

  /// The missing momentum of events.
  public init(configuration: NoSettings) { self.configuration = configuration }

  /// Events.
  public var rows: HeadRows { .events }

  /// `pt`, `phi` and `scalar-sum`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("pt", "|−Σ pT| over the particles that take part", unit: "GeV"),
      ObservableQuantity("phi", "the azimuth of −Σ pT in [0, 2π)"),
      ObservableQuantity("scalar-sum", "Σ |pT| over the particles that take part", unit: "GeV"),
    ]
  }

  /// Memory for the sums.
  public func makeScratch() -> Scratch { Scratch() }

  /// The sums of one event.
  public final class Scratch {
    fileprivate var momenta = MissingMomenta()
  }

  /// Adds the numbers of each event.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let scratch = sample.scratch
    for event in 0..<sample.events.eventCount {
      scratch.momenta.removeAll()
      scratch.momenta.append(event, of: sample.events)
      let missing = FourMomentum(px: scratch.momenta.px[0], py: scratch.momenta.py[0], pz: 0, energy: 0)
      values.append(missing.pt)
      values.append(missing.phi)
      values.append(scratch.momenta.scalarSum[0])
    }
  }
}
