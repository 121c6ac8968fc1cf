// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The templates of a score, as evaluations write them.
struct TemplateNumbers: Encodable {
  struct Sample: Encodable {
    var name: String
    var isSignal: Bool
    var contents: [Double]
    var errors: [Double]
    var variations: [Variation]
  }

  struct Variation: Encodable {
    var name: String
    var up: [Double]
    var down: [Double]
  }

  var edges: [Double]
  var samples: [Sample]
  var significance: Estimate

  /// The numbers of `templates`.
  init(_ templates: ScoreTemplates) {
    edges = templates.edges
    samples = templates.samples.map { sample in
      Sample(
        name: sample.name, isSignal: sample.isSignal, contents: sample.contents, errors: sample.errors,
        variations: sample.variations.map { Variation(name: $0.name, up: $0.up, down: $0.down) })
    }
    significance = templates.significance
  }
}
