// SPDX-License-Identifier: GPL-3.0-or-later

/// Named numbers of events, of their jets, of the jets' constituents and of the splittings of the jets' trees.
///
/// Observables write them, as columns called `OBSERVABLE/QUANTITY`. A row that has no such number has NaN.
public struct ObservedColumns: Sendable, Equatable {
  /// Numbers of events: `[events × width]`.
  public var events = Columns()
  /// Numbers of jets: `[jets × width]`.
  public var jets = Columns()
  /// Numbers of constituents, in the order of `Jets.constituents`: `[constituents × width]`.
  public var constituents = Columns()
  /// Numbers of splittings, in the order of `JetTrees`: `[splittings × width]`.
  public var splittings = Columns()

  /// No columns.
  public init() {}

  /// The number of columns.
  public var count: Int { events.count + jets.count + constituents.count + splittings.count }

  /// Forgets the rows of all columns and keeps the storage.
  public mutating func removeRows() {
    events.removeRows(from: 0)
    jets.removeRows(from: 0)
    constituents.removeRows(from: 0)
    splittings.removeRows(from: 0)
  }
}
