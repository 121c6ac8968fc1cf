// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

/// Checks that an observable does what every observable has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: ObservableCheck.allCases) func conforms(_ check: ObservableCheck) throws {
///   try ObservableConformance(Girth.self).run(check)
/// }
/// ```
///
/// The observable is computed of jets of events that are made for it, extreme ones among them.
public struct ObservableConformance<O: Observable>: Sendable {
  private let configuration: O.Configuration

  /// The conformance of an observable, with its own example unless another configuration is given.
  public init(_ type: O.Type, configuration: O.Configuration = O.example) {
    self.configuration = configuration
  }

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` if the observable does not pass, or what the observable itself throws.
  public func run(_ check: ObservableCheck) throws {
    switch check {
    case .configuration: try checkConfiguration()
    case .shapes: try checkShapes()
    case .determinism: try checkDeterminism()
    case .independence: try checkIndependence()
    }
  }

  private func reconstruction() throws -> JetReconstruction {
    let choice = ObservableChoice(O.identifier, O.self, configuration)
    return try JetReconstruction(
      JetFinder(JetDefinition(.antikt, radius: 1), recluster: .cambridge),
      observables: ObservableSet([choice]))
  }

  private func jets(_ reconstruction: JetReconstruction, _ events: Events) throws -> Jets {
    try reconstruction.jets(
      in: ConformanceEvents.events(events, with: reconstruction.observables.particleColumns))
  }

  private func checkConfiguration() throws {
    let written = try JSONValue(encoding: O(configuration: configuration).configuration)
    let again = try JSONValue(encoding: written.decode(O.Configuration.self))
    try ConformanceFailure.require(
      written == again, "The configuration \(written) is \(again) when it was written and read.")
    guard case .object = written else {
      throw ConformanceFailure("The configuration \(written) is no mapping of keys to values.")
    }
    _ = try ObservableChoice(O.identifier, O.self).make()
  }

  private func checkShapes() throws {
    let reconstruction = try reconstruction()
    let (ordinary, extreme) = (ConformanceEvents.ordinary, ConformanceEvents.extreme)
    // A wrong number of rows is refused as such.
    for events in [ordinary.events(at: 0..<0), ordinary]
      + (0..<extreme.eventCount).map({ extreme.events(at: $0..<$0 + 1) })
    {
      _ = try jets(reconstruction, events)
    }
  }

  private func checkDeterminism() throws {
    let reconstruction = try reconstruction()
    let first = try jets(reconstruction, ConformanceEvents.ordinary)
    _ = try jets(reconstruction, ConformanceEvents.extreme)
    let second = try jets(reconstruction, ConformanceEvents.ordinary)
    for column in reconstruction.observables.columns {
      try ConformanceFailure.require(
        Self.isSame(Self.values(first, column), Self.values(second, column)),
        "\(column.name) has other numbers when the same events are looked at again.")
    }
  }

  private func checkIndependence() throws {
    let reconstruction = try reconstruction()
    let events = ConformanceEvents.ordinary
    let places = Array((0..<events.eventCount).reversed())
    let reversed = try jets(reconstruction, events.events(at: places))
    for column in reconstruction.observables.columns {
      var alone: [Double] = []
      for place in places {
        alone += Self.values(
          try jets(reconstruction, events.events(at: place..<place + 1)), column)
      }
      try ConformanceFailure.require(
        Self.isSame(alone, Self.values(reversed, column)),
        "\(column.name) has other numbers for an event alone than for the same event among others.")
    }
  }

  private static func values(_ jets: Jets, _ column: ObservableColumn) -> [Double] {
    jets.columns[column.rows][column.name]!.values
  }

  /// Whether numbers are the same, or both are none.
  private static func isSame(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
  }
}
