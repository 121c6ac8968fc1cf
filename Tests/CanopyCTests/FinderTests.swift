// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import CanopyC
import Foundation
import TestFiles
import Testing

/// Jets by the C interface.
@Suite struct FinderTests {
  /// A finder, closed when `body` ends.
  private func with<Result>(_ settings: String, _ body: (OpaquePointer) throws -> Result) throws -> Result {
    let finder = try #require(canopy_finder_open(settings), "\(lastError)")
    defer { canopy_finder_close(finder) }
    return try body(finder)
  }

  @Test(arguments: [1, 3]) func theJetsAreThoseOfTheLibrary(threads: Int) throws {
    let (arrays, events) = try GivenArrays.sample()
    let definition = try JetDefinition(.antikt, radius: 0.6)
    let finder = try JetFinder(
      definition, selection: JetSelection(.inclusive(minimumPt: 10)), recluster: .cambridge)
    let jets = try JetClusterer(finder).jets(in: events)
    #expect(jets.jetCount > 60)
    let results = GivenResults()
    try with(
      "{radius: 0.6, min-pt: 10, recluster: cambridge, constituents: true, trees: true, threads: \(threads)}"
    ) { finder in
      #expect(arrays.with { canopy_find_jets(finder, &$0, results.pointer) } == CANOPY_OK)
    }
    #expect(try results.offsets("jet/offset") == jets.offsets.map(Int64.init))
    #expect(try results.doubles("jet/pt") == jets.pt && results.doubles("jet/rapidity") == jets.rapidity)
    #expect(try results.doubles("jet/phi") == jets.phi && results.doubles("jet/mass") == jets.mass)
    #expect(try results.offsets("jet/constituent_offset") == jets.constituents.offsets.map(Int64.init))
    #expect(try results.indices("jet/constituent") == jets.constituents.content)
    let trees = jets.trees
    #expect(try results.offsets("tree/offset") == trees.offsets.map(Int64.init))
    #expect(try results.indices("tree/left") == trees.left && results.indices("tree/right") == trees.right)
    #expect(try results.doubles("tree/pt") == (0..<trees.nodeCount).map { trees.momentum(ofNode: $0).pt })
    let (leaves, kts) = (try results.indices("tree/leaf"), try results.doubles("tree/kt"))
    let (pts, rapidities, azimuths) = (
      try results.doubles("tree/pt"), try results.doubles("tree/rapidity"), try results.doubles("tree/phi")
    )
    for jet in 0..<jets.jetCount {
      let nodes = trees.nodes(ofTree: jet)
      #expect(Array(leaves[trees.leaves(ofTree: jet)]) == Array(jets.constituents[jet]))
      for node in nodes where trees.left[node] >= 0 {
        #expect(leaves[node] == -1)
        // kT = pT of the softer branch times ΔR, from the numbers of its children.
        let (left, right) = (
          nodes.lowerBound + Int(trees.left[node]), nodes.lowerBound + Int(trees.right[node])
        )
        let deltaPhi = remainder(azimuths[left] - azimuths[right], 2 * .pi)
        let deltaR = hypot(rapidities[left] - rapidities[right], deltaPhi)
        #expect(abs(kts[node] - min(pts[left], pts[right]) * deltaR) < 1e-9 * pts[nodes.upperBound - 1])
      }
      for leaf in trees.leaves(ofTree: jet) { #expect(kts[leaf].isNaN) }
    }
  }

  /// Events of the sample whose particles have a vertex, half of the tracks that of pile-up.
  private func withVertices() throws -> GivenArrays {
    var (arrays, events) = try GivenArrays.sample(20)
    arrays.particleColumns["vertex"] = (0..<events.particleCount).map {
      ParticleCharge.ofParticle(events.pdgID[$0]) == 0 ? 0 : $0 % 2 == 0 ? 1 : -1
    }
    return arrays
  }

  /// Momenta are multiplied by the weights that a finder gives of all particles, which come here from jets of another radius.
  @Test func weightsAreApplied() throws {
    let given = try withVertices()
    let (weights, expected, found) = (GivenResults(), GivenResults(), GivenResults())
    try with("{algorithm: cambridge, radius: 1.0, min-pt: 0, constituents: true, observables: {puppi: {}}}") {
      finder in
      #expect(given.with { canopy_find_jets(finder, &$0, weights.pointer) } == CANOPY_OK, "\(lastError)")
    }
    let (jets, constituents) = (
      try weights.offsets("jet/constituent_offset"), try weights.indices("jet/constituent")
    )
    let eventsOfJets = try weights.offsets("jet/offset")
    var multiplied = given
    let values = try weights.doubles("constituent/puppi/weight")
    for event in 0..<given.offsets.count - 1 {
      for place in jets[Int(eventsOfJets[event])]..<jets[Int(eventsOfJets[event + 1])] {
        let particle = Int(given.offsets[event]) + Int(constituents[Int(place)])
        for component in 0..<4 { multiplied.components[component][particle] *= values[Int(place)] }
      }
    }
    #expect(values.contains(0) && values.contains { 0 < $0 && $0 < 1 })
    try with("{min-pt: 5, constituents: true}") { finder in
      #expect(
        multiplied.with { canopy_find_jets(finder, &$0, expected.pointer) } == CANOPY_OK, "\(lastError)")
    }
    for threads in [1, 3] {
      try with("{min-pt: 5, constituents: true, apply: puppi, threads: \(threads)}") { finder in
        #expect(given.with { canopy_find_jets(finder, &$0, found.pointer) } == CANOPY_OK, "\(lastError)")
      }
      let pt = try found.doubles("jet/pt")
      #expect(try pt == expected.doubles("jet/pt"))
      #expect(pt.count > 10)
      #expect(try found.indices("jet/constituent") == expected.indices("jet/constituent"))
    }
    #expect(canopy_finder_open("{apply: pupi}") == nil)
    #expect(
      canopy_error_status() == CANOPY_BAD_CALL && lastError.hasPrefix("apply is pupi: "), "\(lastError)")
    var bare = given
    bare.particleColumns = [:]
    try with("{apply: puppi}") { finder in
      #expect(bare.with { canopy_find_jets(finder, &$0, found.pointer) } == CANOPY_BAD_INPUT)
    }
    #expect(lastError.contains("vertex") && canopy_error_event() == 0, "\(lastError)")
  }

  /// A trigger decides about the numbers that a model predicts for weighted particles.
  @Test func aTriggerReadsColumnsOfParticles() throws {
    let given = try withVertices()
    let folder = try TemporaryFolder()
    let menu = try folder.write(
      "apply: puppi\npaths: [{name: tagged, conditions: [{jet: {quantity: w-tagger/score}, min: 0}]}]\n",
      to: "menu.yaml")
    let path = Models.folder("w-tagger").path
    let results = GivenResults()
    let model = try #require(canopy_model_open(path, "{apply: puppi}"), "\(lastError)")
    defer { canopy_model_close(model) }
    #expect(given.with { canopy_predict(model, &$0, results.pointer) } == CANOPY_OK, "\(lastError)")
    let (offsets, scores) = (try results.offsets("jet/offset"), try results.floats("jet/w-tagger/score"))
    #expect(scores.count > 2)
    let trigger = try path.withCString { path in
      try menu.withCString { menu in
        var options = canopy_trigger_options()
        (options.model, options.menu) = (path, menu)
        return try #require(canopy_trigger_open(&options, nil, 0))
      }
    }
    defer { canopy_trigger_close(trigger) }
    var decision = canopy_trigger_decision()
    for event in 0..<given.offsets.count - 1 {
      #expect(
        given.with(event..<event + 1) { canopy_trigger_decide_event(trigger, &$0, &decision) } == 0,
        "\(String(cString: canopy_trigger_error(trigger)))")
      let jets = offsets[event]..<offsets[event + 1]
      #expect(decision.accepted == !jets.isEmpty)
      if decision.accepted { #expect(decision.values[0] == Double(scores[Int(jets.lowerBound)])) }
    }
    #expect(given.with { canopy_trigger_decide_event(trigger, &$0, &decision) } == -1)
    #expect(String(cString: canopy_trigger_error(trigger)).contains("one event at a time"))
  }

  /// Any of the ways in which a momentum may be given, and events in the middle of the arrays.
  @Test(arguments: [0, 1, 2, 3, 4]) func momentaComeInFiveWays(momenta: UInt32) throws {
    var (arrays, events) = try GivenArrays.sample(20)
    let all = (0..<events.particleCount).map { events.momentum(ofParticle: $0) }
    arrays.momenta = canopy_momenta(momenta)
    let mass = all.map { max(0, $0.mass) }
    arrays.components =
      switch arrays.momenta {
      case CANOPY_PX_PY_PZ_E: arrays.components
      case CANOPY_PX_PY_PZ_MASS: [all.map(\.px), all.map(\.py), all.map(\.pz), mass]
      case CANOPY_PT_ETA_PHI_E: [all.map(\.pt), all.map(\.pseudorapidity), all.map(\.phi), all.map(\.energy)]
      case CANOPY_PT_ETA_PHI_MASS: [all.map(\.pt), all.map(\.pseudorapidity), all.map(\.phi), mass]
      default: [all.map(\.pt), all.map(\.rapidity), all.map(\.phi), mass]
      }
    let (whole, part) = (GivenResults(), GivenResults())
    try with("{min-pt: 20, constituents: true}") { finder in
      #expect(arrays.with { canopy_find_jets(finder, &$0, whole.pointer) } == CANOPY_OK, "\(lastError)")
      #expect(arrays.with(7..<15) { canopy_find_jets(finder, &$0, part.pointer) } == CANOPY_OK)
    }
    let jets = try JetClusterer(
      JetFinder(JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 20)))
    ).jets(in: events)
    let pts = try whole.doubles("jet/pt")
    #expect(pts.count == jets.jetCount && zip(pts, jets.pt).allSatisfy { abs($0 - $1) < 1e-9 * $1 })
    #expect(try whole.indices("jet/constituent") == jets.constituents.content)
    let offsets = try whole.offsets("jet/offset")
    #expect(try part.offsets("jet/offset") == offsets[7...15].map { $0 - offsets[7] })
    #expect(try part.doubles("jet/pt") == Array(pts[Int(offsets[7])..<Int(offsets[15])]))
  }

  @Test func observablesAndCuts() throws {
    let (arrays, events) = try GivenArrays.sample(30)
    let results = GivenResults()
    try with(
      "{radius: 0.8, min-pt: 15, observables: {groomed: {plugin: soft-drop, z-cut: 0.2}}, cuts: ['groomed/mass > 5']}"
    ) { finder in
      #expect(arrays.with { canopy_find_jets(finder, &$0, results.pointer) } == CANOPY_OK, "\(lastError)")
    }
    let choice = ObservableChoice("groomed", SoftDropGrooming.self, .init(zCut: 0.2, beta: 0))
    let jets = try JetReconstruction(
      JetFinder(JetDefinition(.antikt, radius: 0.8), selection: JetSelection(.inclusive(minimumPt: 15))),
      observables: ObservableSet([choice]), cuts: [ObservableCut("groomed/mass > 5")]
    ).jets(in: events)
    let masses = try results.doubles("jet/groomed/mass")
    #expect(masses == jets.columns.jets["groomed/mass"]!.values && masses.count > 5)
    #expect(masses.allSatisfy { $0 > 5 })
    #expect(!results.names.contains("tree/left") && !results.names.contains("jet/constituent"))
  }

  @Test func noEventsAndEventsWithoutParticles() throws {
    let results = GivenResults()
    try with("{trees: true, threads: 4}") { (finder) throws in
      var events = canopy_no_events()
      #expect(canopy_find_jets(finder, &events, results.pointer) == CANOPY_OK, "\(lastError)")
      #expect(try results.offsets("jet/offset") == [0] && results.doubles("jet/pt").isEmpty)
      events.event_count = 1
      #expect(canopy_find_jets(finder, &events, results.pointer) == CANOPY_OK, "\(lastError)")
      #expect(try results.offsets("jet/offset") == [0, 0])
      let offsets = [Int64](repeating: 0, count: 9)
      events.event_count = 8
      offsets.withUnsafeBufferPointer {
        events.offsets = $0.baseAddress
        #expect(canopy_find_jets(finder, &events, results.pointer) == CANOPY_OK, "\(lastError)")
      }
      #expect(try results.offsets("jet/offset") == [Int64](repeating: 0, count: 9))
    }
  }

  @Test func whatIsWrongIsSaid() throws {
    for (settings, sentence) in [
      ("{algorithm: antikt, radios: 0.4}", "unknown key 'radios'; did you mean 'radius'?"),
      ("{radius: -1}", "radius is refused"), ("[1]", "settings:1:1"),
      ("{observables: {soft-drip: {}}}", "did you mean"), ("{cuts: ['sift/mass > 1']}", "sift"),
      ("{threads: 0}", "threads is refused"), ("{algorithm: ee-kt}", "algorithm is refused"),
    ] {
      #expect(canopy_finder_open(settings) == nil)
      #expect(lastError.contains(sentence), "\(settings): \(lastError)")
      #expect(canopy_error_status() == CANOPY_BAD_CALL, "\(settings): \(lastError)")
    }
    let (arrays, _) = try GivenArrays.sample(6)
    try with("{}") { finder in
      let results = GivenResults()
      func fail(
        _ sentence: String, _ status: canopy_status = CANOPY_BAD_CALL, _ given: GivenArrays? = nil,
        _ change: (inout canopy_events) -> Void = { _ in }
      ) {
        #expect(arrays.with { canopy_find_jets(finder, &$0, results.pointer) } == CANOPY_OK)
        let found = (given ?? arrays).with { events in
          change(&events)
          return canopy_find_jets(finder, &events, results.pointer)
        }
        #expect(found == status && canopy_error_status() == status)
        #expect(lastError.contains(sentence), "\(lastError)")
        // Nothing of an earlier call is left.
        #expect(canopy_results_count(results.pointer) == 0)
      }
      fail("size of canopy_events") { $0.size -= 8 }
      fail("momenta is 9") { $0.momenta = canopy_momenta(9) }
      fail("One of the four components is null") { $0.components.2 = nil }
      fail("offsets are null") { $0.offsets = nil }
      fail("event_count is") { $0.event_count = -1 }
      fail("offsets[6]") { $0.particle_count -= 1 }
      fail("particle_columns is null") {
        ($0.particle_columns, $0.particle_column_count) = (nil, 2)
      }
      var bad = arrays
      bad.offsets[3] = bad.offsets[4] + 1
      fail("offsets[4] is \(bad.offsets[4])", CANOPY_BAD_CALL, bad)
      bad = arrays
      bad.components[1][Int(arrays.offsets[2]) + 3] = .nan
      fail("py", CANOPY_BAD_INPUT, bad)
      #expect(canopy_error_event() == 2 && String(cString: canopy_error_field()) == "py")
      bad = arrays
      bad.particleColumns = ["": arrays.components[0]]
      fail("The name of particle_columns[0] is empty", CANOPY_BAD_CALL, bad)
      #expect(canopy_find_jets(nil, nil, results.pointer) == CANOPY_BAD_CALL)
      #expect(lastError == "The pointer to the finder is null.")
      #expect(
        canopy_find_jets(finder, nil, nil) == CANOPY_BAD_CALL
          && lastError == "The pointer to the results is null.")
      var array = canopy_no_array()
      #expect(!canopy_results_array(results.pointer, 100, &array) && lastError.contains("no array 100"))
      #expect(!canopy_results_find(results.pointer, "jet/pt", &array) && lastError.contains("jet/pt"))
    }
    #expect(canopy_load_plugins("/nowhere.so") == CANOPY_BAD_INPUT && lastError.contains("/nowhere.so"))
    canopy_finder_close(nil)
    canopy_results_destroy(nil)
  }

  /// What a thread is blamed for is not seen by another.
  @Test func eachThreadHasItsError() {
    #expect(canopy_finder_open("{radius: -1}") == nil)
    let thread = Thread {
      #expect(lastError.isEmpty && canopy_error_event() == -1)
      #expect(canopy_finder_open("{radius: -2}") == nil)
    }
    thread.start()
    while !thread.isFinished { usleep(1000) }
    #expect(canopy_finder_open("{min-pt: -3}") == nil && lastError.contains("min-pt"))
  }
}
