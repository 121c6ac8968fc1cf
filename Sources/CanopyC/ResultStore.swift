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
    /// They are given by who fills the store.
    case given
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

  /// The bytes of a number.
  var elementSize: Int {
    switch type {
    case CANOPY_BOOL: 1
    case CANOPY_FLOAT32, CANOPY_INT32: 4
    default: 8
    }
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
  /// An array that is given as a whole.
  struct GivenArray {
    fileprivate let field: ResultField
    fileprivate let add: (Storage) -> Void

    /// Numbers, `width` a row, or one.
    init<Number: BitwiseCopyable>(
      _ name: String, _ type: canopy_type, width: Int? = nil, unit: String? = nil, _ numbers: [Number]
    ) {
      field = ResultField(name, .given, type, unit: unit, width: width)
      add = { storage in numbers.withUnsafeBytes { storage.append($0) } }
    }

    /// Texts, one a row.
    init(_ name: String, _ texts: [String]) { self.init(name, Column(texts: texts)) }

    /// A column, as its file stores it.
    init(_ name: String, _ column: Column) {
      if let categories = column.categories {
        field = ResultField(name, .given, CANOPY_TEXT)
        add = { $0.append(places: column.values, of: categories) }
        return
      }
      let width = column.width == 1 ? nil : column.width
      func whole<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: canopy_type, _: Number.Type
      ) -> GivenArray? {
        let numbers = column.values.indices.compactMap { column.wholeNumber(at: $0, as: Number.self) }
        guard numbers.count == column.values.count else { return nil }
        return GivenArray(name, type, width: width, unit: column.unit, numbers)
      }
      let wholeNumbers: GivenArray? =
        switch column.storage {
        case .bool: whole(CANOPY_BOOL, UInt8.self)
        case .int32: whole(CANOPY_INT32, Int32.self)
        case .int64: whole(CANOPY_INT64, Int64.self)
        case .uint64: whole(CANOPY_UINT64, UInt64.self)
        case .float64 where column.remainders.contains { $0 != 0 }:
          // Doubles do not hold them.
          whole(CANOPY_INT64, Int64.self) ?? whole(CANOPY_UINT64, UInt64.self)
        case .float64: nil
        }
      self =
        wholeNumbers
        ?? GivenArray(name, CANOPY_FLOAT64, width: width, unit: column.unit, column.values)
    }
  }

  /// One array, in memory that moves only when it grows.
  fileprivate final class Storage {
    let name: UnsafeMutablePointer<CChar>
    let unit: UnsafeMutablePointer<CChar>
    private(set) var base = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    private(set) var byteCount = 0
    private var capacity = 64
    /// The texts that an array of text points to.
    private var texts: [UnsafeMutablePointer<CChar>] = []

    init(_ field: ResultField) {
      name = strdup(field.name)
      unit = strdup(field.unit)
    }

    deinit {
      free(name)
      free(unit)
      base.deallocate()
      texts.forEach { free($0) }
    }

    func removeAll() {
      byteCount = 0
      texts.forEach { free($0) }
      texts.removeAll()
    }

    /// Adds a text for each row: that of a place among `categories`, none for NaN.
    func append(places: [Double], of categories: [String]) {
      let first = texts.count
      texts += ([""] + categories).map { strdup($0) }
      for place in places {
        let text = UnsafePointer(texts[first + (place.isNaN ? 0 : Int(place) + 1)])
        self.place(of: 8).assumingMemoryBound(to: UnsafePointer<CChar>.self).pointee = text
      }
    }

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
    let width = field.width ?? 1
    array.pointee = canopy_array(
      size: MemoryLayout<canopy_array>.size, name: UnsafePointer(storage.name),
      unit: UnsafePointer(storage.unit),
      type: field.type, rank: field.width == nil ? 1 : 2,
      shape: (storage.byteCount / (field.elementSize * width), field.width ?? 0),
      data: UnsafeRawPointer(storage.base))
  }

  /// Replaces all arrays by others.
  func fill(with arrays: [GivenArray]) {
    begin(ResultFields(arrays.map(\.field)))
    for (place, array) in arrays.enumerated() { array.add(storage[place]) }
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
    case .given: break
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
