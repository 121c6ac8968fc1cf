// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What an ``Evaluation`` looks into in addition to what heads are worth as a whole.
///
/// ```swift
/// var study = EvaluationStudy(plugins: .builtIn)
/// study.divisions = [RowDivision("kinematics/pt", edges: [250, 275, 300])]
/// let evaluation = try Evaluation(of: model, on: stream, study: study, threads: 4)
/// ```
public struct EvaluationStudy: Sendable {
  /// What a source of uncertainty makes of the events.
  public struct Variation: Sendable {
    /// Where the varied events come from.
    enum Source: Sendable {
      case weights(up: String, down: String?)
      case samples(up: Evaluation, down: Evaluation?)
    }

    /// The name of the source.
    public let name: String
    let source: Source

    /// Weights that take the place of the events' own.
    ///
    /// - Parameters:
    ///   - name: the name of the source.
    ///   - up: the event column, or the weight of the generator, one standard deviation up.
    ///   - down: the same down; nil for as much below the event's own weight as `up` is above it.
    public init(_ name: String, up: String, down: String? = nil) {
      (self.name, source) = (name, .weights(up: up, down: down))
    }

    /// Other samples, whose weights count as those of the nominal sample do.
    ///
    /// - Parameters:
    ///   - name: the name of the source.
    ///   - up: the evaluation of the same model on the events one standard deviation up.
    ///   - down: the same down; nil for as much below the nominal sample as `up` is above it.
    public init(_ name: String, up: Evaluation, down: Evaluation? = nil) {
      (self.name, source) = (name, .samples(up: up, down: down))
    }

    /// The weights that are named.
    var weights: [String] {
      guard case .weights(let up, let down) = source else { return [] }
      return [up, down].compactMap(\.self)
    }
  }

  /// The observables whose numbers may be named, in addition to those that the model reads.
  public var plugins: PluginRegistry
  /// By what rows are divided to be judged apart, in addition to the conditions of the model.
  public var divisions: [RowDivision] = []
  /// Numbers that are judged as scores, and compared with those of heads that classify: columns of events, or numbers of
  /// observables.
  public var discriminants: [String] = []
  /// Numbers that scores are not to tell: how much cuts on those of heads that classify shape the background's spectra; with
  /// the edges of the bins.
  public var nuisances: [RowDivision] = []
  /// How often each number that the network reads is shuffled to see what heads lose; 0 for not at all.
  public var shuffles = 0
  /// Changes of events that heads are to judge too, to tell how much their numbers hang on them.
  public var changes: [EventChange] = []
  /// How scores of events are divided into bins for a fit; nil for no templates.
  public var binning: ScoreBinning?
  /// What templates are varied by.
  public var variations: [Variation] = []

  /// Nothing in addition, with these plugins.
  public init(plugins: PluginRegistry = PluginRegistry()) { self.plugins = plugins }

  /// The numbers that are named.
  var numbers: Set<String> { Set((divisions + nuisances).map(\.name) + discriminants) }

  /// The observables whose numbers are named and that the model does not read; streams are asked for their columns of particles.
  ///
  /// - Throws: `PluginError` if an observable has no such number.
  public func observables(for model: Model) throws -> ObservableSet {
    let catalogue = try model.catalogue(plugins)
    return try catalogue.observables(for: numbers.filter(catalogue.knows))
  }

  /// The conditions of a model and the divisions that are asked for, which come instead of conditions of their names.
  func divisions(with conditions: [String]) -> [RowDivision] {
    let asked = Set(divisions.map(\.name))
    return conditions.filter { !asked.contains($0) }.map { RowDivision(condition: $0) } + divisions
  }
}

/// A number by which rows are divided, to be judged apart.
public struct RowDivision: Sendable, Equatable {
  /// A column of events, or a number of an observable such as `kinematics/pt`.
  public let name: String
  /// The edges of the intervals, rising; nil for each value by itself or, if there are more than 20, for ten intervals of
  /// equally many rows.
  public let edges: [Double]?
  /// Whether the model reads it, so that each value is a hypothesis of its own.
  let isCondition: Bool

  /// A division by automatic intervals, or by those between edges.
  ///
  /// - Throws: ``SampleError`` if there is a single edge, or edges are not finite and rising.
  public init(_ name: String, edges: [Double]? = nil) throws {
    if let edges {
      guard edges.count > 1, edges.allSatisfy(\.isFinite),
        zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
      else {
        throw SampleError(
          "The edges of the intervals of \(name) must be two or more finite numbers that rise.")
      }
    }
    (self.name, self.edges, isCondition) = (name, edges, false)
  }

  init(condition: String) { (name, edges, isCondition) = (condition, nil, true) }
}
