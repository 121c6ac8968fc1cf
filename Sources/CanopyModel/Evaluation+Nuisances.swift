// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension EvaluatedRows {
  /// Adds how much cuts on the score shape the background's spectra of numbers; nothing if the head does not classify, or
  /// its rows have no such number.
  ///
  /// - Parameters:
  ///   - nuisances: the numbers, with the edges of the bins.
  ///   - observables: those whose numbers may be named.
  ///   - evaluation: what the head is worth.
  /// - Throws: ``SampleError`` that names the number if it tells nothing.
  func add(
    _ nuisances: [RowDivision], _ observables: ObservableSet, to evaluation: inout HeadEvaluation
  ) throws {
    guard let classified, Set(classified.isSignal).count == 2 else { return }
    for nuisance in nuisances {
      guard let values = numbers[nuisance.name] else { continue }
      do {
        evaluation.add(
          try NuisanceDependence(
            nuisance.name, values: values, edges: nuisance.edges, scores: classified.scores,
            isSignal: classified.isSignal, weights: weights),
          unit: observables.columns.first { $0.name == nuisance.name }?.unit)
      } catch let error as MetricError {
        throw SampleError(
          "The dependence of \(named.name) on \(nuisance.name) cannot be measured: \(error.description)")
      }
    }
  }
}
