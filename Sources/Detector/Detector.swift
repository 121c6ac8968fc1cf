// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import Support

/// A parametric detector, as a card describes it, whose formulas are understood.
///
/// ```swift
/// let detector = try Detector(card: "cms")
/// let simulation = DetectorSimulation(detector)
/// let measured = try simulation.measure(events)
/// ```
public struct Detector: Sendable {
  /// The card.
  public let card: DetectorCard

  let propagation: Propagation
  let random: RandomNumbers
  /// By kind of charged particle.
  let tracker: [TrackerFormulas]
  let layers: [Layer]

  /// The formulas of a kind of charged particle.
  struct TrackerFormulas: Sendable {
    let efficiency: CompiledFormula
    let momentumResolution: CompiledFormula
    let d0Resolution: CompiledFormula
    let dzResolution: CompiledFormula
  }

  /// A layer of cells.
  struct Layer: Sendable {
    let name: String
    let section: CalorimeterSection
    let grid: CellGrid
    let resolution: CompiledFormula
    let energy: RandomNumbers.Purpose
    let place: RandomNumbers.Purpose
  }

  /// The detector that a card describes.
  ///
  /// - Throws: ``DetectorCardError`` if a formula reads what there is not, or a layer has no cells.
  public init(_ card: DetectorCard) throws {
    self.card = card
    propagation = Propagation(card.field)
    random = RandomNumbers(seed: UInt64(card.seed))
    func compile(_ formula: Formula, _ names: FormulaNames, _ key: String) throws -> CompiledFormula {
      let compiled: CompiledFormula
      do {
        compiled = try CompiledFormula(formula, for: .particle, in: names)
      } catch {
        throw DetectorCardError(key, "is refused: \(error)")
      }
      guard !compiled.readsOtherRows else {
        throw DetectorCardError(
          key,
          "puts several particles or cells together, as sum and largest do, and is for each by itself; leave these out"
        )
      }
      return compiled
    }
    tracker = try TrackKind.allCases.map { kind in
      func compiled(_ formulas: TrackFormulas, _ key: String) throws -> CompiledFormula {
        try compile(kind.formula(of: formulas), .ofTracks, "tracker.\(key)")
      }
      return TrackerFormulas(
        efficiency: try compiled(card.tracker.efficiency, "efficiency"),
        momentumResolution: try compiled(card.tracker.momentumResolution, "momentum-resolution"),
        d0Resolution: try compiled(card.tracker.d0Resolution, "d0-resolution"),
        dzResolution: try compiled(card.tracker.dzResolution, "dz-resolution"))
    }
    func layer(
      _ name: String, _ section: CalorimeterSection, _ energy: RandomNumbers.Purpose,
      _ place: RandomNumbers.Purpose
    ) throws -> Layer {
      guard !section.cells.isEmpty else {
        throw DetectorCardError("\(name).cells", "has no region; give at least one")
      }
      return Layer(
        name: name, section: section, grid: CellGrid(section),
        resolution: try compile(section.resolution, .ofCells, "\(name).resolution"), energy: energy,
        place: place)
    }
    layers = [
      try layer("ecal", card.ecal, .electromagneticEnergy, .electromagneticPlace),
      try layer("hcal", card.hcal, .hadronicEnergy, .hadronicPlace),
    ]
  }
}

/// What is wrong with a card.
public struct DetectorCardError: ReportedError, Equatable {
  /// The key, such as `tracker.efficiency`.
  public let key: String
  /// The end of the sentence that begins with the key.
  let problem: String

  init(_ key: String, _ problem: String) {
    self.key = key
    self.problem = problem
  }

  /// The sentence, without a full stop.
  public var description: String { "\(key) of the card \(problem)" }
}

/// What a charged particle is for the tracker.
enum TrackKind: Int, CaseIterable {
  case chargedHadron, electron, muon

  init(_ pdgID: Int32) {
    self =
      switch pdgID {
      case 11, -11: .electron
      case 13, -13: .muon
      default: .chargedHadron
      }
  }

  func formula(of formulas: TrackFormulas) -> Formula {
    switch self {
    case .chargedHadron: formulas.chargedHadrons
    case .electron: formulas.electrons ?? formulas.chargedHadrons
    case .muon: formulas.muons ?? formulas.chargedHadrons
    }
  }

  /// The identifier that a track gets, by its charge: π⁺, e⁻ or μ⁻ and their antiparticles.
  func pdgID(charge: Double) -> Int32 {
    switch self {
    case .chargedHadron: charge > 0 ? 211 : -211
    case .electron: charge > 0 ? -11 : 11
    case .muon: charge > 0 ? -13 : 13
    }
  }

  /// The mass that a track gets, in GeV.
  ///
  /// Source: Review of Particle Physics.
  var mass: Double {
    switch self {
    case .chargedHadron: 0.13957039
    case .electron: 0.00051099895
    case .muon: 0.1056583755
    }
  }
}

/// What a particle of the output is, as the column ``MeasuredColumns/kind``.
public enum MeasuredKind: Int, Sendable, CaseIterable {
  /// A track: Delphes' `EFlowTrack`.
  case track
  /// What the electromagnetic cells have beyond tracks: Delphes' `EFlowPhoton`.
  case photon
  /// What the hadronic cells have beyond tracks: Delphes' `EFlowNeutralHadron`.
  case neutralHadron
  /// An electromagnetic cell with a signal: Delphes' `Tower` of the ECal.
  case electromagneticTower
  /// A hadronic cell with a signal: Delphes' `Tower` of the HCal.
  case hadronicTower

  /// The identifier that it gets: a photon, or a K⁰L for what is neutral and hadronic; nil for tracks, which have one by their kind.
  var pdgID: Int32? {
    switch self {
    case .track: nil
    case .photon, .electromagneticTower: 22
    case .neutralHadron, .hadronicTower: 130
    }
  }
}

/// The columns of particles that a detector reads and gives.
public enum MeasuredColumns {
  /// The charge in units of the positron's.
  public static let charge = "charge"
  /// What the particle is, by ``MeasuredKind``.
  public static let kind = "kind"
  /// The transverse impact parameter of a track in mm; NaN of others.
  public static let d0 = "d0"
  /// Its error in mm.
  public static let d0Error = "d0_error"
  /// The longitudinal impact parameter of a track in mm; NaN of others.
  public static let dz = "dz"
  /// Its error in mm.
  public static let dzError = "dz_error"
  /// The place, in its event, of the particle that a track is of, or of that which gave a cell most energy.
  public static let truth = "truth"

  /// Where a particle is produced, in mm, if the input has it: x, y and z.
  public static let vertex = ["vertex_x", "vertex_y", "vertex_z"]
}
