// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `leptonic-w`: the decay of a W boson to the hardest electron or muon of each event and a neutrino, which is all that is
/// missing.
///
/// If the lepton and the neutrino have the mass m of the boson together, cosh(η_ν − η_ℓ) = m²/(2 pT_ℓ pT_ν) + cos Δφ, which
/// two pseudorapidities of the neutrino fulfil. If the right side is less than 1, as the missing momentum was measured too
/// large, that of the lepton is nearest.
public struct LeptonicW: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The mass of the W boson in GeV.
    public var mass = 80.37

    /// 80.37 GeV.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("mass", \.mass, .positive, "the mass of the W boson in GeV")
    ]
  }

  /// `leptonic-w`.
  public static let identifier = "leptonic-w"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "The hardest lepton of each event, its transverse mass, and the neutrino by the mass of the W boson."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The mass.
  public let configuration: Configuration

  /// The decays of events.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Events.
  public var rows: HeadRows { .events }

  /// `lepton-pt`, `lepton-eta`, `cos-delta-phi`, `transverse-mass`, `neutrino-eta-1` and `neutrino-eta-2`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("lepton-pt", "the pT of the hardest electron or muon", unit: "GeV"),
      ObservableQuantity("lepton-eta", "its pseudorapidity"),
      ObservableQuantity("cos-delta-phi", "the cosine of its azimuth from that of the missing momentum"),
      ObservableQuantity(
        "transverse-mass", "√(2 pT_ℓ pT_miss (1 − cos Δφ)) of both", unit: "GeV"),
      ObservableQuantity(
        "neutrino-eta-1", "the pseudorapidity of the neutrino by the mass of the W boson, the smaller in size"
      ),
      ObservableQuantity("neutrino-eta-2", "the same, the larger in size"),
    ]
  }

  /// Memory for the missing momentum.
  public func makeScratch() -> Scratch { Scratch() }

  /// The missing momentum of one event.
  public final class Scratch {
    fileprivate var momenta = MissingMomenta()
  }

  /// Adds the numbers of each event; NaN for one without a lepton, identifiers or missing momentum.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let scratch = sample.scratch
    for event in 0..<sample.events.eventCount {
      scratch.momenta.removeAll()
      scratch.momenta.append(event, of: sample.events)
      let missing = FourMomentum(px: scratch.momenta.px[0], py: scratch.momenta.py[0], pz: 0, energy: 0)
      guard let lepton = hardestLepton(ofEvent: event, of: sample.events), missing.pt > 0 else {
        for _ in quantities.indices { values.append(.nan) }
        continue
      }
      let product = lepton.pt * missing.pt
      let cosine = (lepton.px * missing.px + lepton.py * missing.py) / product
      let distance = acosh(max(1, configuration.mass * configuration.mass / (2 * product) + cosine))
      let eta = lepton.pseudorapidity
      // The nearer to the centre has the sign of the distance that brings it there.
      let step = eta > 0 ? -distance : distance
      values.append(lepton.pt)
      values.append(eta)
      values.append(cosine)
      values.append(max(0, 2 * product * (1 - cosine)).squareRoot())
      values.append(eta + step)
      values.append(eta - step)
    }
  }

  /// The hardest electron or muon of an event that has a direction.
  private func hardestLepton(ofEvent event: Int, of events: Events) -> FourMomentum? {
    guard !events.pdgID.isEmpty else { return nil }
    var hardest: (pt: Double, momentum: FourMomentum)?
    for particle in events.offsets[event]..<events.offsets[event + 1] {
      let identity = events.pdgID[particle].magnitude
      guard identity == 11 || identity == 13 else { continue }
      let p = events.momentum(ofParticle: particle)
      if p.pt > hardest?.pt ?? 0 { hardest = (p.pt, p) }
    }
    return hardest?.momentum
  }
}
