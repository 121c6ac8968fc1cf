// SPDX-License-Identifier: GPL-3.0-or-later

import Decorrelation
import EventClassifiers
import FlavourTagging
import Inference
import JetTaggers
import MassRegression
import Observables
import ParticleIdentification
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import Regression
import TreeGeneration
import Triggers

extension PluginRegistry {
  /// The plugins that come with Canopy.
  public static let builtIn: PluginRegistry = {
    var registry = PluginRegistry()
    // Identifiers of built-in plugins are different, so registering them cannot fail.
    try! registry.registerObservables()
    try! registry.register(RecursiveStage.self)
    try! registry.register(EventEncoder.self)
    try! registry.register(DeepJet.self)
    try! registry.register(JetTagger.self)
    try! registry.register(FlavourTagging.self)
    try! registry.register(EventClassifier.self)
    try! registry.register(MassRegression.self)
    try! registry.register(KinematicRegression.self)
    try! registry.register(TreeGeneration.self)
    try! registry.register(ParticleIdentification.self)
    try! registry.register(DecorrelatedClassifier.self)
    try! registry.register(LikelihoodRatio.self)
    try! registry.register(InferenceAwareClassifier.self)
    try! registry.registerConditions()
    return registry
  }()
}
