// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Statistics
import Support

/// How the efficiency of paths rises with a quantity of the event.
///
/// An event passes a path if it meets the conditions of the path and those of its seeds: prescales say
/// nothing of the event and are left out. An event passes the menu if it passes a path that is more than a
/// seed.
public struct TurnOnCurves: Sendable {
  /// What the efficiency is shown against.
  public enum Quantity: Sendable, Equatable {
    /// `leading-jet-pt`: the transverse momentum of the hardest jet in GeV.
    case leadingJetPt
    /// `missing-momentum`: the missing transverse momentum in GeV.
    case missingMomentum
    /// `scalar-sum`: the scalar sum of the transverse momenta of all particles in GeV.
    case scalarSum
    /// `PATH/QUANTITY`: a quantity of the menu, by its number.
    case menu(Int)
    /// `OBSERVABLE/QUANTITY`: a number of events that an observable gives.
    case observable(DecisionColumn)
  }

  /// The efficiency for an interval of the quantity.
  public struct Bin: Sendable, Equatable, Encodable {
    /// The least value.
    public let lower: Double
    /// The least value of the next bin, or the largest of all if this is the last.
    public let upper: Double
    /// The share of events that pass.
    public let efficiency: Efficiency
  }

  /// One curve.
  public struct Curve: Sendable, Encodable {
    /// The name of the path; nil for the whole menu.
    public let path: String?
    /// By rising values of the quantity.
    public let bins: [Bin]
  }

  /// The name of the quantity.
  public let name: String
  /// The unit of the quantity, if it has one.
  public let unit: String?

  private let menu: TriggerMenu
  private let quantity: Quantity
  private var values: [Double] = []
  /// Row-major `[events × (paths + 1)]`, the menu after the paths.
  private var passes: [Bool] = []
  /// `[events]`, or empty if every event counts as one.
  private var weights: [Double] = []

  /// Curves against the quantity of this name, without events.
  ///
  /// - Throws: `PluginError` that names the nearest if there is none of that name.
  public init(_ menu: TriggerMenu, against name: String) throws {
    self.menu = menu
    self.name = name
    switch name {
    case "leading-jet-pt": (quantity, unit) = (.leadingJetPt, "GeV")
    case "missing-momentum": (quantity, unit) = (.missingMomentum, "GeV")
    case "scalar-sum": (quantity, unit) = (.scalarSum, "GeV")
    default:
      guard let index = menu.quantities.firstIndex(where: { $0.name == name }) else {
        if menu.sources.observables.contains(where: { $0.name == name }) {
          let column = try menu.sources.column(name, of: .events)
          (quantity, unit) = (.observable(column), column.output.unit)
          return
        }
        let known =
          ["leading-jet-pt", "missing-momentum", "scalar-sum"] + menu.quantities.map(\.name)
          + menu.sources.observables.filter { $0.rows == .events }.map(\.name)
        let remedy =
          name.nearest(among: known).map { "did you mean \($0)?" }
          ?? "there is \(known.joined(separator: ", "))."
        throw PluginError("There is no quantity \(name); \(remedy)")
      }
      guard !menu.sources.observables.contains(where: { $0.name == name }) else {
        throw PluginError(
          "\(name) is a quantity of a path and a number of an observable: give the path or the observable another name."
        )
      }
      (quantity, unit) = (.menu(index), menu.quantities[index].unit)
    }
  }

  /// Adds events.
  ///
  /// - Parameters:
  ///   - inputs: the events.
  ///   - decisions: what the menu says of them.
  public mutating func append(_ inputs: DecisionInputs, _ decisions: TriggerDecisions) {
    precondition(inputs.eventCount == decisions.eventCount, "decisions on other events")
    weights.append(contentsOf: decisions.weights)
    var inputs = inputs
    for event in 0..<inputs.eventCount {
      inputs.event = event
      switch quantity {
      case .leadingJetPt: values.append(inputs.jetCount > 0 ? inputs.pt(ofJet: 0) : 0)
      case .missingMomentum: values.append(inputs.missingMomentum.pt)
      case .scalarSum: values.append(inputs.scalarSum)
      case .observable(let column): values.append(inputs[column])
      case .menu(let index): values.append(decisions.values[event * menu.quantities.count + index])
      }
      let first = passes.count
      var isPassed = false
      passes.append(contentsOf: repeatElement(false, count: menu.paths.count + 1))
      for path in menu.order {
        let seed = menu.paths[path].seed.map { passes[first + $0] } ?? true
        passes[first + path] = seed && decisions.conditionsHold[event * menu.paths.count + path]
        isPassed = isPassed || (passes[first + path] && !menu.paths[path].isSeedOnly)
      }
      passes[first + menu.paths.count] = isPassed
    }
  }

  /// The curve of each path, followed by that of the menu, in bins that hold the same number of events except
  /// for ties.
  ///
  /// Events in which the quantity is not finite take no part.
  public func curves(binCount: Int = 20) -> [Curve] {
    precondition(binCount > 0, "a curve needs a bin")
    let events = values.indices.filter { values[$0].isFinite }.sorted { values[$0] < values[$1] }
    var bins: [Range<Int>] = []
    for bin in 0..<binCount {
      var end = events.count * (bin + 1) / binCount
      // Events of the same value stay together.
      while end > 0, end < events.count, values[events[end]] == values[events[end - 1]] { end += 1 }
      let start = bins.last?.upperBound ?? 0
      if end > start { bins.append(start..<end) }
    }
    let width = menu.paths.count + 1
    return (0..<width).map { path in
      Curve(
        path: path < menu.paths.count ? menu.paths[path].name : nil,
        bins: bins.map { bin in
          let passing = bin.map { events[$0] }.filter { passes[$0 * width + path] }
          return Bin(
            lower: values[events[bin.lowerBound]],
            upper: values[events[min(bin.upperBound, events.count - 1)]],
            efficiency: Efficiency(
              passed: passing.count, total: bin.count,
              weights: weights.isEmpty
                ? nil : Efficiency.Weights(passed: sum(passing), total: sum(bin.map { events[$0] }))))
        })
    }
  }

  private func sum(_ events: [Int]) -> WeightSum {
    events.reduce(into: WeightSum()) { $0.add(weights[$1]) }
  }
}
