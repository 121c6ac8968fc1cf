// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Formulas
import Foundation
import JetPhysics
import JetTaggers
import RecursiveEmbedding
import Settings
import Support
import TestFiles
import Testing
import Training

/// The sections of a training configuration: defaults, ranges and keys.
@Suite struct TrainingConfigurationTests {
  private func read(_ yaml: String) throws -> TrainingConfiguration {
    let folder = try TemporaryFolder()
    return try TrainingConfiguration(
      contentsOf: URL(fileURLWithPath: folder.write(yaml, to: "c.yaml")), plugins: ToyJets.plugins)
  }

  private static let least = """
    data: {inputs: [a.h5]}
    jets: {}
    embedding: {}
    heads: {t: {plugin: jet-tagger, configuration: {truth: label, classes: [a, b]}}}
    training: {}
    """

  @Test func everythingButInputsAndHeadsHasADefault() throws {
    let configuration = try read(Self.least)
    #expect(configuration.text == Self.least)
    let data = configuration.data
    #expect(data.files == ["a.h5"] && data.reading.skipEvents == 0 && data.reading.maximumEvents == nil)
    #expect(
      data.validationFraction == 0.1 && data.reading.weight == nil
        && data.reading.particles == ParticleSelection()
        && data.reading.units == nil)
    #expect(
      try configuration.jets
        == JetFinder(JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 5))))
    #expect(
      configuration.recursive == EmbeddingDescription(cell: .gated, width: 40, features: .lund))
    #expect(configuration.heads.keys == ["t"] && configuration.heads[0].value.weight == 1)
    #expect(configuration.heads[0].value.plugin == "jet-tagger")
    let training = configuration.training
    #expect(training.epochs == 10 && training.batchSize == 256 && training.learningRate == 2e-3)
    #expect(training.schedule == .oneCycle && training.gradientClip == nil && training.weightDecay == 0)
    #expect(training.seed == 1 && training.threads == ProcessorCount.available)
  }

  @Test func everyKeyIsRead() throws {
    let configuration = try read(
      """
      data:
        inputs: [a.h5, b.jsonl]
        skip-events: 3
        max-events: 1e3
        skip-bad-events: true
        max-memory: 64
        format: text
        define: {ht: sum(particle.pt)}
        where: {label: 1, process: w}
        jet-truth: {match: index, column: owner}
        validation-fraction: 0.5
        weight: w
        keep-invisible: true
        particles: [abs(eta) < 2.5]
        status: 1, 2
        units: MeV
      jets:
        algorithm: genkt
        radius: 0.8
        power: 0.5
        recombination: WTA-pt
        exclusive-jets: 2
        max-abs-rapidity: 2.5
        leading: 1
        recluster: cambridge
      embedding: {cell: simple, width: 7, features: paper}
      heads:
        z: {plugin: p, weight: 0.25, configuration: {anything: [1, 2]}}
        a: {plugin: q, configuration: {}}
      training:
        epochs: 3
        batch-size: 8
        learning-rate: 0.5
        schedule: cosine
        gradient-clip: 2
        weight-decay: 0.1
        seed: -1
        threads: 4
      """)
    let data = configuration.data
    #expect(
      data.files == ["a.h5", "b.jsonl"] && data.reading.skipEvents == 3 && data.reading.maximumEvents == 1000
    )
    #expect(data.validationFraction == 0.5 && data.reading.weight == EventWeight("w"))
    #expect(
      data.reading.particles
        == ParticleSelection(
          keepsInvisible: true, statuses: [1, 2], conditions: [try ParticleCondition("abs(eta) < 2.5")]))
    #expect(data.reading.units == .mev && data.reading.skipBadEvents && data.reading.format == "text")
    #expect(
      data.reading.limits.memory == 64 << 20
        && data.reading.selection == [
          Formula(column: "label", isEqualTo: 1), Formula(column: "process", isEqualTo: "w"),
        ])
    #expect(data.jetTruth.method == .index && data.jetTruth.column == "owner")
    #expect(
      try configuration.jets
        == JetFinder(
          JetDefinition(.genkt, radius: 0.8, power: 0.5, recombination: .wtaPt),
          selection: JetSelection(.exclusiveJets(2), maximumAbsRapidity: 2.5, leading: 1),
          recluster: .cambridge))
    #expect(
      configuration.recursive == EmbeddingDescription(cell: .simple, width: 7, features: .paper))
    #expect(configuration.heads.keys == ["z", "a"])
    #expect(configuration.heads.map(\.value.weight) == [0.25, 1])
    let training = configuration.training
    #expect(training.epochs == 3 && training.batchSize == 8 && training.learningRate == 0.5)
    #expect(training.schedule == .cosine && training.gradientClip == 2 && training.weightDecay == 0.1)
    #expect(training.seed == .max && training.threads == 4)
  }

  /// Lines of a configuration, and what the error says of each: always at that line.
  static let refused: [(section: String, line: String, fragment: String)] = [
    ("data", "inputs: []", "data.inputs is refused: is empty"),
    ("data", "inputs: a.h5", "must be a list"), ("data", "skip-events: -1", "must not be negative"),
    ("data", "max-events: 0", "must be 1 or more"),
    (
      "data", "where: labl = 1",
      "data.where is refused: at character 6: = is not known here; write =="
    ),
    ("data", "define: {a: b +}", "data.define.a is refused: at character 4: a number"),
    (
      "data", "validation-fraction: 0.2\n  validation: a == 1", "means nothing with validation; leave one out"
    ),
    ("data", "max-memory: 0", "0 MiB is no memory to read with"),
    ("data", "validation-fraction: 0", "must lie between 0 and 1"),
    ("data", "validation-fraction: 1", "must lie between 0 and 1"),
    ("data", "validation-fraction: .nan", "must be a number, not '.nan'"),
    ("data", "keep-invisible: 1", "true or false"),
    ("data", "max-event: 3", "unknown key 'max-event' in data; did you mean 'max-events'?"),
    ("jets", "algorithm: antikT2", "must be one of"), ("jets", "radius: wide", "must be a number"),
    ("jets", "recombination: pt3", "must be one of"), ("jets", "min-pT: 3", "did you mean 'min-pt'?"),
    ("embedding", "width: 0", "between 1 and 1024"), ("embedding", "width: 1025", "between 1 and 1024"),
    (
      "embedding", "cell: lstm",
      "embedding.cell is refused: there is no recursive cell lstm here: load its library by --plugin"
    ),
    ("embedding", "features: papers", "did you mean 'paper'?"),
    ("embedding", "wdith: 4", "did you mean 'width'?"),
    ("embedding", "frozn: true", "did you mean 'frozen'?"),
    ("embedding", "plugin: transformer", "There is no stage transformer here: load its library by --plugin"),
    ("embedding", "plugin: recurrent", "this section needs one of jets"),
    ("embedding", "frozen: true", "needs a trained network"),
    ("events", "plugin: recursive", "this section needs one of events"),
    ("events", "leadng: 3", "unknown key 'leadng' in events; did you mean 'leading'?"),
    ("events", "min-pt: -1", "events.min-pt is refused: must not be negative"),
    (
      "events", "inputs: {leptons: {count: 0}}", "inputs.leptons.count is refused: must lie between 1 and 100"
    ),
    (
      "events", "inputs: {scalar-sm: true}",
      "unknown key 'scalar-sm' in events.inputs; did you mean 'scalar-sum'?"
    ),
    ("heads", "t: {plugin: p, configuration: {}, weight: 0}", "must be positive"),
    ("heads", "t: {plugin: p, configuration: {}, weight: .inf}", "must be positive"),
    ("heads", "t: {plugin: p}", "lacks the key 'configuration'"),
    ("heads", "t: {plugin: p, configuration: {}, wieght: 1}", "did you mean 'weight'?"),
    ("training", "epochs: 0", "between 1 and 100000"), ("training", "epochs: 100001", "between 1 and"),
    ("training", "batch-size: 0", "between 1 and 1000000"),
    ("training", "batch-size: 1000001", "between 1 and 1000000"),
    ("training", "learning-rate: 0", "must be positive"),
    ("training", "learning-rate: .inf", "must be positive"),
    (
      "training", "learning-rate: 1e39",
      "must be positive and finite, also when it is rounded to single precision"
    ),
    ("training", "learning-rate: 1e-46", "rounded to single precision"),
    ("training", "gradient-clip: 1e-46", "rounded to single precision"),
    ("training", "weight-decay: 1e39", "rounded to single precision"),
    ("training", "average-decay: 0.99999999\n  keep: average", "rounded to single precision"),
    ("training", "dropout: {embedding: 0.99999999}", "rounded to single precision"),
    ("training", "rates: {embedding: 1e-46}", "which single precision does not round to 0"),
    ("heads", "t: {plugin: p, configuration: {}, weight: 1e-46}", "rounded to single precision"),
    ("data", "balance-interval: 1e-46\n  balance: label", "rounded to single precision"),
    ("training", "learning-rate: .nan", "must be a number, not '.nan'"),
    ("training", "schedule: step", "must be one of constant, cosine, one-cycle"),
    ("training", "gradient-clip: 0", "must be positive"),
    ("training", "dropout: {embedding: 1}", "dropout.embedding is refused: must lie from 0 to less than 1"),
    ("training", "dropout: {heads: 0.1}", "unknown key 'heads' in training.dropout"),
    ("training", "weight-decay: -1", "must not be negative"),
    ("training", "weight-decay: .inf", "must be 0 or more and finite"),
    ("training", "threads: 0", "between 1 and 1024"), ("training", "threads: 2000", "between 1 and 1024"),
    ("training", "seed: 1.5", "whole number"), ("training", "batchsize: 3", "did you mean 'batch-size'?"),
  ]

  @Test(arguments: refused)
  func whatIsOutOfRangeIsNamedWithItsLine(section: String, line: String, fragment: String) throws {
    let sections = [
      ("data", "inputs: [a.h5]"), ("jets", "leading: 1"), ("embedding", "width: 3"), ("events", "width: 3"),
      ("heads", "t: {plugin: p, configuration: {}}"), ("training", "epochs: 1"),
    ]
    var lines: [String] = []
    var place = 0
    for (name, ordinary) in sections {
      lines.append("\(name):")
      let replaces = line.prefix { $0 != ":" } == ordinary.prefix { $0 != ":" }
      if name != section || !replaces { lines.append("  " + ordinary) }
      if name == section {
        lines.append("  " + line)
        place = lines.count
      }
    }
    let error = #expect(throws: ConfigurationError.self) { try read(lines.joined(separator: "\n")) }
    let text = error?.description ?? ""
    #expect(text.contains("c.yaml:\(place):") && text.contains(fragment), "\(text)")
    #expect(error?.messages.count == 1 && !text.contains("\n"))
  }

  @Test(arguments: [
    ("{min-pt: 5, exclusive-jets: 2}", "min-pt is refused: is for inclusive jets"),
    ("{radius: -1}", "radius is refused: must lie between"),
    ("{radius: 0}", "radius"), ("{algorithm: genkt}", "power"), ("{recluster: ee-genkt}", "power"),
    ("{min-pt: -3}", "must not be negative"), ("{exclusive-jets: 0}", "must be 1 or more"),
    ("{exclusive-dcut: -1}", "must not be negative"), ("{leading: 0}", "must be 1 or more"),
    ("{max-abs-rapidity: -1}", "rapidity"), ("{power: .inf}", "finite"),
  ])
  func jetsThatCannotBeFound(jets: String, fragment: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try read(Self.least.replacingOccurrences(of: "jets: {}", with: "jets: \(jets)"))
    }
    let text = error?.description ?? ""
    #expect(text.contains("c.yaml:2:") && text.contains(fragment), "\(text)")
    #expect(text.hasSuffix(".") && !text.hasSuffix(".."), "\(text)")
  }

  @Test(arguments: ["data", "jets", "heads", "training"]) func sectionsThatCannotBeLeftOut(
    name: String
  ) {
    let lines = Self.least.split(separator: "\n").filter { !$0.hasPrefix(name) }
    let error = #expect(throws: ConfigurationError.self) { try read(lines.joined(separator: "\n")) }
    #expect(error?.description.hasSuffix("lacks the key '\(name)'; add it.") == true)
  }

  @Test func aNetworkWithoutHeadsIsNone() {
    let error = #expect(throws: ConfigurationError.self) {
      try read(Self.least.replacing(/heads: .*/, with: "heads: {}"))
    }
    #expect(error?.description.contains("c.yaml:4:8: heads is empty; give at least one head.") == true)
  }

  @Test func theShippedConfigurationsAreSound() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Resources/Configurations")
    for name in ["lund", "paper"] {
      let configuration = try TrainingConfiguration(
        contentsOf: folder.appendingPathComponent("w-tagger-\(name).yaml"), plugins: ToyJets.plugins)
      #expect(configuration.recursive?.features.partNames == [name])
      let head = try #require(configuration.heads["w-tagger"])
      #expect(try head.configuration.decode(JetTagger.Configuration.self).classes == ["QCD", "W"])
    }
  }
}

extension TrainingConfiguration {
  /// The recursive network, if it is the stage of jets.
  fileprivate var recursive: EmbeddingDescription? {
    embedding?.choice?.configuration as? EmbeddingDescription
  }
}
