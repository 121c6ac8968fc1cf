// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// The shipped tagger of flavours knows what displaced tracks mean.
@Suite struct ShippedFlavourTests {
  /// A jet of 60 GeV with ten tracks and five photons, the hardest tracks of which have these significances.
  private static func jet(_ significances: [Double]) throws -> Events {
    var events = Events()
    let momenta = (0..<15).map { particle in
      let angle = 2.4 * Double(particle)
      let distance = 0.02 + 0.012 * Double(particle)
      return FourMomentum(
        pt: 10 * pow(0.8, Double(particle)) + 0.8, rapidity: 0.3 + distance * cos(angle),
        phi: 1 + distance * sin(angle), mass: particle % 3 == 2 ? 0 : 0.13957)
    }
    let isTrack = (0..<15).map { $0 % 3 != 2 }
    var left = significances[...]
    let significance = isTrack.map { $0 ? left.popFirst() ?? 0.3 : 0 }
    let logarithms = significance.map { ($0 < 0 ? -1 : 1) * log(1 + abs($0)) }
    let charge = (0..<15).map { isTrack[$0] ? ($0 % 2 == 0 ? 1.0 : -1) : 0 }
    try events.append(
      momenta, pdgID: charge.map { $0 == 0 ? 22 : $0 > 0 ? 211 : -211 },
      particleColumns: [
        "charged": isTrack.map { $0 ? 1 : 0 }, "neutral_hadron": Array(repeating: 0, count: 15),
        "lepton": Array(repeating: 0, count: 15), "charge": charge,
        "displaced": significance.map { $0 > 3 ? 1 : 0 }, "d0_log_significance": logarithms,
        "dz_log_significance": logarithms,
      ])
    return events
  }

  /// The outputs of a jet by name.
  private static func outputs(_ significances: [Double]) throws -> [String: Float] {
    let model = try Model(contentsOf: Models.folder("flavour-tagger"), plugins: .builtIn)
    let head = try Predictor(model).predict(jet(significances)).heads[0]
    #expect(head.matrix.rows == 1)
    return Dictionary(
      uniqueKeysWithValues: zip(model.network.heads[0].head.outputs.map(\.name), head.matrix.values))
  }

  @Test func displacedTracksMakeABJet() throws {
    let b = try Self.outputs([25, 30, 18, 12, 20])
    let c = try Self.outputs([5, 4, 2.5])
    let prompt = try Self.outputs([0.5, -0.8, 1.1])
    #expect(b["BvsL"]! > 0.9 && b["BvsC"]! > 0.7)
    #expect(prompt["BvsL"]! < 0.3)
    #expect(c["CvsB"]! > b["CvsB"]! && c["CvsL"]! > prompt["CvsL"]!)
    for outputs in [b, c, prompt] {
      #expect(abs(outputs["b"]! + outputs["c"]! + outputs["uds"]! + outputs["g"]! - 1) < 1e-5)
    }
  }
}
