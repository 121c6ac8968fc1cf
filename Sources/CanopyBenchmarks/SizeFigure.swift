// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// What a jet costs by its number of constituents, as a figure.
package struct SizeFigure {
  private let results: [BenchmarkResult]

  /// A figure of the results of the section `size`.
  package init(_ results: [BenchmarkResult]) { self.results = results }

  /// Draws the figure as SVG.
  ///
  /// - Throws: `ReportError` if gnuplot fails or the file cannot be written.
  package func write(to file: String, using gnuplot: Gnuplot) throws {
    try gnuplot.draw(script, to: URL(fileURLWithPath: file))
  }

  private var script: String {
    // What adds so little to FastJet is a line through FastJet's points.
    let looks = [
      "fastjet": ("FastJet, kT", "points linetype 1 pointtype 6 pointsize 1.2"),
      "clustering": ("clustering with tree", "lines linetype 2"),
      "network": ("features and network", "linespoints linetype 3 pointtype 7 pointsize 0.7"),
    ]
    let curves = SizeBenchmark.works.map { work in
      let points = results.compactMap { result -> String? in
        let parts = result.key.split(separator: ".")
        guard parts[1] == work, let size = Int(parts[2]) else { return nil }
        return "\(size) \(result.median)"
      }
      let (name, style) = looks[work]!
      let exponent = results.first { $0.key == "size.\(work).exponent" }!.median
      let title = String(format: "'%@: power %.2f of n'", name, exponent)
      return (
        data: "$\(work) << END\n\(points.joined(separator: "\n"))\nEND",
        plot: "$\(work) with \(style) title \(title)"
      )
    }
    return """
      \(Gnuplot.style)
      \(Gnuplot.svgTerminal)
      \(curves.map(\.data).joined(separator: "\n"))
      set logscale xy
      set xrange [8:6000]
      set xlabel 'constituents n of the jet'
      set ylabel 'time for a jet [µs]'
      set key top left
      plot \(curves.map(\.plot).joined(separator: ", "))
      """
  }
}
