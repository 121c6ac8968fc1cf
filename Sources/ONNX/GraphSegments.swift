// SPDX-License-Identifier: GPL-3.0-or-later

/// Rows that belong together in a graph, such as the particles of each event, one segment's after another's.
package struct GraphSegments {
  /// The number of rows of each segment: `[segments]`.
  package let counts: GraphValue
  /// The first row of each segment: `[segments]`.
  package let starts: GraphValue
  /// The segment of each row: `[rows]`.
  package let ofRow: GraphValue
  /// The place of each row in its segment: `[rows]`.
  package let placeOfRow: GraphValue

  var graph: Graph { counts.graph }

  /// The segments of these numbers of rows, `[segments]`; a segment may have no rows.
  package init(_ counts: GraphValue) {
    let graph = counts.graph
    self.counts = counts
    starts = counts.sumsBefore()
    let total = counts.sum()
    // A mark at the first row of each segment, those without rows having theirs at the next one's.
    let marks = graph.filled(0, .int64, shape: total + 1)
    let ones = graph.filled(1, .int64, shape: counts.rowCount)
    let marked = marks.scattered(to: starts, ones, "add")
    let passed = graph.add("CumSum", [marked, graph.scalar(0, .int64)], .int64)
    ofRow = passed.rows(before: total) - 1
    placeOfRow = graph.range(before: total) - starts.gathered(ofRow)
  }

  /// The sum of the rows of each segment, in their order: `[rows]` gives `[segments]`.
  package func sums(_ values: GraphValue) -> GraphValue {
    graph.filled(0, values.type, shape: counts.rowCount).scattered(to: ofRow, values, "add")
  }

  /// The largest element of each segment, or `least`: `[rows]` gives `[segments]`.
  package func maxima(_ values: GraphValue, atLeast least: Double) -> GraphValue {
    graph.filled(least, values.type, shape: counts.rowCount).scattered(to: ofRow, values, "max")
  }

  /// The least element of each segment, or `largest`: `[rows]` gives `[segments]`.
  package func minima(_ values: GraphValue, atMost largest: Double) -> GraphValue {
    graph.filled(largest, values.type, shape: counts.rowCount).scattered(to: ofRow, values, "min")
  }

  /// The sums of the rows of each segment, column by column: `[rows × columns]` gives `[segments × columns]`.
  func rowSums(_ values: GraphValue) -> GraphValue { joined(values, from: 0, "add") }

  /// The largest elements of the rows of each segment, −∞ if there are none: `[rows × columns]` gives
  /// `[segments × columns]`.
  func rowMaxima(_ values: GraphValue) -> GraphValue { joined(values, from: -.infinity, "max") }

  private func joined(_ values: GraphValue, from start: Double, _ reduction: String) -> GraphValue {
    let columns = graph.add("Shape", [values], .int64, ["start": .int(1)])
    let shape = GraphValue.concatenation([counts.rowCount, columns], axis: 0)
    let places = graph.add(
      "Expand", [ofRow.reshaped([-1, 1]), graph.add("Shape", [values], .int64)], .int64)
    return graph.filled(start, values.type, shape: shape).scattered(to: places, values, reduction)
  }

  /// The number of columns that hold the largest segment, and `least` at least: `[1]`.
  package func width(atLeast least: Int) -> GraphValue { counts.largest(atLeast: Double(least)) }

  /// A row for each segment, with a number where it ends before: `[rows]` gives `[segments × width]`.
  package func padded(_ values: GraphValue, width: GraphValue, by number: Double) -> GraphValue {
    let size = counts.rowCount * width
    return graph.filled(number, values.type, shape: size)
      .scattered(to: ofRow * width + placeOfRow, values, nil)
      .reshaped(GraphValue.concatenation([counts.rowCount, width], axis: 0))
  }

  /// The rows of each segment by falling value, those of equal value in their order: the rows' numbers
  /// `[segments × count]`, and the values; places behind the last have the number that pads.
  package func ranked(
    _ values: GraphValue, count: GraphValue, width: GraphValue, padding: Double
  )
    -> (rows: GraphValue, values: GraphValue)
  {
    let best = graph.add(
      "TopK", [padded(values, width: width, by: padding), count], [values.type, .int64], ["axis": .int(1)])
    return (best[1] + starts.reshaped([-1, 1]), best[0])
  }
}

extension GraphValue {
  /// The elements with others at some places: replaced, or joined with those there by `reduction`.
  package func scattered(to places: GraphValue, _ values: GraphValue, _ reduction: String?) -> GraphValue {
    graph.add(
      "ScatterElements", [self, places, values], type,
      ["axis": .int(0), "reduction": .text(reduction ?? "none")])
  }
}
