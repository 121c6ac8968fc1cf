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
  /// The plugins that come with Canopy, for tests of rooms that lie below it.
  public static let shipped: PluginRegistry = {
    var plugins = PluginRegistry()
    // Their identifiers differ, so that registering them cannot fail.
    try! plugins.registerObservables()
    try! plugins.register(RecursiveStage.self)
    try! plugins.register(EventEncoder.self)
    try! plugins.register(DeepJet.self)
    try! plugins.register(JetTagger.self)
    try! plugins.register(FlavourTagging.self)
    try! plugins.register(EventClassifier.self)
    try! plugins.register(MassRegression.self)
    try! plugins.register(KinematicRegression.self)
    try! plugins.register(TreeGeneration.self)
    try! plugins.register(ParticleIdentification.self)
    try! plugins.register(DecorrelatedClassifier.self)
    try! plugins.register(LikelihoodRatio.self)
    try! plugins.register(InferenceAwareClassifier.self)
    try! plugins.registerConditions()
    return plugins
  }()
}
