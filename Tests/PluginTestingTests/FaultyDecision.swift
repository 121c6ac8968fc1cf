// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A decision on the hardest jet that does one thing wrong, or none.
struct FaultyDecision: Decision {
  enum Fault: String, Codable, CaseIterable {
    case none, refusal, keys, sameNames, width, unbounded, infinity, unwritten, counter, neighbours, forgetful
  }

  struct Configuration: Decodable, Sendable {
    var fault: Fault

    fileprivate enum CodingKeys: CodingKey { case fault }

    /// Takes any key if this is the fault.
    init(from decoder: any Decoder) throws {
      fault = try decoder.container(keyedBy: CodingKeys.self).decode(Fault.self, forKey: .fault)
      if fault == .keys { _ = try [String: Anything](from: decoder) }
    }
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  /// The number of events that reached the decision; it is not written.
  struct State: Codable {
    var count = 0
    init() {}
    init(from decoder: any Decoder) {}
    func encode(to encoder: any Encoder) throws {
      _ = encoder.container(keyedBy: Configuration.CodingKeys.self)
    }
  }

  static let identifier = "faulty"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Does one thing wrong, or none."
  static let example = DecisionExample("{fault: none}")
  static let isMeasurement = true

  private let fault: Fault

  init(configuration: Configuration, sources: DecisionSources) throws {
    fault = configuration.fault
    if fault == .refusal { throw PluginError("Nothing will do.") }
  }

  var quantities: [HeadOutput] {
    switch fault {
    case .sameNames: [HeadOutput("pt", unit: "GeV"), HeadOutput("pt", unit: "GeV")]
    case .width: [HeadOutput("pt", unit: "GeV"), HeadOutput("nothing", width: 0)]
    case .unbounded: []
    default: [HeadOutput("pt", unit: "GeV")]
    }
  }

  func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    switch fault {
    case .unbounded, .unwritten: return true
    case .infinity:
      values[0] = event.jetCount == 0 ? .infinity : event.pt(ofJet: 0)
      return true
    case .counter:
      values[0] = Double(Self.calls.next())
      return true
    case .neighbours:
      values[0] = Double(event.event)
      return true
    case .none, .refusal, .keys, .sameNames, .width, .forgetful:
      for index in 0..<values.count { values[index] = event.jetCount == 0 ? -.infinity : event.pt(ofJet: 0) }
      return event.jetCount > 0
    }
  }

  var initialState: State { State() }

  func decide(_ values: DecisionValues, _ state: inout State) -> Bool {
    guard fault == .forgetful else { return true }
    state.count += 1
    return state.count % 2 == 0
  }

  private static let calls = Calls()
}
