// SPDX-License-Identifier: GPL-3.0-or-later

/// What a head gets to know and to do while a network is put together.
public struct HeadBuilder {
  /// The name that the user gave the head; its parameters are called `heads.NAME.…`.
  public let headName: String
  /// The number of components of a jet's embedding.
  public let jetEmbeddingWidth: Int
  /// The parameters of the network, the head's layers among them.
  public private(set) var layout: ParameterLayout

  /// A builder for the head called `headName`, in a network whose parameters so far are `layout`.
  public init(headName: String, jetEmbeddingWidth: Int, layout: ParameterLayout) {
    self.headName = headName
    self.jetEmbeddingWidth = jetEmbeddingWidth
    self.layout = layout
  }

  /// Adds a fully connected layer, called `heads.HEAD.NAME`.
  public mutating func dense(
    _ name: String, inputs: Int, outputs: Int, initialisation: Initialisation = .he
  ) -> Dense {
    Dense(
      "heads.\(headName).\(name)", inputs: inputs, outputs: outputs, initialisation: initialisation,
      in: &layout)
  }

  /// Adds any other parameter, called `heads.HEAD.NAME`.
  public mutating func parameter(
    _ name: String, rows: Int, columns: Int, initialisation: Initialisation
  ) -> ParameterID {
    layout.add(
      "heads.\(headName).\(name)", rows: rows, columns: columns, initialisation: initialisation)
  }
}

/// What a head reads in one forward pass.
public struct HeadInputs {
  /// The embedding of each jet: `[jets × width]`.
  public let jetEmbedding: Variable

  /// Inputs for as many jets as the embedding has rows.
  public init(jetEmbedding: Variable) { self.jetEmbedding = jetEmbedding }
}
