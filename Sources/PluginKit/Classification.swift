// SPDX-License-Identifier: GPL-3.0-or-later

/// Telling classes apart: what all heads that do so have in common.
///
/// Two classes share one logit, and the output `score` is the probability of class 1, the signal. More classes
/// have a logit each, and an output for each class is its probability.
public struct Classification: Sendable {
  /// The truth column that holds the number of the class, from 0.
  public let truthColumn: String
  /// The names of the classes in the order of their numbers.
  public let classes: [String]

  /// Telling `classes` apart, whose numbers are in the column `truth`.
  ///
  /// - Throws: ``PluginError`` where there are fewer than two classes or too many, or where two share a name.
  public init(truth: String, classes: [String]) throws {
    guard classes.count >= 2 else {
      throw PluginError("A classifier needs at least two classes, and was given \(classes.count).")
    }
    guard classes.count <= 1000 else {
      throw PluginError("A classifier has up to 1000 classes, and was given \(classes.count).")
    }
    guard Set(classes).count == classes.count else {
      throw PluginError(
        "The classes of a classifier need different names: \(classes.joined(separator: ", ")).")
    }
    if let name = classes.first(where: { $0.isEmpty || $0.contains("/") }) {
      throw PluginError("The class name “\(name)” is no name: leave out slashes and do not leave it empty.")
    }
    truthColumn = truth
    self.classes = classes
  }

  private var isBinary: Bool { classes.count == 2 }

  /// The number of logits: 1 for two classes, else one a class.
  public var logitCount: Int { isBinary ? 1 : classes.count }

  /// `score` for two classes, else the probability of each class under its name.
  public var outputs: [HeadOutput] { isBinary ? [HeadOutput("score")] : classes.map { HeadOutput($0) } }

  /// Throws where a label is not the number of a class.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    for (row, label) in truth[truthColumn].enumerated() {
      guard let number = Int(exactly: label), classes.indices.contains(number) else {
        throw PluginError(
          "\(truthColumn) is \(label), but the classes \(classes.joined(separator: ", ")) have the numbers 0 to "
            + "\(classes.count - 1).",
          row: row)
      }
    }
  }

  /// The cross entropy of each row: `[rows × 1]`, for logits `[rows × logitCount]`.
  public func loss(of logits: Variable, truth: HeadTruth) -> Variable {
    let labels = truth[truthColumn]
    return isBinary
      ? logits.binaryCrossEntropy(targets: labels) : logits.crossEntropy(classes: labels.map { Int32($0) })
  }

  /// The probabilities: `[rows × outputs]`, for logits `[rows × logitCount]`.
  public func probabilities(of logits: Variable) -> Variable {
    isBinary ? logits.sigmoid() : logits.softmax()
  }

  /// With two classes, the area under the ROC curve; with more, its mean over each class against the others, and
  /// the share of rows that are taken for what they are.
  ///
  /// - Parameters:
  ///   - probabilities: `[rows × outputs]`.
  ///   - name: what the classifier is called, such as its head.
  ///   - truth: the true classes of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Throws: ``MetricError`` where a class is missing.
  public func evaluate(
    _ probabilities: Matrix, name: String, truth: HeadTruth, weights: [Double]
  ) throws -> HeadEvaluation {
    let labels = truth[truthColumn].map { Int($0) }
    if isBinary {
      let classifier = try ClassifierEvaluation(
        name: name, signalName: classes[1], backgroundName: classes[0], scores: probabilities.values,
        isSignal: labels.map { $0 == 1 }, weights: weights)
      return HeadEvaluation(metrics: [Metric("AUC", classifier.auc)], classifiers: [classifier])
    }
    let classifiers = try classes.indices.map { target in
      try ClassifierEvaluation(
        name: "\(name) \(classes[target])", signalName: classes[target], backgroundName: "others",
        scores: (0..<probabilities.rows).map { probabilities[$0, target] },
        isSignal: labels.map { $0 == target }, weights: weights)
    }
    let areas = classifiers.map(\.auc)
    let mean = areas.reduce(0) { $0 + $1.value } / Double(areas.count)
    // The curves share their rows; adding their errors in quadrature would be too hopeful.
    let error = areas.reduce(0) { $0 + ($1.error ?? 0) } / Double(areas.count)
    let accuracy = try ConfusionMatrix(
      scores: probabilities.values, classCount: classes.count, labels: labels, weights: weights
    ).accuracy
    return HeadEvaluation(
      metrics: [Metric("mean AUC", Estimate(value: mean, error: error)), Metric("accuracy", accuracy)],
      classifiers: classifiers)
  }
}
