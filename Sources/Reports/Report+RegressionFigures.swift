// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension Report {
  /// The gnuplot commands of the figures of one regression.
  func regressionFigures(_ index: Int) -> String {
    let regression = regressions[index]
    let prefix = filePrefix(ofRegression: index)
    let file = Gnuplot.quoted("\(prefix)response.csv")
    let unit = regression.unit.map { " [\($0)]" } ?? ""
    let range = (regression.ranges.first?.lowerBound ?? 0, regression.ranges.last?.upperBound ?? 1)

    /// The points of an estimator's quantity; of as many as there are, `spread` sets them apart.
    func points(
      _ estimator: Int, _ quantity: String, plus term: Double = 0, _ linetype: Int, _ title: String
    ) -> String {
      let place = RegressionEvaluation.responseColumns.firstIndex(of: quantity)!
      let column = 3 + estimator * RegressionEvaluation.responseColumns.count + place
      let shift = Double(estimator) - Double(regression.estimators.count - 1) / 2
      return
        "\(file) skip 1 using ($1 + ($2 - $1)*\(0.5 + 0.08 * shift)):($\(column) + \(term)):\(column + 1) "
        + "with yerrorbars linetype \(linetype) pointtype \(estimator == 0 ? 7 : 6) pointsize 0.8 title \(title)"
    }
    func comparison(_ quantity: String, plus term: Double = 0, _ estimators: [Int]) -> String {
      estimators.map {
        points($0, quantity, plus: term, $0 % 7 + 1, Gnuplot.quoted(regression.estimators[$0].name))
      }.joined(separator: ", ")
    }
    func line(_ height: Double) -> String {
      "\(height) with lines linewidth 1.4 dashtype 2 linecolor rgb '#808080' notitle"
    }
    func axes(_ label: String, from least: String = "*") -> String {
      """
      set xlabel \(Gnuplot.quoted("True value\(unit)"))
      set ylabel '\(label)'
      set xrange [\(range.0):\(range.1)]
      set yrange [\(least):*]
      set key opaque top right
      """
    }

    let all = Array(regression.estimators.indices)
    var script = Gnuplot.figure(
      "\(prefix)response",
      """
      \(axes("Median response", from: "0"))
      plot \(comparison("bias", plus: 1, all)), \(line(1))
      """)
    script += Gnuplot.figure(
      "\(prefix)resolution",
      """
      \(axes("Resolution: half the 68 % interval of the response", from: "0"))
      plot \(comparison("resolution", all))
      """)
    if regression.estimators[0].whole.coverage != nil {
      script += Gnuplot.figure(
        "\(prefix)coverage",
        """
        \(axes("Coverage of the 68 % interval", from: "0"))
        set yrange [0:1]
        plot \(comparison("coverage", [0])), \(line(CentralInterval.high - CentralInterval.low))
        """)
      script += Gnuplot.figure(
        "\(prefix)pulls",
        """
        \(axes("Pull: (prediction - truth) / uncertainty"))
        plot \(points(0, "pull_mean", 1, "'mean'")), \(points(0, "pull_width", 2, "'width'")), \(line(0)), \(line(1))
        """)
    }
    let predictions = Gnuplot.quoted("\(prefix)predictions.csv")
    let curves = regression.estimators.enumerated().map { estimator, evaluation in
      "\(predictions) skip 1 using 1:\(4 + 2 * estimator) with histeps linetype \(estimator % 7 + 1) "
        + "title \(Gnuplot.quoted(evaluation.name))"
    }
    script += Gnuplot.figure(
      "\(prefix)predictions",
      """
      set xlabel \(Gnuplot.quoted("Predicted value\(unit)"))
      set ylabel 'Probability density for flat truth'
      set xrange [\(regression.truth.range.lowerBound):\(regression.truth.range.upperBound)]
      set yrange [0:*]
      set offsets 0, 0, graph 0.4, 0
      set key opaque top right
      plot \(predictions) skip 1 using 1:2 with boxes linecolor rgb '#dcdcdc' fillstyle solid noborder title 'truth', \
      \(curves.joined(separator: ", "))
      unset offsets
      """)
    return script
  }
}
