// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import JetPhysics
import PluginKit
import Settings

/// Which of several folds each event belongs to: a model for each is trained without its events, so that every event is
/// judged by a model that has not seen it.
///
/// ```swift
/// var folds = EventFolds()
/// folds.count = 5
/// let foldOfEach = try folds.folds(of: events, jets: jets)
/// ```
public struct EventFolds: SettingsSection, Equatable, Codable {
  /// How many folds there are.
  public var count = 5
  /// A whole number of each event, whose remainder by ``count`` is its fold; nil to work the fold out of the momenta of
  /// its particles.
  public var formula: Formula?

  /// Five folds by the events' momenta.
  public init() {}

  /// A number alone is how many folds there are.
  public static let shorthand: String? = "count"

  /// The settings, in the order of tables.
  public static let settings: [Setting<EventFolds>] = [
    Setting("count", \.count, .closed(2...100), "how many folds there are, and models"),
    Setting(
      "by", \.formula,
      "a formula for a whole number of each event, such as `number` or `floor(max(jet.pt))`, whose remainder by `count` is its "
        + "fold (<doc:Formulas>)",
      default: "the momenta of the event's particles", range: "a formula"),
  ]

  /// Whether the fold of an event follows from its particles or jets, so that it changes with the particles that take part.
  package var goByParticles: Bool {
    guard let formula else { return true }
    // An observable of events, whose names have a slash, is one of particles or jets.
    return FormulaRows.allCases.contains { $0 != .event && formula.names($0) }
      || !formula.columnsWithSlash.isEmpty
  }

  /// Makes sure that the formula reads no more of particles and jets than every use of a model works out: what its network
  /// reads.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - catalogue: the observables that there are.
  /// - Throws: ``SampleError`` that names what is more than that.
  package func check(_ network: Network, _ catalogue: ObservableCatalogue) throws {
    guard let formula else { return }
    func refuse(_ what: String) throws {
      throw SampleError(
        "data.folds.by reads \(what), which the network does not read, so that it is not there when the model is used; choose "
          + "another formula.")
    }
    let numbers = Set(network.observables.columns.map(\.name))
    if let name = formula.columnsWithSlash.sorted().first(where: {
      catalogue.knows($0) && !numbers.contains($0)
    }) {
      try refuse(name)
    }
    let columns = network.particleColumns.union(Events.namesOfParticles).union(numbers)
    if let name = formula.columns(of: .particle).union(formula.columns(of: .constituent)).sorted().first(
      where: {
        !columns.contains($0)
      })
    {
      try refuse("the column \(name) of particles")
    }
    if formula.names(.splitting), !network.readsTrees { try refuse("the splittings of jets") }
  }

  /// The fold of each event, counted from 0: `[events]`.
  ///
  /// Without ``formula`` it follows from the momenta of the particles that take part, in any order and to the last bit.
  ///
  /// - Parameters:
  ///   - events: the events.
  ///   - jets: their jets as the model finds them.
  /// - Returns: the folds.
  /// - Throws: ``SampleError`` that names file and event if the formula reads what the events lack, or is no whole number.
  public func folds(of events: Events, jets: Jets) throws -> [Int] {
    guard let formula else {
      return (0..<events.eventCount).map { event in
        Int(Self.hash(events.particles(ofEvent: event), of: events) % UInt64(count))
      }
    }
    // The place of an event in a file says nothing if the file is another.
    if formula.columns(of: .event).contains("number"), events.columns["number"] == nil {
      throw SampleError(
        "\(events.source): data.folds.by reads number, which the events lack; name a column that goes with them from file to "
          + "file, or leave data.folds.by out.")
    }
    let reconstructed = ReconstructedEvents(events, jets: jets)
    var evaluator: FormulaEvaluator
    do {
      evaluator = FormulaEvaluator(try CompiledFormula(formula, for: .event, in: reconstructed))
    } catch {
      throw SampleError("\(events.source): data.folds.by \(error).")
    }
    if let column = evaluator.formula.columns.first(where: {
      $0.rows == .event && events.columns[$0.name]?.remainders.contains(where: { $0 != 0 }) == true
    }) {
      throw SampleError(
        "\(events.source): data.folds.by reads \(column.name), which has whole numbers beyond 2^53 that formulas would round."
      )
    }
    evaluator.evaluate(reconstructed)
    return try evaluator.values.enumerated().map { event, value in
      guard let number = Int(exactly: value) else {
        throw SampleError(
          "\(events.source), event \(events.eventNumbers[event] - events.firstEventOfSource): data.folds.by is \(value), but "
            + "a whole number is needed.")
      }
      return ((number % count) + count) % count
    }
  }

  /// A number that depends on the momenta of some particles alone, whatever their order.
  private static func hash(_ particles: Range<Int>, of events: Events) -> UInt64 {
    var sum: UInt64 = 0
    for particle in particles {
      let momentum = events.momentum(ofParticle: particle)
      var hash: UInt64 = 0
      // Both zeros are one number.
      hash = mixed(hash ^ (momentum.px + 0).bitPattern)
      hash = mixed(hash ^ (momentum.py + 0).bitPattern)
      hash = mixed(hash ^ (momentum.pz + 0).bitPattern)
      hash = mixed(hash ^ (momentum.energy + 0).bitPattern)
      sum &+= hash
    }
    return mixed(sum)
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
  private static func mixed(_ bits: UInt64) -> UInt64 {
    var bits = bits &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}

/// Which fold a model was trained without.
public struct TrainingFold: Sendable, Equatable, Codable {
  /// The fold, counted from 0.
  public var fold: Int
  /// The folds.
  public var folds: EventFolds

  /// A fold of `folds`.
  public init(_ fold: Int, of folds: EventFolds) {
    self.fold = fold
    self.folds = folds
  }
}
