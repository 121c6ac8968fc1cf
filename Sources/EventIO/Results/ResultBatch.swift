// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The results for consecutive events, ready to be written: jets, and named columns of jets and of events.
///
/// Event `i` owns the jets `jetOffsets[i] ..< jetOffsets[i + 1]`. All batches given to one writer have the
/// same columns, and either all or none of them have constituents and trees.
public struct ResultBatch: Sendable, Equatable {
  /// The number of each event, counted from 0 through all inputs: `[events]`.
  public var eventNumbers: [Int]
  /// The number that each event has in its own file, NaN if it has none: `[events]`, or empty if no event has one.
  public var inputNumbers: [Double]
  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  public var jetOffsets: [Int]
  /// Transverse momentum in GeV: `[jets]`.
  public var pt: [Double]
  /// Rapidity: `[jets]`.
  public var rapidity: [Double]
  /// Azimuth in [0, 2π): `[jets]`.
  public var phi: [Double]
  /// Invariant mass in GeV: `[jets]`.
  public var mass: [Double]
  /// The particles of each jet, counted from the first particle of the jet's event, where asked for.
  public var constituents: ResultLists?
  /// The splittings (left, right) of each jet's tree, in the order in which clustering made them, where asked
  /// for.
  ///
  /// In a jet of n constituents, 0 ..< n are the constituents in their order and n, n + 1, … the splittings.
  public var trees: ResultLists?
  /// What was computed for each jet: columns of `[jets × width]`.
  public var jetColumns: [ResultColumn]
  /// What was computed for each event: columns of `[events × width]`.
  public var eventColumns: [ResultColumn]
  /// What was computed for each constituent of each jet, in the order of the jet's constituents.
  public var constituentColumns = ResultRows()
  /// What was computed for each splitting of each jet's tree, in the order in which clustering made them.
  public var splittingColumns = ResultRows()

  /// A batch without events.
  public init() {
    eventNumbers = []
    inputNumbers = []
    jetOffsets = [0]
    pt = []
    rapidity = []
    phi = []
    mass = []
    constituents = nil
    trees = nil
    jetColumns = []
    eventColumns = []
  }

  /// The jets of `jets`, with their constituents and their trees where asked for.
  public init(_ jets: Jets, constituents: Bool = false, trees: Bool = false) {
    eventNumbers = jets.eventNumbers
    inputNumbers = []
    jetOffsets = jets.offsets
    pt = jets.pt
    rapidity = jets.rapidity
    phi = jets.phi
    mass = jets.mass
    self.constituents =
      constituents
      ? ResultLists(width: 1, offsets: jets.constituents.offsets, values: jets.constituents.content) : nil
    self.trees = trees ? ResultLists(splittingsOf: jets.trees) : nil
    jetColumns = []
    eventColumns = []
  }

  /// Takes over what the events say of themselves: the column `number`, if they have one, and the places that their
  /// particles have in the input, in which constituents are counted then.
  ///
  /// - Parameter events: the events of the batch.
  public mutating func identify(by events: Events) {
    precondition(events.eventCount == eventCount, "the events of the batch")
    let numbers = events.columns[EventSchema.number]
    inputNumbers = numbers.flatMap { $0.width == 1 && $0.categories == nil ? $0.values : nil } ?? []
    guard events.particles.content.knowsInputIndices, var lists = constituents else { return }
    for event in 0..<eventCount {
      let first = events.offsets[event]
      for jet in jets(ofEvent: event) {
        for index in lists.offsets[jet]..<lists.offsets[jet + 1] {
          lists.values[index] = events.particles.content.inputIndices[first + Int(lists.values[index])]
        }
      }
    }
    constituents = lists
  }

  /// The number of events.
  public var eventCount: Int { eventNumbers.count }

  /// The number of jets of all events together.
  public var jetCount: Int { pt.count }

  /// The jets of one event as a range into the jet arrays.
  public func jets(ofEvent event: Int) -> Range<Int> { jetOffsets[event]..<jetOffsets[event + 1] }
}

/// What was computed for rows that jets have several of, such as their constituents.
public struct ResultRows: Sendable, Equatable {
  /// The first row of each jet, and the number of rows at the end: `[jets + 1]`; empty if there are no columns.
  public var offsets: [Int]
  /// Columns of `[rows × width]`.
  public var columns: [ResultColumn]

  /// Rows that begin at `offsets`; none unless given.
  public init(offsets: [Int] = [], columns: [ResultColumn] = []) {
    self.offsets = offsets
    self.columns = columns
  }

  /// The rows of one jet.
  public func rows(ofJet jet: Int) -> Range<Int> { offsets[jet]..<offsets[jet + 1] }
}

/// One named quantity of each jet or of each event, `width` numbers each, or a text.
public struct ResultColumn: Sendable, Equatable {
  /// `embedding`, or `HEAD/OUTPUT` for the output of a head.
  public var name: String
  /// How many numbers each jet or event has.
  public var width: Int
  /// Row-major `[jets × width]` or `[events × width]`.
  public var values: [Float]
  /// The unit of the numbers, if they have one.
  public var unit: String?
  /// The text of each jet or event, empty where it is missing; nil for numbers.
  ///
  /// The ``values`` of texts are NaN.
  public private(set) var texts: [String]?

  /// A column of texts, one for each jet or event.
  public init(name: String, texts: [String]) {
    self.init(name: name, values: Array(repeating: .nan, count: texts.count))
    self.texts = texts
  }

  /// A column of `values`, which hold `width` numbers for each jet or event.
  public init(name: String, width: Int = 1, values: [Float], unit: String? = nil) {
    self.name = name
    self.width = width
    self.values = values
    self.unit = unit
  }
}

/// One list of whole numbers a jet, or of pairs of them.
public struct ResultLists: Sendable, Equatable {
  /// How many numbers an entry has.
  public var width: Int
  /// The first entry of each jet, and the number of entries at the end: `[jets + 1]`.
  public var offsets: [Int]
  /// Row-major `[entries × width]`.
  public var values: [Int32]

  /// Lists of entries of `width` numbers: jet `j` owns the entries `offsets[j] ..< offsets[j + 1]`.
  public init(width: Int, offsets: [Int], values: [Int32]) {
    self.width = width
    self.offsets = offsets
    self.values = values
  }

  /// The splittings of each tree as pairs (left, right).
  init(splittingsOf trees: JetTrees) {
    width = 2
    offsets = [0]
    values = []
    for tree in 0..<trees.treeCount {
      for node in trees.offsets[tree]..<trees.offsets[tree + 1] where trees.left[node] >= 0 {
        values.append(trees.left[node])
        values.append(trees.right[node])
      }
      offsets.append(values.count / 2)
    }
  }

  /// The entries of one jet.
  public func entries(ofJet jet: Int) -> Range<Int> { offsets[jet]..<offsets[jet + 1] }
}
