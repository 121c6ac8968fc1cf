// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

/// Checks that a head does what every head has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
///   try HeadConformance(LinearTagger.self).run(check)
/// }
/// ```
///
/// The head is tried in a small network with random weights, on events that are made for it.
public struct HeadConformance<H: Head>: Sendable {
  /// What the head is tried with.
  let example: HeadExample<H.Configuration>
  /// The plugins that its network may have.
  let plugins: PluginRegistry

  /// The conformance of a head.
  ///
  /// - Parameters:
  ///   - type: the head.
  ///   - example: what it is tried with; its own example unless given.
  ///   - observables: observables that the head may read besides those that come with Canopy.
  ///   - heads: heads that may be parts of it.
  public init(
    _ type: H.Type, example: HeadExample<H.Configuration> = H.example,
    observables: [any Observable.Type] = [],
    heads: [any Head.Type] = []
  ) {
    self.example = example
    plugins = ConformanceEvents.plugins(with: observables, heads: heads)
  }

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` where the head does not pass, or what the head itself throws.
  public func run(_ check: HeadCheck) throws {
    switch check {
    case .configuration: try checkConfiguration()
    case .unknownKeys: try checkUnknownKeys()
    case .inputs: try checkInputs()
    case .derivedTruth: try checkDerivedTruth()
    case .preparation: try checkPreparation()
    case .shapes: try checkShapes()
    case .finiteness: try checkFiniteness()
    case .gradients: try checkGradients()
    case .determinism: try checkDeterminism()
    case .independence: try checkIndependence()
    case .threads: try checkThreads()
    case .saving: try checkSaving()
    case .evaluation: try checkEvaluation()
    }
  }

  /// What all checks say: nil for those that the head passes, else the sentence.
  public func results() -> [(check: HeadCheck, failure: String?)] {
    HeadCheck.allCases.map { check in
      do {
        try run(check)
        return (check, nil)
      } catch {
        return (check, "\(error)")
      }
    }
  }
}
