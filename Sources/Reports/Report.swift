// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import PluginKit
import Support

/// The numbers and figures of an evaluation, as a folder that can be shown to others.
///
/// The folder holds `report.json` with all numbers; `roc.csv`, `scores.csv`, `calibration.csv` and
/// `learning-curves.csv` with what the figures show (each classifier has a `NAME-` before its files where there are
/// several); `response.csv` and `predictions.csv` for each regression, likewise; `conditions.csv` with what the
/// classifiers are worth in each value of a condition; the figures as PNG and SVG; and `figures.gnuplot`, which draws
/// them again from the CSV files:
///
/// - `rejection`: background rejection 1/ε_B, logarithmic, against signal efficiency ε_S;
/// - `roc`: signal efficiency against background efficiency;
/// - `scores`: the score's distribution for signal and background;
/// - `calibration`: the share of signal against the score, where scores are probabilities;
/// - `conditions`: the area under the ROC curve and the rejection at 50 % signal efficiency against the values of a
///   condition, with a number behind the name where there are several conditions;
/// - `response`, `resolution`, `coverage`, `pulls`: of regressions and the estimators beside them, against the truth;
/// - `predictions`: the distribution of what regressions predict for flat truth;
/// - `learning-curves`: loss and validation metrics by epoch;
/// - `HEAD-NAME`: a figure that a head gives back, with its numbers in `HEAD-NAME.csv`; characters that file names should
///   not have are underscores there, and a number tells apart what would have the same name. So are the tables of heads,
///   which have no figure. A figure that has nothing to show is not drawn.
///
/// A classifier whose signal or background is absent has no ROC curve: it has no `roc.csv` and no part in the figures
/// `rejection`, `roc`, `calibration` and `conditions`, and numbers that compare the two are `null`.
public struct Report: Sendable {
  /// What stands above the figures, such as the names of model and sample.
  public var title: String
  /// The classifiers that were evaluated; the figures `rejection`, `roc` and `calibration` compare them.
  public var classifiers: [ClassifierEvaluation]
  /// The regressions that were evaluated, each in figures of its own.
  public var regressions: [RegressionEvaluation]
  /// What the classifiers are worth in each value of each condition.
  public var conditions: [ConditionedEvaluation]
  /// The figures and tables that heads give back beside that.
  public var heads: [Head]
  /// The training, where learning curves are wanted.
  public var epochs: [EpochSummary]

  /// A report on classifiers, regressions, a training or all of them.
  public init(
    title: String, classifiers: [ClassifierEvaluation] = [], regressions: [RegressionEvaluation] = [],
    conditions: [ConditionedEvaluation] = [], heads: [Head] = [], epochs: [EpochSummary] = []
  ) {
    self.title = title
    self.classifiers = classifiers
    self.regressions = regressions
    self.conditions = conditions
    self.heads = heads
    self.epochs = epochs
  }

  /// What a head gives back for a report.
  public struct Head: Sendable {
    /// The name that the user gave it.
    public let name: String
    /// Its figures.
    public let figures: [HeadFigure]
    /// Its tables.
    public let tables: [HeadTable]

    /// The figures and tables of a head's evaluation.
    public init(name: String, _ evaluation: HeadEvaluation) {
      self.name = name
      figures = evaluation.figures
      tables = evaluation.tables
    }

    init(name: String, figures: [HeadFigure], tables: [HeadTable]) {
      (self.name, self.figures, self.tables) = (name, figures, tables)
    }
  }

  /// Writes all files into a folder, which is made where it does not exist.
  ///
  /// The files are complete before the first takes its place, and replace those of an earlier report.
  /// - Throws: ``ReportError`` where gnuplot fails or the folder cannot be written.
  public func write(to folder: URL, using gnuplot: Gnuplot) throws {
    try gnuplot.writeReport(to: folder, files: numbers(), script: figureScript())
  }

  /// The conditions in whose values classifiers were judged, in their order.
  var conditionNames: [String] {
    conditions.filter { $0.evaluation?.classifiers.contains { $0.curve != nil } == true }.map(\.condition)
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The part of the name that tells a classifier's files apart: empty where there is one classifier.
  func filePrefix(ofClassifier index: Int) -> String { Self.filePrefix(index, of: classifiers.map(\.name)) }

  /// The part of the name that tells a regression's files apart: empty where there is one regression.
  func filePrefix(ofRegression index: Int) -> String { Self.filePrefix(index, of: regressions.map(\.name)) }

  private static func filePrefix(_ index: Int, of names: [String]) -> String {
    guard names.count > 1 else { return "" }
    let name = cleared(names[index])
    // Two names may differ in the characters alone that file names should not have, or in case.
    let isUnique = names.filter { cleared($0).lowercased() == name.lowercased() }.count == 1
    return isUnique ? "\(name)-" : "\(name)-\(index + 1)-"
  }

  /// A name for files, without the characters that these should not have.
  static func cleared(_ name: String) -> String {
    String(
      name.prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) ? $0 : "_" })
  }
}

/// Why a report cannot be written, in one sentence.
public struct ReportError: ReportedError, Equatable, LocalizedError {
  /// The sentence.
  public let description: String
  /// The work.
  public var fault: Fault { .work }

  init(description: String) { self.description = description }

  /// A report or a figure that could not be written into `folder`.
  init(_ what: String, in folder: String, _ error: any Error) {
    let cause = FileOutputError(folder, code: error.systemCode)
    self.init(
      description: "\(folder): the \(what) cannot be written: \(cause.reason); "
        + (cause.isPlaceError
          ? "choose a folder that can be written to." : "free some space or choose another place."))
  }

  /// The same sentence, for Foundation.
  public var errorDescription: String? { description }
}
