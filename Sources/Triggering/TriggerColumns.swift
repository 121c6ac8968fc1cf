// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics
import Triggers

/// What is written of the trigger with each accepted event: columns whose names begin with `trigger.`.
///
/// - `trigger.pass-through`: 1 where the event took too long and is accepted for that, else 0;
/// - `trigger.PATH`: 1 where the path accepted the event, seed and prescale included, else 0;
/// - `trigger.PATH.conditions`: 1 where the event meets the conditions of the path, else 0;
/// - `trigger.PATH.QUANTITY`: a number behind the path; a slash in its name is written as a point.
public struct TriggerColumns: Sendable {
  /// The column that marks events which took too long.
  public static let passThrough = prefix + "pass-through"
  /// The column of each path's bit: `[paths]`.
  public let bits: [String]
  /// The column that says whether each path's conditions are met: `[paths]`.
  public let conditions: [String]
  /// The column of each quantity of the menu: `[quantities]`.
  public let quantities: [String]
  /// The units of the quantities that have one, by column.
  public let units: [String: String]

  private static let prefix = "trigger."

  /// The columns of a menu.
  ///
  /// - Throws: ``TriggerError`` where two of them would have one name.
  public init(_ menu: TriggerMenu) throws {
    func name(_ text: String) -> String { Self.prefix + text.replacing("/", with: ".") }
    bits = menu.paths.map { name($0.name) }
    conditions = bits.map { $0 + ".conditions" }
    quantities = menu.quantities.map { name($0.name) }
    units = Dictionary(
      uniqueKeysWithValues: zip(quantities, menu.quantities).compactMap { column, quantity in
        quantity.unit.map { (column, $0) }
      })
    var found: Set<String> = [Self.passThrough]
    for column in bits + conditions + quantities where !found.insert(column).inserted {
      throw TriggerError("Two columns of the accepted events would be called \(column); rename a path.")
    }
  }

  /// The accepted ones of events that were decided about, with these columns instead of those of an earlier trigger.
  func accepted(of events: EventBatch, _ decisions: TriggerDecisions) -> EventBatch {
    let places = (0..<events.eventCount).filter { decisions.isAccepted[$0] }
    var accepted = events.events(at: places)
    accepted.columns = accepted.columns.filter { !$0.key.hasPrefix(Self.prefix) }
    func add(_ name: String, _ value: (Int) -> Double) {
      accepted.columns[name] = EventColumn(values: places.map(value))
    }
    add(Self.passThrough) { decisions.isPassThrough[$0] ? 1 : 0 }
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
