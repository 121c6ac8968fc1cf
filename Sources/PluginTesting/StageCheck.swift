// SPDX-License-Identifier: GPL-3.0-or-later

/// Something that every stage has to do; see ``StageConformance``.
public enum StageCheck: String, CaseIterable, Sendable {
  /// The configuration is the same when it was written and read.
  case configuration
  /// There is a row for each jet or event, none included, of the declared width.
  case shapes
  /// Embeddings and gradients are finite for extreme events too.
  case finiteness
  /// The gradients are those of the embeddings.
  case gradients
  /// The same events give the same numbers each time.
  case determinism
  /// An event gives the same alone, with others and in another order.
  case independence
  /// A model with the stage predicts the same when it was written and read.
  case saving
  /// What the stage works out of events is the same when it was written event by event and read.
  case records

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .configuration: "the configuration is the same when it was written and read"
    case .shapes: "there is a row of the declared width for each jet or event, none included"
    case .finiteness: "embeddings and gradients are finite for extreme events too"
    case .gradients: "the gradients are those of the embeddings"
    case .determinism: "the same events give the same numbers each time"
    case .independence: "an event gives the same alone, with others and in another order"
    case .saving: "a model with the stage predicts the same when it was written and read"
    case .records: "what is worked out of events is the same when it was written event by event and read"
    }
  }
}
