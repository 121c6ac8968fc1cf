// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import PluginKit

/// Parameters that learn together, by steps of their own, and the objectives that they learn from.
struct ObjectiveGroup {
  /// An objective of a head.
  struct Member {
    let index: Int
    let scope: Objective.Scope
  }

  /// `HEAD/OBJECTIVE`; empty for the group of all parameters that no objective claims.
  let name: String
  /// The objectives of each head that belong to the group.
  let members: [[Member]]
  /// The parameters that belong to other groups.
  let others: [ParameterID]
  /// Where gradients wait if several groups take their steps together; nil for the last, which need not wait.
  let gradients: Parameters?
  let optimiser: any Optimiser

  private let learningRate: Double?
  private let schedule: LearningRateSchedule?
  private let alternation: Objective.Alternation

  /// How many steps are taken before each of the training; nil for a group whose step is taken with it.
  var stepsBefore: Int? {
    if case .alternating(let steps) = alternation { steps } else { nil }
  }

  /// The rate of the next step in a training whose epochs have `steps` steps.
  func rate(perEpoch steps: Int, _ section: TrainingSection) -> Float {
    let steps = steps * (stepsBefore ?? 1)
    return (schedule ?? section.schedule).learningRate(
      step: optimiser.step, of: steps * section.epochs, peak: Float(learningRate ?? section.learningRate),
      warmUp: Int((section.warmUp * Double(steps)).rounded()))
  }

  /// The groups of a network: first that of all parameters which no objective claims, then one for each other objective.
  ///
  /// - Parameters:
  ///   - network: the network that is trained.
  ///   - rates: the shares of the learning rate that are not 1.
  ///   - steps: how many steps each group has taken, by its name.
  ///   - makeOptimiser: gives the optimiser of some shares of the learning rate that has taken some steps.
  /// - Returns: the groups.
  static func groups(
    of network: Network, rates: [ParameterID: Float], steps: [String: Int],
    _ makeOptimiser: (_ rates: [ParameterID: Float], _ steps: Int) -> any Optimiser
  ) -> [ObjectiveGroup] {
    let ids = network.layout.ids
    let heads = network.heads.map { (name: $0.name, objectives: $0.head.objectives) }
    let none = heads.map { _ in [Member]() }
    let claimed = Set(heads.flatMap { $0.objectives.flatMap { $0.parameters ?? [] } })
    func group(
      _ name: String, _ members: [[Member]], _ others: [ParameterID], _ objective: Objective
    )
      -> ObjectiveGroup
    {
      ObjectiveGroup(
        name: name, members: members, others: others,
        gradients: name.isEmpty ? nil : Parameters(layout: network.layout),
        optimiser: makeOptimiser(
          rates.merging(others.map { ($0, 0) }) { _, none in none }, steps[name] ?? 0),
        learningRate: objective.learningRate,
        schedule: objective.schedule, alternation: objective.alternation)
    }
    var main = none
    var groups: [ObjectiveGroup] = []
    for (head, (name, objectives)) in heads.enumerated() {
      for (index, objective) in objectives.enumerated() {
        let member = Member(index: index, scope: objective.scope)
        guard let parameters = objective.parameters else {
          main[head].append(member)
          continue
        }
        var members = none
        members[head] = [member]
        let own = Set(parameters)
        groups.append(
          group("\(name)/\(objective.name)", members, ids.filter { !own.contains($0) }, objective))
      }
    }
    return [group("", main, ids.filter(claimed.contains), .main)] + groups
  }
}
