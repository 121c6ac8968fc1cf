// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import PluginTesting
import Testing

/// What a plugin does wrong is found, by the checks that it concerns and by no other.
@Suite struct FaultTests {
  @Test(arguments: FaultyHead.Fault.allCases) func isFound(_ fault: FaultyHead.Fault) throws {
    let expected: Set<HeadCheck>
    switch fault {
    case .none: expected = []
    case .doubledGradient, .lostGradient: expected = [.gradients]
    // Each call gives other numbers, of which gradients know nothing.
    case .counter: expected = [.gradients, .determinism, .independence, .threads, .saving]
    case .width: expected = [.shapes, .independence, .saving]
    case .loss: expected = [.shapes]
    case .neighbours: expected = [.independence]
    case .configuration: expected = [.configuration, .saving]
    case .keys: expected = [.unknownKeys]
    case .infinity: expected = [.finiteness]
    // Without what it did not name, the head cannot even be made.
    case .inputs: expected = Set(HeadCheck.allCases).subtracting([.unknownKeys])
    case .calibration: expected = [.saving]
    case .metric, .figure, .table: expected = [.evaluation]
    case .derivedTruth, .infiniteTruth: expected = [.derivedTruth]
    case .preparation: expected = [.preparation]
    }
    let conformance = HeadConformance(
      FaultyHead.self,
      example: HeadExample(
        configuration: FaultyHead.Configuration(fault: fault), truth: FaultyHead.example.truth))
    let failures = conformance.results().filter { $0.failure != nil }
    #expect(Set(failures.map(\.check)) == expected, "\(failures)")
    for failure in failures { #expect(failure.failure?.contains("\n") == false) }
  }

  @Test func truthThatTheExampleLacksIsNamed() throws {
    let conformance = HeadConformance(
      FaultyHead.self, example: HeadExample(configuration: FaultyHead.Configuration(fault: .none), truth: [:])
    )
    let failure = #expect(throws: ConformanceFailure.self) { try conformance.run(.evaluation) }
    #expect(failure?.description == "The head learns from value, of which its example has no values.")
  }

  @Test(arguments: FaultyDecision.Fault.allCases) func isFound(_ fault: FaultyDecision.Fault) throws {
    let expected: Set<DecisionCheck>
    switch fault {
    case .none: expected = []
    case .refusal: expected = Set(DecisionCheck.allCases).subtracting([.unknownKeys])
    case .keys: expected = [.unknownKeys]
    case .sameNames, .width, .unbounded: expected = [.quantities]
    case .infinity, .unwritten: expected = [.finiteness]
    case .counter: expected = [.determinism, .independence, .threads]
    case .neighbours: expected = [.independence]
    case .forgetful: expected = [.state]
    }
    let failures = DecisionConformance(
      FaultyDecision.self, example: DecisionExample("{fault: \(fault.rawValue)}")
    ).results().filter { $0.failure != nil }
    #expect(Set(failures.map(\.check)) == expected, "\(failures)")
    for failure in failures { #expect(failure.failure?.contains("\n") == false) }
  }
}
