// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import Statistics

extension ResponseCorrection {
  /// The map of each element, on the tape.
  public func callAsFunction(_ predictions: Variable) -> Variable {
    // A piecewise linear function is a line and a ramp from each knot on.
    var before = slope(fromKnot: -1)
    var result = Float(before) * (predictions - Float(self.predictions[0])) + Float(truth[0])
    for knot in truth.indices {
      let next = slope(fromKnot: knot)
      result = result + Float(next - before) * (predictions - Float(self.predictions[knot])).relu()
      before = next
    }
    return result
  }
}
