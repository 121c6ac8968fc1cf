// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit
import Settings
import Training

extension HeadConformance {
  func checkConfiguration() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let written = try JSONValue(encoding: subject.head.configuration)
    let read = try ConformanceSubject<H>(
      HeadExample(configuration: written.decode(H.Configuration.self), truth: example.truth), plugins)
    let again = try JSONValue(encoding: read.head.configuration)
    try ConformanceFailure.require(
      written == again, "The configuration \(text(written)) is \(text(again)) when it was written and read.")
    let configured = try JSONValue(encoding: example.configuration)
    guard case .object(let given) = configured, case .object(let filled) = written else {
      throw ConformanceFailure("The configuration \(text(configured)) is no mapping of keys to values.")
    }
    for (key, value) in given.sorted(by: { $0.key < $1.key }) where value != .null {
      try ConformanceFailure.require(
        filled[key] == value,
        "The head's configuration has \(filled[key].map(text) ?? "nothing") under \(key), where it was given "
          + "\(text(value)).")
    }
  }

  func checkUnknownKeys() throws {
    guard case .object(var members) = try JSONValue(encoding: example.configuration) else {
      throw ConformanceFailure("The configuration is no mapping of keys to values.")
    }
    // YAML reads JSON, so that these are configurations as users write them.
    func configuration() throws -> ConfigurationNode {
      try ConfigurationNode(yaml: text(.object(members)), source: "the example")
    }
    _ = try configuration().decode(H.Configuration.self)
    members["a-key-that-nobody-knows"] = .integer(1)
    let node = try configuration()
    do {
      _ = try node.decode(H.Configuration.self)
    } catch is ConfigurationError {
      return
    }
    throw ConformanceFailure(
      "The configuration takes a key that it does not know: decode the keys that it has, and no others.")
  }

  /// A value as JSON in one line.
  func text(_ value: JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
  }
}
