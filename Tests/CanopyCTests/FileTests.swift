// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import CanopyC
import Foundation
import TestFiles
import Testing

/// Files of events, trainings and evaluations by the C interface.
@Suite struct FileTests {
  private let folder: TemporaryFolder
  private let sample = Samples.path("w-vs-qcd-small.h5")

  init() throws { folder = try TemporaryFolder() }

  /// Calls `body` with inputs of these names, the last of which is events in memory if there are some.
  private func withInputs<Result>(
    _ names: [String], _ events: UnsafePointer<canopy_events>? = nil,
    _ body: (UnsafePointer<canopy_input>, Int) throws -> Result
  ) rethrows -> Result {
    let texts = names.map { strdup($0)! }
    defer { texts.forEach { free($0) } }
    let inputs = texts.enumerated().map {
      canopy_input(name: $1, events: $0 == texts.count - 1 ? events : nil)
    }
    return try inputs.withUnsafeBufferPointer { try body($0.baseAddress!, $0.count) }
  }

  private func read(
    _ names: [String], _ settings: String? = nil, _ body: (GivenResults) throws -> Void
  ) throws {
    let reader = try #require(withInputs(names) { canopy_reader_open($0, $1, settings) }, "\(lastError)")
    defer { canopy_reader_close(reader) }
    let results = GivenResults()
    while true {
      try #require(canopy_read(reader, 700, results.pointer) == CANOPY_OK, "\(lastError)")
      try body(results)
      if try results.offsets("offset").count == 1 { return }
    }
  }

  @Test func eventsAreThoseOfTheLibrary() throws {
    let stream = try EventStream(inputs: [sample], options: EventReadingOptions(maximumEvents: 900))
    var expected = try #require(try stream.next(upTo: 900))
    while let more = try stream.next(upTo: 900) { expected.append(more) }
    var (px, labels, counts) = ([Double](), [Int32](), [Int64]())
    try read([sample], "{max-events: 900, define: {twice: 2 * label}}") { results in
      px += try results.doubles("momentum/px")
      let offsets = try results.offsets("offset")
      counts += zip(offsets, offsets.dropFirst()).map { $1 - $0 }
      guard offsets.count > 1 else { return #expect(results.names.last == "remark") }
      labels += try results.indices("event/label")
      #expect(try results.doubles("event/twice") == results.indices("event/label").map { 2 * Double($0) })
      #expect(try results.indices("pdgid").count == results.doubles("momentum/E").count)
    }
    #expect(px == expected.momenta.px)
    #expect(labels.map(Double.init) == expected.columns["label"]!.values)
    #expect(counts == zip(expected.offsets, expected.offsets.dropFirst()).map { Int64($1 - $0) })
  }

  /// All types of columns, and given jets, come back from both formats.
  @Test(arguments: ["h5", "jsonl"]) func whatIsWrittenIsRead(ending: String) throws {
    let (arrays, events) = try GivenArrays.sample(3)
    let file = folder.path("events.\(ending)")
    let texts: [UnsafeMutablePointer<CChar>?] = [strdup("tt"), nil, strdup("Zh")]
    defer { texts.forEach { free($0) } }
    let (large, few, flags) = ([UInt64.max, 1, 2], [Int32(-5), 6, 7], [UInt8(1), 0, 1])
    let (offsets, flavours) = ([Int64(0), 2, 2, 3], [Int32(5), 4, 0])
    let names = ["process", "seed", "few", "flag", "flavour", "mm"].map { (name: String) in strdup(name)! }
    defer { names.forEach { free($0) } }
    func column(_ name: Int, _ type: canopy_type, _ data: UnsafeRawPointer) -> canopy_column {
      canopy_column(name: names[name], values: nil, width: 1, data: data, type: type, unit: names[5])
    }
    try arrays.with { given in
      try texts.withUnsafeBytes { texts in
        try large.withUnsafeBytes { large in
          try few.withUnsafeBytes { few in
            try flags.withUnsafeBytes { flags in
              try flavours.withUnsafeBytes { flavours in
                try offsets.withUnsafeBufferPointer { offsets in
                  let columns = [
                    column(0, CANOPY_TEXT, texts.baseAddress!), column(1, CANOPY_UINT64, large.baseAddress!),
                    column(2, CANOPY_INT32, few.baseAddress!), column(3, CANOPY_BOOL, flags.baseAddress!),
                  ]
                  let jets = [column(4, CANOPY_INT32, flavours.baseAddress!)]
                  try columns.withUnsafeBufferPointer { columns in
                    try jets.withUnsafeBufferPointer { jets in
                      (given.event_columns, given.event_column_count) = (columns.baseAddress, columns.count)
                      (given.jet_columns, given.jet_column_count) = (jets.baseAddress, jets.count)
                      (given.jet_offsets, given.jet_count) = (offsets.baseAddress, 3)
                      let writer = try #require(canopy_writer_open(file, nil), "\(lastError)")
                      defer { canopy_writer_close(writer) }
                      #expect(canopy_write(writer, &given) == CANOPY_OK, "\(lastError)")
                      #expect(!FileManager.default.fileExists(atPath: file))
                      #expect(canopy_writer_finish(writer) == CANOPY_OK, "\(lastError)")
                      #expect(canopy_write(writer, &given) == CANOPY_BAD_CALL)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    var parts = 0
    try read([file]) { results in
      parts += 1
      guard parts == 1 else { return }
      #expect(try results.doubles("momentum/E") == events.momenta.energy)
      #expect(try results.numbers("event/seed", CANOPY_UINT64) == large)
      let found: [UnsafePointer<CChar>] = try results.numbers("event/process", CANOPY_TEXT)
      #expect(found.map { String(cString: $0) } == ["tt", "", "Zh"])
      #expect(try results.offsets("jet_offset") == offsets)
      guard ending == "h5" else { return }
      #expect(try results.indices("event/few") == few && results.indices("jet/flavour") == flavours)
      #expect(try results.numbers("event/flag", CANOPY_BOOL) == flags)
      var array = canopy_no_array()
      #expect(canopy_results_find(results.pointer, "event/few", &array))
      #expect(String(cString: array.unit) == "mm")
    }
    #expect(parts == 2)
  }

  @Test func whatIsWrongIsSaid() throws {
    #expect(withInputs(["/no/such"]) { canopy_reader_open($0, $1, nil) } == nil)
    #expect(lastError.contains("/no/such") && canopy_error_status() == CANOPY_BAD_INPUT)
    #expect(String(cString: canopy_error_file()) == "/no/such")
    #expect(withInputs([sample]) { canopy_reader_open($0, $1, "{wher: 1}") } == nil)
    #expect(lastError.contains("wher") && canopy_error_status() == CANOPY_BAD_CALL, "\(lastError)")
    #expect(canopy_writer_open(folder.path("x.root"), nil) == nil)
    #expect(lastError.contains(".h5"), "\(lastError)")
    let bad = try folder.write(
      "{\"particles\": [[1, 0, 0, 1]]}\n{\"particles\": [[1, 0, 0, -1]]}\n", to: "bad.jsonl")
    let reader = try #require(withInputs([bad]) { canopy_reader_open($0, $1, nil) }, "\(lastError)")
    let results = GivenResults()
    #expect(canopy_read(reader, 700, results.pointer) == CANOPY_BAD_INPUT && results.names.isEmpty)
    canopy_reader_close(reader)
    #expect(canopy_error_event() == 1 && String(cString: canopy_error_field()) == "E")
    #expect(String(cString: canopy_error_file()) == bad)
    // A writer that is not finished leaves nothing.
    let (arrays, _) = try GivenArrays.sample(3)
    let writer = try #require(canopy_writer_open(folder.path("half.h5"), "hdf5"))
    #expect(arrays.with { canopy_write(writer, &$0) } == CANOPY_OK)
    canopy_writer_close(writer)
    #expect(try folder.content == ["bad.jsonl"])
  }

  /// A column that one call of a model has is not there for the next one, which lacks it.
  @Test func columnsOfACallAreForgotten() throws {
    let (plain, _) = try GivenArrays.sample(5)
    var arrays = plain
    arrays.eventColumns["resonance_mass"] = Array(repeating: 500, count: 5)
    let model = try #require(canopy_model_open(Models.folder("dihiggs").path, nil), "\(lastError)")
    defer { canopy_model_close(model) }
    let results = GivenResults()
    #expect(arrays.with { canopy_predict(model, &$0, results.pointer) } == CANOPY_OK, "\(lastError)")
    #expect(plain.with { canopy_predict(model, &$0, results.pointer) } == CANOPY_BAD_INPUT)
  }

  @Test func anEvaluationIsThatOfTheLibrary() throws {
    let library = try Model(contentsOf: Models.folder("w-tagger"), plugins: .builtIn)
    let expected = try Evaluation(
      of: library, on: EventStream(inputs: [sample], options: EventReadingOptions(maximumEvents: 100)),
      threads: 1)
    let model = try #require(canopy_model_open(Models.folder("w-tagger").path, nil), "\(lastError)")
    defer { canopy_model_close(model) }
    let results = GivenResults()
    try withInputs([sample]) { inputs, count in
      let status = canopy_evaluate(model, inputs, count, "{max-events: 100}", nil, results.pointer)
      try #require(status == CANOPY_OK, "\(lastError)")
    }
    let found: [UnsafePointer<CChar>] = try results.numbers("evaluation", CANOPY_TEXT)
    #expect(String(cString: found[0]) == String(decoding: try expected.json(), as: UTF8.self))
    let head = expected.heads[0]
    #expect(try results.floats("truth/w-tagger/label") == head.truth["label"])
    #expect(try results.doubles("weight/w-tagger") == head.weights)
    #expect(
      try results.floats("outputs/w-tagger/score") == (0..<head.outputs.rows).map { head.outputs[$0, 0] })
    #expect(
      try results.doubles("roc/w-tagger/threshold").count == expected.classifiers[0].curve!.points().count)
  }

  /// Events in memory give the bits of a file of them; a training that is stopped leaves what can go on.
  @Test func aTrainingHasTheBitsOfTheFile() throws {
    let yaml = """
      data: {inputs: [\(sample)], max-events: 60, validation-fraction: 0.3}
      jets: {algorithm: antikt, radius: 1.0, min-pt: 200, leading: 1}
      embedding: {width: 4, features: lund}
      heads: {w: {plugin: jet-tagger, configuration: {truth: label, classes: [QCD, W]}}}
      training: {epochs: 2, batch-size: 10, learning-rate: 0.01, seed: 3, threads: 1}
      """
    let plugins = PluginRegistry.builtIn
    let expected = folder.url.appendingPathComponent("expected")
    _ = try TrainingRun(
      TrainingConfiguration(yaml: yaml, source: "test", plugins: plugins), plugins: plugins
    ).run(into: expected, resuming: false, observer: Silent())
    let events = try #require(try EventStream(inputs: [sample]).next(upTo: 60))
    var arrays = GivenArrays(events)
    arrays.eventColumns["label"] = events.columns["label"]!.values
    let found = folder.path("found")
    func run(stoppingAfter limit: Int) -> canopy_status {
      var left = limit
      return withUnsafeMutablePointer(to: &left) { left in
        var watch = canopy_no_watch()
        watch.context = UnsafeMutableRawPointer(left)
        watch.goes_on = { context in
          let left = context!.assumingMemoryBound(to: Int.self)
          left.pointee -= 1
          return left.pointee >= 0
        }
        return arrays.with { given in
          withInputs(["array"], &given) { inputs, count in
            var training = canopy_no_training()
            (training.inputs, training.input_count, training.resume) = (inputs, count, true)
            return found.withCString { folder in
              yaml.replacingOccurrences(of: sample, with: "array").withCString { text in
                (training.folder, training.text) = (folder, text)
                return canopy_train(&training, &watch)
              }
            }
          }
        }
      }
    }
    // One batch of events is read, and an epoch has five steps.
    #expect(run(stoppingAfter: 8) == CANOPY_WORK_FAILED)
    #expect(lastError == "The call was stopped.")
    #expect(run(stoppingAfter: 1000) == CANOPY_OK, "\(lastError)")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: found).appendingPathComponent(Model.weightsFile))
        == Data(contentsOf: expected.appendingPathComponent(Model.weightsFile)))
  }

  private final class Silent: TrainingRun.Observer {
    func begin(_ summary: TrainingRun.Summary) {}
    func step(epoch: Int, eventsDone: Int, loss: Double) {}
    func finish(_ epoch: EpochSummary) {}
  }
}
