// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Support

/// What the recursive network reads of each node of a jet's tree: named sets, columns of particles and observables.
///
/// A configuration names one, `lund`, or several, `[lund, particle.charge]`; a model stores the names.
/// `particle.NAME` is the column NAME of the particles, which has one number for each: a leaf has that of its
/// particle, a splitting the sum over its particles, so that charges and shares add up; unknown numbers of
/// particles (NaN) are left out of the sum. `particle.charge` follows from identifiers if there is no column
/// `charge`.
///
/// ```swift
/// let features = try NodeFeatures(["lund", "particle.charge"])
/// print(features.count)  // 12
/// ```
///
/// `OBSERVABLE/QUANTITY`, such as `soft-drop/mass`, is a number of an observable: one of splittings is that
/// of a node with children, one of constituents that of a leaf, and all nodes have those of their jet and
/// event. A number that is not finite counts as unknown.
public struct NodeFeatures: Sendable, Hashable {
  /// One set, or one column.
  enum Part: Sendable, Hashable {
    case set(NodeFeatureSet)
    case particle(String)
    case observable(String)
  }

  /// The parts in their order, each once.
  let parts: [Part]
  /// The number of features.
  public let count: Int

  /// The set of arXiv:1702.00748, see ``NodeFeatureSet/paper``.
  public static let paper = NodeFeatures(parts: [.set(.paper)])
  /// The Lund coordinates, see ``NodeFeatureSet/lund``.
  public static let lund = NodeFeatures(parts: [.set(.lund)])

  /// What the names of columns of particles begin with.
  static let prefix = "particle."

  private init(parts: [Part]) {
    self.parts = parts
    count = parts.reduce(0) { count, part in
      switch part {
      case .set(let set): count + set.count
      case .particle, .observable: count + 1
      }
    }
  }

  /// The features of these names.
  ///
  /// - Throws: `PluginError` if there are no names, or one is not known or given twice.
  public init(_ names: [String]) throws {
    guard !names.isEmpty else {
      throw PluginError("The features of nodes are an empty list: name at least one.")
    }
    let parts = try names.map { name -> Part in
      if let set = NodeFeatureSet(rawValue: name) { return .set(set) }
      let column = name.dropFirst(Self.prefix.count)
      if name.hasPrefix(Self.prefix), Self.others.contains(String(column)) {
        throw PluginError(
          "“\(name)” is no number that adds up over particles: a set has the momenta, and identifiers have no sum."
        )
      }
      if name.contains("/") { return .observable(name) }
      guard name.hasPrefix(Self.prefix), !column.isEmpty else {
        let nearest = name.nearest(among: NodeFeatureSet.allCases.map(\.rawValue))
        throw PluginError(
          "“\(name)” names no features of nodes; "
            + (nearest.map { "did you mean '\($0)'?" } ?? "write \(Self.choices)."))
      }
      return .particle(String(column))
    }
    for (index, part) in parts.enumerated() where parts[..<index].contains(part) {
      throw PluginError("The features of nodes name \(names[index]) twice: name it once.")
    }
    self.init(parts: parts)
  }

  /// What particles have besides columns.
  private static let others: Set<String> = [
    "pdgid", "pt", "eta", "phi", "mass", "px", "py", "pz", "E", "energy", "rapidity",
  ]

  /// What may be written, in words.
  static let choices =
    NodeFeatureSet.allCases.map(\.rawValue).joined(separator: ", ")
    + ", particle.COLUMN, OBSERVABLE/QUANTITY or a list of these"

  /// The names, as `init(_:)` reads them.
  public var partNames: [String] {
    parts.map { part in
      switch part {
      case .set(let set): set.rawValue
      case .particle(let column): Self.prefix + column
      case .observable(let name): name
      }
    }
  }

  /// The names of the features, in order.
  public var names: [String] {
    parts.flatMap { part in
      switch part {
      case .set(let set): set.names
      case .particle(let column): [column]
      case .observable(let name): [name]
      }
    }
  }

  /// The columns of particles that are read.
  public var particleColumns: Set<String> {
    parts.reduce(into: []) { columns, part in
      if case .particle(let column) = part { columns.insert(column) }
    }
  }
}

extension NodeFeatures {
  /// The numbers of observables that are read.
  public var observables: Set<String> {
    parts.reduce(into: []) { observables, part in
      if case .observable(let name) = part { observables.insert(name) }
    }
  }
}

extension NodeFeatures: CaseIterable {
  /// Each set alone.
  public static var allCases: [NodeFeatures] { [.paper, .lund] }
}

extension NodeFeatures: Codable {
  /// Reads a name or a list of names.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let names: [String]
    do { names = [try container.decode(String.self)] } catch { names = try container.decode([String].self) }
    do {
      try self.init(names)
    } catch let error as PluginError {
      let sentence = error.description
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence)
    }
  }

  /// Writes one name as a text, several as a list.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    let names = partNames
    if names.count == 1 { try container.encode(names[0]) } else { try container.encode(names) }
  }
}

extension NodeFeatures {
  /// Writes the features of all nodes of `trees` but columns of particles and observables, row-major `[nodes × count]`.
  ///
  /// - Parameters:
  ///   - trees: the trees, with momenta in GeV.
  ///   - features: replaced; its storage is kept.
  ///   - places: replaced by the numbers that splittings need of their children; its storage is kept.
  func writeSets(_ trees: JetTrees, to features: inout [Float], places: inout [NodePlace]) {
    features.resize(to: trees.nodeCount * count)
    var column = 0
    // By index: iterators ask for memory if they are not specialised.
    for index in 0..<parts.count {
      switch parts[index] {
      case .set(let set):
        set.write(trees, to: &features, width: count, column: column, places: &places)
        column += set.count
      case .particle, .observable: column += 1
      }
    }
  }

  /// Writes the features that are columns of particles or observables.
  ///
  /// - Parameters:
  ///   - jets: the jets, with trees.
  ///   - events: the events that they were found in.
  ///   - features: what `writeSets` wrote for the trees of `jets`.
  /// - Throws: `ParticleColumnError` if particles lack a column.
  func writeColumns(_ jets: Jets, of events: Events, to features: inout [Float]) throws {
    var column = 0
    for index in 0..<parts.count {
      switch parts[index] {
      case .set(let set): column += set.count
      case .particle(let name):
        try Self.write(name, jets, events, to: &features, width: count, column: column)
        column += 1
      case .observable(let name):
        Self.write(observable: name, jets, to: &features, width: count, column: column)
        column += 1
      }
    }
  }

  /// Whether there are columns of particles or observables among the features.
  var readsColumns: Bool { !particleColumns.isEmpty || !observables.isEmpty }

  /// Copies columns of particles and observables of whole trees to those of pruned ones.
  ///
  /// A node has the sum over all its
  /// particles, and the observables of the splitting or of the constituent that it is in the pruned tree.
  func copyColumns(of pruned: PrunedTrees, from whole: [Float], to features: inout [Float]) {
    var column = 0
    for index in 0..<parts.count {
      switch parts[index] {
      case .set(let set): column += set.count
      case .particle, .observable:
        let isSum = if case .particle = parts[index] { true } else { false }
        let nodes = isSum ? pruned.nodes : pruned.structures
        for node in 0..<nodes.count {
          features[node * count + column] = whole[Int(nodes[node]) * count + column]
        }
        column += 1
      }
    }
  }

  private static func write(
    observable name: String, _ jets: Jets, to features: inout [Float], width: Int, column: Int
  ) {
    let trees = jets.trees
    let columns = jets.columns
    let ofSplittings = columns.splittings[name]?.values
    let ofConstituents = columns.constituents[name]?.values
    let ofJets = columns.jets[name]?.values
    let ofEvents = columns.events[name]?.values
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) {
        let nodes = trees.nodes(ofTree: jet)
        let leaves = trees.leaves(ofTree: jet)
        // A tree has a splitting less than its jet has constituents, and they follow the leaves.
        let constituent = jets.constituents.offsets[jet]
        for node in nodes {
          let isLeaf = node < leaves.upperBound
          let value =
            if let ofSplittings {
              isLeaf ? .nan : ofSplittings[constituent - jet + node - leaves.upperBound]
            } else if let ofConstituents {
              isLeaf ? ofConstituents[constituent + node - leaves.lowerBound] : .nan
            } else {
              ofJets?[jet] ?? ofEvents![event]
            }
          features[node * width + column] = abs(value) < 1e30 ? Float(value) : .nan
        }
      }
    }
  }

  private static func write(
    _ name: String, _ jets: Jets, _ events: Events, to features: inout [Float], width: Int, column: Int
  ) throws {
    let particles = events.particles.content
    let values = particles.columns[name]
    guard values?.width == 1 || values == nil && name == "charge" && particles.pdgID.count == particles.count
    else { throw ParticleColumnError(name, events) }
    let trees = jets.trees
    for event in 0..<events.eventCount {
      for jet in jets.jets(ofEvent: event) {
        let nodes = trees.nodes(ofTree: jet)
        let constituents = jets.constituents(ofJet: jet)
        for node in nodes {
          let leaf = node - nodes.lowerBound
          if trees.left[node] < 0 {
            let particle =
              events.offsets[event] + Int(jets.constituents.content[constituents.lowerBound + leaf])
            let value =
              if let values { values.values[particle] } else {
                ParticleCharge.ofParticle(particles.pdgID[particle]) ?? .nan
              }
            // So that no sum exceeds the range of single precision either.
            try ParticleColumnError.check(value, of: name, event: events.eventNumbers[event])
            features[node * width + column] = Float(value)
          } else {
            // Children come before parents.
            let left = nodes.lowerBound + Int(trees.left[node])
            let right = nodes.lowerBound + Int(trees.right[node])
            let (a, b) = (features[left * width + column], features[right * width + column])
            features[node * width + column] = a.isNaN ? b : b.isNaN ? a : a + b
          }
        }
      }
    }
  }
}
