// SPDX-License-Identifier: GPL-3.0-or-later

/// What a group of parameters is trained for, such as that of an adversary.
///
/// Objectives without parameters of their own are added up, those of all heads together, and train all parameters that no
/// other objective claims. Any other objective trains its own parameters and no others, by steps of its own.
public struct Objective: Sendable, Equatable {
  /// The unit that a loss has a number for.
  public enum Scope: Sendable, Equatable {
    /// A number for each row, of which the trainer takes the weighted mean: `[rows × 1]`.
    case rows
    /// One number for the whole batch: `[1 × 1]`.
    ///
    /// If several threads share a batch, what their forward passes give is put together first: the loss then finds the
    /// result, the truth, the phase and the weights of all rows, and of its inputs no embeddings and no kinematics.
    case batch
  }

  /// When the steps of an objective with parameters of its own are taken.
  public enum Alternation: Sendable, Equatable {
    /// One with each step of the training, from gradients at the same weights.
    case together
    /// This many on the events of each batch, before the training's own step on them.
    case alternating(steps: Int)
  }

  /// The name, unique in the head and without a slash.
  public let name: String
  /// The parameters that are trained; nil for all that no other objective claims.
  public let parameters: [ParameterID]?
  /// The largest learning rate; nil for that of the training.
  public let learningRate: Double?
  /// How the learning rate changes; nil for the schedule of the training.
  public let schedule: LearningRateSchedule?
  /// When its steps are taken.
  public let alternation: Alternation
  /// What its loss has a number for.
  public let scope: Scope

  /// What a head with a single loss is trained for.
  public static let main = Objective("main")

  /// An objective of all parameters that no other claims, with the rate and schedule of the training.
  public init(_ name: String, scope: Scope = .rows) {
    self.name = name
    self.scope = scope
    (parameters, learningRate, schedule, alternation) = (nil, nil, nil, .together)
  }

  /// An objective of parameters of its own.
  ///
  /// - Parameters:
  ///   - name: the name, unique in the head and without a slash.
  ///   - parameters: the parameters that it trains, which no other objective may claim.
  ///   - learningRate: the largest learning rate; nil for that of the training.
  ///   - schedule: how the rate changes over the steps of the objective; nil for the schedule of the training.
  ///   - alternation: when its steps are taken.
  ///   - scope: what its loss has a number for.
  public init(
    _ name: String, parameters: [ParameterID], learningRate: Double? = nil,
    schedule: LearningRateSchedule? = nil, alternation: Alternation = .together, scope: Scope = .rows
  ) {
    self.name = name
    self.parameters = parameters
    self.learningRate = learningRate
    self.schedule = schedule
    self.alternation = alternation
    self.scope = scope
  }
}

extension Head {
  /// A single one, ``Objective/main``.
  public var objectives: [Objective] { [.main] }

  /// The one loss.
  public func losses(of result: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable] {
    [loss(of: result, truth: truth)]
  }

  /// Throws unless the objectives of the head make sense in a network of `layout`.
  ///
  /// - Parameters:
  ///   - layout: the parameters of the network.
  ///   - claimed: the objective that each parameter belongs to so far, to which those of the head are added.
  ///   - name: the name that the user gave the head.
  /// - Throws: ``PluginError`` that names head and objective.
  package func checkObjectives(
    in layout: ParameterLayout, claimed: inout [ParameterID: String], name: String
  ) throws {
    func problem(_ text: String) -> PluginError {
      PluginError("The head \(name) \(text): mend the plugin \(Self.identifier).")
    }
    let objectives = objectives
    guard let first = objectives.first, first.parameters == nil else {
      throw problem("has no first objective that trains all parameters which no other claims")
    }
    let known = Set(layout.ids)
    for (index, objective) in objectives.enumerated() {
      guard !objective.name.isEmpty, !objective.name.contains("/"),
        !objectives[..<index].contains(where: { $0.name == objective.name })
      else {
        throw problem(
          "has an objective called “\(objective.name)”, but the name of an objective is its own, not empty and without "
            + "a slash")
      }
      if let rate = objective.learningRate, !(rate > 0 && rate.isFinite) {
        throw problem(
          "gives its objective \(objective.name) the learning rate \(rate), which is not positive")
      }
      if case .alternating(let steps) = objective.alternation, !(1...1000).contains(steps) {
        throw problem(
          "alternates its objective \(objective.name) by \(steps) steps, but 1 to 1000 are possible")
      }
      guard let parameters = objective.parameters else { continue }
      guard !parameters.isEmpty else { throw problem("gives its objective \(objective.name) no parameters") }
      for parameter in parameters {
        guard known.contains(parameter) else {
          throw problem("gives its objective \(objective.name) a parameter that the network does not have")
        }
        if let other = claimed.updateValue("\(name)/\(objective.name)", forKey: parameter) {
          throw problem(
            "gives its objective \(objective.name) the parameter \(layout[parameter].name), which belongs to \(other)"
          )
        }
      }
    }
  }

  /// Throws unless `losses` are what the objectives have for `rows` rows.
  ///
  /// - Parameters:
  ///   - losses: the losses in the order of the objectives.
  ///   - rows: the number of rows.
  ///   - name: the name that the user gave the head.
  /// - Throws: ``PluginError`` that names head and objective.
  package func check(shapesOfLosses losses: [Variable], rows: Int, name: String) throws {
    let objectives = objectives
    guard losses.count == objectives.count else {
      throw PluginError(
        "The head \(name) gives \(losses.count) losses for its \(objectives.count) objectives "
          + "(\(objectives.map(\.name).joined(separator: ", "))): mend the plugin \(Self.identifier).")
    }
    for (objective, loss) in zip(objectives, losses) {
      if objectives.count == 1, objective.scope == .rows {
        try check(shapeOfLoss: loss, rows: rows, name: name)
        continue
      }
      let expected = objective.scope == .rows ? rows : 1
      guard loss.rows == expected, loss.columns == 1 else {
        throw PluginError(
          "The head \(name) gives a loss of \(loss.rows) × \(loss.columns) numbers for its objective \(objective.name), "
            + "but it is \(expected) × 1 for \(rows) \(self.rows.rawValue): mend the plugin \(Self.identifier)."
        )
      }
    }
  }
}
