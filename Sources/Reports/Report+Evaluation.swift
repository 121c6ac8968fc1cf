// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

extension Report {
  /// A report on a model and, if there are some, on others that it is compared with.
  ///
  /// - Parameters:
  ///   - title: what stands above the figures.
  ///   - evaluation: what the model is worth.
  ///   - others: what others are worth on the same events.
  ///   - epochs: the training of the model.
  ///   - spectra: the spectra that weights of the training have changed.
  public init(
    title: String, _ evaluation: Evaluation, others: [Evaluation] = [], epochs: [EpochSummary] = [],
    spectra: [ReweightedSpectrum] = []
  ) {
    let all = [evaluation] + others
    let numbers = evaluation.heads.flatMap(\.comparisons).map(\.classifier)
    let classifiers = all.flatMap(\.classifiers)
    self.init(
      title: title,
      // Those of other models are there already.
      classifiers: classifiers
        + numbers.filter { number in !classifiers.contains { $0.name == number.name } },
      regressions: all.flatMap(\.regressions), conditions: all.flatMap { $0.heads.flatMap(\.conditions) },
      heads: all.flatMap { $0.heads.compactMap { Report.Head($0) } }
        + (spectra.isEmpty ? [] : [Report.Head(reweighting: spectra)]), epochs: epochs)
  }
}

extension Report.Head {
  /// The spectra that weights of a training have changed: a figure of each, and a table of how far the classes are from each
  /// other.
  init(reweighting spectra: [ReweightedSpectrum]) {
    let known = spectra.filter { $0.distance != nil }
    let distances = HeadTable(
      "distances",
      columns: [
        HeadTable.Column("column", texts: known.map(\.name)),
        HeadTable.Column("before", numbers: known.map { $0.distance!.before }),
        HeadTable.Column("after", numbers: known.map { $0.distance!.after }),
      ])
    self.init(
      name: "reweighting", figures: spectra.map(\.figure), tables: known.isEmpty ? [] : [distances])
  }
}

extension ReweightedSpectrum {
  /// The density of each class in the middle of each bin, as points before and lines after.
  fileprivate var figure: HeadFigure {
    let bins = 0..<edges.count - 1
    func densities(_ weights: [Double]) -> [Double] {
      let total = weights.reduce(0, +)
      return bins.map { weights[$0] / total / (edges[$0 + 1] - edges[$0]) }
    }
    let centres = bins.map { (edges[$0] + edges[$0 + 1]) / 2 }
    return HeadFigure(
      name.replacing("/", with: " "), x: HeadFigure.Axis(name), y: HeadFigure.Axis("Density"),
      series: classes.map { .points("\($0.name) before", x: centres, y: densities($0.before)) }
        + classes.map { .curve("\($0.name) after", x: centres, y: densities($0.after)) })
  }
}

extension Report.Head {
  /// The figures and tables of a head's evaluation: those that the head gives back, its templates, and its metrics in the
  /// parts of divisions; nil if the events tell nothing of it.
  public init?(_ result: Evaluation.HeadResult) {
    guard let evaluation = result.evaluation else { return nil }
    let divisions = result.conditions.map(\.condition).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    self.init(
      name: result.head.name,
      figures: evaluation.figures + [result.templates?.figure].compactMap(\.self)
        + divisions.compactMap { division in
          Self.metricFigure(division, result.conditions.filter { $0.condition == division }, of: evaluation)
        },
      tables: evaluation.tables
        + [result.comparisonTable, result.importanceTable, result.robustnessTable].compactMap(\.self))
  }

  /// The metrics of a head against the number that its rows are divided by, the area under the curve apart, which has a
  /// figure; nil if there are no others.
  private static func metricFigure(
    _ division: String, _ parts: [ConditionedEvaluation], of whole: HeadEvaluation
  ) -> HeadFigure? {
    let isSingle = whole.classifiers.count == 1
    let names = whole.metrics.map(\.name).filter { !isSingle || $0 != "AUC" }
    guard !names.isEmpty else { return nil }
    let places = parts.map { ($0.values.lowerBound + $0.values.upperBound) / 2 }
    let estimates = names.map { name in
      parts.map { part in part.evaluation?.metrics.first { $0.name == name }?.estimate }
    }
    let known = estimates.flatMap(\.self).compactMap { $0?.value }.filter(\.isFinite)
    // Above the points there is room for the names.
    let range = known.max().map { largest in
      let least = min(0, known.min() ?? 0)
      return least...(largest + 0.5 * (largest - least)).nextUp
    }
    return HeadFigure(
      "metrics by \(division.replacing("/", with: " "))", x: HeadFigure.Axis(division),
      y: HeadFigure.Axis(names.count == 1 ? names[0] : "Metric", range: range),
      series: zip(names, estimates).map { name, estimates in
        .points(
          name, x: places, y: estimates.map { $0?.value ?? .nan }, errors: estimates.map { $0?.error ?? .nan }
        )
      })
  }
}

extension ScoreTemplates {
  /// The expected numbers of events of each sample, against the number of the bin: scores crowd at their ends.
  fileprivate var figure: HeadFigure {
    HeadFigure(
      "templates", x: HeadFigure.Axis("Bin of the score", range: 0...Double(edges.count - 1)),
      y: HeadFigure.Axis("Expected events", isLogarithmic: true),
      series: samples.reversed().map { sample in
        .histogram(
          sample.name, edges: edges.indices.map { Double($0) }, contents: sample.contents,
          errors: sample.errors)
      })
  }
}
