// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics

extension ResultBatch {
  /// Three events with two jets, none and one, by hand, with everything that results can hold.
  static func byHand() -> ResultBatch {
    var jets = Jets()
    jets.eventNumbers = [7, 8, 10]
    jets.momenta.offsets = [0, 2, 2, 3]
    jets.momenta.content.px = [0, 0, 0]
    jets.momenta.content.py = [0, 0, 0]
    jets.momenta.content.pz = [0, 0, 0]
    jets.momenta.content.energy = [0, 0, 0]
    jets.constituents.offsets = [0, 3, 4, 9]
    jets.constituents.content = [4, 0, 2, 1, 5, 4, 3, 2, 1]
    // Nodes 0 ..< n are leaves. The first jet joins 0 and 2, then 1 and that; the third joins a chain.
    jets.trees.offsets = [0, 5, 6, 15]
    jets.trees.left = [-1, -1, -1, 0, 1, -1, -1, -1, -1, -1, -1, 0, 5, 6, 7]
    jets.trees.right = [-1, -1, -1, 2, 3, -1, -1, -1, -1, -1, -1, 1, 2, 3, 4]
    var batch = ResultBatch(jets, constituents: true, trees: true)
    batch.pt = [123.456, 20, 1e-3]
    batch.rapidity = [-0.1, 2, 100_345.5]
    batch.phi = [0.1 + 0.2, 6.283, 0]
    batch.mass = [80.4, 0, -1e-9]
    batch.jetColumns = [
      ResultColumn(name: "embedding", width: 5, values: (0..<15).map { Float($0) / 3 }),
      ResultColumn(name: "tagger/score", values: [0.1, .nan, 1]),
      ResultColumn(name: "regression/mass", values: [1e10, 81, 1e-9], unit: "GeV"),
      ResultColumn(name: "tagger/classes", width: 2, values: [0.25, 0.75, 0, 1, 0.5, 0.5]),
    ]
    batch.eventColumns = [ResultColumn(name: "trigger/rate", values: [1, 2, 3], unit: "Hz")]
    return batch
  }

  /// Events numbered from `first` with pseudo-random content.
  static func random(events: Int, first: Int, embeddingWidth: Int, seed: UInt64) -> ResultBatch {
    var generator = SplitMix64(state: seed)
    func next() -> UInt64 { generator.next() >> 33 }
    func number() -> Double { Double(next()) / 1e6 }
    var batch = ResultBatch()
    batch.eventNumbers = Array(first..<first + events)
    for _ in 0..<events { batch.jetOffsets.append(batch.jetOffsets.last! + Int(next() % 4)) }
    let jets = batch.jetOffsets.last!
    batch.pt = (0..<jets).map { _ in number() }
    batch.rapidity = (0..<jets).map { _ in number() }
    batch.phi = (0..<jets).map { _ in number() }
    batch.mass = (0..<jets).map { _ in number() }
    var constituents = ResultLists(width: 1, offsets: [0], values: [])
    var trees = ResultLists(width: 2, offsets: [0], values: [])
    for _ in 0..<jets {
      let count = 1 + Int(next() % 30)
      constituents.offsets.append(constituents.offsets.last! + count)
      trees.offsets.append(trees.offsets.last! + count - 1)
      constituents.values += (0..<count).map { _ in Int32(next() % 1000) }
      trees.values += (0..<2 * (count - 1)).map { _ in Int32(next() % 1000) }
    }
    batch.constituents = constituents
    batch.trees = trees
    batch.jetColumns = [
      ResultColumn(
        name: "embedding", width: embeddingWidth,
        values: (0..<jets * embeddingWidth).map { _ in Float(number()) })
    ]
    batch.eventColumns = [
      ResultColumn(name: "selection/score", values: (0..<events).map { _ in Float(number()) }, unit: "µb")
    ]
    batch.constituentColumns = ResultRows(
      offsets: constituents.offsets,
      columns: [
        ResultColumn(name: "origin/score", values: constituents.values.map { _ in Float(number()) }),
        ResultColumn(
          name: "origin/vertex", width: 3, values: constituents.values.flatMap { [Float($0), 1, 2] }),
      ])
    batch.splittingColumns = ResultRows(
      offsets: trees.offsets,
      columns: [ResultColumn(name: "kind/z", values: (0..<trees.offsets.last!).map { _ in Float(number()) })])
    return batch
  }
}
