// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import Support

/// The factors of a reweighting, and what came of them.
struct SpectrumReweighting {
  /// The new weight of each row, an event or a jet: `[rows]`.
  private(set) var weights: [Float]
  /// What is to be said of it, a sentence each.
  private(set) var remarks: [String] = []
  /// A line for each class and bin, whose numbers are the weights before and after: in as many dimensions as there are variables
  /// or, by a classifier, for each variable by itself.
  private(set) var table: Table
  /// The spectrum of each variable.
  private(set) var spectra: [ReweightedSpectrum] = []

  private let section: ReweightingSection
  /// The weights before.
  private let old: [Float]
  /// The class of each row: `[rows]`.
  private let classOfRow: [Float]
  /// The classes, rising.
  private let kinds: [Float]

  /// One class in one bin.
  fileprivate struct Cell {
    var rows: [Int] = []
    /// The weight that the rows have together.
    var weight = 0.0
    /// The same of absolute weights.
    var absolute = 0.0
    var factor = 0.0
  }

  /// Works the factors out.
  ///
  /// - Parameters:
  ///   - section: what is asked for.
  ///   - values: the numbers: `[rows]` each.
  ///   - old: the weights before: `[rows]`.
  ///   - seed: of the random numbers of a classifier.
  /// - Throws: `SampleError` if weights of a bin have no sum to be changed, or a classifier has nothing to learn from.
  init(_ section: ReweightingSection, values: [String: [Float]], weights old: [Float], seed: UInt64) throws {
    self.section = section
    self.old = old
    weights = old
    classOfRow = section.classes.map { values[$0]! } ?? Array(repeating: 0, count: old.count)
    kinds = Set(classOfRow.filter { !$0.isNaN }).sorted()
    let edges = section.variables.map { Self.edges($0.value, of: values[$0.key]!) }
    let rest = [section.rows.rawValue, "weight before", "weight after"]
    switch section.method {
    case .bins:
      table = Table(
        columns: ["class"] + section.variables.keys.flatMap { ["\($0) from", "\($0) to"] } + rest)
    case .classifier: table = Table(columns: ["class", "column", "from", "to"] + rest)
    }
    if let reference = section.reference, !kinds.isEmpty, !kinds.contains(Float(reference)) {
      throw SampleError(
        "data.reweight.reference is \(reference.text), but \(section.classes ?? "") has the values "
          + "\(kinds.map(\.text).joined(separator: ", ")).")
    }
    switch section.method {
    case .bins: try weighByBins(values, edges)
    case .classifier: try weighByClassifier(values, seed: seed)
    }
    for (variable, edges) in zip(section.variables.keys, edges) {
      addSpectrum(of: variable, values[variable]!, edges)
    }
    remarks += kinds.map { kind in
      "data.reweight: \(name(of: kind)) was worth \(effectiveCount(kind, old)) \(section.rows.rawValue) of equal weight and is "
        + "worth \(effectiveCount(kind, weights))."
    }
    remarks += spectra.compactMap { spectrum in
      spectrum.distance.map {
        "data.reweight: the spectra of \(spectrum.name) in the classes differed by \(Self.text($0.before)) and differ by "
          + "\(Self.text($0.after)), as Kolmogorov and Smirnov measure it."
      }
    }
  }

  private static func text(_ distance: Double) -> String { String(format: "%.3f", distance) }

  /// What messages call a class.
  private func name(of kind: Float) -> String {
    section.classes.map { "\($0) = \(kind.text)" } ?? "all \(section.rows.rawValue)"
  }

  // MARK: - Bins

  private mutating func weighByBins(_ values: [String: [Float]], _ edges: [[Double]]) throws {
    let bins = edges.map { $0.count - 1 }
    // Before the product is beyond all numbers.
    var binCount = 1
    for bins in bins {
      binCount *= bins
      guard binCount <= 1_000_000 else {
        throw SampleError("data.reweight.in makes more than 1000000 bins; give fewer.")
      }
    }
    // The bin of each row, the last variable the fastest; nil outside of the edges.
    let places: [Int?] = old.indices.map { row in
      guard !classOfRow[row].isNaN else { return nil }
      return zip(section.variables, edges).reduce(0) { place, variable -> Int? in
        guard let place, let bin = Self.bin(Double(values[variable.0.key]![row]), variable.1) else {
          return nil
        }
        return place * (variable.1.count - 1) + bin
      }
    }
    var cells: [Float: [Int: Cell]] = [:]
    for row in old.indices {
      guard let place = places[row] else {
        weights[row] = 0
        continue
      }
      cells[classOfRow[row], default: [:]][place, default: Cell()].add(row, old[row])
    }
    let noun = section.rows.rawValue
    let outside = places.count { $0 == nil }
    if outside > 0 {
      remarks.append(
        "data.reweight: \(outside) of \(old.count) \(noun) lie outside of the edges and have the weight 0.")
    }
    try check(cells)
    let unmatched = setFactors(&cells)
    if unmatched > 0 {
      remarks.append(
        "data.reweight: \(unmatched) of \(old.count) \(noun) are in bins that another class has no \(noun) in, and have the weight 0."
      )
    }
    for (kind, ofClass) in cells.sorted(by: { $0.key < $1.key }) {
      for (place, cell) in ofClass.sorted(by: { $0.key < $1.key }) {
        var after = 0.0
        for row in cell.rows {
          let weight = section.target == .signed ? abs(old[row]) : old[row]
          weights[row] = Float(Double(weight) * cell.factor)
          after += Double(weights[row])
        }
        var rest = place
        var intervals: [String] = []
        for (variable, count) in bins.enumerated().reversed() {
          let bin = rest % count
          rest /= count
          intervals = [edges[variable][bin].text, edges[variable][bin + 1].text] + intervals
        }
        table.append(
          [Double(cell.rows.count), cell.weight, after],
          behind: [section.classes == nil ? "all" : kind.text] + intervals)
      }
    }
  }

  /// The edges of the bins, rising; the first and the last are the least and the largest value if they are counted.
  private static func edges(_ binning: ReweightingSection.Binning, of values: [Float]) -> [Double] {
    switch binning {
    case .edges(let edges): return edges
    case .count(let count):
      let sorted = values.filter(\.isFinite).sorted()
      guard let least = sorted.first, let largest = sorted.last else { return [0, 1] }
      var edges = [Double(least)]
      for place in 1..<max(count, 1) {
        let edge = Double(sorted[place * sorted.count / count])
        if edge > edges[edges.count - 1] { edges.append(edge) }
      }
      return edges + [max(Double(largest), edges[edges.count - 1].nextUp)]
    }
  }

  /// The bin that a value lies in; nil if that is none.
  private static func bin(_ value: Double, _ edges: [Double]) -> Int? {
    guard value >= edges[0], value <= edges[edges.count - 1] else { return nil }
    var (low, high) = (0, edges.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if value >= edges[middle] { low = middle } else { high = middle }
    }
    return low
  }

  private func check(_ cells: [Float: [Int: Cell]]) throws {
    guard section.target != .signed else { return }
    for (kind, ofClass) in cells.sorted(by: { $0.key < $1.key }) {
      for (_, cell) in ofClass.sorted(by: { $0.key < $1.key }) where !(cell.weight > 0) && cell.absolute > 0 {
        throw SampleError(
          "data.reweight: the weights of \(cell.rows.count) \(section.rows.rawValue) of \(name(of: kind)) in one bin add up to "
            + "\(cell.weight.text), which no factor makes positive: give wider bins, or set data.negative-weights."
        )
      }
    }
  }

  /// Sets the factor of each cell.
  ///
  /// - Returns: how many rows are in bins that another class has no weight in.
  private func setFactors(_ cells: inout [Float: [Int: Cell]]) -> Int {
    var unmatched = 0
    // In one order, so that sums are the same whenever they are taken.
    let totals = cells.mapValues { cells in
      cells.sorted { $0.key < $1.key }.reduce(0.0) { $0 + $1.value.weight }
    }
    let spectra = cells.keys.sorted().map { (cells: cells[$0]!, total: totals[$0]!) }
    for (kind, ofClass) in cells {
      switch section.target {
      case .flat:
        let share = totals[kind]! / Double(max(ofClass.values.count { $0.weight > 0 }, 1))
        for (place, cell) in ofClass {
          cells[kind]![place]!.factor = cell.weight > 0 ? share / cell.weight : 0
        }
      case .equal:
        let common =
          section.reference.map { cells[Float($0)] == nil } == true
          ? [] : ofClass.keys.filter { place in spectra.allSatisfy { ($0.cells[place]?.weight ?? 0) > 0 } }
        // The mean of the spectra, each with its own total, or one of them, in the common bins.
        let wanted = Dictionary(
          uniqueKeysWithValues: common.map { place in
            (
              place,
              section.reference.map { cells[Float($0)]![place]!.weight }
                ?? spectra.reduce(0.0) { $0 + $1.cells[place]!.weight / $1.total }
            )
          })
        let sum = wanted.values.sorted().reduce(0, +)
        for (place, cell) in ofClass {
          guard let part = wanted[place] else {
            unmatched += cell.rows.count
            continue
          }
          cells[kind]![place]!.factor = part / sum * totals[kind]! / cell.weight
        }
      case .signed:
        for (place, cell) in ofClass {
          cells[kind]![place]!.factor = cell.absolute > 0 ? max(0, cell.weight / cell.absolute) : 0
        }
      }
    }
    return unmatched
  }

  // MARK: - A classifier

  private mutating func weighByClassifier(_ values: [String: [Float]], seed: UInt64) throws {
    let numbers = section.variables.keys.map { values[$0]! }
    let noun = section.rows.rawValue
    if let row = old.firstIndex(where: { $0 < 0 }) {
      throw SampleError(
        "data.reweight: a weight is \(old[row].text), and a classifier has no use for negative ones: set data.negative-weights, or "
          + "use bins.")
    }
    let known = old.indices.filter { row in
      !classOfRow[row].isNaN && numbers.allSatisfy { $0[row].isFinite }
    }
    if known.count < old.count {
      remarks.append(
        "data.reweight: \(old.count - known.count) of \(old.count) \(noun) lack a number and have the weight 0."
      )
      for row in Set(old.indices).subtracting(known) { weights[row] = 0 }
    }
    let places = Dictionary(uniqueKeysWithValues: zip(kinds, kinds.indices))
    let classes = known.map { places[classOfRow[$0]]! }
    for (place, kind) in kinds.enumerated() {
      let count = zip(known, classes).count { $1 == place && old[$0] > 0 }
      guard count < ClassProbabilities.fewestRows else { continue }
      throw SampleError(
        "data.reweight: \(name(of: kind)) has \(count) \(noun) of positive weight, and a classifier needs "
          + "\(ClassProbabilities.fewestRows) of each class.")
    }
    let probabilities = ClassProbabilities(
      numbers.map { numbers in known.map { numbers[$0] } }, classes: classes, classCount: kinds.count,
      weights: known.map { old[$0] }, seed: seed)
    let reference = section.reference.map { places[Float($0)]! }
    var totals = Array(repeating: (before: 0.0, after: 0.0), count: kinds.count)
    var products = Array(repeating: 0.0, count: known.count)
    for (place, row) in known.enumerated() {
      let own = max(probabilities.probability(ofRow: place, classes[place]), Self.leastProbability)
      let wanted = reference.map { probabilities.probability(ofRow: place, $0) } ?? 1 / Double(kinds.count)
      products[place] = Double(old[row]) * wanted / own
      totals[classes[place]].before += Double(old[row])
      totals[classes[place]].after += products[place]
    }
    for (place, row) in known.enumerated() {
      let total = totals[classes[place]]
      weights[row] = Float(products[place] * total.before / total.after)
    }
  }

  /// Nothing counts for more than rows of this probability, or a few would have all the weight.
  private static let leastProbability = 0.02

  // MARK: - What came of it

  /// What a class is worth in rows of equal weight.
  private func effectiveCount(_ kind: Float, _ weights: [Float]) -> Int {
    var (sum, squares) = (0.0, 0.0)
    for (own, weight) in zip(classOfRow, weights) where own == kind {
      sum += Double(weight)
      squares += Double(weight) * Double(weight)
    }
    return squares > 0 ? Int((sum * sum / squares).rounded()) : 0
  }

  /// Adds the spectrum of a variable and, by a classifier, its lines.
  private mutating func addSpectrum(of variable: String, _ values: [Float], _ edges: [Double]) {
    let bins = edges.count - 1
    let places = values.map { Self.bin(Double($0), edges) }
    var spectra: [ReweightedSpectrum.Spectrum] = []
    for kind in kinds {
      var counts = Array(repeating: 0.0, count: bins)
      var (before, after) = (counts, counts)
      for (row, place) in places.enumerated() where classOfRow[row] == kind {
        guard let place else { continue }
        counts[place] += 1
        before[place] += Double(old[row])
        after[place] += Double(weights[row])
      }
      spectra.append(ReweightedSpectrum.Spectrum(name(of: kind), before: before, after: after))
      guard section.method == .classifier else { continue }
      for bin in 0..<bins {
        table.append(
          [counts[bin], before[bin], after[bin]],
          behind: [kind.text, variable, edges[bin].text, edges[bin + 1].text])
      }
    }
    let distances = [old, weights].map { largestDistance(values, $0) }
    var distance: ReweightedSpectrum.Distance?
    if let before = distances[0], let after = distances[1] {
      distance = ReweightedSpectrum.Distance(before: before, after: after)
    }
    self.spectra.append(
      ReweightedSpectrum(variable, edges: edges, classes: spectra, distance: distance))
  }

  /// The largest difference between the cumulative distributions of two classes; nil if there is one class, or one of no weight.
  private func largestDistance(_ values: [Float], _ weights: [Float]) -> Double? {
    let known = values.indices.filter { !values[$0].isNaN && !classOfRow[$0].isNaN }
    let places = Dictionary(uniqueKeysWithValues: zip(kinds, kinds.indices))
    var totals = Array(repeating: 0.0, count: kinds.count)
    for row in known { totals[places[classOfRow[row]]!] += Double(weights[row]) }
    guard kinds.count > 1, totals.allSatisfy({ $0 > 0 }) else { return nil }
    let order = known.sorted { (values[$0], $0) < (values[$1], $1) }
    var sums = Array(repeating: 0.0, count: kinds.count)
    var largest = 0.0
    for (place, row) in order.enumerated() {
      let kind = places[classOfRow[row]]!
      sums[kind] += Double(weights[row]) / totals[kind]
      // Equal values are passed together.
      guard place + 1 == order.count || values[order[place + 1]] > values[row] else { continue }
      largest = max(largest, sums.max()! - sums.min()!)
    }
    return largest
  }
}

extension SpectrumReweighting.Cell {
  fileprivate mutating func add(_ row: Int, _ weight: Float) {
    rows.append(row)
    self.weight += Double(weight)
    absolute += Double(abs(weight))
  }
}
