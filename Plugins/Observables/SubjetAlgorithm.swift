// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// An algorithm that finds subjets; the raw value is what a user writes.
public enum SubjetAlgorithm: String, Codable, Sendable, CaseIterable {
  /// kT.
  case kt
  /// Cambridge/Aachen.
  case cambridge
  /// Anti-kT.
  case antikt

  /// The subjets of a radius.
  func finder(radius: Double) throws -> JetFinder {
    do {
      return try JetFinder(
        JetDefinition(JetDefinition.Algorithm(rawValue: rawValue)!, radius: radius), trees: false)
    } catch let error as JetPhysicsError {
      throw PluginError(error.problem)
    }
  }

  /// What observables say of a jet that is groomed by its subjets.
  static var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("mass", "the mass of what is left, negative if its square is", unit: "GeV"),
      ObservableQuantity("pt", "the transverse momentum of what is left", unit: "GeV"),
      ObservableQuantity("subjets", "how many subjets are left"),
    ]
  }
}

extension [Double] {
  /// Adds mass, pT and number of the first subjets of a jet for which `isKept` holds; none if there are no subjets.
  mutating func append(
    subjets: Range<Int>, while isKept: (Int) -> Bool, _ momenta: FourMomenta
  ) {
    guard !subjets.isEmpty else {
      for _ in 0..<3 { append(.nan) }
      return
    }
    var (sum, kept) = (FourMomentum.zero, 0)
    for subjet in subjets {
      guard isKept(subjet) else { break }
      sum = sum + momenta[subjet]
      kept += 1
    }
    append(sum.mass)
    append(sum.pt)
    append(Double(kept))
  }
}
