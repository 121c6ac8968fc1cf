// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The Cambridge algorithm with a condition for each step: two branches are joined, or the softer is dropped and the
/// harder goes on.
///
/// It is what pruning and bottom-up soft drop have in common, and is done here because the order of the steps depends on what
/// is dropped. It keeps its storage from jet to jet.
struct GroomingClustering {
  /// A branch, and the nearest of the others.
  private struct Branch {
    var momentum: FourMomentum
    var pt: Double
    var direction: Direction
    var nearest = 0
    var distance2 = Double.infinity

    init(_ momentum: FourMomentum) {
      self.momentum = momentum
      pt = momentum.pt
      direction = Direction(momentum)
    }
  }

  /// A jet after grooming.
  struct Groomed {
    /// The four-momentum of what is left.
    let momentum: FourMomentum
    /// How many branches were dropped.
    let dropped: Int
  }

  /// What the condition of a step looks at.
  struct Step {
    /// The transverse momenta of the branches in GeV.
    let softerPt, harderPt: Double
    /// The square of their distance ΔR.
    let distance2: Double
    /// The four-momentum of both.
    let sum: FourMomentum
  }

  private var branches: [Branch] = []

  /// Forgets all particles.
  mutating func removeAll() { branches.removeAll(keepingCapacity: true) }

  /// Adds a particle.
  mutating func append(_ momentum: FourMomentum) { branches.append(Branch(momentum)) }

  /// Clusters the particles until one branch is left.
  ///
  /// - Parameter isJoined: whether two branches are joined.
  /// - Returns: what is left; nil if there were no particles.
  /// - Complexity: O(particles²) for ordinary jets.
  mutating func groom(_ isJoined: (Step) -> Bool) -> Groomed? {
    guard !branches.isEmpty else { return nil }
    var dropped = 0
    for place in branches.indices { findNearest(of: place) }
    while branches.count > 1 {
      var a = 0
      for place in branches.indices where branches[place].distance2 < branches[a].distance2 { a = place }
      let b = branches[a].nearest
      let (harder, softer) = branches[a].pt >= branches[b].pt ? (a, b) : (b, a)
      let sum = branches[a].momentum + branches[b].momentum
      let step = Step(
        softerPt: branches[softer].pt, harderPt: branches[harder].pt, distance2: branches[a].distance2,
        sum: sum)
      if isJoined(step) {
        branches[harder] = Branch(sum)
      } else {
        dropped += 1
      }
      remove(softer, changed: harder)
    }
    return Groomed(momentum: branches[0].momentum, dropped: dropped)
  }

  /// Removes a branch after another has changed, and finds the nearest anew where it was one of both.
  private mutating func remove(_ removed: Int, changed: Int) {
    let last = branches.count - 1
    branches[removed] = branches[last]
    branches.removeLast()
    let changed = changed == last ? removed : changed
    findNearest(of: changed)
    for place in branches.indices where place != changed {
      let nearest = branches[place].nearest
      // What was nearest may be gone, or the one that has changed, under its former place.
      if nearest == removed || nearest == changed || nearest == last && changed == removed {
        findNearest(of: place)
        continue
      }
      if nearest == last { branches[place].nearest = removed }
      let distance2 = branches[place].direction.distance2(to: branches[changed].direction)
      if distance2 < branches[place].distance2 {
        branches[place].nearest = changed
        branches[place].distance2 = distance2
      }
    }
  }

  private mutating func findNearest(of place: Int) {
    var (nearest, least) = (place, Double.infinity)
    for other in branches.indices where other != place {
      let distance2 = branches[place].direction.distance2(to: branches[other].direction)
      if distance2 < least { (nearest, least) = (other, distance2) }
    }
    branches[place].nearest = nearest
    branches[place].distance2 = least
  }
}

extension GroomingClustering {
  /// What observables say of a groomed jet.
  static var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("mass", "the mass of what is left, negative if its square is", unit: "GeV"),
      ObservableQuantity("pt", "the transverse momentum of what is left", unit: "GeV"),
      ObservableQuantity("dropped", "how many branches were dropped"),
    ]
  }
}

/// The memory of observables that groom jets while they cluster them.
public final class GroomingScratch {
  private var clustering = GroomingClustering()

  init() {}

  /// Adds the numbers of a jet; none if it is nothing but padding.
  func groom<O: Observable>(
    _ jet: Int, of sample: ObservableInputs<O>, _ values: inout [Double],
    _ isJoined: (GroomingClustering.Step) -> Bool
  ) {
    clustering.removeAll()
    for place in sample.jets.constituents(ofJet: jet) {
      clustering.append(sample.momentum(ofConstituent: place, ofJet: jet))
    }
    let groomed = clustering.groom(isJoined)
    values.append(groomed?.momentum.mass ?? .nan)
    values.append(groomed?.momentum.pt ?? .nan)
    values.append(groomed.map { Double($0.dropped) } ?? .nan)
  }
}
