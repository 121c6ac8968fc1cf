// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Formulas
import NeuralEngine
import PluginKit

/// Draws new events from what a head of a model has learnt.
///
/// ```swift
/// let generator = try EventGenerator(model, class: "W")
/// let events = try generator.events(0..<1000, seed: 1)
/// let heavy = try EventGenerator(
///   model, class: "W", where: [Formula("jet[0].mass > 50")], jets: model.formulaJets(.builtIn))
/// ```
///
/// A generator may be used by several threads at once. An event depends on its number and the seed alone.
///
/// With conditions, events are drawn until enough of them meet these, which conditions the density that is drawn from (rejection
/// sampling). Each block of ``blockLength`` numbers has candidates of its own, and event i of the block is the i-th of them that is kept.
public struct EventGenerator: Sendable {
  /// The name of the head.
  public let head: String
  /// What the events are of.
  public let className: String

  /// The number of events of a block, which are best drawn together; blocks begin at multiples of it.
  public static let blockLength = 256
  /// Of a block with conditions no more candidates are drawn, so that conditions that nothing meets are an error.
  private static let mostCandidates = 1 << 16

  private let generator: any GeneratingHead
  private let kind: Int
  private let parameters: Parameters
  /// What events have to meet; nil if all are kept.
  private let selection: EventReadingOptions?

  /// The generator of a model; of a model of folds, that of the first.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - head: the name of the head; the only one that generates unless given.
  ///   - name: what the events are of, such as a class of jets; the only one unless given.
  ///   - conditions: what events have to meet; others are drawn instead of those that do not.
  ///   - jets: the jets that conditions read, as `Model.formulaJets(_:observables:)` gives them; nil if they read none.
  /// - Throws: ``ModelError`` if there is none of these, or several of them and none is named, and if a condition reads the number of
  ///   an event.
  public init(
    _ model: Model, head: String? = nil, class name: String? = nil, where conditions: [Formula] = [],
    jets: FormulaJets? = nil
  ) throws {
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
    if let condition = conditions.first(where: { $0.columns(of: .event).contains("number") }) {
      throw ModelError(
        "The condition “\(condition)” reads the number of an event, which those that are kept get afterwards: leave it out."
      )
    }
    selection = conditions.isEmpty ? nil : EventReadingOptions(selection: conditions, jets: jets)
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
  /// - Throws: `PluginError` if there is nothing to draw from, `EventInputError` if a condition reads what the events lack,
  ///   ``ModelError`` if hardly any event meets the conditions.
  public func events(_ numbers: Range<Int>, seed: UInt64) throws -> Events {
    let tape = Tape(parameters: parameters)
    guard let selection else {
      return try generator.generate(numbers, of: kind, seed: seed, on: tape)
    }
    var all = Events()
    var next = numbers.lowerBound
    while next < numbers.upperBound {
      let block = next / Self.blockLength
      let first = block * Self.blockLength
      let end = min(first + Self.blockLength, numbers.upperBound)
      let kept = try events(ofBlock: block, count: end - first, selection, seed: seed, on: tape)
      all.append(kept.events(at: next - first..<end - first))
      next = end
    }
    all.eventNumbers = Array(numbers)
    return all
  }

  /// At least the first `count` candidates of a block that are kept.
  private func events(
    ofBlock block: Int, count: Int, _ selection: EventReadingOptions, seed: UInt64, on tape: Tape
  ) throws -> Events {
    var kept = Events()
    var drawn = 0
    while kept.eventCount < count {
      guard drawn < Self.mostCandidates else {
        throw ModelError(
          "Of \(drawn) events of \(className) that were drawn, \(kept.eventCount) meet the conditions, and \(count) are needed: "
            + "give conditions that more of them meet.")
      }
      // As many as will do if as large a share as before is kept.
      let wanted = (count - kept.eventCount) * max(drawn, 1) / max(kept.eventCount, 1)
      let length = min(max(wanted, 16), Self.blockLength, Self.mostCandidates - drawn)
      let first = block * Self.mostCandidates + drawn
      var options = selection
      options.held[Self.source] = try generator.generate(
        first..<first + length, of: kind, seed: seed, on: tape)
      let stream = try EventStream(inputs: [Self.source], options: options)
      while let batch = try stream.next(upTo: length) { kept.append(batch) }
      drawn += length
    }
    return kept
  }

  /// What messages call the events that conditions are on.
  private static let source = "drawn events"
}
