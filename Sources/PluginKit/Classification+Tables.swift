// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension Classification {
  /// With more classes nobody reads tables whose size is the square of their number.
  private static let largestTable = 20

  /// Which share of each class is taken for which, and how well each pair of classes is told apart; nothing for more than
  /// 20 classes.
  ///
  /// Of a pair, the score is the probability of one over that of both.
  ///
  /// - Parameters:
  ///   - confusion: how often classes are taken for each other.
  ///   - outputs: the probabilities, and more: `[rows × columns]`.
  ///   - labels: the true classes: `[rows]`.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Returns: the tables `confusion` and `pairs`.
  func tables(
    _ confusion: ConfusionMatrix, _ outputs: Matrix, labels: [Int], weights: [Double]
  ) -> [HeadTable] {
    guard classes.count <= Self.largestTable else { return [] }
    let shares = HeadTable(
      "confusion",
      columns: [HeadTable.Column("class", texts: classes)]
        + classes.indices.map { chosen in
          HeadTable.Column(
            "as \(classes[chosen])",
            estimates: classes.indices.map { confusion.share(ofClass: $0, takenFor: chosen) })
        })
    let pairs = classes.indices.flatMap { signal in
      classes.indices.filter { $0 != signal }.map { (signal: signal, background: $0) }
    }
    let curves = pairs.map { pair -> ROCCurve? in
      let rows = labels.indices.filter { labels[$0] == pair.signal || labels[$0] == pair.background }
      // The logarithm of the ratio orders rows as the ratio does, and keeps apart those that round to 1.
      func logarithm(_ row: Int, _ column: Int) -> Float {
        log(max(outputs[row, column], .leastNonzeroMagnitude))
      }
      return try? ROCCurve(
        scores: rows.map { logarithm($0, pair.signal) - logarithm($0, pair.background) },
        isSignal: rows.map { labels[$0] == pair.signal }, weights: rows.map { weights[$0] })
    }
    let rejections = [0.3, 0.5, 0.8].map { efficiency in
      HeadTable.Column(
        "1/ε_B at \(Int((100 * efficiency).rounded())) %",
        estimates: curves.map { curve -> Estimate? in
          let rejection = curve?.rejection(atSignalEfficiency: efficiency)
          return rejection?.isLowerLimit == false ? rejection?.rejection : nil
        })
    }
    return [
      shares,
      HeadTable(
        "pairs",
        columns: [
          HeadTable.Column("signal", texts: pairs.map { classes[$0.signal] }),
          HeadTable.Column("background", texts: pairs.map { classes[$0.background] }),
          HeadTable.Column("AUC", estimates: curves.map { $0?.auc }),
        ] + rejections),
    ]
  }
}
