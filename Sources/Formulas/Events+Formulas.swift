// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

/// Formulas read the columns of events, and the momenta, identifiers and columns of particles.
extension Events: FormulaSchema, FormulaData {
  /// The name under which formulas read the number of an event in its own file, unless a column has it.
  private static let number = "number"
  /// The name of the identifier, unless a column has it.
  private static let identifier = "pdgid"
  /// The name of the charge, by identifier unless a column has it.
  private static let charge = "charge"

  /// The names of what every particle has of its own, identifiers included.
  public static let namesOfParticles = MomentumQuantity.allCases.map(\.rawValue) + [identifier, charge]

  /// The names that formulas over events have for something else than columns of the events.
  public static let formulaNames: Set<String> = Set([number] + FormulaRows.allCases.map(\.rawValue))

  /// The names of the columns of one number, `number` and the quantities of momenta.
  public func names(of rows: FormulaRows) -> [String] {
    switch rows {
    case .event:
      let own = columns.sorted.filter { $0.column.width == 1 && $0.column.categories == nil }.map(\.name)
      return own.contains(Self.number) ? own : own + [Self.number]
    case .particle:
      let own = particles.content.columns.sorted.filter { $0.column.width == 1 }.map(\.name)
      let identity =
        pdgID.count == particleCount ? [Self.identifier, Self.charge].filter { !own.contains($0) } : []
      return MomentumQuantity.allCases.map(\.rawValue) + identity + own
    case .jet, .constituent, .splitting: return []
    }
  }

  /// The columns of several numbers, and how many these are.
  public func widths(of rows: FormulaRows) -> [String: Int] {
    let own = rows == .event ? columns : rows == .particle ? particles.content.columns : Columns()
    return own.sorted.reduce(into: [:]) { widths, entry in
      if entry.column.width > 1 { widths[entry.name] = entry.column.width }
    }
  }

  /// The names of the columns of events that are text.
  public func texts(of rows: FormulaRows) -> [String] {
    rows == .event ? columns.sorted.filter { $0.column.categories != nil }.map(\.name) : []
  }

  /// The number of events or particles.
  public func count(of rows: FormulaRows) -> Int { rows == .event ? eventCount : particleCount }

  /// The particles of an event.
  public func range(of rows: FormulaRows, inOwner owner: Int) -> Range<Int> {
    offsets[owner]..<offsets[owner + 1]
  }

  /// Replaces `values` by the numbers of a column, which are missing if there is no such column, and keeps the storage.
  public func read(_ column: FormulaColumn, into values: inout [Double]) {
    values.removeAll(keepingCapacity: true)
    let own = column.rows == .event ? columns : particles.content.columns
    if column.rows == .particle, let quantity = MomentumQuantity.named(column.name) {
      for particle in 0..<particleCount { values.append(quantity(momentum(ofParticle: particle))) }
    } else if let found = own[column.name] {
      values.append(column, of: found, rowCount: count(of: column.rows))
    } else if column.rows == .event, column.name == Self.number {
      for event in 0..<eventCount { values.append(Double(eventNumbers[event] - firstEventOfSource)) }
    } else if column.rows == .particle, column.name == Self.charge, pdgID.count == particleCount {
      for particle in 0..<particleCount { values.append(ParticleCharge.ofParticle(pdgID[particle]) ?? .nan) }
    } else if column.rows == .particle, column.name == Self.identifier, pdgID.count == particleCount {
      for particle in 0..<particleCount { values.append(Double(pdgID[particle])) }
    } else {
      for _ in 0..<count(of: column.rows) { values.append(.nan) }
    }
  }
}

extension [Double] {
  /// Adds one of the numbers of each row of a column, or whether its text is one of those asked for.
  mutating func append(_ asked: FormulaColumn, of column: Column, rowCount: Int) {
    guard (asked.texts == nil) == (column.categories == nil) else {
      for _ in 0..<rowCount { append(.nan) }
      return
    }
    let component = asked.component
    if let texts = asked.texts {
      for row in 0..<rowCount {
        append(column.values[row].isNaN ? .nan : texts.contains(column.text(ofRow: row)) ? 1 : 0)
      }
    } else if column.width == 1 {
      append(contentsOf: column.values)
    } else {
      for row in 0..<rowCount { append(column.values[row * column.width + component]) }
    }
  }
}

extension MomentumQuantity {
  private static let all = allCases

  /// The quantity of a name; unlike `init(rawValue:)` it asks for no memory.
  package static func named(_ name: String) -> MomentumQuantity? {
    for place in 0..<all.count where all[place].rawValue == name { return all[place] }
    return nil
  }
}
