// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Support

/// What decides which of two epochs is the better one.
package struct Criterion: Sendable, Equatable {
  /// The name of the validation loss among the metrics.
  static let loss = "loss"

  /// The metric; nil for the first one.
  let name: String?
  /// Whether small values are good.
  package let isSmallestBest: Bool

  /// The criterion that a configuration names.
  package init(_ section: TrainingSection) {
    name = section.criterion
    isSmallestBest = name == Self.loss || section.bestValue == .smallest
  }

  /// What is compared of an epoch; nil if the epoch does not have it.
  package func value(of epoch: EpochSummary) -> Double? {
    guard let name else { return epoch.metrics.first?.value }
    return name == Self.loss ? epoch.validationLoss : epoch.metrics.first { $0.name == name }?.value
  }

  /// The name as it is printed, given the names of the metrics.
  package func label(_ metrics: [String]) -> String { name ?? metrics.first ?? Self.loss }

  /// Whether an epoch is better than another: by the criterion or, if that is equal, by the validation loss.
  func isBetter(_ epoch: EpochSummary, than other: EpochSummary) -> Bool {
    func rank(_ epoch: EpochSummary) -> Double {
      value(of: epoch).map { isSmallestBest ? -$0 : $0 } ?? -.infinity
    }
    let (own, others) = (rank(epoch), rank(other))
    return own > others
      || own == others && epoch.validationLoss ?? .infinity < other.validationLoss ?? .infinity
  }

  /// Makes sure that there is a metric of the name.
  ///
  /// - Throws: ``TrainingError`` that names the metrics that there are.
  func check(_ metrics: [String]) throws {
    guard let name, name != Self.loss, !metrics.contains(name) else { return }
    let names = metrics + [Self.loss]
    let advice = name.nearest(among: names).map { "; did you mean \($0)?" } ?? "."
    throw TrainingError(
      "training.criterion is \(name), but what is measured is \(names.joined(separator: ", "))\(advice)")
  }
}
