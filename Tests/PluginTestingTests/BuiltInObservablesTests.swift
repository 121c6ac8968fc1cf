// SPDX-License-Identifier: GPL-3.0-or-later

import Observables
import PluginKit
import PluginTesting
import Testing

/// The observables that come with Canopy conform, and faults are found.
@Suite struct BuiltInObservablesTests {
  private static let registry: PluginRegistry = {
    var registry = PluginRegistry()
    try! registry.registerObservables()
    return registry
  }()

  @Test(arguments: registry.observableIdentifiers, ObservableCheck.allCases)
  func conform(_ identifier: String, _ check: ObservableCheck) throws {
    func run<O: Observable>(_ type: O.Type) throws { try ObservableConformance(type).run(check) }
    try run(Self.registry.observable(identifier))
  }

  /// Does one thing wrong.
  private struct Faulty: Observable {
    enum Fault: String, Codable { case rows, memory, neighbours, configuration }
    struct Configuration: Codable, Sendable { var fault: Fault? }
    final class Scratch { var calls = 0.0 }

    static let identifier = "faulty"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Does one thing wrong."
    static let example = Configuration()
    let configuration: Configuration
    init(configuration: Configuration) throws {
      self.configuration = Configuration(fault: configuration.fault)
      if configuration.fault == nil { throw PluginError("There is no fault.") }
    }
    var rows: HeadRows { .events }
    var quantities: [ObservableQuantity] { [ObservableQuantity("x", "nothing")] }
    func makeScratch() -> Scratch { Scratch() }
    func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
      sample.scratch.calls += 1
      for event in 0..<sample.events.eventCount + (configuration.fault == .rows ? 1 : 0) {
        switch configuration.fault {
        case .memory: values.append(sample.scratch.calls)
        case .neighbours: values.append(Double(event))
        default: values.append(1)
        }
      }
    }
  }

  @Test func faultsAreFound() {
    func check(_ fault: Faulty.Fault, _ check: ObservableCheck) {
      #expect(throws: (any Error).self) {
        try ObservableConformance(Faulty.self, configuration: .init(fault: fault)).run(check)
      }
    }
    check(.rows, .shapes)
    check(.memory, .determinism)
    check(.neighbours, .independence)
    // An empty configuration is refused.
    check(.configuration, .configuration)
  }
}
