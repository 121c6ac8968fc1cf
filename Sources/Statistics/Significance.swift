// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The numbers of events that a measurement expects before any cut on a score.
public struct EventYields: Sendable, Equatable, Codable {
  /// The expected number of signal events, S.
  public let signal: Double
  /// The expected number of background events, B.
  public let background: Double

  /// Numbers above 0, up to 10¹⁰⁰.
  ///
  /// - Throws: ``MetricError`` that names the number that is out of range.
  public init(signal: Double, background: Double) throws {
    for (name, number) in [("signal", signal), ("background", background)] {
      guard number > 0, number <= 1e100 else {
        throw MetricError(
          description:
            "The expected number of \(name) events is \(number); it must be above 0 and at most 1e100.")
      }
    }
    self.signal = signal
    self.background = background
  }
}

/// How clearly s expected signal events stand out from b expected background events, in standard deviations.
public enum Significance: String, Sendable, CaseIterable, Codable {
  /// s / √(s + b): by how many statistical errors the signal differs from 0 if it exists.
  case simple
  /// √(2 ((s + b) ln(1 + s/b) − s)): the median significance at which the background alone is excluded, for a
  /// counting experiment of known b (arXiv:1007.1727, equation 97).
  case asimov

  /// The significance; 0 without signal, and for `asimov` infinite without background.
  public func value(signal: Double, background: Double) -> Double {
    guard signal > 0 else { return 0 }
    switch self {
    case .simple: return signal / (signal + background).squareRoot()
    case .asimov:
      guard background > 0 else { return .infinity }
      return (2 * background * Self.integratedLog(signal / background)).squareRoot()
    }
  }

  /// The derivatives by s and b, if both are above 0.
  func slopes(signal: Double, background: Double) -> (signal: Double, background: Double) {
    switch self {
    case .simple:
      let total = signal + background
      let unit = 1 / (2 * total * total.squareRoot())
      return ((signal + 2 * background) * unit, -signal * unit)
    case .asimov:
      let value = value(signal: signal, background: background)
      let ratio = signal / background
      return (log1p(ratio) / value, Self.logBeyondLinear(ratio) / value)
    }
  }

  /// (1 + x) ln(1 + x) − x, by its series if the difference would be nothing but rounding.
  private static func integratedLog(_ x: Double) -> Double {
    x < 1e-3 ? x * x * (1 / 2 - x * (1 / 6 - x * (1 / 12 - x / 20))) : (1 + x) * log1p(x) - x
  }

  /// ln(1 + x) − x, by its series if the difference would be nothing but rounding.
  private static func logBeyondLinear(_ x: Double) -> Double {
    x < 1e-3 ? -x * x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x / 5))) : log1p(x) - x
  }
}
