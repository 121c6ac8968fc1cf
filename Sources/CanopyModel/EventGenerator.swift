// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// Draws new events from what a head of a model has learnt.
///
/// ```swift
/// let generator = try EventGenerator(model, class: "W")
/// let events = try generator.events(0..<1000, seed: 1)
/// ```
///
/// A generator may be used by several threads at once. An event depends on its number and the seed alone.
public struct EventGenerator: Sendable {
  /// The name of the head.
  public let head: String
  /// What the events are of.
  public let className: String

  private let generator: any GeneratingHead
  private let kind: Int
  private let parameters: Parameters

  /// The generator of a model; of a model of folds, that of the first.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - head: the name of the head; the only one that generates unless given.
  ///   - name: what the events are of, such as a class of jets; the only one unless given.
  /// - Throws: ``ModelError`` if there is none of these, or several of them and none is named.
  public init(_ model: Model, head: String? = nil, class name: String? = nil) throws {
    let generators = model.network.heads.compactMap { named in
      (named.head as? any GeneratingHead).map { (name: named.name, head: $0) }
    }
    guard !generators.isEmpty else {
      throw ModelError(
        "The model has no head that generates events: train one with the plugin tree-generation.")
    }
    let chosen = try Self.choose(head, among: generators.map(\.name), "head that generates", "--head")
    generator = generators[chosen].head
    self.head = generators[chosen].name
    kind = try Self.choose(name, among: generator.generatedClasses, "class", "--class")
    className = generator.generatedClasses[kind]
    parameters = model.parameters
  }

  private static func choose(
    _ name: String?, among names: [String], _ what: String, _ option: String
  ) throws -> Int {
    guard let name else {
      guard names.count == 1 else {
        throw ModelError(
          "The model has more than one \(what) (\(names.joined(separator: ", "))): choose one by \(option).")
      }
      return 0
    }
    guard let place = names.firstIndex(of: name) else {
      throw ModelError("The model has no \(what) called \(name); it has \(names.joined(separator: ", ")).")
    }
    return place
  }

  /// New events.
  ///
  /// - Parameters:
  ///   - numbers: their numbers.
  ///   - seed: where random numbers come from.
  /// - Returns: an event for each number.
  /// - Throws: `PluginError` if there is nothing to draw from.
  public func events(_ numbers: Range<Int>, seed: UInt64) throws -> Events {
    try generator.generate(numbers, of: kind, seed: seed, on: Tape(parameters: parameters))
  }
}
