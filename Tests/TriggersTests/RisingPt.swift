// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Triggers

/// A decision whose answers depend on all events before: the hardest jet is harder than a threshold, which rises to the
/// jets that pass and falls by a factor with the others.
struct RisingPt: Decision {
  struct Configuration: Decodable, Sendable { var factor: Double? }
  struct State: Codable, Sendable { var threshold = 0.0 }

  static let identifier = "rising-pt"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "The hardest jet is harder than those before."
  static let example = DecisionExample("{factor: 0.9}")

  private let factor: Double

  init(configuration: Configuration, sources: DecisionSources) { factor = configuration.factor ?? 0.9 }

  var quantities: [HeadOutput] { [HeadOutput("pt", unit: "GeV")] }
  var initialState: State { State() }

  func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    guard event.jetCount > 0 else { return false }
    values[0] = event.pt(ofJet: 0)
    return true
  }

  func decide(_ values: DecisionValues, _ state: inout State) -> Bool {
    let isHarder = values[0] > state.threshold
    state.threshold = isHarder ? values[0] : state.threshold * factor
    return isHarder
  }

  static var registry: PluginRegistry {
    get throws {
      var registry = PluginRegistry.conditions
      try registry.register(Self.self)
      return registry
    }
  }
}
