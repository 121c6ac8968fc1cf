// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import Support

/// What decisions can know of an event: what the heads of a model predict, the model's conditions, and the numbers of
/// observables.
///
/// A decision turns the names in its configuration into columns here, once, and reads ``DecisionInputs`` by them.
public struct DecisionSources: Sendable, Equatable {
  /// One head of the model.
  public struct Head: Sendable, Equatable {
    /// The name that the user gave it.
    public let name: String
    /// What it has a row for.
    public let rows: HeadRows
    /// What it predicts.
    public let outputs: [HeadOutput]

    /// A head.
    public init(name: String, rows: HeadRows, outputs: [HeadOutput]) {
      self.name = name
      self.rows = rows
      self.outputs = outputs
    }

    /// The sum of the outputs' widths.
    public var width: Int { outputs.reduce(0) { $0 + $1.width } }
  }

  /// The heads, in the order in which ``DecisionInputs`` gets what they predict.
  public let heads: [Head]
  /// The names of the model's conditions, such as `resonance_mass`.
  public let conditions: [String]
  /// The numbers of observables; those of constituents and splittings are for formulas.
  public private(set) var observables: [ObservableColumn]
  /// What formulas read of events, each column once; nil if there are no formulas.
  private(set) var formulaColumns: [FormulaColumn]?
  /// How many jets an event has at most; nil if any number.
  package var mostJets: Int?
  /// The observables whose declarations were refused: who names one has no mistake of his own.
  package var refusedObservables = RefusedObservables.named([])

  /// The sources of a model; none for decisions on jets and missing momentum alone.
  public init(heads: [Head] = [], conditions: [String] = [], observables: [ObservableColumn] = []) {
    self.heads = heads
    self.conditions = conditions
    self.observables = observables
  }

  /// The same sources with the numbers of further observables.
  public func adding(_ observables: [ObservableColumn]) -> DecisionSources {
    var sources = self
    sources.observables += observables
    return sources
  }

  /// The same sources, of which ``DecisionInputs`` keep what formulas read.
  public func reading(_ formulas: [CompiledFormula]) -> DecisionSources {
    var sources = self
    for formula in formulas {
      var columns = sources.formulaColumns ?? []
      columns += formula.columns.filter { !columns.contains($0) }
      sources.formulaColumns = columns
    }
    return sources
  }

  /// The column of an output, for which a user writes `HEAD/OUTPUT`, or `HEAD/OUTPUT[i]` for one of its numbers, or of
  /// an observable, `OBSERVABLE/QUANTITY`.
  ///
  /// - Parameters:
  ///   - reference: the text.
  ///   - rows: whether the head must be one on jets or on events.
  /// - Returns: where decisions find the number.
  /// - Throws: ``PluginError`` that names the nearest head or output where there is none of that name, and where the
  ///   head has other rows or the output several numbers.
  public func column(_ reference: String, of rows: HeadRows) throws -> DecisionColumn {
    let parts = reference.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
      String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw PluginError("“\(reference)” names no output of a head: write HEAD/OUTPUT.")
    }
    if case .named(let names) = refusedObservables, names.contains(parts[0]) {
      throw RefusedObservables.Mention()
    }
    guard let number = heads.firstIndex(where: { $0.name == parts[0] }) else {
      return try column(ofObservable: reference, of: rows)
    }
    let head = heads[number]
    guard head.rows == rows else {
      throw PluginError(
        "The head \(head.name) has a row for each of the \(head.rows.rawValue), where one for each of the "
          + "\(rows.rawValue) is needed.")
    }
    let (name, index) = try Self.element(parts[1])
    guard let place = head.outputs.firstIndex(where: { $0.name == name }) else {
      throw PluginError(
        "The head \(head.name) has no output \(name)"
          + Self.remedy(name, among: head.outputs.map(\.name), "it has none"))
    }
    let output = head.outputs[place]
    guard index != nil || output.width == 1 else {
      throw PluginError(
        "The output \(reference) has \(output.width) numbers: write \(reference)[0] to [\(output.width - 1)]."
      )
    }
    guard (0..<output.width).contains(index ?? 0) else {
      throw PluginError("The output \(head.name)/\(name) has \(output.width) numbers, counted from 0.")
    }
    let before = head.outputs[..<place].reduce(0) { $0 + $1.width }
    return DecisionColumn(
      output: HeadOutput(name, unit: output.unit), rows: rows, block: number + 1, place: before + (index ?? 0)
    )
  }

  /// The column of an observable: `OBSERVABLE/QUANTITY`.
  private func column(ofObservable reference: String, of rows: HeadRows) throws -> DecisionColumn {
    guard let place = observables.firstIndex(where: { $0.name == reference }) else {
      let name = String(reference.prefix { $0 != "/" })
      guard observables.contains(where: { $0.name.hasPrefix(name + "/") }) else {
        if refusedObservables == .all { throw RefusedObservables.Mention() }
        let known = heads.map(\.name) + Set(observables.map { String($0.name.prefix { $0 != "/" }) }).sorted()
        let remedy =
          name.nearest(among: known).map { "; did you mean \($0)?" }
          ?? ": declare an observable under observables, or name one of: \(known.joined(separator: ", "))."
        throw PluginError(
          "There is no head and no observable \(name)"
            + (known.isEmpty ? ": declare an observable under observables." : remedy))
      }
      let nearest = Self.remedy(reference, among: observables.map(\.name), "")
      throw PluginError("There is no number \(reference)\(nearest)")
    }
    let found = observables[place]
    guard found.rows == rows else {
      throw PluginError(
        "The observable number \(reference) is one of \(found.rows.rawValue), but one of \(rows.rawValue) is needed."
      )
    }
    return DecisionColumn(
      output: HeadOutput(String(reference.drop { $0 != "/" }.dropFirst()), unit: found.unit), rows: rows,
      block: DecisionColumn.observables, place: place)
  }

  /// The column of a condition of the model.
  ///
  /// - Throws: ``PluginError`` that names the nearest where there is none of that name.
  public func column(ofCondition name: String) throws -> DecisionColumn {
    guard let number = conditions.firstIndex(of: name) else {
      throw PluginError(
        "There is no condition \(name)\(Self.remedy(name, among: conditions, "the model reads none"))")
    }
    return DecisionColumn(output: HeadOutput(name), rows: .events, block: 0, place: number)
  }

  /// `score[2]` as its name and its index.
  private static func element(_ text: String) throws -> (name: String, index: Int?) {
    guard text.hasSuffix("]"), let bracket = text.lastIndex(of: "[") else { return (text, nil) }
    let digits = text[text.index(after: bracket)...].dropLast()
    guard let index = Int(digits) else {
      throw PluginError("“\(digits)” is no number of an output’s numbers, which are counted from 0.")
    }
    return (String(text[..<bracket]), index)
  }

  private static func remedy(_ name: String, among names: [String], _ none: String) -> String {
    if let nearest = name.nearest(among: names) { return "; did you mean \(nearest)?" }
    return names.isEmpty ? ": \(none)." : ": there is \(names.joined(separator: ", "))."
  }
}

/// The observables whose declarations were refused, for which there is a message already.
package enum RefusedObservables: Sendable, Equatable {
  /// Those of some names.
  case named(Set<String>)
  /// All that a user declared, whatever their names.
  case all

  /// One of them was named.
  package struct Mention: Error {}
}

/// Where a number for each jet or for each event is found in ``DecisionInputs``.
public struct DecisionColumn: Sendable, Equatable {
  /// The name and the unit of the number.
  public let output: HeadOutput
  /// Whether there is one for each jet or for each event.
  public let rows: HeadRows
  /// 0 for a condition, else the number of the head, from 1; or ``observables``.
  let block: Int
  /// The block of observables, whose places are those in ``DecisionSources/observables``.
  static let observables = -1
  /// The number within the block's row.
  let place: Int
}
