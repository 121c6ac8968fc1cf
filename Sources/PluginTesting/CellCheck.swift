// SPDX-License-Identifier: GPL-3.0-or-later

/// Something that every recursive cell has to do; see ``CellConformance``.
public enum CellCheck: String, CaseIterable, Sendable {
  /// All parameters are those of the embedding, and are read by leaves or by splittings.
  case parameters
  /// There is a state of the declared width for each node, and an embedding for each jet, none included.
  case shapes
  /// The kernels do what the definition says, if the cell has any.
  case kernels
  /// Embeddings and gradients are finite for extreme events too.
  case finiteness
  /// The gradients are those of the embeddings.
  case gradients
  /// The same events give the same numbers each time.
  case determinism
  /// A jet gives the same alone, with others and in another order.
  case independence
  /// A model with the cell predicts the same when it was written and read.
  case saving

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .parameters: "all parameters are those of the embedding, and are read by leaves or by splittings"
    case .shapes:
      "there is a state of the declared width for each node, and an embedding for each jet, none included"
    case .kernels: "the kernels do what the definition says, if the cell has any"
    case .finiteness: StageCheck.finiteness.summary
    case .gradients: StageCheck.gradients.summary
    case .determinism: StageCheck.determinism.summary
    case .independence: "a jet gives the same alone, with others and in another order"
    case .saving: "a model with the cell predicts the same when it was written and read"
    }
  }
}
