// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Settings
import Support

/// The section `reweight`: weights by which the spectra of some numbers become what the training is to see.
///
/// The numbers span bins in as many dimensions, and each class of events gets a factor for each bin.
public struct ReweightingSection: SettingsSection {
  /// What spectra become.
  public enum Target: String, Sendable, CaseIterable, Codable {
    /// Every bin that a class has events in gets the same part of its weight.
    case flat
    /// Every class gets the mean of the spectra of all, in the bins that all have events in.
    case equal
    /// What the weights with their signs give; the weights themselves become positive.
    case signed
  }

  /// How the values of a number are divided.
  public enum Binning: Sendable, Equatable, Decodable {
    /// Into so many intervals with equally many events.
    case count(Int)
    /// At rising edges, each of which belongs to the interval above it; the last one to the one below too.
    case edges([Double])

    /// Reads a number of bins, or a list of edges.
    public init(from decoder: any Decoder) throws {
      func refusal(_ problem: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
      }
      if (try? decoder.unkeyedContainer()) != nil {
        let edges = try [Double](from: decoder)
        guard edges.count > 1, edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy(<)
        else {
          throw refusal("needs two edges or more, rising")
        }
        self = .edges(edges)
      } else {
        let count = try Int(from: decoder)
        guard (1...1000).contains(count) else { throw refusal("must lie between 1 and 1000 bins") }
        self = .count(count)
      }
    }
  }

  /// The event columns whose spectra are changed, with their bins.
  public var variables = OrderedMapping<Binning>()
  /// What the spectra become.
  public var target = Target.flat
  /// The event column whose values are classes; nil if all events are of one.
  public var classes: String?

  /// No variables.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<ReweightingSection>] = [
    Setting(
      "in", \.variables, from: { (variables: OrderedMapping<Binning>) in variables },
      "a mapping from event columns, of the file or of `define`, to a number of bins of equally many events, or to a list of "
        + "edges, such as `{ht: 20}`", default: nil),
    Setting(
      "to", \.target,
      "`flat`: the same weight in every bin; `equal`: the mean spectrum of all classes; `signed`: what weights with their "
        + "signs give, for weights of absolute value"),
    Setting(
      "classes", \.classes, "the event column, such as the label, each value of which is a class",
      default: "one class"),
  ]

  /// Makes sure that there is something to do.
  public func check(given: Set<String>) throws {
    if variables.isEmpty { throw SettingProblem("in", "is empty; give a column and its bins") }
    if target == .equal, classes == nil {
      throw SettingProblem("to", "is equal, which needs classes: name a column under classes")
    }
  }

  /// The event columns that are read.
  var columns: Set<String> { Set(variables.keys + [classes].compactMap(\.self)) }
}

/// The factors of a reweighting, and what came of them.
struct SpectrumReweighting {
  /// The new weight of each event: `[events]`.
  private(set) var weights: [Float]
  /// What is to be said of it, a sentence each.
  private(set) var remarks: [String] = []
  /// A line for each class and bin: the edges of each variable, and the weight before and after.
  private(set) var table: Table

  /// One class in one bin.
  fileprivate struct Cell {
    var events: [Int] = []
    /// The weight that the events have together.
    var weight = 0.0
    /// The same of absolute weights.
    var absolute = 0.0
    var factor = 0.0
  }

  /// Works the factors out.
  ///
  /// - Parameters:
  ///   - section: what is asked for.
  ///   - values: the columns: `[events]` each.
  ///   - old: the weights before: `[events]`.
  /// - Throws: `SampleError` if weights of a bin have no sum to be changed.
  init(_ section: ReweightingSection, values: [String: [Float]], weights old: [Float]) throws {
    weights = old
    let edges = section.variables.map { Self.edges($0.value, of: values[$0.key]!) }
    let bins = edges.map { $0.count - 1 }
    // Before the product is beyond all numbers.
    var binCount = 1
    for bins in bins {
      binCount *= bins
      guard binCount <= 1_000_000 else {
        throw SampleError("data.reweight.in makes more than 1000000 bins; give fewer.")
      }
    }
    // The bin of each event, the last variable the fastest; nil outside of the edges.
    let places: [Int?] = old.indices.map { event in
      zip(section.variables, edges).reduce(0) { place, variable -> Int? in
        guard let place, let bin = Self.bin(Double(values[variable.0.key]![event]), variable.1) else {
          return nil
        }
        return place * (variable.1.count - 1) + bin
      }
    }
    let classes = section.classes.map { values[$0]! } ?? Array(repeating: 0, count: old.count)
    var cells: [Float: [Int: Cell]] = [:]
    for event in old.indices {
      guard let place = places[event] else {
        weights[event] = 0
        continue
      }
      cells[classes[event], default: [:]][place, default: Cell()].add(event, old[event])
    }
    let outside = places.count { $0 == nil }
    if outside > 0 {
      remarks.append(
        "data.reweight: \(outside) of \(old.count) events lie outside of the edges and have the weight 0.")
    }
    try Self.check(cells, section)
    let unmatched = Self.setFactors(&cells, section.target)
    if unmatched > 0 {
      remarks.append(
        "data.reweight: \(unmatched) of \(old.count) events are in bins that another class has no events in, and have the weight 0."
      )
    }
    let names = section.variables.keys
    table = Table(
      columns: ["class"] + names.flatMap { ["\($0) from", "\($0) to"] } + [
        "events", "weight before", "weight after",
      ])
    for (kind, ofClass) in cells.sorted(by: { $0.key < $1.key }) {
      for (place, cell) in ofClass.sorted(by: { $0.key < $1.key }) {
        var after = 0.0
        for event in cell.events {
          let weight = section.target == .signed ? abs(old[event]) : old[event]
          weights[event] = Float(Double(weight) * cell.factor)
          after += Double(weights[event])
        }
        var rest = place
        var intervals: [String] = []
        for (variable, count) in bins.enumerated().reversed() {
          let bin = rest % count
          rest /= count
          intervals = [edges[variable][bin].text, edges[variable][bin + 1].text] + intervals
        }
        table.append(
          [Double(cell.events.count), cell.weight, after],
          behind: [section.classes == nil ? "all" : kind.text] + intervals)
      }
    }
    remarks += Self.remarks(classes, old, weights, section)
  }

  /// The edges of the bins, rising; the first and the last are the least and the largest value if they are counted.
  private static func edges(_ binning: ReweightingSection.Binning, of values: [Float]) -> [Double] {
    switch binning {
    case .edges(let edges): return edges
    case .count(let count):
      let sorted = values.sorted()
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

  private static func check(_ cells: [Float: [Int: Cell]], _ section: ReweightingSection) throws {
    guard section.target != .signed else { return }
    for (kind, ofClass) in cells.sorted(by: { $0.key < $1.key }) {
      for (_, cell) in ofClass.sorted(by: { $0.key < $1.key }) where !(cell.weight > 0) && cell.absolute > 0 {
        let name = section.classes.map { "\($0) = \(kind.text)" } ?? "all events"
        throw SampleError(
          "data.reweight: the weights of \(cell.events.count) events of \(name) in one bin add up to \(cell.weight.text), which "
            + "no factor makes positive: give wider bins, or set data.negative-weights.")
      }
    }
  }

  /// Sets the factor of each cell.
  ///
  /// - Returns: how many events are in bins that another class has no weight in.
  private static func setFactors(
    _ cells: inout [Float: [Int: Cell]], _ target: ReweightingSection.Target
  ) -> Int {
    var unmatched = 0
    let totals = cells.mapValues { $0.values.reduce(0) { $0 + $1.weight } }
    let all = Array(cells.values)
    for (kind, ofClass) in cells {
      switch target {
      case .flat:
        let share = totals[kind]! / Double(max(ofClass.values.count { $0.weight > 0 }, 1))
        for (place, cell) in ofClass {
          cells[kind]![place]!.factor = cell.weight > 0 ? share / cell.weight : 0
        }
      case .equal:
        let common = ofClass.keys.filter { place in all.allSatisfy { ($0[place]?.weight ?? 0) > 0 } }
        // The mean of the spectra, each with its own total, in the common bins.
        let mean = Dictionary(
          uniqueKeysWithValues: common.map { place in
            (place, cells.reduce(0.0) { $0 + $1.value[place]!.weight / totals[$1.key]! })
          })
        let sum = mean.values.sorted().reduce(0, +)
        for (place, cell) in ofClass {
          guard let part = mean[place] else {
            unmatched += cell.events.count
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

  /// What each class is worth before and after, in events of equal weight.
  private static func remarks(
    _ classes: [Float], _ old: [Float], _ new: [Float], _ section: ReweightingSection
  ) -> [String] {
    Set(classes).sorted().map { kind in
      func effective(_ weights: [Float]) -> Int {
        var (sum, squares) = (0.0, 0.0)
        for (own, weight) in zip(classes, weights) where own == kind {
          sum += Double(weight)
          squares += Double(weight) * Double(weight)
        }
        return squares > 0 ? Int((sum * sum / squares).rounded()) : 0
      }
      let name = section.classes.map { "\($0) = \(kind.text)" } ?? "all events"
      return
        "data.reweight: \(name) was worth \(effective(old)) events of equal weight and is worth \(effective(new))."
    }
  }
}

extension SpectrumReweighting.Cell {
  fileprivate mutating func add(_ event: Int, _ weight: Float) {
    events.append(event)
    self.weight += Double(weight)
    absolute += Double(abs(weight))
  }
}
