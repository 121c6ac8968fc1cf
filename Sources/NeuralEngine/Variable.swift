// SPDX-License-Identifier: GPL-3.0-or-later

/// A matrix in a computation that a `Tape` records.
public struct Variable {
  /// The place of a variable on its tape.
  public struct ID: Sendable, Hashable, BitwiseCopyable {
    let index: Int32
  }

  /// The tape that records the computation.
  public let tape: Tape
  /// The place on the tape.
  public let id: ID
  /// The number of rows, usually jets or events.
  public let rows: Int
  /// The number of columns.
  public let columns: Int

  /// The number of elements.
  public var count: Int { rows * columns }

  /// The numbers, row-major `[rows × columns]`.
  public var values: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: tape.values(of: id), count: count)
  }

  /// Whether `Tape.backward` finds a gradient for this variable.
  public var requiresGradient: Bool { tape.nodes[Int(id.index)].requiresGradient }

  /// The gradient, row-major `[rows × columns]`, after `Tape.backward`; nil if none is required.
  public var gradient: UnsafeMutableBufferPointer<Float>? {
    tape.gradient(of: id).map { UnsafeMutableBufferPointer(start: $0, count: count) }
  }

  /// A copy of the numbers that outlives the tape's next `reset`.
  public var matrix: Matrix { Matrix(rows: rows, columns: columns, values: Array(values)) }
}
