// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Testing

/// Jets that are left out take all that belongs to them along, and nothing else.
@Suite struct JetSelectionTests {
  /// Four events of 2, 0, 3 and 1 jets; jet `j` has `j % 3 + 1` constituents, whose numbers say whose they are.
  private static func jets(trees: Bool) -> Jets {
    var jets = Jets()
    jets.eventNumbers = [4, 5, 6, 7]
    jets.momenta.offsets = [0, 2, 2, 5, 6]
    var leaf = 0.0
    for jet in 0..<6 {
      jets.momenta.content.append(FourMomentum(px: Double(jet), py: 0, pz: 0, energy: Double(jet)))
      let count = jet % 3 + 1
      for place in 0..<count { jets.constituents.content.append(Int32(10 * jet + place)) }
      jets.constituents.endList(at: jets.constituents.content.count)
      let node = FourMomentum(px: Double(jet), py: leaf, pz: 0, energy: 1)
      if trees {
        for place in 0..<2 * count - 1 {
          jets.trees.left.append(place < count ? -1 : Int32(place - count))
          jets.trees.right.append(place < count ? -1 : Int32(place - 1))
          jets.trees.momenta.append(node)
          jets.trees.mergeScale.append(Double(10 * jet + place))
        }
        jets.trees.offsets.append(jets.trees.left.count)
      }
      leaf += 1
      jets.columns.jets["a/b", default: Column(unit: "GeV")].values.append(Double(jet))
      for place in 0..<count {
        jets.columns.constituents["c/d", default: Column()].values.append(Double(10 * jet + place))
        if place > 0 {
          jets.columns.splittings["e/f", default: Column()].values.append(Double(10 * jet + place))
        }
      }
    }
    jets.columns.events["g/h"] = Column(values: [0, 1, 2, 3])
    return jets
  }

  /// What is left, jet by jet, put together anew.
  private static func reference(_ jets: Jets, _ isKept: [Bool]) -> Jets {
    var left = Jets()
    left.eventNumbers = jets.eventNumbers
    left.columns.events = jets.columns.events
    left.columns.jets["a/b"] = Column(unit: "GeV")
    left.columns.constituents["c/d"] = Column()
    left.columns.splittings["e/f"] = Column()
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) where isKept[jet] {
        left.momenta.content.append(jets.momentum(ofJet: jet))
        for place in jets.constituents(ofJet: jet) {
          left.constituents.content.append(jets.constituents.content[place])
          left.columns.constituents["c/d"]!.values.append(jets.columns.constituents["c/d"]!.values[place])
        }
        left.constituents.endList(at: left.constituents.content.count)
        let splittings =
          jets.constituents(ofJet: jet).lowerBound - jet..<jets.constituents(ofJet: jet).upperBound - jet - 1
        left.columns.splittings["e/f"]!.values += jets.columns.splittings["e/f"]!.values[splittings]
        left.columns.jets["a/b"]!.values.append(jets.columns.jets["a/b"]!.values[jet])
        if jets.trees.treeCount > 0 { left.trees.append(jet, of: jets.trees) }
      }
      left.momenta.endList(at: left.jetCount)
    }
    return left
  }

  @Test(arguments: 0..<64, [true, false]) func whatIsLeftIsAsItWas(choice: Int, trees: Bool) {
    let isKept = (0..<6).map { choice & 1 << $0 != 0 }
    let jets = Self.jets(trees: trees)
    var left = jets
    left.keepJets(isKept)
    #expect(left == Self.reference(jets, isKept))
  }
}
