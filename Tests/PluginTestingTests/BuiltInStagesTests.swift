// SPDX-License-Identifier: GPL-3.0-or-later

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

  @Test func aSimpleStageConforms() throws {
    for check in StageCheck.allCases { try StageConformance(Multiplicity<NoFault>.self).run(check) }
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
