// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension JetTagger {
  /// With two classes, the area under the ROC curve; with more, its mean over each class against the others, and
  /// the share of jets that are taken for what they are.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    let labels = truth[configuration.truth].map { Int($0) }
    let classes = configuration.classes
    if classes.count == 2 {
      let classifier = try ClassifierEvaluation(
        name: name, signalName: classes[1], backgroundName: classes[0], scores: outputs.values,
        isSignal: labels.map { $0 == 1 }, weights: weights)
      return HeadEvaluation(metrics: [Metric("AUC", classifier.auc)], classifiers: [classifier])
    }
    let classifiers = try classes.indices.map { target in
      try ClassifierEvaluation(
        name: "\(name) \(classes[target])", signalName: classes[target], backgroundName: "others",
        scores: (0..<outputs.rows).map { outputs[$0, target] }, isSignal: labels.map { $0 == target },
        weights: weights)
    }
    let areas = classifiers.map(\.auc)
    let mean = areas.reduce(0) { $0 + $1.value } / Double(areas.count)
    // The curves share their jets; adding their errors in quadrature would be too hopeful.
    let error = areas.reduce(0) { $0 + ($1.error ?? 0) } / Double(areas.count)
    let accuracy = try ConfusionMatrix(
      scores: outputs.values, classCount: classes.count, labels: labels, weights: weights
    ).accuracy
    return HeadEvaluation(
      metrics: [Metric("mean AUC", Estimate(value: mean, error: error)), Metric("accuracy", accuracy)],
      classifiers: classifiers)
  }
}
