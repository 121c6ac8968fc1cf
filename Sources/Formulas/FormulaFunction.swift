// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A function of one number.
enum NumberFunction: String, CaseIterable, Sendable {
  case abs, sqrt, exp, log, log10, floor, ceil, sin, cos, tan, sinh, cosh, tanh

  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .abs: Swift.abs(x)
    case .sqrt: x.squareRoot()
    case .exp: Foundation.exp(x)
    case .log: Foundation.log(x)
    case .log10: Foundation.log10(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .sin: Foundation.sin(x)
    case .cos: Foundation.cos(x)
    case .tan: Foundation.tan(x)
    case .sinh: Foundation.sinh(x)
    case .cosh: Foundation.cosh(x)
    case .tanh: Foundation.tanh(x)
    }
  }
}

/// A number or condition of rows that becomes one of what they belong to.
enum Reduction: String, CaseIterable, Sendable {
  case count, sum, mean, min, max, any, all

  /// Whether it is of conditions.
  var isOfConditions: Bool { self == .any || self == .all || self == .count }
  /// Whether it gives a condition.
  var givesCondition: Bool { self == .any || self == .all }

  /// What becomes of some of the numbers; of none of them `min`, `max` and `mean` are missing.
  func callAsFunction(_ values: [Double], _ range: Range<Int>) -> Double {
    guard !range.isEmpty else {
      switch self {
      case .count, .sum, .any: return 0
      case .all: return 1
      case .mean, .min, .max: return .nan
      }
    }
    var place = range.lowerBound
    var result = values[place]
    place += 1
    while place < range.upperBound {
      let value = values[place]
      switch self {
      case .count, .sum, .mean: result += value
      case .any: result = Swift.max(result, value)
      case .all: result = Swift.min(result, value)
      case .min: result = result.isNaN || value.isNaN ? .nan : Swift.min(result, value)
      case .max: result = result.isNaN || value.isNaN ? .nan : Swift.max(result, value)
      }
      place += 1
    }
    return self == .mean ? result / Double(range.count) : result
  }
}

extension [Double] {
  /// The number of a rank in a range, 0 for the largest; missing if there are not so many, or if one is missing.
  ///
  /// The largest ones come first in the range then.
  mutating func number(ofRank rank: Int, in range: Range<Int>) -> Double {
    guard rank < range.count else { return .nan }
    for place in range where self[place].isNaN { return .nan }
    for place in range.lowerBound..<range.lowerBound + rank + 1 {
      var largest = place
      for other in place..<range.upperBound where self[other] > self[largest] { largest = other }
      (self[place], self[largest]) = (self[largest], self[place])
    }
    return self[range.lowerBound + rank]
  }
}

/// A function of objects that have momenta, such as `jet[0]`.
enum MomentumFunction: String, CaseIterable, Sendable {
  case mass, pt, deltaR, deltaEta, deltaPhi

  /// The number of objects; nil for any.
  var argumentCount: Int? {
    switch self {
    case .mass, .pt: nil
    case .deltaR, .deltaEta, .deltaPhi: 2
    }
  }
}

/// The names of functions, for messages.
enum FunctionNames {
  static let all: [String] =
    Reduction.allCases.map(\.rawValue) + NumberFunction.allCases.map(\.rawValue)
    + ["atan2", "hypot", "largest", "missing"] + MomentumFunction.allCases.map(\.rawValue)
}
