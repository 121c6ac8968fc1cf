// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import TreeGeneration

@Suite struct ProngTests {
  /// Joining two prongs, and splitting what they make, gives them back.
  @Test func branchingIsInvertible() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<1000 {
      let harder = Prong(
        pt: .random(in: 1...100, using: &generator), rapidity: .random(in: -3...3, using: &generator),
        phi: .random(in: 0..<2 * .pi, using: &generator))
      let softer = Prong(
        pt: harder.pt * .random(in: 1e-4...0.999, using: &generator),
        rapidity: harder.rapidity + .random(in: -1...1, using: &generator),
        phi: (harder.phi + .random(in: -1...1, using: &generator)).truncatingRemainder(dividingBy: 2 * .pi))
      var branching = Branching()
      let mother = Prong(harder: harder, softer: softer, branching: &branching)
      #expect(branching.share <= 0.5)
      #expect(abs(mother.pt - harder.pt - softer.pt) < 1e-9)
      for (again, prong) in [
        (mother.split(branching).harder, harder), (mother.split(branching).softer, softer),
      ] {
        #expect(abs(again.pt / prong.pt - 1) < 1e-9)
        #expect(abs(again.rapidity - prong.rapidity) < 1e-9)
        #expect(abs((again.phi - prong.phi).remainder(dividingBy: 2 * .pi)) < 1e-9)
      }
    }
  }

  /// Prongs at one place, of equal pT or without any have numbers that are finite.
  @Test func extremesAreFinite() {
    let one = Prong(FourMomentum(px: 1, py: 1, pz: 1, energy: 3.0.squareRoot()))
    let nothing = Prong(FourMomentum(px: 0, py: 0, pz: 1, energy: 1))
    for (harder, softer) in [(one, one), (one, nothing), (nothing, nothing)] {
      var branching = Branching()
      let mother = Prong(harder: harder, softer: softer, branching: &branching)
      let children = mother.split(branching)
      for value in [
        branching.logAngle, branching.logitShare, branching.azimuth, mother.pt, mother.phi,
        children.softer.pt,
      ] { #expect(value.isFinite) }
    }
  }
}
