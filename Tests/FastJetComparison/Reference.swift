// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetReference
import JetPhysics

/// One event clustered by FastJet itself.
public final class Reference {
  private let particleCount: Int
  private let pointer: OpaquePointer

  /// Clusters the particles of an event by the definition.
  public init(_ momenta: [FourMomentum], _ definition: JetDefinition) {
    particleCount = momenta.count
    pointer = fastjet_reference_create(
      momenta.flatMap { [$0.px, $0.py, $0.pz, $0.energy] }, Int32(momenta.count),
      Self.code(of: definition.algorithm), definition.radius, definition.power ?? 0,
      Self.code(of: definition.recombination))
  }

  deinit { fastjet_reference_destroy(pointer) }

  /// Chooses the jets that the following functions number, and returns how many there are.
  public func select(_ kind: JetSelection.Kind) -> Int {
    switch kind {
    case .inclusive(let minimumPt): Int(fastjet_reference_inclusive(pointer, minimumPt))
    case .exclusiveJets(let count): Int(fastjet_reference_exclusive_jets(pointer, Int32(count)))
    case .exclusiveCut(let cut): Int(fastjet_reference_exclusive_cut(pointer, cut))
    }
  }

  /// The momentum of a jet: px, py, pz and energy.
  public func jet(_ jet: Int) -> [Double] {
    var momentum = [Double](repeating: 0, count: 4)
    fastjet_reference_jet(pointer, Int32(jet), &momentum)
    return momentum
  }

  /// Rapidity, azimuth, mass, pseudorapidity and polar angle.
  public func kinematics(ofJet jet: Int) -> [Double] {
    var kinematics = [Double](repeating: 0, count: 5)
    fastjet_reference_kinematics(pointer, Int32(jet), &kinematics)
    return kinematics
  }

  /// The particles of a jet.
  public func constituents(ofJet jet: Int) -> [Int32] {
    var constituents = [Int32](repeating: 0, count: particleCount)
    let count = fastjet_reference_constituents(pointer, Int32(jet), &constituents)
    return Array(constituents.prefix(Int(count)))
  }

  func tree(ofJet jet: Int) -> [FastJetReferenceNode] {
    var nodes = [FastJetReferenceNode](repeating: FastJetReferenceNode(), count: 2 * particleCount)
    let count = fastjet_reference_tree(pointer, Int32(jet), &nodes)
    return Array(nodes.prefix(Int(count)))
  }

  func reclusteredTree(
    ofJet jet: Int, _ algorithm: JetDefinition.Algorithm, power: Double
  ) -> [FastJetReferenceNode] {
    var nodes = [FastJetReferenceNode](repeating: FastJetReferenceNode(), count: 2 * particleCount)
    let count = fastjet_reference_reclustered_tree(
      pointer, Int32(jet), Self.code(of: algorithm), power, &nodes)
    return Array(nodes.prefix(Int(count)))
  }

  /// How many steps of one event's history are not FastJet's, which is compared in C for the sake of time.
  public func differingEntries(_ histories: ClusteringHistories, event: Int, tolerance: Double = 1e-12) -> Int
  {
    let entries = histories.entries(ofEvent: event)
    return Int(
      fastjet_reference_differing_entries(
        pointer, Int64(entries.lowerBound), Int64(entries.count), histories.parent1, histories.parent2,
        histories.distance, histories.maximumDistance, histories.momenta.px, histories.momenta.py,
        histories.momenta.pz,
        histories.momenta.energy, tolerance))
  }

  /// FastJet's `JetAlgorithm`.
  private static func code(of algorithm: JetDefinition.Algorithm) -> Int32 {
    switch algorithm {
    case .kt: 0
    case .cambridge: 1
    case .antikt: 2
    case .genkt: 3
    case .eeKt: 50
    case .eeGenkt: 53
    }
  }

  /// FastJet's `RecombinationScheme`.
  private static func code(of scheme: JetDefinition.RecombinationScheme) -> Int32 {
    switch scheme {
    case .e: 0
    case .pt: 1
    case .pt2: 2
    case .et: 3
    case .et2: 4
    case .biPt: 5
    case .biPt2: 6
    case .wtaPt: 7
    case .wtaModp: 8
    }
  }
}

extension FastJetReferenceNode {
  var components: [Double] { [momentum.0, momentum.1, momentum.2, momentum.3] }
}

/// Whether two momenta agree to `tolerance` of the larger energy.
public func agree(_ a: [Double], _ b: [Double], tolerance: Double = 1e-12) -> Bool {
  let scale = max(abs(a[3]), abs(b[3]))
  return zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * scale }
}

/// Whether two numbers agree to a relative `tolerance`.
public func agree(_ a: Double, _ b: Double, tolerance: Double = 1e-12) -> Bool {
  a == b || abs(a - b) <= tolerance * max(abs(a), abs(b))
}

extension FourMomentum {
  /// px, py, pz and energy.
  public var components: [Double] { [px, py, pz, energy] }
}
