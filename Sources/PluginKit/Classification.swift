// SPDX-License-Identifier: GPL-3.0-or-later

/// The classification of rows: what all heads that tell classes apart have in common, see
/// ``ClassifyingHead``.
///
/// Two classes share one logit, and the output `score` is the probability of class 1, the signal. More classes
/// have a logit each, and an output for each class is its probability.
///
/// A ``Calibration`` learnt on the validation sample makes the probabilities honest, and fixes the scores at
/// which chosen shares of the background pass. If working points are asked for, there is an output
/// `working-point` for the signal, or for each class against the others: the least of the background
/// efficiencies whose threshold the score passes, 1 if it passes none.
public struct Classification: Sendable {
  /// What the classifier is called in evaluations, such as its head.
  public let name: String
  /// The truth columns that say which class a row is of.
  public let truth: ClassTruth
  /// The names of the classes in the order of their numbers.
  public let classes: [String]
  /// The background efficiencies for which thresholds are fixed, falling.
  public let workingPoints: [Double]
  /// What was learnt on the validation sample; nil before.
  public internal(set) var calibration: Calibration?
  /// The share ε of each target that the loss spreads evenly over all classes (arXiv:1512.00567); 0 outside of a training
  /// that smooths labels.
  package(set) public var labelSmoothing: Float = 0

  static let workingPointOutput = "working-point"

  /// A classification into `classes`, which the columns `truth` tell.
  ///
  /// - Parameters:
  ///   - name: what the classifier is called in evaluations, such as its head.
  ///   - truth: the truth column, or one for each class.
  ///   - classes: the names of the classes; with two, the second is the signal.
  ///   - workingPoints: background efficiencies between 0 and 1 for which thresholds are fixed.
  /// - Throws: ``PluginError`` if there are fewer than two classes or too many, if two share a name, if there are several
  ///   truth columns but not one for each class, or if a working point is no efficiency.
  public init(name: String, truth: ClassTruth, classes: [String], workingPoints: [Double] = []) throws {
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
    guard !classes.contains(Self.workingPointOutput) else {
      throw PluginError("No class can be called \(Self.workingPointOutput): an output has this name.")
    }
    guard !truth.isOneHot || truth.columns.count == classes.count else {
      throw PluginError(
        "The truth has \(truth.columns.count) columns (\(truth)) for \(classes.count) classes: give one for each class in their "
          + "order, or one column with the number of the class.")
    }
    if let point = workingPoints.first(where: { !($0 > 0 && $0 < 1) }) {
      throw PluginError("The working point \(point) is no background efficiency between 0 and 1.")
    }
    guard Set(workingPoints).count == workingPoints.count, workingPoints.count <= 20 else {
      throw PluginError("A classifier has up to 20 different working points.")
    }
    self.name = name
    self.truth = truth
    self.classes = classes
    self.workingPoints = workingPoints.sorted(by: >)
  }

  var isBinary: Bool { classes.count == 2 }

  /// The number of the class that a probability among the outputs is that of.
  func label(ofTarget target: Int) -> Int { isBinary ? 1 : target }

  /// The number of logits: 1 for two classes, else one a class.
  public var logitCount: Int { isBinary ? 1 : classes.count }

  /// The names of the classes that have a probability among the outputs.
  var targets: [String] { isBinary ? [classes[1]] : classes }

  /// `score` for two classes, else the probability of each class under its name; after them `working-point`,
  /// if there are some, with a number for each of these.
  public var outputs: [HeadOutput] {
    let probabilities = isBinary ? [HeadOutput("score")] : classes.map { HeadOutput($0) }
    if workingPoints.isEmpty { return probabilities }
    return probabilities + [HeadOutput(Self.workingPointOutput, width: targets.count)]
  }

  /// The truth columns.
  public var truthColumns: [String] { truth.columns }

  /// The number of the class of each row: `[rows]`.
  public func labels(of rows: HeadTruth) -> [Float] {
    guard truth.isOneHot else { return rows[truth.columns[0]] }
    let columns = truth.columns.map { rows[$0] }
    return (0..<rows.rows).map { row in Float(columns.firstIndex { $0[row] == 1 } ?? 0) }
  }

  /// Makes sure that each label is the number of a class, or that exactly one of the columns of classes is 1.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    guard !self.truth.isOneHot else { return try checkOneHot(truth) }
    for (row, label) in truth[self.truth.columns[0]].enumerated() {
      guard let number = Int(exactly: label), classes.indices.contains(number) else {
        throw PluginError(
          "\(self.truth) is \(label), but the classes \(classes.joined(separator: ", ")) have the numbers 0 to "
            + "\(classes.count - 1).",
          row: row)
      }
    }
  }

  private func checkOneHot(_ rows: HeadTruth) throws {
    let columns = truth.columns.map { rows[$0] }
    for row in 0..<rows.rows {
      let values = columns.map { $0[row] }
      guard values.allSatisfy({ $0 == 0 || $0 == 1 }), values.count(where: { $0 == 1 }) == 1 else {
        throw PluginError(
          "\(truth) are \(values.map { "\($0)" }.joined(separator: ", ")), but exactly one of them must be 1 and the others 0; "
            + "write NaN for a class that is not known.",
          row: row)
      }
    }
  }

  /// The cross entropy of each row: `[rows × 1]`, for logits `[rows × logitCount]`; with ``labelSmoothing``, that against
  /// smoothed targets.
  public func loss(of logits: Variable, truth: HeadTruth) -> Variable {
    let labels = labels(of: truth)
    let share = labelSmoothing
    guard !isBinary else {
      return logits.binaryCrossEntropy(
        targets: share > 0 ? labels.map { (1 - share) * $0 + share / 2 } : labels)
    }
    let loss = logits.crossEntropy(classes: labels.map { Int32($0) })
    guard share > 0 else { return loss }
    return (1 - share) * loss + (-share / Float(classes.count)) * logits.logSoftmax().rowSums()
  }

  /// The probabilities and the working points: `[rows × sum of the outputs' widths]`, for logits
  /// `[rows × logitCount]`.
  public func outputs(of logits: Variable) -> Variable {
    let scaled = calibration.map { Float(1 / $0.temperature) * logits } ?? logits
    let probabilities = isBinary ? scaled.sigmoid() : scaled.softmax()
    return workingPoints.isEmpty
      ? probabilities : probabilities.concatenated(with: passedWorkingPoints(of: probabilities))
  }

  /// The quality of the outputs on rows of known classes.
  ///
  /// With two classes it is the area under the ROC curve; with more, the mean area over each class against
  /// the others, and the share of rows that are classified correctly. With thresholds there are the
  /// efficiencies for signal and background at each.
  ///
  /// A number that needs a class that no row with a weight has is nil: the area with two classes, its mean
  /// with more, and the efficiency for this class.
  ///
  /// - Parameters:
  ///   - outputs: `[rows × sum of the outputs' widths]`.
  ///   - truth: the true classes of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Returns: the evaluation.
  /// - Throws: ``MetricError`` if a score is not finite or no row has a weight.
  public func evaluate(
    _ outputs: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> HeadEvaluation {
    let labels = labels(of: truth).map { Int($0) }
    let classifiers = try targets.indices.map { target in
      try ClassifierEvaluation(
        name: isBinary ? name : "\(name) \(targets[target])", signalName: targets[target],
        backgroundName: isBinary ? classes[0] : "others",
        scores: (0..<outputs.rows).map { outputs[$0, target] },
        isSignal: labels.map { $0 == label(ofTarget: target) }, weights: weights,
        isProbability: calibration?.quantiles == nil)
    }
    let passed = workingPointMetrics(outputs, labels: labels, weights: weights)
    if isBinary {
      return HeadEvaluation(metrics: [Metric("AUC", classifiers[0].auc)] + passed, classifiers: classifiers)
    }
    let confusion = try ConfusionMatrix(
      scores: (0..<outputs.rows).flatMap { row in classes.indices.map { outputs[row, $0] } },
      classCount: classes.count, labels: labels, weights: weights)
    return HeadEvaluation(
      metrics: [
        Metric("mean AUC", Self.mean(classifiers.map(\.auc))), Metric("accuracy", confusion.accuracy),
      ] + passed,
      classifiers: classifiers, tables: tables(confusion, outputs, labels: labels, weights: weights))
  }

  /// The mean area under curves of the same rows; nil if one is unknown.
  private static func mean(_ areas: [Estimate?]) -> Estimate? {
    let known = areas.compactMap(\.self)
    guard known.count == areas.count else { return nil }
    let count = Double(areas.count)
    // The curves share their rows; adding their errors in quadrature would be too hopeful.
    return Estimate(
      value: known.reduce(0) { $0 + $1.value } / count,
      error: known.reduce(0) { $0 + ($1.error ?? 0) } / count)
  }
}
