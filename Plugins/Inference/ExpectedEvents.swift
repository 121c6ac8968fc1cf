// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The sums of the weights of rows of each class in the nominal sample and in those of variations.
public struct VariationTotals: Codable, Sendable, Equatable {
  /// `[classes][1 + 2 variations]`: nominal, and for each variation up and down.
  let totals: [[Double]]

  /// Whether the totals are those of so many classes and variations, as those of a file may not be.
  func isValid(classes: Int, variations: Int) -> Bool {
    totals.count == classes
      && totals.allSatisfy { $0.count == 1 + 2 * variations && $0[0] > 0 && $0.allSatisfy(\.isFinite) }
  }

  /// Whether there is a sample of a class with a variation up, and down.
  func has(_ variation: Int, ofClass label: Int) -> (up: Bool, down: Bool) {
    (totals[label][1 + 2 * variation] > 0, totals[label][2 + 2 * variation] > 0)
  }
}

/// What rows of known classes and variations count as expected events, and as derivatives of these by nuisance parameters.
struct ExpectedEvents {
  let classification: Classification
  let configuration: InferenceAwareClassifier.Configuration
  /// The sources of uncertainty that change weights, in alphabetical order.
  private let weights: [(name: String, columns: [String])]
  /// The classes whose rate is uncertain, in their order.
  private let rates: [(label: Int, relative: Double)]

  init(_ classification: Classification, _ configuration: InferenceAwareClassifier.Configuration) {
    self.classification = classification
    self.configuration = configuration
    weights = configuration.weights.sorted { $0.key < $1.key }.map { (name: $0.key, columns: $0.value) }
    rates = configuration.classes.enumerated().compactMap { label, name in
      configuration.rates[name].map { (label: label, relative: $0) }
    }
  }

  private var variations: [String] { configuration.variations }

  /// The names of the nuisance parameters.
  var nuisances: [String] {
    variations + weights.map(\.name) + rates.map { "rate of \(configuration.classes[$0.label])" }
  }

  /// The truth columns of variations and factors.
  var columns: [String] {
    (variations + weights.flatMap(\.columns)).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Makes sure that each row is nominal or has one variation, one standard deviation up or down.
  ///
  /// - Throws: ``PluginError`` with the row.
  func check(_ truth: HeadTruth) throws {
    let values = variations.map { truth[$0] }
    for row in 0..<truth.rows {
      let varied = values.indices.filter { values[$0][row] != 0 }
      if let index = varied.first(where: { abs(values[$0][row]) != 1 }) {
        throw PluginError(
          "\(variations[index]) is \(values[index][row]), but a row is nominal (0), or has the variation one standard deviation "
            + "up (1) or down (-1).", row: row)
      }
      guard varied.count < 2 else {
        throw PluginError(
          "\(varied.map { variations[$0] }.joined(separator: " and ")) are varied at once, but a row has one variation; leave the "
            + "event out.", row: row)
      }
    }
  }

  /// The place of each row in ``VariationTotals``: its class, and 0 for nominal, 1 + 2k up and 2 + 2k down.
  private func places(of truth: HeadTruth) -> [(label: Int, sample: Int)] {
    let values = variations.map { truth[$0] }
    return classification.labels(of: truth).enumerated().map { row, label in
      let sample = values.indices.first { values[$0][row] != 0 }.map {
        1 + 2 * $0 + (values[$0][row] < 0 ? 1 : 0)
      }
      return (Int(label), sample ?? 0)
    }
  }

  /// The sums of weights of the rows.
  func totals(_ truth: HeadTruth, weights: [Double]) -> VariationTotals {
    var totals = Array(
      repeating: Array(repeating: 0.0, count: 1 + 2 * variations.count), count: configuration.classes.count)
    for (place, weight) in zip(places(of: truth), weights) { totals[place.label][place.sample] += weight }
    return VariationTotals(totals: totals)
  }

  /// The name of the first variation that no row has; nil if there are rows of all.
  func missingVariation(_ totals: VariationTotals) -> String? {
    variations.indices.first { variation in
      configuration.classes.indices.allSatisfy { totals.has(variation, ofClass: $0) == (false, false) }
    }.map { variations[$0] }
  }

  /// The factors of rows: by their memberships in a bin they add up to its expected count, the derivative of it by μ, and those
  /// by the nuisance parameters.
  ///
  /// The nominal rows of a class count as its yield. A variation changes the number of events as it changes the sum of weights, and
  /// its derivative is half the difference of up and down, or the whole one to nominal if there is only one of them.
  ///
  /// - Parameters:
  ///   - truth: the rows.
  ///   - weights: `[rows]`.
  ///   - known: the sums of weights of a larger sample that the rows are of, which tell how a variation changes the number of
  ///     events; those of the rows unless given.
  /// - Returns: `[rows × (2 + nuisances)]`, row-major; nil if there are no rows of a class, or of a variation of it.
  func factors(_ truth: HeadTruth, weights: [Double], of known: VariationTotals? = nil) -> [Double]? {
    let sums = totals(truth, weights: weights)
    let known = known ?? sums
    guard missingVariation(known) == nil else { return nil }
    var scales = sums.totals
    for label in configuration.classes.indices {
      guard known.totals[label][0] > 0 else { return nil }
      for sample in scales[label].indices {
        let sum = sums.totals[label][sample]
        guard known.totals[label][sample] > 0 else {
          scales[label][sample] = 0
          continue
        }
        guard sum > 0 else { return nil }
        scales[label][sample] =
          configuration.yields[label] * known.totals[label][sample] / known.totals[label][0] / sum
      }
    }
    let changes = self.weights.map { (up: truth[$0.columns[0]], down: truth[$0.columns[1]]) }
    let width = 2 + nuisances.count
    var factors = [Double](repeating: 0, count: truth.rows * width)
    for (row, place) in places(of: truth).enumerated() {
      let count = weights[row] * scales[place.label][place.sample]
      let first = row * width
      guard place.sample == 0 else {
        let variation = (place.sample - 1) / 2
        let sides = known.has(variation, ofClass: place.label)
        let isUp = place.sample == 1 + 2 * variation
        factors[first + 2 + variation] = count * (isUp ? 1 : -1) * (sides.up && sides.down ? 0.5 : 1)
        continue
      }
      factors[first] = count
      if place.label == 1 { factors[first + 1] = count }
      for variation in variations.indices {
        let sides = known.has(variation, ofClass: place.label)
        guard sides.up != sides.down else { continue }
        factors[first + 2 + variation] = sides.up ? -count : count
      }
      for (index, change) in changes.enumerated() {
        factors[first + 2 + variations.count + index] = count * Double(change.up[row] - change.down[row]) / 2
      }
      for (index, rate) in rates.enumerated() where rate.label == place.label {
        factors[first + 2 + variations.count + changes.count + index] = count * rate.relative
      }
    }
    return factors
  }
}
