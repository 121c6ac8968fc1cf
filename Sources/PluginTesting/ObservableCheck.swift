// SPDX-License-Identifier: GPL-3.0-or-later

/// Something that every observable has to do; see ``ObservableConformance``.
public enum ObservableCheck: String, CaseIterable, Sendable {
  /// The configuration is the same when it was written and read, and an empty one is valid.
  case configuration
  /// There is a row of numbers for each event, jet, constituent or splitting, none included.
  case shapes
  /// The same events give the same numbers each time.
  case determinism
  /// An event gives the same alone, with others and in another order.
  case independence

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .configuration: "the configuration is the same when it was written and read, and {} is one"
    case .shapes: "there is a row of numbers for whatever it is an observable of, none included"
    case .determinism: "the same events give the same numbers each time"
    case .independence: "an event gives the same alone, with others and in another order"
    }
  }
}
