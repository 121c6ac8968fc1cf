// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension Model {
  /// What decisions can know of an event by this model: what its heads predict, and its conditions.
  public var decisionSources: DecisionSources {
    DecisionSources(
      heads: network.heads.map {
        DecisionSources.Head(name: $0.name, rows: $0.head.rows, outputs: $0.head.outputs)
      }, conditions: description.events?.inputs.conditions ?? [])
  }
}
