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

extension BuiltInObservablesTests {
  /// Counts the jets of events.
  private struct Counting: Observable {
    static let identifier = "counting"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Counts jets."
    static let example = NoSettings()
    let configuration: NoSettings
    init(configuration: NoSettings) { self.configuration = configuration }
    var rows: HeadRows { .events }
    var quantities: [ObservableQuantity] { [ObservableQuantity("jets", "the number of jets")] }
    func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
      for event in 0..<sample.events.eventCount {
        values.append(Double(sample.jets.jets(ofEvent: event).count))
      }
    }
  }

  /// Puts out what an observable of its own library says.
  private struct Reader: Head {
    struct Configuration: Codable, Sendable {}
    static let identifier = "reader"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Repeats an observable."
    static let example = HeadExample(configuration: Configuration(), truth: [:])
    let configuration = Configuration()
    private let layer: Dense
    init(configuration: Configuration, builder: inout HeadBuilder) {
      layer = builder.dense("layer", inputs: 1, outputs: 1)
    }
    var rows: HeadRows { .events }
    var inputs: Set<HeadInput> { [] }
    var observables: Set<String> { ["counting/jets"] }
    var truthColumns: [String] { [] }
    var outputs: [HeadOutput] { [HeadOutput("jets")] }
    func check(_ truth: HeadTruth) {}
    func callAsFunction(_ inputs: HeadInputs) -> Variable {
      let counts = inputs.observable("counting/jets").map { Float($0) }
      return layer(inputs.constant(counts, rows: inputs.eventCount, columns: 1))
    }
    func loss(of result: Variable, truth: HeadTruth) -> Variable { result * result }
    func outputs(of result: Variable) -> Variable { result }
    func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
      HeadEvaluation(metrics: [Metric("rows", Estimate(value: Double(outputs.rows), error: nil))])
    }
  }

  /// A head that reads an observable of its own library is tried with it.
  @Test(arguments: [HeadCheck.shapes, .gradients, .independence, .saving])
  func headsReadObservablesOfTheirLibrary(check: HeadCheck) throws {
    try HeadConformance(Reader.self, observables: [Counting.self]).run(check)
    #expect(throws: (any Error).self) { try HeadConformance(Reader.self).run(check) }
  }
}
