// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `recursive-soft-drop`: each jet after recursive soft drop (arXiv:1804.03657): soft drop goes on in both branches of a
/// splitting that passed, at the widest angle first, until a number of splittings have passed or none is left.
public struct RecursiveSoftDrop: Observable {
  /// Where soft drop goes on after a splitting that passed; the raw value is what a user writes.
  public enum Branches: String, Codable, Sendable, CaseIterable {
    /// In both branches.
    case both
    /// In the harder branch, as iterated soft drop does (arXiv:1704.06266).
    case harder
  }

  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The settings of soft drop.
    public var softDrop = SoftDropGrooming.Configuration()
    /// How many splittings pass; nil for all.
    public var count: Int?
    /// Where soft drop goes on.
    public var branches = Branches.both

    /// All splittings of z > 0.1.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] =
      SoftDropGrooming.Configuration.settings.map { $0.within(\.softDrop) } + [
        Setting("count", \.count, .positive, "after how many splittings that pass it ends", default: "all"),
        Setting(
          "branches", \.branches,
          "whether it goes on in both branches of a splitting that passed or in the harder, as iterated soft drop"
        ),
      ]

    /// Makes sure that a softer branch can pass.
    public func check(given: Set<String>) throws { try softDrop.check(given: given) }
  }

  /// `recursive-soft-drop`.
  public static let identifier = "recursive-soft-drop"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Each jet after recursive or iterated soft drop: its mass, its pT and its splittings."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The settings.
  public let configuration: Configuration
  private let softDrop: SoftDrop

  /// Recursive soft drop of `configuration`.
  ///
  /// - Throws: `PluginError` if the parameters are out of range.
  public init(configuration: Configuration) throws {
    self.configuration = configuration
    softDrop = try configuration.softDrop.softDrop()
  }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `mass`, `pt`, `passed` and `dropped`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("mass", "the mass of what is left, negative if its square is", unit: "GeV"),
      ObservableQuantity("pt", "the transverse momentum of what is left", unit: "GeV"),
      ObservableQuantity("passed", "how many splittings passed; n_SD along the harder branch"),
      ObservableQuantity("dropped", "how many branches were dropped"),
    ]
  }

  /// Memory for the branches of a jet.
  public func makeScratch() -> Scratch { Scratch() }

  /// The branches in which soft drop goes on.
  public final class Scratch {
    fileprivate var active: [(node: Int, splitting: LundSplitting)] = []
  }

  /// Adds the numbers of each jet.
  ///
  /// - Throws: `JetPhysicsError` if jets cannot be clustered once more.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let reclustered = try sample.reclustered(.wholeJet(.cambridge))
    let trees = reclustered.found.trees
    for jet in 0..<sample.jets.jetCount {
      guard let tree = reclustered.hardest(ofJet: jet) else {
        // Padding alone makes no jet.
        for _ in 0..<4 { values.append(.nan) }
        continue
      }
      groom(trees, tree: tree, &sample.scratch.active, &values)
    }
  }

  private func groom(
    _ trees: JetTrees, tree: Int, _ active: inout [(node: Int, splitting: LundSplitting)],
    _ values: inout [Double]
  ) {
    let nodes = trees.nodes(ofTree: tree)
    var (sum, passed, dropped) = (FourMomentum.zero, 0, 0)
    active.removeAll(keepingCapacity: true)
    Self.add(nodes.upperBound - 1, trees, nodes.lowerBound, to: &active, &sum)
    while !active.isEmpty, passed < configuration.count ?? .max {
      var widest = 0
      for place in active.indices where active[place].splitting.deltaR > active[widest].splitting.deltaR {
        widest = place
      }
      let (node, splitting) = active[widest]
      active[widest] = active[active.count - 1]
      active.removeLast()
      let (harder, softer) = (
        nodes.lowerBound + Int(trees.left[node]), nodes.lowerBound + Int(trees.right[node])
      )
      Self.add(harder, trees, nodes.lowerBound, to: &active, &sum)
      guard softDrop.passes(z: splitting.z, deltaR: splitting.deltaR) else {
        dropped += 1
        continue
      }
      passed += 1
      switch configuration.branches {
      case .both: Self.add(softer, trees, nodes.lowerBound, to: &active, &sum)
      case .harder: sum = sum + trees.momentum(ofNode: softer)
      }
    }
    for place in active.indices { sum = sum + trees.momentum(ofNode: active[place].node) }
    values.append(sum.mass)
    values.append(sum.pt)
    values.append(Double(passed))
    values.append(Double(dropped))
  }

  /// Adds a branch to those in which soft drop goes on, or a particle to what is left.
  private static func add(
    _ node: Int, _ trees: JetTrees, _ first: Int, to active: inout [(node: Int, splitting: LundSplitting)],
    _ sum: inout FourMomentum
  ) {
    if let splitting = trees.lundSplitting(ofNode: node, first: first) {
      active.append((node, splitting))
    } else {
      sum = sum + trees.momentum(ofNode: node)
    }
  }
}
