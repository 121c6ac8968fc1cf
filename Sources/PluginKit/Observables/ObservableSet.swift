// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Observables under the names that users gave them, ready to be computed.
public struct ObservableSet: Sendable {
  /// An observable under its name.
  public struct Member: Sendable {
    /// The name; the columns are called `NAME/QUANTITY`.
    public let name: String
    /// The observable.
    public let observable: any Observable

    /// The columns, in the order of the quantities.
    public var columns: [ObservableColumn] {
      observable.quantities.map { ObservableColumn(observable: name, rows: observable.rows, quantity: $0) }
    }
  }

  /// The observables, in the order in which they are computed.
  public private(set) var members: [Member] = []

  /// No observables.
  public init() {}

  /// The observables of these choices.
  ///
  /// - Throws: ``PluginError`` if a name does not serve or is taken, or an observable refuses its configuration.
  public init(_ choices: [ObservableChoice]) throws {
    for choice in choices { try add(choice) }
  }

  /// Adds an observable, unless it is here already.
  ///
  /// - Throws: ``PluginError`` if the name does not serve or is that of another one, or the observable refuses its
  ///   configuration.
  public mutating func add(_ choice: ObservableChoice) throws {
    let member = Member(name: choice.name, observable: try choice.make())
    if let known = members.first(where: { $0.name == choice.name }) {
      guard try ObservableChoice(known).isSame(as: ObservableChoice(member)) else {
        throw PluginError(
          "There are two observables \(choice.name) of different settings: declare one of them under another name."
        )
      }
      return
    }
    members.append(member)
  }

  /// Adds the observables of another set that are not here already.
  ///
  /// - Throws: ``PluginError`` if two of the same name differ.
  public mutating func formUnion(_ other: ObservableSet) throws {
    for member in other.members { try add(ObservableChoice(member)) }
  }

  /// The columns of all observables, in the order of ``members``.
  public var columns: [ObservableColumn] { members.flatMap(\.columns) }

  /// Whether the trees of jets are read.
  public var readsTrees: Bool { members.contains { $0.observable.readsTrees } }

  /// The columns of particles that are read.
  public var particleColumns: Set<String> {
    members.reduce(into: []) { $0.formUnion($1.observable.particleColumns) }
  }

  /// The column of this name, such as `soft-drop/mass`.
  ///
  /// - Throws: ``PluginError`` that names the nearest if there is none.
  public func column(_ name: String) throws -> ObservableColumn {
    if let column = columns.first(where: { $0.name == name }) { return column }
    let names = columns.map(\.name)
    let remedy =
      name.nearest(among: names).map { "did you mean \($0)?" }
      ?? (names.isEmpty ? "there is none." : "there is \(names.joined(separator: ", ")).")
    throw PluginError("There is no observable number \(name); \(remedy)")
  }

  /// The members that columns of these names belong to, and the others.
  func divided(by names: Set<String>) -> (named: [Member], others: [Member]) {
    func isNamed(_ member: Member) -> Bool { member.columns.contains { names.contains($0.name) } }
    return (members.filter(isNamed), members.filter { !isNamed($0) })
  }
}

/// A column of numbers that an observable gives.
public struct ObservableColumn: Sendable, Hashable {
  /// `OBSERVABLE/QUANTITY`.
  public let name: String
  /// What there is a number for.
  public let rows: HeadRows
  /// The unit; nil for a pure number.
  public let unit: String?
  /// What the number is, in a few words.
  public let meaning: String

  /// A quantity of an observable that goes by a name.
  public init(observable: String, rows: HeadRows, quantity: ObservableQuantity) {
    name = "\(observable)/\(quantity.name)"
    self.rows = rows
    unit = quantity.unit
    meaning = quantity.meaning
  }
}

extension ObservedColumns {
  /// The columns of some rows.
  public subscript(rows: HeadRows) -> Columns {
    get {
      switch rows {
      case .events: events
      case .jets: jets
      case .constituents: constituents
      case .splittings: splittings
      }
    }
    _modify {
      switch rows {
      case .events: yield &events
      case .jets: yield &jets
      case .constituents: yield &constituents
      case .splittings: yield &splittings
      }
    }
  }
}
