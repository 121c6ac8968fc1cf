// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `tau-pair`: the two τ candidates among the jets of each event, and the mass of what they come from.
///
/// It asks for memory in each event, unlike the other observables that come with Canopy.
public struct TauPairMasses: Observable {
  /// `tau-pair`.
  public static let identifier = "tau-pair"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The two τ candidates of each event, their visible mass and the collinear mass."
  /// An example for users and tests.
  public static let example = NoSettings()

  /// Nothing.
  public let configuration: NoSettings

  /// The τ candidates of events.
  public init(configuration: NoSettings) { self.configuration = configuration }

  /// Events.
  public var rows: HeadRows { .events }

  /// `visible-mass`, `collinear-mass`, `neutrinos-1`, `neutrinos-2`, and `px-1`, `py-1`, `pz-1`, `energy-1`, `charge-1`,
  /// `lepton-1`, `identified-1`, `isolation-1` for each candidate.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("visible-mass", "the mass of both candidates", unit: "GeV"),
      ObservableQuantity(
        "collinear-mass",
        "the mass in the collinear approximation (Nucl. Phys. B 297 (1988) 221); none if a neutrino would fly backwards",
        unit: "GeV"),
      ObservableQuantity("neutrinos-1", "the neutrinos' share of the first candidate's visible momentum"),
      ObservableQuantity("neutrinos-2", "the neutrinos' share of the second candidate's visible momentum"),
    ]
      + (1...2).flatMap { rank in
        [
          ObservableQuantity("px-\(rank)", "the visible momentum of candidate \(rank) along x", unit: "GeV"),
          ObservableQuantity("py-\(rank)", "the visible momentum of candidate \(rank) along y", unit: "GeV"),
          ObservableQuantity(
            "pz-\(rank)", "the visible momentum of candidate \(rank) along the beam", unit: "GeV"),
          ObservableQuantity("energy-\(rank)", "the visible energy of candidate \(rank)", unit: "GeV"),
          ObservableQuantity("charge-\(rank)", "the charge of candidate \(rank)"),
          ObservableQuantity("lepton-\(rank)", "1 if candidate \(rank) is an electron or a muon, else 0"),
          ObservableQuantity("identified-\(rank)", "1 if candidate \(rank) looks like a τ, else 0"),
          ObservableQuantity("isolation-\(rank)", "the candidate's share of the scalar pT of its jet"),
        ]
      }
  }

  /// Memory for the candidates of an event.
  public func makeScratch() -> TauPairFinder { TauPairFinder() }

  /// Adds the numbers of each event; NaN for one with fewer than two candidates.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    for event in 0..<sample.events.eventCount {
      guard let (pair, x, y) = sample.scratch.pair(ofEvent: event, of: sample) else {
        values.append(contentsOf: repeatElement(.nan, count: 20))
        continue
      }
      let shares = pair.neutrinoShares(missingX: x, missingY: y)
      values.append(pair.visibleMass)
      values.append(pair.collinearMass(missingX: x, missingY: y) ?? .nan)
      values.append(shares?.first ?? .nan)
      values.append(shares?.second ?? .nan)
      append(pair.first, &values)
      append(pair.second, &values)
    }
  }

  private func append(_ candidate: TauCandidate, _ values: inout [Double]) {
    let p = candidate.momentum
    values.append(p.px)
    values.append(p.py)
    values.append(p.pz)
    values.append(p.energy)
    values.append(Double(candidate.charge))
    values.append(candidate.isLepton ? 1 : 0)
    values.append(candidate.isIdentified ? 1 : 0)
    values.append(candidate.isolation)
  }
}
