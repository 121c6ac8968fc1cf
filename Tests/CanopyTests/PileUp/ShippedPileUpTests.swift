// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// The shipped model tells what comes from pile-up, by tracks where there are some and by what is around elsewhere.
@Suite struct ShippedPileUpTests {
  @Test func weightsFollowTracksAndSurroundings() throws {
    var generator = SeededGenerator(seed: 8)
    func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
    var momenta: [FourMomentum] = []
    var (vertices, charged): ([Double], [Double]) = ([], [])
    func add(_ pt: Double, _ y: Double, _ phi: Double, isHard: Bool, isCharged: Bool) {
      momenta.append(FourMomentum(pt: pt, rapidity: y, phi: phi, mass: isCharged ? 0.14 : 0))
      charged.append(isCharged ? 1 : 0)
      vertices.append(isCharged && abs(momenta.last!.pseudorapidity) < 2.5 ? isHard ? 1 : -1 : 0)
    }
    // A jet of 120 GeV at y = 1 and φ = 1, and two thousand soft particles everywhere.
    for particle in 0..<30 {
      add(4, 1 + random(-0.2...0.2), 1 + random(-0.2...0.2), isHard: true, isCharged: particle % 3 != 0)
    }
    for particle in 0..<2000 {
      add(
        0.5 - 0.5 * log(random(0.01...1)), random(-5...5), random(0...6.28), isHard: false,
        isCharged: particle % 5 < 3)
    }
    var events = Events()
    try events.append(momenta, particleColumns: ["vertex": vertices, "charged": charged])
    let model = try Model(contentsOf: Models.folder("pileup"), plugins: .builtIn)
    let prediction = try Predictor(model).predict(events)
    let weights = try #require(prediction["pileup/weight"]).values
    try #require(weights.count == momenta.count)
    var sums: [String: (weight: Double, count: Double)] = [:]
    for place in prediction.jets.constituents.content.indices {
      let particle = Int(prediction.jets.constituents.content[place])
      let kind = particle < 30 ? "hard" : "soft"
      let name = "\(kind) \(vertices[particle] == 0 ? "without" : "with") track"
      let (weight, count) = sums[name] ?? (0, 0)
      sums[name] = (weight + Double(weights[place]), count + 1)
    }
    let means = sums.mapValues { $0.weight / $0.count }
    #expect(means["hard with track"]! > 0.95 && means["soft with track"]! < 0.02, "\(means)")
    #expect(means["hard without track"]! > 0.8 && means["soft without track"]! < 0.2, "\(means)")
  }
}
