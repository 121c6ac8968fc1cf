// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import Foundation
import Settings

/// What a parametric detector is: field, tracker, two layers of calorimeter cells, and what is made of their signals.
///
/// The parts, and what becomes of a particle in them, are those of the cards of Delphes 3 (arXiv:1307.6346): `ParticlePropagator`, `Efficiency`,
/// `MomentumSmearing`, `TrackSmearing` and, once for each layer, `SimpleCalorimeter`.
///
/// ```yaml
/// field: {radius: 1.29, half-length: 3.0, strength: 3.8}
/// tracker: {efficiency: 0.95 * (abs(eta) < 2.5), momentum-resolution: 0.01}
/// ecal:
///   cells: [{max-abs-eta: 3, eta-size: 0.02, phi-size: 0.02}]
///   resolution: sqrt((0.01 * energy) ** 2 + 0.1 ** 2 * energy)
/// hcal:
///   cells: [{max-abs-eta: 3, eta-size: 0.1, phi-size: 0.1}]
///   resolution: sqrt((0.05 * energy) ** 2 + 1.0 ** 2 * energy)
/// ```
public struct DetectorCard: SettingsSection, Encodable, Equatable {
  /// What a detector makes of its signals.
  public enum Objects: String, Sendable, Codable, CaseIterable {
    /// Tracks, photons from what the electromagnetic cells have beyond tracks, and neutral hadrons from the same of hadronic ones: Delphes'
    /// `EFlowTrack`, `EFlowPhoton` and `EFlowNeutralHadron`.
    case particleFlow = "particle-flow"
    /// The cells with a signal: Delphes' `Tower`.
    case towers
  }

  /// What the detector is called.
  public var name = "detector"
  /// The field that bends charged particles on their way to the cells.
  public var field = FieldSection()
  /// The tracker.
  public var tracker = TrackerSection()
  /// The electromagnetic cells.
  public var ecal = CalorimeterSection()
  /// The hadronic cells.
  public var hcal = CalorimeterSection()
  /// The shares of a particle's energy that electromagnetic and hadronic cells see, by identifier without its sign; 0 stands for all others.
  public var energyFractions = EnergyFractions()
  /// What is made of the signals.
  public var objects = Objects.particleFlow
  /// The seed of the random numbers.
  public var seed = 1

  /// A card without cells, which is none that events can be put through.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<DetectorCard>] = [
    Setting("name", \.name, "what the detector is called"),
    Setting(
      "field", \.field, "the cylinder of the magnetic field, whose surface is the calorimeter's face",
      isRequired: true),
    Setting("tracker", \.tracker, "what becomes of charged particles", default: "perfect"),
    Setting("ecal", \.ecal, "the electromagnetic cells", isRequired: true),
    Setting("hcal", \.hcal, "the hadronic cells", isRequired: true),
    Setting(
      "energy-fractions", \.energyFractions,
      "the shares of a particle's energy that electromagnetic and hadronic cells see, by identifier without its sign, or `default` for all "
        + "others, as in `{310: [0.3, 0.7]}`; what is not named keeps its default",
      default:
        "electrons, photons and π⁰ `[1, 0]`, muons, neutrinos and neutralinos `[0, 0]`, K⁰s and Λ `[0.3, 0.7]`, others `[0, 1]`",
      range: "0 to 1, a sum of at most 1"),
    Setting(
      "objects", \.objects,
      "`particle-flow`: tracks, photons and neutral hadrons; `towers`: the cells with a signal alone"),
    Setting("seed", \.seed, .notNegative, "the seed of the random numbers"),
  ]
}

extension DetectorCard {
  /// Reads a card in YAML.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - settings: values over those of the file, as in `ecal.cell-scale=4`.
  /// - Throws: `ConfigurationError`, with the place of each problem.
  public init(contentsOf file: URL, settings: [String] = []) throws {
    self = try settings.reduce(ConfigurationNode(contentsOf: file)) { try $0.setting($1) }.decode()
  }
}

/// The cylinder of the magnetic field, around the beam and the origin.
public struct FieldSection: SettingsSection, Encodable, Equatable {
  /// Its radius in m.
  public var radius = 1.0
  /// Half of its length in m.
  public var halfLength = 1.0
  /// The field along z in T.
  public var strength = 0.0

  /// No field.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<FieldSection>] = [
    Setting("radius", \.radius, .closed(0.01...1000), unit: "m", "its radius", default: "required"),
    Setting(
      "half-length", \.halfLength, .closed(0.01...1000), unit: "m", "half of its length", default: "required"),
    Setting("strength", \.strength, .closed(-100...100), unit: "T", "the field along z"),
  ]

  /// Makes sure that the cylinder has its sizes.
  public func check(given: Set<String>) throws { try Self.require(["radius", "half-length"], given) }
}

/// What becomes of charged particles in the tracker: formulas of `pt`, `eta`, `phi`, `energy` and `charge`.
///
/// As in Delphes, `eta` and `phi` are those of the point where the particle leaves the field.
public struct TrackerSection: SettingsSection, Encodable, Equatable {
  /// The probability of a track.
  public var efficiency = TrackFormulas("1")
  /// The relative resolution of the transverse momentum, at most 1.
  public var momentumResolution = TrackFormulas("0")
  /// The resolution of the transverse impact parameter in mm.
  public var d0Resolution = TrackFormulas("0")
  /// The resolution of the longitudinal impact parameter in mm.
  public var dzResolution = TrackFormulas("0")

  /// A perfect tracker.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<TrackerSection>] = [
    Setting(
      "efficiency", \.efficiency, "the probability that a charged particle has a track, acceptance included",
      default: "1", range: formulas),
    Setting(
      "momentum-resolution", \.momentumResolution,
      "the relative resolution σ(pT)/pT of tracks; values above 1 count as 1", default: "0", range: formulas),
    Setting(
      "d0-resolution", \.d0Resolution, "the resolution of the transverse impact parameter, in mm",
      default: "0",
      range: formulas),
    Setting(
      "dz-resolution", \.dzResolution, "the resolution of the longitudinal impact parameter, in mm",
      default: "0",
      range: formulas),
  ]

  private static let formulas = "a formula, or one for each kind"
}

/// A formula for each kind of charged particle.
public struct TrackFormulas: SettingsSection, Encodable, Equatable {
  /// That of hadrons, and of the others if they have none of their own.
  public var chargedHadrons: Formula
  /// That of electrons; nil for that of hadrons.
  public var electrons: Formula?
  /// That of muons; nil for that of hadrons.
  public var muons: Formula?

  /// The formula 0 for all.
  public init() { self.init("0") }

  init(_ text: String) {
    // A constant of this module.
    chargedHadrons = try! Formula(text)
  }

  /// One formula for all kinds.
  public static let shorthand: String? = "charged-hadrons"

  /// The settings, in the order of tables.
  public static let settings: [Setting<TrackFormulas>] = [
    Setting(
      "charged-hadrons", \.chargedHadrons,
      "of charged hadrons, and of electrons and muons without one of their own; it may stand for the mapping",
      isRequired: true, range: "a formula"),
    Setting(
      "electrons", \.electrons, "of electrons", default: "that of charged hadrons", range: "a formula"),
    Setting("muons", \.muons, "of muons", default: "that of charged hadrons", range: "a formula"),
  ]
}

/// One of the two layers of the calorimeter.
public struct CalorimeterSection: SettingsSection, Encodable, Equatable {
  /// How the energy of a cell is smeared.
  public enum Smearing: String, Sendable, Codable, CaseIterable {
    /// By a log-normal distribution of that mean and width.
    case logNormal = "log-normal"
    /// By a normal distribution, whose negative values count as 0.
    case gaussian
  }

  /// The regions, from the middle outwards.
  public var cells: [CellRegion] = []
  /// What the sizes of all cells are multiplied by.
  public var cellScale = 1.0
  /// The width σ of a cell's energy in GeV, a formula of the `energy` in GeV and the `eta` of its middle.
  public var resolution = TrackFormulas("0").chargedHadrons
  /// How the energy of a cell is smeared.
  public var smearing = Smearing.logNormal
  /// The least energy of a cell in GeV.
  public var minimumEnergy = 0.0
  /// The least energy of a cell over its σ.
  public var minimumSignificance = 0.0
  /// Whether a cell's direction is drawn within its edges; otherwise it is that of its middle.
  public var smearsCentre = true

  /// No cells.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<CalorimeterSection>] = [
    Setting(
      "cells", \.cells, "the regions of cells, from η = 0 outwards on both sides", isRequired: true,
      range: "at least one"),
    Setting(
      "cell-scale", \.cellScale, .closed(0.01...1000),
      "what the sizes of all cells are multiplied by, for studies of granularity"),
    Setting(
      "resolution", \.resolution,
      "the resolution σ of a cell's energy in GeV, of its `energy` in GeV and `eta`",
      default: "0", range: "a formula"),
    Setting(
      "smearing", \.smearing,
      "`log-normal`: energies have that distribution with the mean and σ; `gaussian`: they have the normal one, cut off at 0"
    ),
    Setting(
      "min-energy", \.minimumEnergy, .notNegative, unit: "GeV", "the least energy of a cell, and of an excess"
    ),
    Setting(
      "min-significance", \.minimumSignificance, .notNegative,
      "the least energy of a cell, and of an excess, over its σ"),
    Setting(
      "smear-centre", \.smearsCentre,
      "draw the direction of a cell within its edges, instead of that of its middle"),
  ]

  /// Makes sure that the regions follow each other.
  public func check(given: Set<String>) throws {
    guard !cells.isEmpty else { throw SettingProblem("cells", "has no region; give at least one") }
    for (inner, outer) in zip(cells, cells.dropFirst()) where outer.maximumAbsEta <= inner.maximumAbsEta {
      throw SettingProblem(
        "cells",
        "has a region up to \(outer.maximumAbsEta) after one up to \(inner.maximumAbsEta); write them from the middle outwards"
      )
    }
    if let problem = CellGrid.problem(with: self) { throw SettingProblem("cells", problem) }
  }
}

extension CalorimeterSection {
  /// Cells of one size, as they are made.
  public struct GridRegion: Sendable {
    /// Where the region ends.
    public let maximumAbsEta: Double
    /// How many cells are in a row from its beginning to its end.
    public let etaCount: Int
    /// How many cells are around the beam.
    public let phiCount: Int
    /// Their size in η.
    public let etaSize: Double
    /// Their size in φ.
    public let phiSize: Double
  }

  /// The cells as they are made of ``cells`` and ``cellScale``, from the middle outwards.
  public var grid: [GridRegion] {
    CellGrid(self).regions.map { region in
      GridRegion(
        maximumAbsEta: region.maximum, etaCount: region.etaCount, phiCount: region.phiCount,
        etaSize: region.etaSize, phiSize: 2 * .pi / Double(region.phiCount))
    }
  }
}

/// A region of cells of one size, on both sides of η = 0.
public struct CellRegion: SettingsSection, Encodable, Equatable {
  /// Where it ends; it begins where the one before it ends, or at 0.
  public var maximumAbsEta = 1.0
  /// The size of a cell in η; made so that a whole number of cells fits.
  public var etaSize = 1.0
  /// The size of a cell in φ; made so that a whole number of cells fits.
  public var phiSize = 1.0

  /// Cells of size 1 up to |η| = 1.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<CellRegion>] = [
    Setting(
      "max-abs-eta", \.maximumAbsEta, .closed(0.001...20),
      "where the region ends in |η|; it begins where the one before it ends", default: "required"),
    Setting(
      "eta-size", \.etaSize, .closed(0.0001...20),
      "the size of a cell in η, made so that a whole number fits",
      default: "required"),
    Setting(
      "phi-size", \.phiSize, .closed(0.0001...6.3),
      "the size of a cell in φ, made so that a whole number fits",
      default: "required"),
  ]

  /// Makes sure that the region has its end and sizes.
  public func check(given: Set<String>) throws {
    try Self.require(["max-abs-eta", "eta-size", "phi-size"], given)
  }
}

/// The shares of a particle's energy that electromagnetic and hadronic cells see.
public struct EnergyFractions: Sendable, Equatable {
  /// The two shares of a particle.
  public struct Shares: Sendable, Equatable {
    /// Of electromagnetic cells.
    public var ecal: Double
    /// Of hadronic cells.
    public var hcal: Double
  }

  /// By identifier without its sign.
  public private(set) var shares: [Int32: Shares]
  /// Of all others.
  public private(set) var others = Shares(ecal: 0, hcal: 1)

  /// Those of the cards of Delphes.
  public init() {
    let electromagnetic = Shares(ecal: 1, hcal: 0)
    let invisible = Shares(ecal: 0, hcal: 0)
    let both = Shares(ecal: 0.3, hcal: 0.7)
    shares = [310: both, 3122: both]
    for identifier: Int32 in [11, 22, 111] { shares[identifier] = electromagnetic }
    for identifier: Int32 in [
      12, 13, 14, 16, 1_000_022, 1_000_023, 1_000_025, 1_000_035, 1_000_045,
    ] { shares[identifier] = invisible }
  }

  /// The shares by identifier, or `default` for all others.
  public var named: [(name: String, shares: Shares)] {
    shares.sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) } + [(Self.others, others)]
  }

  /// The shares of a particle.
  func callAsFunction(_ pdgID: Int32) -> Shares { shares[pdgID == .min ? 0 : abs(pdgID)] ?? others }
}

extension EnergyFractions: Codable {
  private static let others = "default"

  /// Reads a mapping, whose entries stand over those of the cards of Delphes.
  ///
  /// - Throws: `DecodingError` if a name is no identifier, or shares are none.
  public init(from decoder: any Decoder) throws {
    self.init()
    for entry in try OrderedMapping<[Double]>(from: decoder) {
      func refusal(_ problem: String) -> DecodingError {
        DecodingError.dataCorrupted(
          DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "\(entry.key) \(problem)"))
      }
      guard entry.value.count == 2, entry.value.allSatisfy({ 0...1 ~= $0 }),
        entry.value[0] + entry.value[1] <= 1
      else { throw refusal("needs two shares from 0 to 1 whose sum is at most 1, as in [0.3, 0.7]") }
      let pair = Shares(ecal: entry.value[0], hcal: entry.value[1])
      if entry.key == Self.others {
        others = pair
      } else if let identifier = Int32(entry.key), identifier > 0 {
        shares[identifier] = pair
      } else {
        throw refusal("is no identifier of a particle; write one without its sign, such as 310, or default")
      }
    }
  }

  /// Writes all shares.
  public func encode(to encoder: any Encoder) throws {
    var all = [Self.others: [others.ecal, others.hcal]]
    for (identifier, pair) in shares { all["\(identifier)"] = [pair.ecal, pair.hcal] }
    try all.encode(to: encoder)
  }
}

extension SettingsSection {
  /// Makes sure that keys are written.
  fileprivate static func require(_ keys: [String], _ given: Set<String>) throws {
    guard let missing = keys.first(where: { !given.contains($0) }) else { return }
    throw SettingProblem(
      missing, "needs \(keys.joined(separator: ", ")), of which \(missing) is not there; add it")
  }
}
