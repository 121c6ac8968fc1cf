// SPDX-License-Identifier: GPL-3.0-or-later

/// A condition that no event with too few jets meets.
protocol JetDemand {
  /// How many jets an event that meets the condition has at least, if its first quantity has to be `least` or more.
  func fewestJets(forAtLeast least: Double) -> Int
}

extension JetCount: JetDemand {
  // As `Bounds` compares a count.
  func fewestJets(forAtLeast least: Double) -> Int {
    least > 0 ? Int(exactly: Double(Float(least)).rounded(.up)) ?? .max : 0
  }
}

extension RankedJet: JetDemand {
  func fewestJets(forAtLeast least: Double) -> Int { rank }
}

extension JetInvariantMass: JetDemand {
  func fewestJets(forAtLeast least: Double) -> Int { leading }
}
