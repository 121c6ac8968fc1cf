// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension PluginRegistry {
  /// Registers the conditions that every menu can use.
  ///
  /// - Throws: `PluginError` if an identifier is taken.
  public mutating func registerConditions() throws {
    try register(EventOutput.self)
    try register(FormulaCondition.self)
    try register(JetCount.self)
    try register(JetInvariantMass.self)
    try register(JetScalarSum.self)
    try register(MissingMomentum.self)
    try register(RankedJet.self)
    try register(ScalarSum.self)
  }
}
