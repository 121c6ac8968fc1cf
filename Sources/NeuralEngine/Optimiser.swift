// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// Changes parameters against their gradient, step by step.
public protocol Optimiser: AnyObject {
  /// How many steps were taken.
  var step: Int { get }

  /// Changes the parameters by one step against their gradient, and takes over what running statistics have seen.
  ///
  /// - Returns: the norm of the gradient before clipping; if it is not finite, the parameters stay as they are.
  @discardableResult
  func update(_ parameters: Parameters, gradient: Parameters, learningRate: Float) -> Float
}

/// The optimisers by the names that a configuration has for them.
public enum OptimiserKind: String, Sendable, Codable, CaseIterable {
  /// ``AdamW``.
  case adamw
  /// ``Lion``.
  case lion
}

extension Parameters {
  /// Hands over each parameter that a gradient changes, with the factor that shortens the gradient to its largest norm and
  /// the parameter's share of the learning rate, and takes over what running statistics have seen.
  ///
  /// - Parameters:
  ///   - gradient: the gradient.
  ///   - clip: the largest norm of the gradient; nil for any.
  ///   - rates: the shares of the learning rate, 1 unless given; a parameter of the share 0 stays as it is.
  ///   - change: changes a parameter.
  /// - Returns: the norm of the gradient before clipping.
  func change(
    against gradient: Parameters, clip: Float?, rates: [ParameterID: Float],
    _ change: (_ entry: ParameterLayout.Entry, _ scale: Float, _ rate: Float) -> Void
  ) -> Float {
    let norm = Float(gradient.sumOfSquares.squareRoot())
    // A step that is not finite would destroy the network; the trainer sees the norm and stops.
    guard norm.isFinite else { return norm }
    var scale: Float = 1
    if let clip, norm > clip { scale = clip / norm }
    for (index, entry) in layout.entries.enumerated() {
      let rate = rates[ParameterID(index: index)] ?? 1
      guard rate != 0 else { continue }
      if entry.isLearnt { change(entry, scale, rate) } else { takeOver(entry, from: gradient) }
    }
    return norm
  }

  /// The sum of the squares of a gradient, without running statistics.
  private var sumOfSquares: Double {
    if layout.entries.allSatisfy(\.isLearnt) {
      return canopy_sum_of_squares(values.count, values.baseAddress!)
    }
    return layout.entries.reduce(0) {
      $0 + ($1.isLearnt ? canopy_sum_of_squares($1.count, values.baseAddress! + $1.offset) : 0)
    }
  }
}
