// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas

/// Formulas read momenta of jets, constituents and particles, the numbers of observables, what heads on events and on jets
/// predict, and the model's conditions, which are columns of events.
extension DecisionSources: FormulaSchema {
  /// The names of the columns of one number; an output is called `HEAD/OUTPUT`.
  public func names(of rows: FormulaRows) -> [String] {
    let own: [String] =
      switch rows {
      case .event: conditions
      case .jet: ReconstructedEvents.namesOfJets
      case .constituent, .particle: Events.namesOfParticles
      case .splitting: []
      }
    return own + outputs(of: rows).filter { $0.output.width == 1 }.map(\.name)
      + observables.filter { FormulaRows($0.rows) == rows }.map(\.name)
  }

  /// The outputs of several numbers, and how many these are.
  public func widths(of rows: FormulaRows) -> [String: Int] {
    outputs(of: rows).reduce(into: [:]) { widths, entry in
      if entry.output.width > 1 { widths[entry.name] = entry.output.width }
    }
  }

  private func outputs(of rows: FormulaRows) -> [(name: String, output: HeadOutput)] {
    guard rows == .event || rows == .jet else { return [] }
    return heads.filter { FormulaRows($0.rows) == rows }.flatMap { head in
      head.outputs.map { ("\(head.name)/\($0.name)", $0) }
    }
  }

  /// A condition on events, whose columns are those of these sources.
  ///
  /// - Throws: ``PluginError`` that names the character if the formula makes no sense, or reads what is not there.
  public func condition(_ formula: Formula) throws -> CompiledFormula {
    do {
      return try CompiledFormula(condition: formula, for: .event, in: self)
    } catch {
      if formula.columnsWithSlash.contains(where: isRefused) { throw RefusedObservables.Mention() }
      if !formula.textColumns(of: .event).isEmpty {
        throw PluginError(
          "menus know no text, as that is of columns of the input alone; choose events by these with --where")
      }
      throw PluginError("at character \(error.character): \(error.problem)")
    }
  }

  /// Whether the name of a column is that of an observable that was refused.
  private func isRefused(_ column: String) -> Bool {
    let name = String(column.prefix { $0 != "/" })
    return switch refusedObservables {
    case .all: !heads.contains { $0.name == name }
    case .named(let names): names.contains(name)
    }
  }

  /// The column of a formula among those that decisions know too; nil for those of momenta and particles.
  func decisionColumn(_ column: FormulaColumn) -> DecisionColumn? {
    guard let rows: HeadRows = column.rows == .event ? .events : column.rows == .jet ? .jets : nil,
      column.name.contains("/")
    else { return nil }
    let isWide = widths(of: column.rows)[column.name] != nil
    return try? self.column(isWide ? "\(column.name)[\(column.component)]" : column.name, of: rows)
  }
}

extension FormulaRows {
  fileprivate init(_ rows: HeadRows) {
    switch rows {
    case .events: self = .event
    case .jets: self = .jet
    case .constituents: self = .constituent
    case .splittings: self = .splitting
    }
  }
}

extension Formula {
  /// The columns of all rows that have a slash in their names, as outputs and numbers of observables have.
  package var columnsWithSlash: Set<String> {
    FormulaRows.allCases.reduce(into: []) { names, rows in
      for name in columns(of: rows) where name.contains("/") {
        // Without a prefix a name is one of events.
        let isOfOthers = FormulaRows.allCases.contains { name.hasPrefix($0.rawValue + ".") }
        if rows != .event || !isOfOthers { names.insert(name) }
      }
    }
  }
}
