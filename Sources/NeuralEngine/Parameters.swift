// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// The numbers of all parameters of a network, or their gradients, in one flat array.
///
/// Threads may read the same object at the same time. Whoever writes to it, the optimiser above all, must
/// be alone with it: this is what makes it safe to hand between threads.
public final class Parameters: @unchecked Sendable {
  /// The names, shapes and places.
  public let layout: ParameterLayout
  /// All numbers: `[layout.count]`.
  public let values: UnsafeMutableBufferPointer<Float>

  /// All numbers zero.
  public init(layout: ParameterLayout) {
    self.layout = layout
    let start = KernelMemory.allocate(Float.self, count: layout.count)
    start.initialize(repeating: 0, count: layout.count)
    values = UnsafeMutableBufferPointer(start: start, count: layout.count)
  }

  /// Numbers drawn as each parameter asks for.
  public convenience init(layout: ParameterLayout, using generator: inout some RandomNumberGenerator) {
    self.init(layout: layout)
    for entry in layout.entries {
      let limit: Float
      switch entry.initialisation {
      case .zero: continue
      case .he: limit = (6 / Float(entry.columns)).squareRoot()
      case .glorot: limit = (6 / Float(entry.columns + entry.rows)).squareRoot()
      case .one:
        for i in 0..<entry.count { values[entry.offset + i] = 1 }
        continue
      case .runningStatistics:
        for column in 0..<entry.columns { values[entry.offset + entry.columns + column] = 1 }
        continue
      }
      for i in entry.offset..<entry.offset + entry.count {
        values[i] = Float.random(in: -limit...limit, using: &generator)
      }
    }
  }

  /// The numbers of one parameter, row-major `[rows × columns]`.
  public subscript(id: ParameterID) -> UnsafeMutableBufferPointer<Float> {
    let entry = layout[id]
    return UnsafeMutableBufferPointer(rebasing: values[entry.offset..<entry.offset + entry.count])
  }

  /// Sets all numbers to zero.
  public func clear() { values.update(repeating: 0) }

  /// Sets the numbers of some parameters to zero.
  public func clear(only parameters: some Sequence<ParameterID>) {
    for id in parameters { self[id].update(repeating: 0) }
  }

  /// Takes over the numbers of an object of the same layout.
  public func assign(_ other: Parameters) {
    require(layout == other.layout, "parameters of another layout")
    _ = values.update(from: other.values)
  }

  /// Takes over the numbers of some parameters, which are the same in an object of another layout.
  public func assign(_ other: Parameters, only parameters: some Sequence<ParameterID>) {
    for id in parameters {
      require(layout[id].name == other.layout[id].name && self[id].count == other[id].count, "others")
      _ = self[id].update(from: other[id])
    }
  }

  /// Adds the numbers of an object of the same layout.
  public func add(_ other: Parameters) {
    require(layout == other.layout, "parameters of another layout")
    for i in values.indices { values[i] += other.values[i] }
  }

  /// Moves each number towards that of an object of the same layout: x ← d x + (1 − d) y for a decay d; what no gradient
  /// changes is taken over.
  public func average(with other: Parameters, decay: Float) {
    require(layout == other.layout, "parameters of another layout")
    for entry in layout.entries {
      for i in entry.offset..<entry.offset + entry.count {
        values[i] = entry.isLearnt ? decay * values[i] + (1 - decay) * other.values[i] : other.values[i]
      }
    }
  }

  deinit { KernelMemory.deallocate(values.baseAddress!) }
}
