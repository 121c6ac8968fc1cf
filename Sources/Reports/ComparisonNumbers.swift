// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

/// What another score is worth on the rows of a head, as evaluations write it.
struct ComparisonNumbers: Encodable {
  var classifier: ClassifierNumbers
  var aucDifference: Estimate
  var rejectionRatios: [ScoreComparison.RejectionRatio]
  var efficiencyDifferences: [ScoreComparison.EfficiencyDifference]

  /// The numbers of `compared`.
  init(_ compared: ComparedScore) {
    classifier = ClassifierNumbers(compared.classifier)
    aucDifference = compared.comparison.aucDifference
    rejectionRatios = compared.comparison.rejectionRatios
    efficiencyDifferences = compared.comparison.efficiencyDifferences
  }
}
