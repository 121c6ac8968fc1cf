// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import CCanopy
import Canopy
import CanopyC
import Foundation
import TestFiles
import Testing

/// Predictions by the C interface.
@Suite struct ModelTests {
  private func with<Result>(
    _ name: String, _ settings: String? = nil, _ body: (OpaquePointer) throws -> Result
  ) throws -> Result {
    let model = try #require(canopy_model_open(Models.folder(name).path, settings), "\(lastError)")
    defer { canopy_model_close(model) }
    return try body(model)
  }

  private func prediction(_ name: String, _ events: Events) throws -> Prediction {
    try Predictor(Model(contentsOf: Models.folder(name), plugins: .builtIn)).predict(events)
  }

  @Test(arguments: [1, 2]) func theScoresAreThoseOfTheLibrary(threads: Int) throws {
    let (arrays, events) = try GivenArrays.sample()
    let expected = try prediction("w-tagger", events)
    let results = GivenResults()
    try with("w-tagger", "{embeddings: true, threads: \(threads), observables: {soft-drop: {}}}") { model in
      #expect(arrays.with { canopy_predict(model, &$0, results.pointer) } == CANOPY_OK, "\(lastError)")
      #expect(String(cString: canopy_model_description(model)).contains("\"jet-tagger\""))
    }
    let scores = try results.floats("jet/w-tagger/score")
    #expect(scores == expected["w-tagger/score"]!.values && scores.count > 10)
    #expect(try results.floats("jet/embedding", width: expected.embeddingWidth) == expected.embedding)
    #expect(try results.doubles("jet/soft-drop/mass").count == scores.count)
    // One by one the bits are the same.
    try with("w-tagger") { model in
      var found: [Float] = []
      for event in 0..<events.eventCount {
        #expect(arrays.with(event..<event + 1) { canopy_predict(model, &$0, results.pointer) } == CANOPY_OK)
        found += try results.floats("jet/w-tagger/score")
      }
      #expect(found == scores)
    }
  }

  /// Particles that do not take part are counted by those who find constituents.
  @Test func constituentsAreCountedAsTheyAreGiven() throws {
    let (plain, _) = try GivenArrays.sample(10)
    var arrays = plain
    // A neutrino before the particles of each event.
    for event in (0..<10).reversed() {
      let place = Int(arrays.offsets[event])
      for component in 0..<4 { arrays.components[component].insert(component == 3 ? 50 : 25, at: place) }
      arrays.pdgID.insert(12, at: place)
      for later in event + 1...10 { arrays.offsets[later] += 1 }
    }
    let (visible, all) = (GivenResults(), GivenResults())
    try with("w-tagger", "{constituents: true, trees: true}") { model in
      #expect(plain.with { canopy_predict(model, &$0, visible.pointer) } == CANOPY_OK, "\(lastError)")
      #expect(arrays.with { canopy_predict(model, &$0, all.pointer) } == CANOPY_OK, "\(lastError)")
    }
    #expect(try visible.floats("jet/w-tagger/score") == all.floats("jet/w-tagger/score"))
    #expect(try visible.indices("jet/constituent").map { $0 + 1 } == all.indices("jet/constituent"))
    #expect(
      try visible.indices("tree/leaf").map { $0 < 0 ? $0 : $0 + 1 } == all.indices("tree/leaf"))
  }

  @Test func conditionsAreGivenOnceOrByColumns() throws {
    var (arrays, events) = try GivenArrays.sample(20)
    let (fixed, columns) = (GivenResults(), GivenResults())
    try with("dihiggs", "{conditions: {resonance_mass: 500}, threads: 2}") { model in
      #expect(arrays.with { canopy_predict(model, &$0, fixed.pointer) } == CANOPY_OK, "\(lastError)")
    }
    try with("dihiggs") { model in
      #expect(arrays.with { canopy_predict(model, &$0, columns.pointer) } == CANOPY_BAD_INPUT)
      #expect(lastError.contains("resonance_mass"))
      #expect(String(cString: canopy_error_field()) == "resonance_mass")
      arrays.eventColumns["resonance_mass"] = Array(repeating: 500, count: 20)
      #expect(arrays.with { canopy_predict(model, &$0, columns.pointer) } == CANOPY_OK, "\(lastError)")
    }
    events.columns["resonance_mass"] = Column(values: Array(repeating: 500, count: 20))
    let expected = try prediction("dihiggs", events)
    let name = "\(expected.heads[0].name)/\(expected.heads[0].outputs[0].name)"
    #expect(try fixed.floats("event/\(name)") == expected[name]!.values)
    #expect(try columns.floats("event/\(name)") == expected[name]!.values)
  }

  @Test func whatIsWrongIsSaid() {
    for (folder, settings, status, sentence) in [
      ("/nowhere", nil, CANOPY_BAD_INPUT, "/nowhere"),
      (Models.folder("w-tagger").path, "{conditions: {mass: 1}}", CANOPY_BAD_CALL, "reads no condition mass"),
      (Models.folder("w-tagger").path, "{threads: two}", CANOPY_BAD_CALL, "settings:1:11"),
      (
        Models.folder("w-tagger").path, "{observables: {w-tagger: {plugin: soft-drop}}}", CANOPY_BAD_CALL,
        "name of a head"
      ),
    ] as [(String, String?, canopy_status, String)] {
      #expect(canopy_model_open(folder, settings) == nil)
      #expect(canopy_error_status() == status && lastError.contains(sentence), "\(lastError)")
    }
    #expect(canopy_model_open(nil, nil) == nil && lastError == "The folder of the model is null.")
  }

  /// Sixteen threads at one model find the same bits.
  @Test func aModelServesManyThreads() throws {
    let (arrays, events) = try GivenArrays.sample(24)
    let expected = try prediction("w-tagger", events)["w-tagger/score"]!.values
    try with("w-tagger") { model in
      let address = Int(bitPattern: model)
      DispatchQueue.concurrentPerform(iterations: 16) { thread in
        let results = GivenResults()
        for _ in 0..<3 {
          let status = arrays.with {
            canopy_predict(OpaquePointer(bitPattern: address), &$0, results.pointer)
          }
          #expect(status == CANOPY_OK)
          #expect((try? results.floats("jet/w-tagger/score")) == expected)
        }
      }
    }
  }

  @Test(.enabled(if: allocation_counter_is_available(), "a sanitizer has an allocator of its own"))
  func oneEventAtATimeNeedsNoMemory() throws {
    let (arrays, _) = try GivenArrays.sample(1)
    let results = GivenResults()
    let finder = try #require(canopy_finder_open("{min-pt: 5, constituents: true, trees: true}"))
    defer { canopy_finder_close(finder) }
    arrays.with { events in
      for _ in 0..<3 { #expect(canopy_find_jets(finder, &events, results.pointer) == CANOPY_OK) }
      let warm = allocation_count()
      for _ in 0..<10 { _ = canopy_find_jets(finder, &events, results.pointer) }
      #expect(allocation_count() == warm)
    }
    #expect(canopy_results_count(results.pointer) == 18)
  }
}
