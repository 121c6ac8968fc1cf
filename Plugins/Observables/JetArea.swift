// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `jet-area`: the active area of each jet (arXiv:0802.1188), and the jet without the background of the event by that area
/// (arXiv:0707.1378).
///
/// Ghosts, particles of almost no momentum on a grid in rapidity and azimuth, are clustered with the particles of the event by
/// the definition of the jets: the area of a jet is that of its ghosts. The background's density ρ is the median of pT over
/// area of the kT jets of the event and its ghosts. The ghosts are the same for all events.
public struct JetArea: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// Up to where there are ghosts.
    public var maxAbsRapidity = 5.0
    /// The area of a ghost.
    public var ghostArea = 0.01
    /// Whether the background is subtracted.
    public var subtraction = true
    /// The radius of the kT jets that tell the background.
    public var backgroundRadius = 0.4

    /// The defaults.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "max-abs-rapidity", \.maxAbsRapidity, .closed(0.5...10),
        "up to which |y| there are ghosts; areas of jets that reach farther are too small"),
      Setting("ghost-area", \.ghostArea, .closed(0.001...0.1), "the area of a ghost, about"),
      Setting(
        "subtraction", \.subtraction, "whether there are numbers of the background and of the jet without it"),
      Setting(
        "background-radius", \.backgroundRadius, .closed(0.1...1),
        "the radius of the kT jets that tell the background, of which those within `max-abs-rapidity` less the radius count"
      ),
    ]
  }

  /// `jet-area`.
  public static let identifier = "jet-area"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The area of each jet, the density of the background, and the jet without it."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The ghosts and the background.
  public let configuration: Configuration

  /// The areas of jets by `configuration`.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `area`, and `rho`, `pt` and `mass` if the background is subtracted.
  public var quantities: [ObservableQuantity] {
    [ObservableQuantity("area", "the active area in rapidity and azimuth")]
      + (configuration.subtraction
        ? [
          ObservableQuantity("rho", "ρ, the pT of the background for each unit of area", unit: "GeV"),
          ObservableQuantity("pt", "the transverse momentum of the jet less ρ times its area", unit: "GeV"),
          ObservableQuantity(
            "mass", "the mass of the same, negative if its square is; 0 if nothing is left", unit: "GeV"),
        ] : [])
  }

  /// The ghosts, and memory for an event with them.
  public func makeScratch() -> Scratch { Scratch(configuration) }

  /// The ghosts, and an event with them.
  public final class Scratch {
    /// The four-momenta of the ghosts in GeV.
    fileprivate var ghosts = FourMomenta()
    /// The area of each.
    fileprivate let ghostArea: Double
    /// Both clusterers, made when the definition of the jets is known.
    fileprivate var clusterers: (jets: JetClusterer, background: JetClusterer)?
    fileprivate var event = Events()
    fileprivate var found = Jets()
    /// The jet with ghosts that each particle of the event belongs to, or −1: `[particles]`.
    fileprivate var owner: [Int] = []
    fileprivate var densities: [Double] = []

    fileprivate init(_ configuration: Configuration) {
      let width = configuration.ghostArea.squareRoot()
      let rows = max(1, Int((2 * configuration.maxAbsRapidity / width).rounded()))
      let columns = max(1, Int((2 * Double.pi / width).rounded()))
      let size = (y: 2 * configuration.maxAbsRapidity / Double(rows), phi: 2 * Double.pi / Double(columns))
      ghostArea = size.y * size.phi
      var generator = SeededGenerator(seed: 1)
      func scatter() -> Double { Double.random(in: 0..<1, using: &generator) }
      for row in 0..<rows {
        for column in 0..<columns {
          // Anywhere in its cell, and no two of the same pT, so that nothing is equally near.
          ghosts.append(
            FourMomentum(
              pt: JetArea.ghostPt * (1 + 0.1 * scatter()),
              rapidity: -configuration.maxAbsRapidity + (Double(row) + scatter()) * size.y,
              phi: (Double(column) + scatter()) * size.phi, mass: 0))
        }
      }
    }
  }

  /// The pT of ghosts in GeV: it changes no sum, and its square does not vanish.
  private static let ghostPt = 1e-60
}

extension JetArea {
  /// Adds the numbers of each jet.
  ///
  /// - Complexity: that of clustering some 10⁴ ghosts in each event that has jets, twice if the background is subtracted.
  /// - Throws: `JetPhysicsError` if jets cannot be found with ghosts.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let scratch = sample.scratch
    let clusterers = try scratch.clusterers ?? makeClusterers(sample.finder)
    scratch.clusterers = clusterers
    for event in 0..<sample.events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      guard !jets.isEmpty else { continue }
      let particles = sample.events.particles(ofEvent: event)
      scratch.fill(sample.events, event)
      var rho = 0.0
      if configuration.subtraction {
        try clusterers.background.findJets(in: scratch.event, into: &scratch.found)
        rho = scratch.density(particles: particles.count, configuration)
      }
      try clusterers.jets.findJets(in: scratch.event, into: &scratch.found)
      scratch.findOwners(particles: particles.count)
      for jet in jets {
        // Ghosts change no jet, which is found again by its hardest constituent.
        var (hardest, hardestPt2) = (0, -1.0)
        for place in sample.jets.constituents(ofJet: jet) {
          let pt2 = sample.momentum(ofConstituent: place, ofJet: jet).pt2
          if pt2 > hardestPt2 { (hardest, hardestPt2) = (Int(sample.jets.constituents.content[place]), pt2) }
        }
        let ghosts = scratch.ghosts(ofJet: scratch.owner[hardest], particles: particles.count)
        values.append(Double(ghosts.count) * scratch.ghostArea)
        guard configuration.subtraction else { continue }
        let p = sample.jets.momentum(ofJet: jet)
        let left = subtracted(p, ghosts.area, rho)
        values.append(rho)
        values.append(left.pt)
        values.append(left.mass)
      }
    }
  }

  private func makeClusterers(_ finder: JetFinder) throws -> (jets: JetClusterer, background: JetClusterer) {
    // All jets that there are: those of the sample may be some.
    let selection =
      switch finder.selection.kind {
      case .inclusive: JetSelection.allInclusive
      case .exclusiveJets, .exclusiveCut: try JetSelection(finder.selection.kind)
      }
    return (
      try JetClusterer(JetFinder(finder.definition, selection: selection, trees: false)),
      try JetClusterer(JetFinder(JetDefinition(.kt, radius: configuration.backgroundRadius), trees: false))
    )
  }

  /// A jet less its background; nothing if there is more background.
  private func subtracted(_ jet: FourMomentum, _ area: FourMomentum, _ rho: Double) -> FourMomentum {
    guard rho * area.pt < jet.pt else { return .zero }
    return FourMomentum(
      px: jet.px - rho * area.px, py: jet.py - rho * area.py, pz: jet.pz - rho * area.pz,
      energy: jet.energy - rho * area.energy)
  }
}

extension JetArea.Scratch {
  /// An event of the particles, and then the ghosts.
  fileprivate func fill(_ events: Events, _ index: Int) {
    event.eventNumbers.removeAll(keepingCapacity: true)
    event.eventNumbers.append(events.eventNumbers[index])
    event.particles.removeOffsets()
    event.momenta.removeAll()
    event.momenta.append(contentsOf: events.momenta, events.particles(ofEvent: index))
    event.momenta.append(contentsOf: ghosts, 0..<ghosts.count)
    event.particles.endList(at: event.particleCount)
  }

  /// The median of pT over area, as FastJet's `JetMedianBackgroundEstimator` has it: by the pT of the area's four-vector, and
  /// between both in the middle.
  fileprivate func density(particles: Int, _ configuration: JetArea.Configuration) -> Double {
    densities.removeAll(keepingCapacity: true)
    let limit = configuration.maxAbsRapidity - configuration.backgroundRadius
    for jet in 0..<found.jetCount {
      let p = found.momentum(ofJet: jet)
      guard abs(p.rapidity) <= limit else { continue }
      let area = ghosts(ofJet: jet, particles: particles).area.pt
      if area > 0 { densities.append(p.pt / area) }
    }
    guard !densities.isEmpty else { return 0 }
    densities.sort()
    let (low, high) = ((densities.count - 1) / 2, densities.count / 2)
    return 0.5 * (densities[low] + densities[high])
  }

  fileprivate func findOwners(particles: Int) {
    owner.removeAll(keepingCapacity: true)
    for _ in 0..<particles { owner.append(-1) }
    for jet in 0..<found.jetCount {
      for place in found.constituents(ofJet: jet) {
        let particle = Int(found.constituents.content[place])
        if particle < particles { owner[particle] = jet }
      }
    }
  }

  /// How many ghosts a jet has, and the four-vector of their area.
  fileprivate func ghosts(ofJet jet: Int, particles: Int) -> (count: Int, area: FourMomentum) {
    var (count, area) = (0, FourMomentum.zero)
    // Padding has no jet.
    guard jet >= 0 else { return (0, area) }
    for place in found.constituents(ofJet: jet) {
      let ghost = Int(found.constituents.content[place]) - particles
      guard ghost >= 0 else { continue }
      let p = ghosts[ghost]
      let scale = ghostArea / p.pt
      count += 1
      area =
        area
        + FourMomentum(px: scale * p.px, py: scale * p.py, pz: scale * p.pz, energy: scale * p.energy)
    }
    return (count, area)
  }
}
