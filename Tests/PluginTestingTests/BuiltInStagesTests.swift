// SPDX-License-Identifier: GPL-3.0-or-later

import FlavourTagging
import Foundation
import PluginKit
import PluginTesting
import RecurrentEncoder
import RecursiveEmbedding
import Testing

/// The stages that come with Canopy conform, and the faults of others are found.
@Suite struct BuiltInStagesTests {
  @Test(arguments: StageCheck.allCases) func theRecursiveNetworkConforms(_ check: StageCheck) throws {
    try StageConformance(RecursiveStage.self).run(check)
    try StageConformance(
      RecursiveStage.self, configuration: EmbeddingDescription(cell: .simple, width: 3, features: .paper)
    ).run(check)
  }

  @Test(arguments: StageCheck.allCases) func theEventEncoderConforms(_ check: StageCheck) throws {
    try StageConformance(EventEncoder.self).run(check)
    try StageConformance(
      EventEncoder.self,
      configuration: EventEncoderDescription(
        width: 3, bidirectional: true,
        inputs: EventInputs(missingMomentum: true, leptons: IsolatedParticles(count: 1)))
    ).run(check)
  }

  /// With tracks and calorimeter deposits, with one constituent of each kind at most, and by pT alone.
  @Test(arguments: StageCheck.allCases) func deepJetConforms(_ check: StageCheck) throws {
    var configuration = DeepJet.example
    try StageConformance(DeepJet.self).run(check)
    configuration.neutralColumns = ["d0_significance", "neutral_hadron"]
    configuration.maximumConstituents = 1
    try StageConformance(DeepJet.self, configuration: configuration).run(check)
    configuration.chargedColumns = []
    configuration.order = nil
    try StageConformance(DeepJet.self, configuration: configuration).run(check)
  }

  @Test func aSimpleStageConforms() throws {
    for check in StageCheck.allCases { try StageConformance(Multiplicity<NoFault>.self).run(check) }
  }

  /// Whoever writes less than there is, or forgets nothing, is found.
  @Test(arguments: [Brightness.Fault.none, .writesHalf, .readsHalf, .forgetsNothing])
  private func recordsAreChecked(_ fault: Brightness.Fault) {
    let conformance = StageConformance(Brightness.self, configuration: Brightness.Configuration(fault: fault))
    #expect(((try? conformance.run(.records)) == nil) == (fault != .none))
    #expect(throws: Never.self) { try conformance.run(.shapes) }
  }

  @Test func faultsAreFound() {
    func failing<F: Fault>(_ fault: F.Type) -> [StageCheck] {
      StageCheck.allCases.filter { check in
        (try? StageConformance(Multiplicity<F>.self).run(check)) == nil
      }
    }
    #expect(failing(WrongWidth.self).contains(.shapes))
    #expect(failing(MixedJets.self).contains(.independence))
    #expect(failing(LostGradient.self) == [.gradients])
    #expect(failing(ForgottenWidth.self).contains(.configuration))
  }

  @Test func aStageNamesWhatItReadsAndItsParameters() {
    func problem(_ place: StagePlace, _ make: (inout StageBuilder) throws -> Void) -> String? {
      var builder = StageBuilder(place, layout: ParameterLayout())
      return #expect(throws: PluginError.self) { try make(&builder) }?.description
    }
    let choice = StageChoice(Multiplicity<NoFault>.self, .init())
    #expect(problem(.events) { _ = try choice.make(&$0) }?.contains("cannot stand under events") == true)
    let strange = StageChoice(Multiplicity<OtherNames>.self, .init())
    #expect(
      problem(.embedding) { _ = try strange.make(&$0) }?.contains("names begin with embedding.") == true)
  }
}

/// Something that a stage does wrong.
protocol Fault: Sendable {}
private enum NoFault: Fault {}
private enum WrongWidth: Fault {}
private enum MixedJets: Fault {}
private enum LostGradient: Fault {}
private enum ForgottenWidth: Fault {}
private enum OtherNames: Fault {}

/// Embeds a jet by the number of its constituents.
private struct Multiplicity<F: Fault>: Stage {
  struct Configuration: Codable, Sendable {
    var width = 3

    init() {}
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      width = F.self == ForgottenWidth.self ? 8 : try container.decode(Int.self, forKey: .width)
    }
    enum CodingKeys: CodingKey { case width }
  }

  static var identifier: String { "multiplicity" }
  static var version: PluginVersion { PluginVersion(1, 0, 0) }
  static var summary: String { "Embeds a jet by the number of its constituents." }
  static var example: Configuration { Configuration() }
  static var rows: HeadRows { .jets }

  let configuration: Configuration
  private let layer: Dense

  init(configuration: Configuration, builder: inout StageBuilder) throws {
    self.configuration = configuration
    layer = Dense(
      F.self == OtherNames.self ? "layer" : builder.name("layer"), inputs: 1, outputs: configuration.width,
      in: &builder.layout)
  }

  var width: Int { F.self == WrongWidth.self ? configuration.width + 1 : configuration.width }
  var inputs: Set<HeadInput> { [.constituents] }

  func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
    let constituents = inputs.constituents
    let counts = (0..<inputs.jetCount).map { jet in
      F.self == MixedJets.self
        ? Float(constituents.offsets[jet + 1]) / 8
        : Float(constituents.constituents(ofJet: jet).count) / 8
    }
    let result = layer(inputs.tape.constant(counts, rows: inputs.jetCount, columns: 1))
    return F.self == LostGradient.self ? result.detached() : result
  }
}

/// Embeds a jet by numbers that it works out once, its pT and its mass.
private struct Brightness: Stage {
  enum Fault: String, Codable { case none, writesHalf, readsHalf, forgetsNothing }

  struct Configuration: Codable, Sendable { var fault = Fault.none }

  final class Batch { var numbers: [Float] = [] }

  struct Features: StageFeatures {
    let fault: Fault
    var numbers: [Float] = []

    mutating func replace(with events: Events, jets: Jets) {
      numbers = (0..<jets.jetCount).flatMap { jet in
        let p = jets.momentum(ofJet: jet)
        return [Float(log(p.pt + 1)), Float(p.energy / (p.energy + 1))]
      }
    }
    mutating func append(_ other: Self) { numbers += other.numbers }
    func scaling(fitting events: [Int], jets: [Int]) -> [Float] { [0] }
    func check(_ scaling: [Float], at place: String) {}
    mutating func scale(by scaling: [Float]) {}
    func extents(ofEvents events: [Int], jets: [Int]) -> [FeatureExtent] { [] }
    mutating func removeAll() { if fault != .forgetsNothing { numbers = [] } }
    func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter) {
      let places = 2 * jets.lowerBound..<2 * jets.upperBound
      record.write(fault == .writesHalf ? numbers[places].prefix(places.count / 2) : numbers[places])
      record.write(numbers[places].suffix(1))
    }
    mutating func append(from record: inout EventRecordReader) throws {
      try record.read(onto: &numbers)
      if fault == .writesHalf { numbers += numbers.suffix(numbers.count % 2) }
      if fault == .readsHalf { return }
      var last: [Float] = []
      try record.read(onto: &last)
    }
    func makeBatch() -> Batch { Batch() }
    func fill(_ batch: Batch, events: [Int], jets: [Int]) {
      batch.numbers = jets.flatMap { 2 * $0 + 1 < numbers.count ? numbers[2 * $0...2 * $0 + 1] : [0, 0] }
    }
  }

  static let identifier = "brightness"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Embeds a jet by its pT and energy."
  static let example = Configuration()
  static let rows = HeadRows.jets

  let configuration: Configuration
  private let layer: Dense
  let width = 2
  let inputs: Set<HeadInput> = []

  init(configuration: Configuration, builder: inout StageBuilder) {
    self.configuration = configuration
    layer = Dense(builder.name("layer"), inputs: 2, outputs: 2, in: &builder.layout)
  }

  func makeFeatures() -> Features { Features(fault: configuration.fault) }

  func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
    layer(inputs.tape.constant(inputs.batch.numbers, rows: inputs.jetCount, columns: 2))
  }
}
