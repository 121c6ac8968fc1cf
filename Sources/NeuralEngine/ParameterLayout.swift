// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Names one matrix of learnable numbers in a `ParameterLayout`.
public struct ParameterID: Sendable, Hashable {
  let index: Int
}

/// How the numbers of a parameter start.
public enum Initialisation: Sendable, Equatable {
  /// All zero: biases.
  case zero
  /// Uniform in ±√(6 / inputs), for layers that a ReLU follows (He et al., arXiv:1502.01852, eq. 10).
  case he
  /// Uniform in ±√(6 / (inputs + outputs)), for gates (Glorot and Bengio, AISTATS 2010, eq. 16).
  case glorot
  /// All one: scales of normalisations.
  case one
  /// Not learnt by a gradient: the mean 0, the variance 1 and the number of steps 0, a row each.
  case runningStatistics
}

/// The names, shapes and places of a network's parameters in one flat array.
///
/// Layers add what they need while a network is put together; `Parameters` then holds the numbers.
public struct ParameterLayout: Sendable, Equatable {
  /// One parameter: a matrix with a name.
  public struct Entry: Sendable, Equatable {
    /// The name, unique in the layout, such as `embedding.gate.weight`.
    public let name: String
    /// The number of rows: a weight's outputs, 1 for a bias.
    public let rows: Int
    /// The number of columns: a weight's inputs, a bias's outputs.
    public let columns: Int
    /// The place of the first number in the flat array.
    public let offset: Int
    /// How the numbers start.
    public let initialisation: Initialisation
    /// The number of values.
    public var count: Int { rows * columns }
    /// Whether a gradient changes the numbers; running statistics follow what a layer sees instead.
    public var isLearnt: Bool { initialisation != .runningStatistics }
  }

  /// The parameters in the order in which they were added.
  public private(set) var entries: [Entry] = []
  /// The length of the flat array.
  ///
  /// Each parameter starts at a multiple of 16 numbers, one cache line.
  public private(set) var count = 0

  /// A layout without parameters.
  public init() {}

  /// Adds a matrix and returns its identity.
  ///
  /// - Precondition: no parameter of the layout has this name yet.
  public mutating func add(
    _ name: String, rows: Int, columns: Int, initialisation: Initialisation
  ) -> ParameterID {
    require(!entries.contains { $0.name == name }, "the parameter \(name) was added before")
    entries.append(
      Entry(name: name, rows: rows, columns: columns, offset: count, initialisation: initialisation))
    count += (rows * columns + 15) & ~15
    return ParameterID(index: entries.count - 1)
  }

  /// How many numbers are learnt.
  public var parameterCount: Int { entries.reduce(0) { $0 + ($1.isLearnt ? $1.count : 0) } }

  /// The identities of the parameters, in the order of ``entries``.
  public var ids: [ParameterID] { entries.indices.map { ParameterID(index: $0) } }

  /// The entry of a parameter.
  public subscript(id: ParameterID) -> Entry { entries[id.index] }
}
