// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

extension Report {
  /// The gnuplot script that draws all figures from the CSV files beside it.
  func figureScript() -> String {
    var script = """
      # Draws the figures of this report again: gnuplot figures.gnuplot
      \(Gnuplot.style)
      set datafile separator ','
      set title \(Gnuplot.quoted(title)) noenhanced

      """
    script += rejectionFigure + rocFigure
    for index in classifiers.indices { script += scoreFigure(index) }
    script += calibrationFigure
    for index in conditionNames.indices { script += conditionFigure(index) }
    for index in regressions.indices { script += regressionFigures(index) }
    script += headFigures
    if !epochs.isEmpty { script += learningFigure }
    return script
  }

  /// The classifiers whose signal and background are both there.
  private var withCurves: [Int] { classifiers.indices.filter { classifiers[$0].curve != nil } }

  private var rejectionFigure: String {
    guard !withCurves.isEmpty else { return "" }
    // If fewer than four background examples pass, the curve is noise, and the CSV file has it.
    let curves = withCurves.map { index in
      let file = Gnuplot.quoted("\(filePrefix(ofClassifier: index))roc.csv")
      let isKnown = "($5 < 0.5*$4 ? $4"
      return """
        \(file) skip 1 using 2:\(isKnown) - $5 : NaN):\(isKnown) + $5 : NaN) with filledcurves \
        linetype \(index % 7 + 1) fillstyle transparent solid 0.25 noborder notitle, \
        \(file) skip 1 using 2:\(isKnown) : NaN) with lines linetype \(index % 7 + 1) title \(legend(index))
        """
    }
    return Gnuplot.figure(
      "rejection",
      """
      set xlabel 'Signal efficiency ε_S'
      set ylabel 'Background rejection 1 / ε_B'
      set xrange [0:1]
      set yrange [1:*]
      set logscale y
      set format y '%g'
      set key top right
      set samples 400
      plot \(curves.joined(separator: ", ")), \
      [0.001:1] 1/x with lines linewidth 1.4 dashtype 2 linecolor rgb '#808080' title 'random choice'
      unset logscale y
      set format y
      """)
  }

  private var rocFigure: String {
    guard !withCurves.isEmpty else { return "" }
    let curves = withCurves.map { index in
      let file = Gnuplot.quoted("\(filePrefix(ofClassifier: index))roc.csv")
      return """
        \(file) skip 1 using 3:($2 - $6):($2 + $6) with filledcurves \
        linetype \(index % 7 + 1) fillstyle transparent solid 0.25 noborder notitle, \
        \(file) skip 1 using 3:2 with lines linetype \(index % 7 + 1) title \(legend(index))
        """
    }
    return Gnuplot.figure(
      "roc",
      """
      set xlabel 'Background efficiency ε_B'
      set ylabel 'Signal efficiency ε_S'
      set xrange [0:1]
      set yrange [0:1]
      set key bottom right
      plot \(curves.joined(separator: ", ")), \
      x with lines linewidth 1.4 dashtype 2 linecolor rgb '#808080' title 'random choice'
      """)
  }

  private func scoreFigure(_ index: Int) -> String {
    let prefix = filePrefix(ofClassifier: index)
    let classifier = classifiers[index]
    let file = Gnuplot.quoted("\(prefix)scores.csv")
    let range = classifier.signalScores.range
    func distribution(_ column: Int, _ name: String, _ linetype: Int) -> String {
      // Lighter inside, the outline and its errors on top.
      """
      \(file) skip 1 using 1:\(column) with boxes linetype \(linetype) fillstyle transparent solid 0.25 noborder \
      notitle, \
      \(file) skip 1 using 1:\(column) with histeps linetype \(linetype) title \(Gnuplot.quoted(name)), \
      \(file) skip 1 using 1:($\(column) - $\(column + 1)):(0):(2*$\(column + 1)) with vectors nohead \
      linetype \(linetype) linewidth 1.2 notitle
      """
    }
    // The signal is drawn over the background; a class without examples has no distribution.
    let distributions = [
      classifier.backgroundCount > 0 ? distribution(4, classifier.backgroundName, 2) : nil,
      classifier.signalCount > 0 ? distribution(2, classifier.signalName, 1) : nil,
    ].compactMap(\.self)
    return Gnuplot.figure(
      "\(prefix)scores",
      """
      set xlabel \(Gnuplot.quoted(classifiers.count > 1 ? "Score of \(classifier.name)" : "Score")) noenhanced
      set ylabel 'Probability density'
      set xrange [\(range.lowerBound):\(range.upperBound)]
      set yrange [0:*]
      set boxwidth \(classifier.signalScores.binWidth)
      set key top center
      plot \(distributions.joined(separator: ", "))
      """)
  }

  private var calibrationFigure: String {
    let calibrated = classifiers.indices.filter { classifiers[$0].calibration != nil }
    guard !calibrated.isEmpty else { return "" }
    let curves = calibrated.map { index in
      let error = classifiers[index].calibration!.expectedError
      return
        "\(Gnuplot.quoted("\(filePrefix(ofClassifier: index))calibration.csv")) skip 1 using 3:4:5 with yerrorlines "
        + "linetype \(index % 7 + 1) pointtype 7 pointsize 0.7 "
        + "title \(Gnuplot.quoted("\(classifiers[index].name), error \(error)"))"
    }
    return Gnuplot.figure(
      "calibration",
      """
      set xlabel 'Mean score'
      set ylabel 'Share of signal'
      set xrange [0:1]
      set yrange [0:1]
      set key top left
      plot \(curves.joined(separator: ", ")), \
      x with lines linewidth 1.4 dashtype 2 linecolor rgb '#808080' title 'perfect calibration'
      """)
  }

  /// The area under the ROC curve against the values of a condition, and below it the rejection at 50 % signal
  /// efficiency where it is known in one of them.
  private func conditionFigure(_ index: Int) -> String {
    let condition = conditionNames[index]
    let evaluated = conditions.filter { $0.condition == condition }.flatMap {
      $0.evaluation?.classifiers.filter { $0.curve != nil } ?? []
    }
    // The lines of the table, from 0, that are of this condition: names may hold what gnuplot cannot compare.
    let lines = conditions.flatMap { conditioned in
      (conditioned.evaluation?.classifiers ?? []).map { (conditioned.condition, $0.name) }
    }
    let names = evaluated.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    /// `value` is a gnuplot expression of the number in a column, `error` that of the next.
    func points(_ column: Int, _ value: (_ number: String, _ error: String) -> String) -> String {
      names.enumerated().map { place, name in
        let own = lines.indices.filter { lines[$0] == (condition, name) }.map { "$0 == \($0)" }
        // gnuplot leaves out a line in which it is to read an empty cell by `$`.
        let error = "(valid(\(column + 1)) ? column(\(column + 1)) : 0)"
        return "'conditions.csv' skip 1 using (\(own.joined(separator: " || ")) ? ($3 + $4)/2 : NaN):"
          + "(\(value("$\(column)", error))):\(error) with yerrorlines linetype \(place % 7 + 1) "
          + "pointtype 7 pointsize 0.8 title \(Gnuplot.quoted(name))"
      }.joined(separator: ", ")
    }
    // With fewer than four background examples left a rejection is noise, and without an error a limit.
    let half = classifiers[0].signalEfficiencies.firstIndex(of: 0.5)
    let areKnown = half.map { half in
      evaluated.map { classifier in
        guard let rejection = classifier.rejections?[half].rejection, let error = rejection.error else {
          return false
        }
        return error > 0 && error < 0.5 * rejection.value
      }
    }
    let file = conditionNames.count > 1 ? "conditions-\(index + 1)" : "conditions"
    let areas = """
      set xrange [*:*]
      set yrange [*:*]
      set offsets graph 0.05, graph 0.05, 0, 0
      set ylabel 'AUC'
      set key opaque bottom right
      plot \(points(7) { number, _ in number })
      """
    let label = "set xlabel \(Gnuplot.quoted(condition)) noenhanced"
    guard let half, let areKnown, areKnown.contains(true) else {
      return Gnuplot.figure(file, "\(label)\n\(areas)\nunset offsets")
    }
    let rejections = points(9 + 2 * half) { number, error in
      "\(error) > 0 && \(error) < 0.5*\(number) ? \(number) : NaN"
    }
    return Gnuplot.figure(
      file,
      """
      set multiplot
      set lmargin 11
      set rmargin 3
      set tmargin at screen 0.92
      set bmargin at screen 0.54
      unset xlabel
      set format x ''
      \(areas)
      unset title
      set tmargin at screen 0.50
      set bmargin at screen 0.12
      set format x
      \(label)
      set ylabel '1 / ε_B at ε_S = 50 %\(areKnown.contains(false) ? ", errors below 50 %" : "")'
      set logscale y
      set format y '%g'
      unset key
      plot \(rejections)
      unset logscale y
      set format y
      set key
      unset multiplot
      unset offsets
      set title \(Gnuplot.quoted(title)) noenhanced
      set lmargin
      set rmargin
      set tmargin
      set bmargin
      """)
  }

  private var learningFigure: String {
    let file = Gnuplot.quoted("learning-curves.csv")
    let last = epochs.last?.epoch ?? 1
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500].first { last <= 12 * $0 } ?? 1000
    let style = epochs.count > 40 ? "lines" : "linespoints pointtype 7 pointsize 0.7"
    var losses = "\(file) skip 1 using 1:2 with \(style) linetype 1 title 'training'"
    if epochs.contains(where: { $0.validationLoss != nil }) {
      losses += ", \(file) skip 1 using 1:3 with \(style) linetype 2 title 'validation'"
    }
    let best = epochs.last { $0.isBest }?.epoch
    if best != nil {
      losses += ", NaN with lines linewidth 1.4 dashtype 2 linecolor rgb '#808080' title 'best epoch'"
    }
    let mark = best.map {
      "set arrow 1 from first \($0), graph 0 to first \($0), graph 1 nohead back dashtype 2 linewidth 1.4 "
        + "linecolor rgb '#808080'"
    }
    let common = """
      set xrange [0.5:\(Double(last) + 0.5)]
      set yrange [*:*]
      set xtics \(step)
      \(mark ?? "unset arrow")
      """
    if metricNames.isEmpty {
      return Gnuplot.figure(
        "learning-curves",
        """
        \(common)
        set xlabel 'Epoch'
        set ylabel 'Loss'
        set key opaque top right
        plot \(losses)
        unset arrow
        """)
    }
    let metrics = metricNames.enumerated().map { index, name in
      "\(file) skip 1 using 1:\(index + 8) with \(style) linetype \((index + 2) % 7 + 1) title \(Gnuplot.quoted(name))"
    }
    return Gnuplot.figure(
      "learning-curves",
      """
      set multiplot
      \(common)
      set lmargin 11
      set rmargin 3
      set tmargin at screen 0.92
      set bmargin at screen 0.54
      unset xlabel
      set format x ''
      set ylabel 'Loss'
      set key opaque top right
      plot \(losses)
      unset title
      set tmargin at screen 0.50
      set bmargin at screen 0.12
      set format x
      set xlabel 'Epoch'
      set ylabel 'Validation metric'
      set key bottom right
      plot \(metrics.joined(separator: ", "))
      unset multiplot
      unset arrow
      set title \(Gnuplot.quoted(title)) noenhanced
      set lmargin
      set rmargin
      set tmargin
      set bmargin
      """)
  }

  private func legend(_ index: Int) -> String {
    Gnuplot.quoted("\(classifiers[index].name), AUC = \(classifiers[index].auc?.description ?? "-")")
  }
}
