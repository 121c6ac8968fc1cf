// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import CanopyModel
import JetPhysics
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import TestPlugins
import Testing

/// Prediction with memory that is kept from call to call.
@Suite(.enabled(if: allocation_counter_is_available(), "a sanitizer has an allocator of its own"))
struct AllocationTests {
  /// How often `body` asks the system for memory on this thread.
  private func allocations(_ body: () throws -> Void) rethrows -> Int64 {
    let before = allocation_count()
    try body()
    return allocation_count() - before
  }

  /// Expects that the third prediction of each event by itself needs no memory.
  private func expectNoMemory(
    _ predictor: Predictor, each events: Events, _ prediction: inout Prediction
  ) throws {
    let places = (0..<events.eventCount).map { events.events(at: $0..<$0 + 1) }
    func predictEach() throws {
      for place in 0..<places.count { try predictor.predict(places[place], into: &prediction) }
    }
    for _ in 0..<2 { try predictEach() }
    let memory = try allocations { try predictEach() }
    #expect(memory == 0)
  }

  @Test func theCounterCounts() throws {
    let memory = allocations {
      for size in 1...10 { UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 1).deallocate() }
    }
    #expect(memory == 10)
    // Also what the libraries allocate: what is measured below is not zero the first time.
    let predictor = try Predictor(SampleModel.gated.get())
    var prediction = Prediction()
    let events = try SampleModel.events.get()
    let first = try allocations { try predictor.predict(events, into: &prediction) }
    #expect(first > 20)
  }

  @Test(arguments: [RecursiveNetwork.Cell.simple, .gated])
  func anEventOfFiveHundredParticlesNeedsNoMemory(cell: RecursiveNetwork.Cell) throws {
    let model = try SampleModel.make(cell)
    var description = model.description
    description.jets = try JetFinder(
      JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 0), leading: 5),
      recluster: .kt)
    let predictor = try Predictor(
      Model(description: description, network: model.network, parameters: model.parameters))
    let events = try SampleModel.events.get()
    let largest = try #require((0..<events.eventCount).map(events.momenta).max { $0.count < $1.count })
    var event = Events()
    event.append(Array(largest.sorted { $0.pt > $1.pt }.prefix(500)))
    try #require(event.particleCount == 500)

    var prediction = Prediction()
    for _ in 0..<3 { try predictor.predict(event, into: &prediction) }
    let memory = try allocations {
      for _ in 0..<10 { try predictor.predict(event, into: &prediction) }
    }
    #expect(memory == 0)
    #expect(prediction.jets.jetCount == 5 && prediction.heads[0].values.count == 5)
  }

  /// Numbers of events, jets, constituents and splittings, reclustered jets among them, besides what the model reads.
  @Test(arguments: [
    "angularities", "bottom-up-soft-drop", "energy-correlations", "filtering", "isolation",
    "kinematics", "lund", "missing-momentum", "n-subjettiness", "planar-flow", "pruning", "ranked-jets",
    "recursive-soft-drop", "soft-drop", "trimming",
  ])
  func observablesNeedNoMemory(name: String) throws {
    let observables = try ObservableSet([ObservableChoice(name, PluginRegistry.shipped.observable(name))])
    let predictor = try Predictor(SampleModel.gated.get(), observables: observables)
    var prediction = Prediction()
    try expectNoMemory(predictor, each: SampleModel.events.get(), &prediction)
    #expect(prediction.jets.columns.count == observables.columns.count)
  }

  /// As a trigger asks: jets, their embeddings, leptons, photons and conditions, the embedding of the event, a tagger
  /// with its event and an event classifier.
  @Test(arguments: ItemMomenta.allCases)
  func anEncodedEventNeedsNoMemory(momenta: ItemMomenta) throws {
    let predictor = try Predictor(SampleModel.withEvents(momenta))
    let events = try SampleModel.events.get()
    var prediction = Prediction()
    try expectNoMemory(predictor, each: events, &prediction)
    #expect(prediction.heads.map(\.rows) == [.events, .jets] && prediction.eventEmbeddingWidth == 6)
    for _ in 0..<2 { try predictor.predict(events, into: &prediction) }
    let together = try allocations { try predictor.predict(events, into: &prediction) }
    #expect(together == 0)
  }

  @Test func aBatchOfEventsNeedsNoMemory() throws {
    let predictor = try Predictor(SampleModel.gated.get())
    var events = try SampleModel.events.get()
    events.append(events)
    var prediction = Prediction()
    for _ in 0..<3 { try predictor.predict(events, into: &prediction) }
    let memory = try allocations { try predictor.predict(events, into: &prediction) }
    #expect(memory == 0)
    #expect(prediction.jets.jetCount > Predictor.jetsAtOnce)
  }
}
