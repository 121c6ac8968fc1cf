// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import RecursiveEmbedding
import Testing

/// Features of nodes that are composed of sets and of columns of particles.
@Suite struct NodeFeaturesTests {
  /// Two events of several jets, with a column of particles and identifiers.
  private func events() throws -> Events {
    var generator = SeededGenerator(seed: 4)
    var events = Events()
    for _ in 0..<2 {
      let momenta = (0..<20).map { _ in
        FourMomentum(
          pt: Double.random(in: 1...30, using: &generator),
          rapidity: Double.random(in: -2...2, using: &generator),
          phi: Double.random(in: 0...6, using: &generator), mass: 0.14)
      }
      try events.append(
        momenta, pdgID: momenta.map { _ in [211, -211, 22].randomElement(using: &generator)! },
        particleColumns: ["d0": momenta.map { _ in Double.random(in: -1...1, using: &generator) }])
    }
    return events
  }

  /// A feature that is shuffled has the same numbers in other leaves, and in other splittings; all else stays.
  @Test func shufflingKeepsLeavesAndSplittingsApart() throws {
    let events = try events()
    let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1))).jets(in: events)
    var sample = NodeSample(try NodeFeatures(["paper", "particle.d0"]))
    try sample.replace(with: events, jets: jets)
    let before = sample.trees
    let count = before.featureCount
    #expect(sample.shuffledNames.count == count && sample.shuffledNames.last == "d0 of nodes")
    // What is handed over of two jets.
    var numbers: [Float] = []
    sample.forEachNumber(1, ofEvent: 0, jets: 1..<3) { numbers.append($0) }
    #expect(
      numbers == (before.offsets[1]..<before.offsets[3]).map { before.features[$0 * count + 1] }
        && numbers.count > 4)
    var generator = SeededGenerator(seed: 3)
    sample.shuffle(count - 1, using: &generator)
    func column(_ place: Int, _ trees: FeatureTrees, leaves: Bool) -> [Float] {
      trees.left.indices.filter { (trees.left[$0] < 0) == leaves }.map { trees.features[$0 * count + place] }
    }
    for leaves in [true, false] {
      for place in 0..<count - 1 {
        #expect(column(place, sample.trees, leaves: leaves) == column(place, before, leaves: leaves))
      }
      let (old, new) = (
        column(count - 1, before, leaves: leaves), column(count - 1, sample.trees, leaves: leaves)
      )
      #expect(old != new && old.sorted() == new.sorted() && old.count > 10)
    }
    #expect(sample.trees.left == before.left && sample.trees.offsets == before.offsets)
  }

  /// Splittings, leaves, jets and events have the numbers of their observables, and all other nodes none.
  @Test func observablesStandAtTheirNodes() throws {
    let events = try events()
    var jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1))).jets(in: events)
    let counts: [HeadRows: Int] = [
      .events: 2, .jets: jets.jetCount, .constituents: jets.constituents.content.count,
      .splittings: jets.constituents.content.count - jets.jetCount,
    ]
    for (rows, count) in counts {
      jets.columns[rows]["of/\(rows.rawValue)"] = Column(values: (0..<count).map { Double($0) + 0.5 })
    }
    jets.columns.jets["of/jets"]!.values[1] = .infinity
    let set = try NodeFeatures(["of/splittings", "of/jets", "paper", "of/constituents", "of/events"])
    #expect(set.count == 11 && set.names[3] == "η" && set.observables.count == 4)
    #expect(try NodeFeatures(set.partNames) == set)
    var trees = FeatureTrees(featureCount: set.count)
    try trees.replace(with: jets, of: events, features: set)
    var (leaf, splitting) = (0, 0)
    for event in 0..<2 {
      for jet in jets.jets(ofEvent: event) {
        for node in jets.trees.nodes(ofTree: jet) {
          let row = Array(trees.features[node * 11..<(node + 1) * 11])
          let isLeaf = jets.trees.left[node] < 0
          #expect(isLeaf ? row[0].isNaN : row[0] == Float(splitting) + 0.5)
          #expect(isLeaf ? row[9] == Float(leaf) + 0.5 : row[9].isNaN)
          #expect(jet == 1 ? row[1].isNaN : row[1] == Float(jet) + 0.5)
          #expect(row[10] == Float(event) + 0.5)
          if isLeaf { leaf += 1 } else { splitting += 1 }
        }
      }
    }
    #expect(leaf == counts[.constituents] && splitting == counts[.splittings] && splitting > 10)
  }

  @Test func columnsAddUpFromTheLeavesOfTheirParticles() throws {
    let events = try events()
    let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1), recluster: .cambridge)).jets(
      in: events)
    let set = try NodeFeatures(["particle.charge", "lund", "particle.d0"])
    #expect(set.count == 13 && set.names.first == "charge" && set.particleColumns == ["charge", "d0"])
    var trees = FeatureTrees(featureCount: set.count)
    try trees.replace(with: jets, of: events, features: set)
    var lund = FeatureTrees(featureCount: 11)
    lund.replace(with: jets.trees, features: .lund)
    let d0 = try #require(events.particles.content.columns["d0"]).values
    var seen = 0
    for event in 0..<2 {
      for jet in jets.jets(ofEvent: event) {
        let particles = jets.constituents[jet].map { events.offsets[event] + Int($0) }
        let nodes = jets.trees.nodes(ofTree: jet)
        // The particles of each node, found from its children.
        var below: [[Int]] = []
        for node in nodes {
          let leaf = node - nodes.lowerBound
          below.append(
            jets.trees.left[node] < 0
              ? [particles[leaf]]
              : below[Int(jets.trees.left[node])] + below[Int(jets.trees.right[node])])
          let row = trees.features[node * 13..<(node + 1) * 13]
          let charge = below[leaf].reduce(0.0) { $0 + [211: 1.0, -211: -1, 22: 0][events.pdgID[$1]]! }
          #expect(abs(Double(row[node * 13]) - charge) < 1e-5)
          #expect(abs(Double(row[node * 13 + 12]) - below[leaf].reduce(0) { $0 + d0[$1] }) < 1e-5)
          let own = lund.features[node * 11..<(node + 1) * 11]
          #expect(zip(row.dropFirst().prefix(11), own).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
          seen += 1
        }
      }
    }
    #expect(seen > 40)
    // What is not known is left out of sums, and what single precision does not hold is refused.
    var changed = events
    let leaf = events.offsets[0] + Int(jets.constituents[0].first!)
    changed.particles.content.columns["d0"]!.values[leaf] = .nan
    try trees.replace(with: jets, of: changed, features: set)
    let root = jets.trees.nodes(ofTree: 0).upperBound - 1
    let rest = jets.constituents[0].dropFirst().reduce(0) { $0 + d0[events.offsets[0] + Int($1)] }
    #expect(abs(Double(trees.features[root * 13 + 12]) - rest) < 1e-5)
    changed.particles.content.columns["d0"]!.values[leaf] = 1e300
    let large = #expect(throws: ParticleColumnError.self) {
      try trees.replace(with: jets, of: changed, features: set)
    }
    #expect(large?.event == 0 && large?.description.contains("is 1e+300") == true)
    let other = try NodeFeatures(["particle.other"])
    var none = FeatureTrees(featureCount: 1)
    let error = #expect(throws: ParticleColumnError.self) {
      try none.replace(with: jets, of: events, features: other)
    }
    #expect(error?.field == "other" && error?.description.contains("is not there") == true)
  }

  @Test func namesAreReadAndWritten() throws {
    func read(_ json: String) throws -> NodeFeatures {
      try JSONDecoder().decode(NodeFeatures.self, from: Data(json.utf8))
    }
    func written(_ features: NodeFeatures) throws -> String {
      String(decoding: try JSONEncoder().encode(features), as: UTF8.self)
    }
    #expect(try read("\"lund\"") == .lund && written(.paper) == "\"paper\"")
    let both = try read("[\"lund\", \"particle.charge\"]")
    #expect(both.count == 12 && both.partNames == ["lund", "particle.charge"])
    #expect(try read(written(both)) == both && written(both) == "[\"lund\",\"particle.charge\"]")
    for (json, problem) in [
      ("\"lunt\"", "names no features"), ("[]", "empty list"), ("[\"lund\", \"lund\"]", "twice"),
      ("\"particle.\"", "names no features"), ("\"particle.pdgid\"", "is no number that adds up"),
    ] {
      let error = #expect(throws: DecodingError.self) { try read(json) }
      #expect("\(String(describing: error))".contains(problem))
    }
  }
}
