// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import NeuralEngine
import PluginKit

/// A network with its weights and everything that is needed to use it on events.
///
/// A model does not change and can be shared between threads; a ``Predictor`` for each thread does the work.
///
/// ```swift
/// let model = try Model(contentsOf: folder, plugins: .builtIn)
/// let prediction = try Predictor(model).predict(events)
/// ```
public struct Model: Sendable {
  /// Everything but the weights.
  public let description: ModelDescription
  /// The stages and heads.
  public private(set) var network: Network
  /// The weights.
  public let parameters: Parameters
  /// What the momenta of particles are multiplied by before the model reads them; nil for nothing.
  ///
  /// Whoever reads the events does this, as by `EventReadingOptions.weighting`.
  public let weighting: AppliedWeighting?
  /// The models of several folds, each of which judges the events of its own; empty for a model of one training.
  ///
  /// The description, network and weights are those of the first.
  public internal(set) var members: [Model] = []
  /// Which fold an event belongs to; nil for a model of one training.
  public internal(set) var folds: EventFolds?

  /// A model of parts that fit together.
  ///
  /// - Precondition: the parameters have the network's layout, and the description is that of the weighting.
  public init(
    description: ModelDescription, network: Network, parameters: Parameters,
    weighting: AppliedWeighting? = nil
  ) {
    precondition(parameters.layout == network.layout, "parameters of another network")
    precondition(description.weighting == weighting?.description, "the description of another weighting")
    self.weighting = weighting
    self.description = description
    self.network = network
    self.parameters = parameters
  }

  /// The same model, with another way in which given jets go with the jets that are found.
  public func matchingGivenJets(by matching: JetMatching) -> Model {
    var model = self
    model.network.jetMatching = matching
    return model
  }

  /// What finds the jets that the model reads, with the columns of its observables.
  ///
  /// - Parameter observables: what is worked out of events and jets besides what the model reads.
  /// - Returns: a reconstruction for one thread.
  /// - Throws: `JetPhysicsError` if FastJet refuses the jet definition, `PluginError` if an observable differs from one that
  ///   the model reads under the same name.
  public func makeReconstruction(observables: ObservableSet = ObservableSet()) throws -> JetReconstruction {
    var all = network.observables
    try all.formUnion(observables)
    let finder = all.readsTrees ? description.jets.withTrees(true) : description.jets
    return try JetReconstruction(finder, observables: all, cuts: network.cuts)
  }

  /// The jets that formulas over events read if the model judges these: its own.
  ///
  /// - Parameters:
  ///   - plugins: the observables that formulas may name, in addition to those of the model under its names for them.
  ///   - observables: further ones that are declared; one of a name that the model gives is the model's.
  /// - Returns: how they are found.
  /// - Throws: `PluginError` if two observables of the model differ under one name, which they do not.
  public func formulaJets(
    _ plugins: PluginRegistry, observables: ObservableSet = ObservableSet()
  ) throws -> FormulaJets {
    var catalogue = try catalogue(plugins)
    let known = Set(catalogue.declared.map(\.name))
    catalogue.declared += observables.members.filter { !known.contains($0.name) }.map { ObservableChoice($0) }
    return FormulaJets(description.jets, observables: catalogue, cuts: network.cuts)
  }

  /// The observables of the model under its names for them, and those of plugins.
  func catalogue(_ plugins: PluginRegistry) throws -> ObservableCatalogue {
    ObservableCatalogue(try network.allObservables.members.map { ObservableChoice($0) }, plugins: plugins)
  }
}
