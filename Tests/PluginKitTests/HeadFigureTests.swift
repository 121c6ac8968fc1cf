// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Testing

/// What figures and tables of heads are refused for.
@Suite struct HeadFigureTests {
  private func problem(_ figures: [HeadFigure], _ tables: [HeadTable] = []) -> String? {
    let evaluation = HeadEvaluation(
      metrics: [Metric("m", Estimate(value: 1, error: nil))], figures: figures, tables: tables)
    do {
      try evaluation.checkFigures(of: "tagger", plugin: "my-tagger")
      return nil
    } catch { return "\(error)" }
  }

  private func figure(
    _ series: HeadFigure.Series..., named name: String = "reach", x: HeadFigure.Axis = HeadFigure.Axis("x")
  ) -> HeadFigure {
    HeadFigure(name, x: x, y: HeadFigure.Axis("y"), series: series)
  }

  private let curve = HeadFigure.Series.curve("a", x: [1, .nan], y: [.infinity, 2], errors: [-1, .nan])

  @Test func whatFitsTogetherIsTaken() {
    let histogram = HeadFigure.Series.histogram("b", edges: [0, 1, 3], contents: [2, .nan])
    let table = HeadTable(
      "numbers",
      columns: [
        HeadTable.Column("class", texts: ["a", "b"]), HeadTable.Column("n", unit: "GeV", numbers: [1, .nan]),
        HeadTable.Column("e", estimates: [nil, Estimate(value: 1, error: 0.1)]),
      ])
    #expect(
      problem([figure(curve, histogram), figure(.points("p", x: [], y: []), named: "other")], [table]) == nil)
    #expect(table.rowCount == 2 && table.columns[1].title == "n [GeV]")
  }

  @Test func namesAreTheirOwn() {
    let table = HeadTable("reach", columns: [HeadTable.Column("n", numbers: [])])
    #expect(
      problem([figure(curve, named: "a/b")])
        == "The figure “a/b” of the head tagger is no name for a file: leave out slashes and do not leave it empty; mend "
        + "the plugin my-tagger.")
    #expect(problem([figure(curve, named: "")])?.contains("is no name") == true)
    #expect(problem([figure(curve), figure(curve)])?.contains("has the name of another") == true)
    #expect(
      problem([figure(curve)], [table])?.hasPrefix("The table “reach” of the head tagger has the name")
        == true)
    #expect(problem([figure(curve, curve)])?.contains("a series called “a”, or two of them") == true)
    #expect(problem([figure(.curve("", x: [], y: []))])?.contains("a series called “”") == true)
    #expect(
      problem([], [HeadTable("t", columns: [table.columns[0], table.columns[0]])])?
        .contains("a column called “n”, or two of them") == true)
  }

  @Test func lengthsFitTogether() {
    #expect(problem([figure()])?.contains("has no series") == true)
    #expect(problem([figure(.curve("a", x: [1], y: []))])?.contains("a with 1 places for 0 values") == true)
    #expect(
      problem([figure(.points("a", x: [1], y: [1], errors: []))])?.contains("a with 0 errors for 1 values")
        == true)
    #expect(
      problem([figure(.histogram("a", edges: [1, 2], contents: [1, 2]))])?.contains("2 edges for 2 bins")
        == true)
    for edges in [[1.0, 1, 2], [0, .nan, 2], [-.infinity, 0, 1]] {
      #expect(
        problem([figure(.histogram("a", edges: edges, contents: [1, 2]))])?.contains("edges that do not rise")
          == true)
    }
    #expect(problem([], [HeadTable("t", columns: [])])?.contains("has no columns") == true)
    let columns = [HeadTable.Column("a", numbers: [1]), HeadTable.Column("b", texts: [])]
    #expect(
      problem([], [HeadTable("t", columns: columns)])?.contains("0 rows in its column b and 1 in a") == true)
  }

  @Test func axesCanBeDrawn() {
    #expect(problem([figure(curve, x: HeadFigure.Axis(""))])?.contains("no label on its x axis") == true)
    for range in [0...0, 1 ... .infinity] {
      #expect(
        problem([figure(curve, x: HeadFigure.Axis("x", range: range))])?.contains("no finite interval")
          == true)
    }
    let logarithmic = HeadFigure.Axis("x", isLogarithmic: true, range: 0...1)
    #expect(problem([figure(curve, x: logarithmic)])?.contains("which is not positive") == true)
  }

  /// Densities of the area 1, in bins of their edges.
  @Test func histogramsOfStatistics() {
    var histogram = Histogram(range: 0...4, binCount: 2)
    for value in [1.0, 1.5, 3] { histogram.fill(value) }
    let series = HeadFigure.Series.histogram("h", histogram)
    #expect(series.x == [0, 2, 4] && series.kind == .histogram)
    #expect(abs(series.y[0] - 1.0 / 3) < 1e-12 && abs(series.y[1] - 1.0 / 6) < 1e-12)
    #expect(abs(series.errors![0] - 2.0.squareRoot() / 6) < 1e-12)
  }
}
