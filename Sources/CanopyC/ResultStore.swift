// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Foundation

/// What an array of results is made of.
struct ResultField: Sendable {
  /// Where the numbers come from.
  enum Source: Sendable {
    case jetOffset, jetPt, jetRapidity, jetPhi, jetMass
    case constituentOffset, constituent
    case treeOffset, treeLeft, treeRight, treeLeaf
    case treePt, treeRapidity, treePhi, treeMass, treeKt, treeDeltaR, treeZ
    case observable(ObservableColumn)
    case jetEmbedding, eventEmbedding
    /// The output of the head of a number, which begins at a column.
    case output(head: Int, column: Int)
  }

  let name: String
  let unit: String
  let type: canopy_type
  /// How many numbers a row has; nil for an array of rank 1.
  let width: Int?
  let source: Source

  init(
    _ name: String, _ source: Source, _ type: canopy_type = CANOPY_FLOAT64, unit: String? = nil,
    width: Int? = nil
  ) {
    self.name = name
    self.source = source
    self.type = type
    self.unit = unit ?? ""
    self.width = width
  }

  /// Whether the numbers count the rows of another array, from 0 on.
  var isOffset: Bool {
    switch source {
    case .jetOffset, .constituentOffset, .treeOffset: true
    default: false
    }
  }
}

/// The arrays that a finder or a model gives.
final class ResultFields: Sendable {
  let fields: [ResultField]

  init(_ fields: [ResultField]) { self.fields = fields }
}

/// The arrays of results, in memory that C reads, which grows and is kept.
final class ResultStore {
  /// One array, in memory that moves only when it grows.
  private final class Storage {
    let name: UnsafeMutablePointer<CChar>
    let unit: UnsafeMutablePointer<CChar>
    private(set) var base = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    private(set) var byteCount = 0
    private var capacity = 64

    init(_ field: ResultField) {
      name = strdup(field.name)
      unit = strdup(field.unit)
    }

    deinit {
      free(name)
      free(unit)
      base.deallocate()
    }

    func removeAll() { byteCount = 0 }

    func append(_ bytes: UnsafeRawBufferPointer) {
      reserve(bytes.count)
      if let source = bytes.baseAddress, bytes.count > 0 {
        (base + byteCount).copyMemory(from: source, byteCount: bytes.count)
      }
      byteCount += bytes.count
    }

    // For each type by itself: a debug build, whose allocations a test counts, would ask for memory in a generic one.

    func append(_ number: Double) { place(of: 8).assumingMemoryBound(to: Double.self).pointee = number }
    func append(_ number: Float) { place(of: 4).assumingMemoryBound(to: Float.self).pointee = number }
    func append(_ number: Int64) { place(of: 8).assumingMemoryBound(to: Int64.self).pointee = number }
    func append(_ number: Int32) { place(of: 4).assumingMemoryBound(to: Int32.self).pointee = number }

    /// Room for a number of a size behind the others.
    private func place(of size: Int) -> UnsafeMutableRawPointer {
      if byteCount + size > capacity { reserve(size) }
      byteCount += size
      return base + (byteCount - size)
    }

    private func reserve(_ count: Int) {
      guard byteCount + count > capacity else { return }
      capacity = max(2 * capacity, byteCount + count)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
      larger.copyMemory(from: base, byteCount: byteCount)
      base.deallocate()
      base = larger
    }

    /// The last number of an array of offsets.
    var lastOffset: Int64 { (base + byteCount).load(fromByteOffset: -8, as: Int64.self) }
  }

  private var layout = ResultFields([])
  private var storage: [Storage] = []

  private var fields: [ResultField] { layout.fields }

  /// The number of arrays.
  var count: Int { fields.count }

  /// Lets `body` fill the store, which has no arrays if that fails.
  func fill(_ body: (ResultStore) throws -> Void) throws {
    do {
      try body(self)
    } catch {
      (layout, storage) = (ResultFields([]), [])
      throw error
    }
  }

  /// Makes empty arrays of a layout, and keeps the memory if it is the same as before.
  func begin(_ new: ResultFields) {
    if new !== layout {
      layout = new
      storage = fields.map(Storage.init)
    }
    for place in 0..<fields.count {
      storage[place].removeAll()
      if fields[place].isOffset { storage[place].append(Int64(0)) }
    }
  }

  /// The place of the array of a name; nil if there is none.
  func place(of name: UnsafePointer<CChar>) -> Int? {
    for place in 0..<storage.count where strcmp(storage[place].name, name) == 0 { return place }
    return nil
  }

  /// Describes the array at a place.
  func describe(_ place: Int, to array: UnsafeMutablePointer<canopy_array>) {
    let (field, storage) = (fields[place], storage[place])
    let size = field.type == CANOPY_FLOAT64 || field.type == CANOPY_INT64 ? 8 : 4
    let width = field.width ?? 1
    array.pointee = canopy_array(
      size: MemoryLayout<canopy_array>.size, name: UnsafePointer(storage.name),
      unit: UnsafePointer(storage.unit),
      type: field.type, rank: field.width == nil ? 1 : 2,
      shape: (storage.byteCount / (size * width), field.width ?? 0), data: UnsafeRawPointer(storage.base))
  }

  /// Adds the rows of another store of the same arrays.
  func append(_ other: ResultStore) {
    for place in 0..<fields.count {
      let (own, its) = (storage[place], other.storage[place])
      guard fields[place].isOffset else {
        own.append(UnsafeRawBufferPointer(start: its.base, count: its.byteCount))
        continue
      }
      let first = own.lastOffset
      for offset in stride(from: 8, to: its.byteCount, by: 8) {
        own.append(first + its.base.load(fromByteOffset: offset, as: Int64.self))
      }
    }
  }

  /// Adds what was found of events.
  func append(_ prediction: Prediction, of events: Events) {
    for place in 0..<fields.count {
      append(fields[place].source, width: fields[place].width ?? 1, prediction, events, to: storage[place])
    }
  }

  private func append(
    _ source: ResultField.Source, width: Int, _ prediction: Prediction, _ events: Events, to storage: Storage
  ) {
    let jets = prediction.jets
    func append(_ values: [Float]) { values.withUnsafeBytes { storage.append($0) } }
    func appendOffsets(_ offsets: [Int]) {
      let first = storage.lastOffset
      for place in 1..<offsets.count { storage.append(first + Int64(offsets[place])) }
    }
    switch source {
    case .jetOffset: appendOffsets(jets.offsets)
    case .jetPt: for jet in 0..<jets.jetCount { storage.append(jets.momentum(ofJet: jet).pt) }
    case .jetRapidity: for jet in 0..<jets.jetCount { storage.append(jets.momentum(ofJet: jet).rapidity) }
    case .jetPhi: for jet in 0..<jets.jetCount { storage.append(jets.momentum(ofJet: jet).phi) }
    case .jetMass: for jet in 0..<jets.jetCount { storage.append(jets.momentum(ofJet: jet).mass) }
    case .constituentOffset: appendOffsets(jets.constituents.offsets)
    case .constituent: appendConstituents(jets, events, to: storage)
    case .treeOffset: appendOffsets(jets.trees.offsets)
    case .treeLeft: jets.trees.left.withUnsafeBytes { storage.append($0) }
    case .treeRight: jets.trees.right.withUnsafeBytes { storage.append($0) }
    case .treeLeaf, .treePt, .treeRapidity, .treePhi, .treeMass, .treeKt, .treeDeltaR, .treeZ:
      appendNodes(source, jets, events, to: storage)
    case .observable(let column):
      let values = Self.column(column, of: jets)
      values.withUnsafeBytes { storage.append($0) }
    case .jetEmbedding: append(prediction.embedding)
    case .eventEmbedding: append(prediction.eventEmbedding)
    case .output(let head, let first):
      let (values, stride) = (prediction.heads[head].values, prediction.heads[head].width)
      for row in 0..<(stride > 0 ? values.count / stride : 0) {
        for column in first..<first + width { storage.append(values[row * stride + column]) }
      }
    }
  }

  private static func column(_ column: ObservableColumn, of jets: Jets) -> [Double] {
    jets.columns[column.rows][column.name]?.values ?? []
  }

  /// The place in its event of a particle that takes part.
  private func place(_ particle: Int32, ofEvent event: Int, _ events: Events) -> Int32 {
    guard events.particles.content.knowsInputIndices else { return particle }
    return events.particles.content.inputIndices[events.offsets[event] + Int(particle)]
  }

  private func appendConstituents(_ jets: Jets, _ events: Events, to storage: Storage) {
    for event in 0..<jets.eventCount {
      for place in jets.constituents(ofJets: jets.jets(ofEvent: event)) {
        storage.append(self.place(jets.constituents.content[place], ofEvent: event, events))
      }
    }
  }

  private func appendNodes(
    _ source: ResultField.Source, _ jets: Jets, _ events: Events, to storage: Storage
  ) {
    let trees = jets.trees
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) {
        let (nodes, constituents) = (trees.nodes(ofTree: jet), jets.constituents(ofJet: jet))
        for node in nodes {
          switch source {
          case .treeLeaf:
            let leaf = node - nodes.lowerBound
            storage.append(
              trees.left[node] >= 0
                ? -1
                : place(jets.constituents.content[constituents.lowerBound + leaf], ofEvent: event, events))
          case .treePt: storage.append(trees.momentum(ofNode: node).pt)
          case .treeRapidity: storage.append(trees.momentum(ofNode: node).rapidity)
          case .treePhi: storage.append(trees.momentum(ofNode: node).phi)
          case .treeMass: storage.append(trees.momentum(ofNode: node).mass)
          default:
            let splitting = trees.lundSplitting(ofNode: node, first: nodes.lowerBound)
            switch source {
            case .treeKt: storage.append(splitting?.kt ?? .nan)
            case .treeDeltaR: storage.append(splitting?.deltaR ?? .nan)
            default: storage.append(splitting?.z ?? .nan)
            }
          }
        }
      }
    }
  }
}
