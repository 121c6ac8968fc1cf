// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// What a jet costs by its number of constituents, as a figure.
struct SizeFigure {
  private let results: [BenchmarkResult]

  /// A figure of the results of the section `size`.
  init(_ results: [BenchmarkResult]) { self.results = results }

  /// Draws the figure as SVG.
  ///
  /// - Throws: `ReportError` where gnuplot fails or the file cannot be written.
  func write(to file: String, using gnuplot: Gnuplot) throws {
    try gnuplot.draw(script, to: URL(fileURLWithPath: file))
  }

  private var script: String {
    let titles = [
      "fastjet": "FastJet, kT", "clustering": "with history and tree", "network": "features and network",
    ]
    let curves = SizeBenchmark.works.map { work in
      let points = results.compactMap { result -> String? in
        let parts = result.key.split(separator: ".")
        guard parts.count == 3, parts[1] == work, let size = Int(parts[2]) else { return nil }
        return "\(size) \(result.median)"
      }
      let exponent = results.first { $0.key == "size.\(work).exponent" }!.median
      return (
        data: "$\(work) << END\n\(points.joined(separator: "\n"))\nEND",
        plot: "$\(work) with linespoints pointtype 7 pointsize 0.6 title "
          + String(format: "'%@: ∝ n^{%.2f}'", titles[work]!, exponent)
      )
    }
    return """
      \(Gnuplot.style)
      \(Gnuplot.svgTerminal)
      \(curves.map(\.data).joined(separator: "\n"))
      set logscale xy
      set xlabel 'constituents n of the jet'
      set ylabel 'time per jet [µs]'
      set key top left enhanced
      plot \(curves.map(\.plot).joined(separator: ", \\\n  "))

      """
  }
}
