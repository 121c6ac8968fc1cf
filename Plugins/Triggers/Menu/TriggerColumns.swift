// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What is written of the trigger with each accepted event: columns whose names begin with `trigger.`.
///
/// - `trigger.event-number`: the number of the event, counted from 0 through all inputs;
/// - `trigger.pass-through`: 1 if the event took too long and is accepted for that reason, else 0;
/// - `trigger.acceptance-probability`: the probability, prescales being independent of each other and of the event, that
///   the menu accepts an event that meets the same conditions; left out if a decision of the menu has a state;
/// - `trigger.PATH`: 1 if the path accepted the event, seed and prescale included, else 0;
/// - `trigger.PATH.conditions`: 1 if the event meets the conditions of the path, else 0;
/// - `trigger.PATH.QUANTITY`: a number that a condition of the path writes; a slash in its name is written as
///   a point.
///
/// No column of the input is replaced. If it has columns of a trigger, those of this one begin with `trigger-2.`, and
/// with the next number that is free if there are more.
public struct TriggerColumns: Sendable {
  /// The column of the events' numbers.
  public static let eventNumber = prefix(1) + eventNumberName
  /// The column that marks events which took too long.
  public static let passThrough = prefix(1) + passThroughName
  /// The column of each path's bit: `[paths]`.
  public let bits: [String]
  /// The column that says whether each path's conditions are met: `[paths]`.
  public let conditions: [String]
  /// The column of each quantity of the menu: `[quantities]`.
  public let quantities: [String]
  /// The units of the quantities that have one, by column.
  public let units: [String: String]

  private static let eventNumberName = "event-number"
  private static let passThroughName = "pass-through"
  private static let probabilityName = "acceptance-probability"

  /// The columns with the probabilities that the triggers accepted the events, which have these columns: one for each
  /// trigger.
  package static func acceptanceProbabilities(in columns: some Collection<String>) -> [String] {
    (0..<triggerCount(in: columns)).map { prefix($0 + 1) + probabilityName }
  }

  private let menu: TriggerMenu
  private let others: [String]

  /// What the names of the columns of the `number`-th trigger begin with.
  private static func prefix(_ number: Int) -> String { number == 1 ? "trigger." : "trigger-\(number)." }

  /// How many triggers have columns among these.
  private static func triggerCount(in columns: some Collection<String>) -> Int {
    var count = 0
    while columns.contains(where: { $0.hasPrefix(prefix(count + 1)) }) { count += 1 }
    return count
  }

  /// The columns of a menu.
  ///
  /// - Throws: `PluginError` if two of them would have one name.
  public init(_ menu: TriggerMenu) throws { try self.init(menu, with: []) }

  /// The columns of a menu, and others that are written with them, by their names after the prefix.
  ///
  /// - Throws: `PluginError` if two of them would have one name.
  package init(_ menu: TriggerMenu, with others: [String]) throws {
    self.init(named: menu, with: others)
    if let clash {
      throw PluginError(
        "Two columns of the accepted events would be called \(clash.column); rename the path "
          + "\(menu.paths[clash.path].name).")
    }
  }

  private init(named menu: TriggerMenu, with others: [String] = []) {
    self.menu = menu
    self.others = others
    func name(_ text: String) -> String { Self.prefix(1) + text.replacing("/", with: ".") }
    bits = menu.paths.map { name($0.name) }
    conditions = bits.map { $0 + ".conditions" }
    quantities = menu.quantities.map { name($0.name) }
    units = Dictionary(
      zip(quantities, menu.quantities).compactMap { column, quantity in quantity.unit.map { (column, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// The first column that has the name of another one, and the path whose name leads to that; nil if there is none.
  private var clash: (column: String, path: Int)? {
    var found = Set((others + [Self.probabilityName]).map { Self.prefix(1) + $0 })
    found.formUnion([Self.eventNumber, Self.passThrough])
    let paths = Array(menu.paths.indices)
    for (column, path) in zip(bits + conditions + quantities, paths + paths + menu.quantities.map(\.path))
    where !found.insert(column).inserted {
      return (column, path)
    }
    return nil
  }

  /// What is wrong with the names of a menu as a problem at the path to blame; nil if nothing is.
  static func problem(in menu: TriggerMenu) -> DecodingError.Context? {
    guard let clash = TriggerColumns(named: menu).clash else { return nil }
    return DecodingError.Context(
      codingPath: menu.paths[clash.path].nameKeys,
      debugDescription:
        "leads to two columns of the accepted events that are called \(clash.column); rename the path")
  }

  /// The units of the columns that accepted events have of this trigger, by column.
  package func units(in accepted: Events) -> [String: String] {
    let number = Self.triggerCount(in: accepted.columns.names)
    return Dictionary(uniqueKeysWithValues: units.map { (Self.renamed($0.key, number), $0.value) })
  }

  private static func renamed(_ column: String, _ number: Int) -> String {
    prefix(number) + column.dropFirst(prefix(1).count)
  }

  /// The accepted ones of events that were decided about, with the columns of the trigger after their own.
  ///
  /// - Parameters:
  ///   - events: the events.
  ///   - decisions: what was decided about them.
  ///   - others: further columns of the events, by their names after the prefix.
  /// - Returns: the accepted events.
  package func accepted(
    of events: Events, _ decisions: TriggerDecisions, with others: Columns = Columns()
  ) -> Events {
    let places = (0..<events.eventCount).filter { decisions.isAccepted[$0] }
    var accepted = events.events(at: places)
    let number = Self.triggerCount(in: accepted.columns.names) + 1
    func add(_ name: String, _ value: (Int) -> Double) {
      accepted.columns[Self.renamed(name, number)] = Column(values: places.map(value))
    }
    add(Self.eventNumber) { Double(events.eventNumbers[$0]) }
    add(Self.passThrough) { decisions.isPassThrough[$0] ? 1 : 0 }
    if menu.statefulConditions.isEmpty {
      add(Self.prefix(1) + Self.probabilityName) { menu.acceptanceProbability(of: $0, decisions) }
    }
    for (name, column) in others.rows(places).sorted {
      accepted.columns[Self.renamed(Self.prefix(1) + name, number)] = column
    }
    for path in bits.indices {
      add(bits[path]) { decisions.pathBits[$0 * bits.count + path] ? 1 : 0 }
      add(conditions[path]) { decisions.conditionsHold[$0 * bits.count + path] ? 1 : 0 }
    }
    for quantity in quantities.indices {
      add(quantities[quantity]) { decisions.values[$0 * quantities.count + quantity] }
    }
    return accepted
  }
}
