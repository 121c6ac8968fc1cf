// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// How jets are found, as the section `jets` of a training, a model and the options of `canopy cluster` say it.
public struct JetSettings: SettingsSection, Encodable, Equatable {
  /// The jet algorithm.
  public var algorithm = JetDefinition.Algorithm.antikt
  /// The jet radius R; nil for the default, or if the algorithm has none.
  public var radius: Double?
  /// The power p of the generalised algorithms.
  public var power: Double?
  /// How two particles become one.
  public var recombination = JetDefinition.RecombinationScheme.e
  /// The least pT of inclusive jets in GeV; nil for the default.
  public var minimumPt: Double?
  /// How many jets are left when the clustering stops; nil for inclusive jets.
  public var exclusiveJets: Int?
  /// The distance d_ij at which the clustering stops; nil for inclusive jets.
  public var exclusiveCut: Double?
  /// The largest |rapidity| of a jet; nil for no limit.
  public var maximumAbsRapidity: Double?
  /// How many jets of an event are kept, the hardest; nil for all.
  public var leading: Int?
  /// The algorithm of each jet's tree; nil for the tree of the jet algorithm.
  public var recluster: JetDefinition.Algorithm?

  /// Anti-kT jets of the default radius and least pT.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<JetSettings>] = [
    Setting("algorithm", \.algorithm, "the jet algorithm; genkt and ee-genkt need a power"),
    Setting(
      "radius", \.radius, .closed(JetDefinition.allowedRadii), "the jet radius R; ee-kt has none",
      default: "\(JetDefinition.defaultRadius)"),
    Setting(
      "power", \.power, .finite, "the power p of genkt and ee-genkt: -1 is anti-kT, 0 Cambridge/Aachen, 1 kT"),
    Setting("recombination", \.recombination, "how two particles become one"),
    Setting(
      "min-pt", \.minimumPt, .notNegative, unit: "GeV", "the least pT of an inclusive jet",
      default: "5; 0 for e⁺e⁻ algorithms"),
    Setting(
      "exclusive-jets", \.exclusiveJets, .positive,
      "stop clustering when this many jets are left, instead of inclusive jets"),
    Setting(
      "exclusive-dcut", \.exclusiveCut, .notNegative,
      "stop clustering when all distances d_ij are larger, in GeV² for kT and ee-kt, in GeV^2p for others, instead of "
        + "inclusive jets"),
    Setting(
      "max-abs-rapidity", \.maximumAbsRapidity, .notNegative, "the largest |rapidity| of a jet"),
    Setting("leading", \.leading, .positive, "keep this many jets of an event, the hardest", default: "all"),
    Setting(
      "recluster", \.recluster, "cluster each jet's constituents once more for its tree",
      default: "the tree of the jet algorithm"),
  ]

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    if given.contains("radius"), !algorithm.hasRadius {
      throw SettingProblem("radius", "means nothing for \(algorithm.rawValue); leave it out")
    }
    let needsPower = algorithm.hasPower ? algorithm : recluster?.hasPower == true ? recluster : nil
    if given.contains("power"), needsPower == nil {
      throw SettingProblem(
        "power", "means nothing for \(algorithm.rawValue); leave it out, or choose genkt or ee-genkt")
    }
    if power == nil, let needsPower {
      throw SettingProblem(
        algorithm.hasPower ? "algorithm" : "recluster",
        "is \(needsPower.rawValue), which needs a power; give one")
    }
    if exclusiveJets != nil, exclusiveCut != nil {
      throw SettingProblem("exclusive-dcut", "excludes exclusive-jets; leave one of the two out")
    }
    if exclusiveJets ?? 0 > Int32.max {
      throw SettingProblem("exclusive-jets", "must be at most \(Int32.max)")
    }
    let isExclusive = exclusiveJets != nil || exclusiveCut != nil
    if isExclusive, minimumPt != nil {
      throw SettingProblem("min-pt", "is for inclusive jets; leave it out, or the exclusive jets")
    }
    if algorithm == .eeKt, !isExclusive {
      throw SettingProblem(
        "algorithm",
        "is ee-kt, which joins all particles of an event into one; give exclusive-jets or exclusive-dcut")
    }
  }

  /// The jet finder that the settings describe.
  ///
  /// - Parameter trees: whether the jets come with trees.
  /// - Returns: the jet finder.
  /// - Throws: `JetPhysicsError` if the settings do not go together.
  public func finder(trees: Bool = true) throws -> JetFinder {
    let kind: JetSelection.Kind =
      if let exclusiveJets {
        .exclusiveJets(exclusiveJets)
      } else if let exclusiveCut {
        .exclusiveCut(exclusiveCut)
      } else {
        .inclusive(minimumPt: minimumPt ?? (algorithm.isSpherical ? 0 : 5))
      }
    return try JetFinder(
      JetDefinition(
        algorithm, radius: radius ?? JetDefinition.defaultRadius, power: power, recombination: recombination),
      selection: JetSelection(kind, maximumAbsRapidity: maximumAbsRapidity, leading: leading),
      recluster: recluster, trees: trees)
  }

  /// The settings of a jet finder.
  public init(_ finder: JetFinder) {
    algorithm = finder.definition.algorithm
    radius = algorithm.hasRadius ? finder.definition.radius : nil
    power = finder.definition.power
    recombination = finder.definition.recombination
    switch finder.selection.kind {
    case .inclusive(let least): minimumPt = least
    case .exclusiveJets(let count): exclusiveJets = count
    case .exclusiveCut(let cut): exclusiveCut = cut
    }
    maximumAbsRapidity = finder.selection.maximumAbsRapidity
    leading = finder.selection.leading
    recluster = finder.recluster
  }
}

extension JetPhysicsError: SettingValueError {}
