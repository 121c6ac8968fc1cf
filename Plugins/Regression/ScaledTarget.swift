// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Where the values of a target lie in the training sample: z = (x − centre) / width, x being the target in its scale and
/// over its reference.
public struct TargetScaling: Codable, Sendable, Equatable {
  /// The median of x.
  var centre: Double
  /// Half the central 68.27 % of x, or 1 if all are equal.
  var width: Double
}

extension RegressionTarget {
  /// What is evaluated beside the prediction: the reference and the estimators.
  var comparisons: [String] { [reference].compactMap(\.self) + estimators }

  /// The target in its scale and over its reference: x = t/r or ln(t/r); r is 1 without a reference.
  func scaled(_ value: Double, reference: Double) -> Double {
    scale == .log ? Foundation.log(value / reference) : value / reference
  }

  /// The values of the target in its scale, over its reference: `[rows]`.
  func scaled(_ truth: HeadTruth) -> [Double] {
    let references = reference.map { truth[$0] }
    return truth[self.truth].enumerated().map { row, value in
      scaled(Double(value), reference: references.map { Double($0[row]) } ?? 1)
    }
  }

  /// The target that scaled values z stand for, in its unit.
  ///
  /// - Parameters:
  ///   - z: `[rows × columns]`.
  ///   - scaling: where the values of the target lie.
  ///   - reference: the reference of each row, `[rows × 1]`; nil without one.
  /// - Returns: `[rows × columns]`.
  func values(_ z: Variable, _ scaling: TargetScaling, reference: Variable?) -> Variable {
    let x = Float(scaling.width) * z + Float(scaling.centre)
    // Bounded, so that no number overflows.
    let value = scale == .log ? x.clamped(to: -60...60).exp() : x
    return reference.map { $0 * value } ?? value
  }
}
