// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics

extension Events {
  /// The first thing wrong with the momenta of the event that is being filled, or nil.
  public func unfinishedEventProblem() -> (field: String, problem: String)? {
    momentumProblem(offsets[offsets.count - 1]..<particleCount)
  }

  /// The first thing wrong with the momenta of the particles in `range`, which are those of an event, or nil.
  func momentumProblem(_ range: Range<Int>) -> (field: String, problem: String)? {
    for (name, values) in momenta.namedComponents {
      if let particle = Events.firstUnusable(in: values, range) {
        return (name, Events.problem(ofValue: values[particle], particle: particle - range.lowerBound))
      }
    }
    if let particle = range.first(where: { momenta.energy[$0] < 0 }) {
      return ("E", Events.negativeProblem(particle: particle - range.lowerBound))
    }
    return nil
  }

  /// Pseudorapidities above stand for no direction; pT sinh η would overflow.
  static let maximumPseudorapidity = 100.0

  /// The first of `values[range]` that is not finite or too large, or nil.
  static func firstUnusable(in values: [Double], _ range: Range<Int>) -> Int? {
    // Without a branch the compiler can do several values at once.
    let isAllUsable = values.withUnsafeBufferPointer { buffer in
      var usable = true
      for index in range { usable = usable && abs(buffer[index]) <= MomentumLimit.largestComponent }
      return usable
    }
    return isAllUsable ? nil : range.first { !(abs(values[$0]) <= MomentumLimit.largestComponent) }
  }

  /// The end of a sentence about a value that is not finite or too large.
  static func problem(ofValue value: Double, particle: Int) -> String {
    let kind = value.isNaN ? "not a number" : value.isInfinite ? "infinite" : "too large (\(value))"
    let limit = value.isFinite ? ", at most \(MomentumLimit.largestComponent) GeV is read" : ""
    return "is \(kind) for particle \(particle)\(limit); correct or leave out this particle"
  }

  /// The end of a sentence about a negative energy or transverse momentum.
  static func negativeProblem(particle: Int) -> String {
    "is negative for particle \(particle); correct or leave out this particle"
  }
}
