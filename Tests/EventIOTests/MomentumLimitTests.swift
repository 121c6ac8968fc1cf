// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

@Suite struct MomentumLimitTests {
  /// Events that a reader accepts can be clustered, and all numbers of their jets are finite.
  @Test func theLargestMomentaThatAreReadAreClustered() throws {
    let folder = try TemporaryFolder()
    let largest = MomentumLimit.largestComponent
    let texts = [
      "\(largest) 0 0 \(largest)\n0 \(-largest) 1 \(largest)\n\(-largest) 0 \(largest) \(largest)\n1 2 3 4\n",
      "{\"particles\": [[\(largest), 0, 0, \(largest)], [0, \(-largest), \(largest), \(largest)], [1, 2, 3, 4]]}\n",
    ]
    for text in texts {
      let batch = try batches(try folder.write(text))[0]
      let jets = try JetClusterer(JetFinder(JetDefinition(.antikt))).jets(in: batch)
      #expect(jets.jetCount > 1)
      for jet in 0..<jets.jetCount {
        let momentum = jets.momentum(ofJet: jet)
        for value in [momentum.pt, momentum.mass, momentum.rapidity, momentum.phi, momentum.modulus] {
          #expect(value.isFinite)
        }
      }
    }
  }

  @Test func largerOnesAreRefused() throws {
    let folder = try TemporaryFolder()
    let tooLarge = MomentumLimit.largestComponent.nextUp
    for text in ["1 2 3 4\n0 0 \(tooLarge) 4\n", "{\"particles\": [[1, 2, 3, 4], [0, 0, \(tooLarge), 4]]}"] {
      let path = try folder.write(text)
      #expect(
        refusal(path).contains("pz is too large (\(tooLarge)) for particle 1, at most 1e+50 GeV is read"))
    }
  }
}
