// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

/// Events with their jets, for formulas over all that is known of them.
///
/// Formulas read of events and particles what they read of `Events`. Jets have the quantities of momenta and `constituents`,
/// how many they have. Constituents have what their particles have. Splittings, of jets with trees, have the quantities of
/// the momentum that splits, and `delta-r`, `kt` and `z` of `LundSplitting`. All but particles have the columns that
/// observables wrote, such as `jet.soft-drop/mass`.
///
/// ```swift
/// let reconstructed = ReconstructedEvents(events, jets: jets)
/// let formula = try CompiledFormula(Formula("mass(jet[0], jet[1]) > 80"), for: .event, in: reconstructed)
/// ```
public struct ReconstructedEvents: Sendable {
  /// The events.
  public var events: Events
  /// Their jets, by falling pT.
  public var jets: Jets

  /// Events and the jets that were found in them.
  public init(_ events: Events, jets: Jets) {
    self.events = events
    self.jets = jets
  }

  /// The name of the number of a jet's constituents.
  private static let constituents = "constituents"
  private static let (deltaR, kt, z) = ("delta-r", "kt", "z")

  /// The names of what jets have of their own.
  public static let namesOfJets = MomentumQuantity.allCases.map(\.rawValue) + [constituents]
  /// The names of what splittings have of their own.
  static let namesOfSplittings = MomentumQuantity.allCases.map(\.rawValue) + [deltaR, kt, z]

  private var hasConstituents: Bool { jets.constituents.count == jets.jetCount }
  private var hasTrees: Bool { hasConstituents && jets.trees.treeCount == jets.jetCount }

  /// What observables say of rows.
  private func observed(_ rows: FormulaRows) -> Columns {
    switch rows {
    case .event: jets.columns.events
    case .jet: jets.columns.jets
    case .constituent: jets.columns.constituents
    case .splitting: jets.columns.splittings
    case .particle: Columns()
    }
  }
}

extension ReconstructedEvents: FormulaSchema {
  /// The names of the columns of events that are text.
  public func texts(of rows: FormulaRows) -> [String] { events.texts(of: rows) }

  /// The names of the columns of one number.
  public func names(of rows: FormulaRows) -> [String] {
    let own: [String] =
      switch rows {
      case .event, .particle: events.names(of: rows)
      case .jet: hasConstituents ? Self.namesOfJets : MomentumQuantity.allCases.map(\.rawValue)
      case .constituent: hasConstituents ? events.names(of: .particle) : []
      case .splitting: hasTrees ? Self.namesOfSplittings : []
      }
    return own + observed(rows).sorted.filter { $0.column.width == 1 && !own.contains($0.name) }.map(\.name)
  }

  /// The columns of several numbers, and how many these are.
  public func widths(of rows: FormulaRows) -> [String: Int] {
    let own = rows == .constituent ? events.widths(of: .particle) : events.widths(of: rows)
    return observed(rows).sorted.reduce(into: own) { widths, entry in
      if entry.column.width > 1 { widths[entry.name] = entry.column.width }
    }
  }
}

extension ReconstructedEvents: FormulaData {
  /// The number of rows of all events together.
  public func count(of rows: FormulaRows) -> Int {
    switch rows {
    case .event, .particle: events.count(of: rows)
    case .jet: jets.jetCount
    case .constituent: jets.constituents.content.count
    case .splitting: jets.splittings(ofJets: 0..<jets.jetCount).count
    }
  }

  /// The jets or particles of an event, or the constituents or splittings of a jet.
  public func range(of rows: FormulaRows, inOwner owner: Int) -> Range<Int> {
    switch rows {
    case .event, .particle: events.range(of: rows, inOwner: owner)
    case .jet: jets.jets(ofEvent: owner)
    case .constituent: jets.constituents(ofJet: owner)
    case .splitting: jets.splittings(ofJets: owner..<owner + 1)
    }
  }

  /// Replaces `values` by the numbers of a column, and keeps the storage.
  public func read(_ column: FormulaColumn, into values: inout [Double]) {
    if let found = observed(column.rows)[column.name] {
      values.removeAll(keepingCapacity: true)
      values.append(column, of: found, rowCount: count(of: column.rows))
      return
    }
    switch column.rows {
    case .event, .particle: events.read(column, into: &values)
    case .jet: readJets(column.name, into: &values)
    case .constituent: readConstituents(column, into: &values)
    case .splitting: readSplittings(column.name, into: &values)
    }
  }

  private func readJets(_ name: String, into values: inout [Double]) {
    values.removeAll(keepingCapacity: true)
    let quantity = MomentumQuantity.named(name)
    for jet in 0..<jets.jetCount {
      if let quantity {
        values.append(quantity(jets.momentum(ofJet: jet)))
      } else {
        values.append(Double(jets.constituents(ofJet: jet).count))
      }
    }
  }

  private func readConstituents(_ column: FormulaColumn, into values: inout [Double]) {
    // The particles' numbers stand before those of the constituents until all of these are there.
    events.read(FormulaColumn(.particle, column.name, component: column.component), into: &values)
    for event in 0..<events.eventCount {
      let first = events.offsets[event]
      for jet in jets.jets(ofEvent: event) {
        for place in jets.constituents(ofJet: jet) {
          values.append(values[first + Int(jets.constituents.content[place])])
        }
      }
    }
    values.removeFirst(events.particleCount)
  }

  private func readSplittings(_ name: String, into values: inout [Double]) {
    values.removeAll(keepingCapacity: true)
    let quantity = MomentumQuantity.named(name)
    for tree in 0..<jets.trees.treeCount {
      let nodes = jets.trees.nodes(ofTree: tree)
      for node in nodes {
        guard let splitting = jets.trees.lundSplitting(ofNode: node, first: nodes.lowerBound) else {
          continue
        }
        if let quantity {
          values.append(quantity(jets.trees.momentum(ofNode: node)))
        } else {
          values.append(name == Self.deltaR ? splitting.deltaR : name == Self.kt ? splitting.kt : splitting.z)
        }
      }
    }
  }
}
