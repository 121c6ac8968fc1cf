// SPDX-License-Identifier: GPL-3.0-or-later

/// One of the things that every head has to do right.
public enum HeadCheck: String, Sendable, CaseIterable {
  /// The example makes a head, and the head's configuration is the same when it was written and read again.
  case configuration
  /// A key that the configuration does not have is refused.
  case unknownKeys = "unknown-keys"
  /// The head makes do with the inputs that it names.
  case inputs
  /// Truth that the head derives has a finite number or NaN for each row, which depends on nothing but its event.
  case derivedTruth = "derived-truth"
  /// What the head learns before the first step is the same when it was written and read, and learnt again, and does not
  /// depend on rows of weight 0.
  case preparation
  /// Results, losses and outputs have a row for each jet or event and the widths that the head says, for none, one
  /// and many.
  case shapes
  /// Losses and outputs are finite: also for particles that are along the beam, identical, alone, or of extreme
  /// energies.
  case finiteness
  /// The gradient of the loss is that of differences, for the head's own parameters and through what it reads.
  case gradients
  /// The same events give the same bits again.
  case determinism
  /// What is predicted for an event does not depend on the events beside it.
  case independence
  /// Several threads at once get the bits that one gets alone.
  case threads
  /// A model with the head predicts the same bits when it was written and read again, preparation and calibration
  /// included.
  case saving
  /// The example's truth is accepted, and predictions are evaluated by it to finite numbers, and to figures and tables
  /// with names and numbers that fit together.
  case evaluation

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .configuration: "the example's configuration is the same when it is written and read"
    case .unknownKeys: "a key that the configuration does not know is refused"
    case .inputs: "the head makes do with the inputs that it names"
    case .derivedTruth: "derived truth has a number for each row"
    case .preparation: "what is learnt before the first step is the same when it is read, and learnt again"
    case .shapes: "rows, widths and names are right for no, one and many jets and events"
    case .finiteness: "losses and outputs are finite, for extreme events too"
    case .gradients: "the gradients of the loss are those of differences"
    case .determinism: "the same events give the same bits"
    case .independence: "events do not depend on those beside them"
    case .threads: "several threads get the bits of one"
    case .saving: "a model predicts the same bits when it is written and read"
    case .evaluation: "predictions are evaluated by the example's truth"
    }
  }
}
