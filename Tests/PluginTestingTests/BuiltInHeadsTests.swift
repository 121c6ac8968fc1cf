// SPDX-License-Identifier: GPL-3.0-or-later

import Decorrelation
import EventClassifiers
import FlavourTagging
import Inference
import JetTaggers
import MassRegression
import ParticleIdentification
import PluginKit
import PluginTesting
import Regression
import Testing
import TreeGeneration

/// The heads that come with Canopy conform in each of their configurations.
@Suite struct BuiltInHeadsTests {
  @Test(arguments: HeadCheck.allCases) func jetTaggers(_ check: HeadCheck) throws {
    try HeadConformance(JetTagger.self).run(check)
    try HeadConformance(
      JetTagger.self,
      example: HeadExample(
        configuration: JetTagger.Configuration(
          truth: "kind", classes: ["quark", "gluon", "W"], hidden: [6], eventContext: true),
        truth: ["kind": [0, 1, 2]])
    ).run(check)
  }

  @Test(arguments: HeadCheck.allCases) func eventClassifiers(_ check: HeadCheck) throws {
    try HeadConformance(EventClassifier.self).run(check)
    try HeadConformance(
      EventClassifier.self,
      example: HeadExample(
        configuration: EventClassifier.Configuration(truth: "kind", classes: ["a", "b", "c"], hidden: []),
        truth: ["kind": [0, 2, 1]])
    ).run(check)
  }

  @Test(arguments: HeadCheck.allCases) func flavourTagging(_ check: HeadCheck) throws {
    try HeadConformance(FlavourTagging.self).run(check)
    try HeadConformance(
      FlavourTagging.self,
      example: HeadExample(
        configuration: FlavourTagging.Configuration(
          truth: "kind", classes: ["g", "uds", "b", "c"], hidden: [], dropout: 0.1),
        truth: ["kind": [3, 0, 1, 2, 2]])
    ).run(check)
  }

  @Test(arguments: HeadCheck.allCases) func particleIdentification(_ check: HeadCheck) throws {
    try HeadConformance(ParticleIdentification.self).run(check)
    var settings = ParticleIdentification.example.configuration
    settings.truth = "species"
    settings.classes = ["pion", "kaon", "proton"]
    settings.weight = nil
    settings.ptPower = 0
    settings.embedding = false
    settings.hidden = [6]
    settings.inputs.append(IdentificationInput("puppi/alpha"))
    settings.inputs.append(IdentificationInput("particle.pdgid"))
    try HeadConformance(
      ParticleIdentification.self,
      example: HeadExample(
        configuration: settings,
        truth: ["species": [0, 2, 1], "constituent-kinematics/pt": [10, 30, 70, 2]])
    ).run(check)
  }

  /// By each method, with a head on jets and one of three classes on events inside.
  @Test(arguments: HeadCheck.allCases) func decorrelatedClassifiers(_ check: HeadCheck) throws {
    let heads: [any Head.Type] = [JetTagger.self, EventClassifier.self]
    for method in DecorrelationMethod.allCases {
      var example = DecorrelatedClassifier.example
      example.configuration.by.method = method
      try HeadConformance(DecorrelatedClassifier.self, example: example, heads: heads).run(check)
    }
    for method in [DecorrelationMethod.adversarial, .disco, .conditional] {
      var settings = try DecorrelationSettings(
        Decorrelation(method), of: ["ranked-jets/pt-1", "missing-momentum/pt"],
        head: DecorrelatedHeadSection(
          EventClassifier.self,
          EventClassifier.Configuration(truth: "kind", classes: ["a", "b", "c"], hidden: [4])))
      settings.by.adversary.kind = .bins
      try HeadConformance(
        DecorrelatedClassifier.self,
        example: HeadExample(
          configuration: settings,
          truth: [
            "kind": [0, 2, 1, 0], "ranked-jets/pt-1": [60, 80, 70, 90, 100],
            "missing-momentum/pt": [5, 50, 20],
          ]), heads: heads
      ).run(check)
    }
  }

  @Test(arguments: HeadCheck.allCases) func massRegressions(_ check: HeadCheck) throws {
    try HeadConformance(MassRegression.self).run(check)
    let estimators: [(rows: HeadRows, likelihood: MassLikelihood, names: [MassEstimator])] = [
      (.jets, .gaussian, [.ungroomed, .softDrop]),
      (.events, .quantiles, [.visible, .collinear]), (.events, .gaussian, [.fastMTT]),
    ]
    for (rows, likelihood, names) in estimators {
      try HeadConformance(
        MassRegression.self,
        example: HeadExample(
          configuration: MassRegression.Configuration(
            truth: "mass", rows: rows, likelihood: likelihood, estimators: names),
          truth: ["mass": [80.4, 125, 173]])
      ).run(check)
    }
  }

  @Test(arguments: HeadCheck.allCases) func regressions(_ check: HeadCheck) throws {
    try HeadConformance(KinematicRegression.self).run(check)
    typealias Configuration = KinematicRegression.Configuration
    let energy = RegressionTarget("energy", truth: "e", scale: .log, unit: "GeV")
    let eta = RegressionTarget("eta", truth: "eta", estimators: ["estimate"])
    let configurations = [
      Configuration(
        rows: .events, targets: [eta, energy], prediction: .mixture, components: 2,
        inputs: [RegressionInput("missing-momentum/pt", scale: .log)], bins: [RegressionBins("eta")]),
      Configuration(rows: .events, targets: [energy, eta], prediction: .gaussian, hidden: []),
      Configuration(
        rows: .constituents,
        targets: [RegressionTarget("ratio", truth: "e", reference: "constituent-kinematics/pt"), eta],
        prediction: .value, inputs: [RegressionInput("constituent-kinematics/pt", scale: .log)]),
      Configuration(
        rows: .jets, targets: [energy, eta], quantiles: [0.05, 0.25, 0.5, 0.75, 0.95], dropout: 0.2),
    ]
    for configuration in configurations {
      try HeadConformance(
        KinematicRegression.self,
        example: HeadExample(
          configuration: configuration,
          truth: [
            "e": [20, 45, 130, 80], "eta": [-1.2, 0.3, 2, -0.4], "estimate": [-1, 0, 1, 0.2],
            "constituent-kinematics/pt": [10, 20, 4, 70],
          ])
      ).run(check)
    }
  }

  @Test(arguments: HeadCheck.allCases) func likelihoodRatios(_ check: HeadCheck) throws {
    try HeadConformance(LikelihoodRatio.self).run(check)
    try HeadConformance(
      LikelihoodRatio.self,
      example: HeadExample(
        configuration: LikelihoodRatio.Configuration(truth: "label", classes: ["a", "b"], ratio: "joint"),
        truth: ["label": [0, 0, 1, 1], "joint": [0.5, 2, 0.1]])
    ).run(check)
  }

  @Test(arguments: HeadCheck.allCases) func inferenceAwareClassifiers(_ check: HeadCheck) throws {
    try HeadConformance(InferenceAwareClassifier.self).run(check)
    try HeadConformance(
      InferenceAwareClassifier.self,
      example: HeadExample(
        configuration: InferenceAwareClassifier.Configuration(
          truth: "label", classes: ["a", "b"], yields: [50, 5]), truth: ["label": [0, 0, 1, 1]])
    ).run(check)
  }

  @Test(arguments: HeadCheck.allCases) func treeGeneration(_ check: HeadCheck) throws {
    try HeadConformance(TreeGeneration.self).run(check)
    try HeadConformance(
      TreeGeneration.self,
      example: HeadExample(
        configuration: TreeGeneration.Configuration(
          classes: ["jets"], width: 4, components: 1, azimuthBins: 2),
        truth: [:])
    ).run(check)
  }
}
