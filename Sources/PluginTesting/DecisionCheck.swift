// SPDX-License-Identifier: GPL-3.0-or-later

/// Something that every decision has to do.
public enum DecisionCheck: String, Sendable, CaseIterable {
  /// The example makes a decision.
  case configuration
  /// A key that the configuration does not have is refused.
  case unknownKeys = "unknown-keys"
  /// Quantities have names and widths; a decision that only measures has one.
  case quantities
  /// If the answer is yes, the quantities are numbers: also for events without particles, of particles along
  /// the beam, identical, alone, or of extreme energies.
  case finiteness
  /// The same event gets the same answer again.
  case determinism
  /// An answer does not depend on other events in the batch.
  case independence
  /// Several threads at once get the answers that one gets alone.
  case threads
  /// A state that was written and read gives the answers that it gave before, and so does another first state.
  case state

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .configuration: "the example makes a decision"
    case .unknownKeys: "a key that the configuration does not know is refused"
    case .quantities: "quantities have names and widths"
    case .finiteness: "where the answer is yes the quantities are numbers, for extreme events too"
    case .determinism: "the same event gets the same answer"
    case .independence: "events do not depend on those beside them"
    case .threads: "several threads get the answers of one"
    case .state: "a state that was written and read gives the same answers"
    }
  }
}
