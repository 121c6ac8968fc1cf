// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import PluginKit
import RecursiveEmbedding
import Support
import TestCells
import TestFiles
import TestPlugins
import Testing

/// Models as folders: whatever is written is read again, and nothing else is.
@Suite struct ModelFilesTests {
  private let folder: TemporaryFolder
  private var url: URL { folder.url.appendingPathComponent("model") }
  private var descriptionFile: URL { url.appendingPathComponent(Model.descriptionFile) }
  private var weightsFile: URL { url.appendingPathComponent(Model.weightsFile) }

  init() throws {
    folder = try TemporaryFolder()
    try SampleModel.gated.get().write(to: url)
  }

  @Test func aModelIsReadAsItWasWritten() throws {
    let model = try SampleModel.gated.get()
    let copy = try Model(contentsOf: url, plugins: .shipped)
    #expect(copy.description == model.description)
    #expect(copy.parameters.values.elementsEqual(model.parameters.values))
    let events = try SampleModel.events.get()
    #expect(try Predictor(copy).predict(events).numbers == Predictor(model).predict(events).numbers)

    let again = folder.url.appendingPathComponent("again/deeper")
    try copy.write(to: again)
    let names = [Model.descriptionFile, Model.weightsFile]
    #expect(try FileManager.default.contentsOfDirectory(atPath: again.path).sorted() == names)
    for name in names {
      let bytes = try Data(contentsOf: again.appendingPathComponent(name))
      #expect(try bytes == Data(contentsOf: url.appendingPathComponent(name)))
    }
    // Writing over a model replaces it.
    try SampleModel.make(.simple).write(to: again)
    #expect(
      try Model(contentsOf: again, plugins: .shipped).network.recursive?.network.cell == .simple)
  }

  @Test func aModelNamesThePluginsOfItsStages() throws {
    try SampleModel.withEvents().write(to: url)
    var object = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: descriptionFile)) as? [String: Any])
    let new = try Model(contentsOf: url, plugins: .shipped)
    for (place, plugin, version) in [("embedding", "recursive", "1.1.0"), ("events", "recurrent", "1.0.0")] {
      var stage = try #require(object[place] as? [String: Any])
      #expect(stage.removeValue(forKey: "plugin") as? String == plugin)
      #expect(stage.removeValue(forKey: "version") as? String == version)
      object[place] = stage
    }
    // As files were written before stages were plugins.
    try JSONSerialization.data(withJSONObject: object).write(to: descriptionFile)
    let old = try Model(contentsOf: url, plugins: .shipped)
    #expect(old.network.embedding?.description == new.network.embedding?.description)
    #expect(old.network.events?.description == new.network.events?.description)
    let events = try SampleModel.events.get()
    #expect(try Predictor(old).predict(events).numbers == Predictor(new).predict(events).numbers)
  }

  @Test(arguments: testedCells) func aModelOfAnyCellIsReadAgain(cell: RecursiveNetwork.Cell) throws {
    let model = try SampleModel.make(cell)
    try model.write(to: url)
    var plugins = PluginRegistry.shipped
    try plugins.register(TreeMemoryCell.self)
    let copy = try Model(contentsOf: url, plugins: plugins)
    #expect(copy.network.recursive?.network.cell == cell && copy.description == model.description)
    let events = try SampleModel.events.get()
    let expected = try Predictor(model).predict(events).numbers
    #expect(try Predictor(copy).predict(events).numbers == expected)
    #expect(expected[0].contains { $0 != 0 })
  }

  @Test func provenanceIsKept() throws {
    let model = try SampleModel.gated.get()
    var description = model.description
    let epoch = EpochSummary(
      epoch: 1, trainingLoss: 0.5, validationLoss: nil, metrics: [.init(name: "AUC", value: 0.75)],
      learningRate: 1e-3, eventCount: 12, seconds: 0.25, isBest: true)
    description.training = TrainingProvenance(
      canopyVersion: "0.0.1", configuration: "data:\n  “é”\n", files: ["a b.h5"], trainingEvents: 12,
      validationEvents: 3, seed: .max, threads: 2, bestEpoch: 1, epochs: [epoch])
    try Model(description: description, network: model.network, parameters: model.parameters).write(to: url)
    #expect(try Model(contentsOf: url, plugins: .shipped).description == description)
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    let file = try folder.write("", to: "file")
    let error = #expect(throws: FileOutputError.self) {
      try SampleModel.gated.get().write(to: URL(fileURLWithPath: file + "/model"))
    }
    expectSentence(error, "file/model", "cannot be written")
  }

  // MARK: - One unit

  /// A program that is killed between the two renamings leaves the new description with the old weights, and
  /// the new weights next to them.
  @Test func aWriterThatIsKilledLeavesOneModel() throws {
    let files = FileManager.default
    let oldWeights = try Data(contentsOf: weightsFile)
    let oldDescription = try Data(contentsOf: descriptionFile)
    var description = try SampleModel.gated.get().description
    description.training = nil
    let parameters = Parameters(layout: try SampleModel.gated.get().network.layout)
    let model = Model(
      description: description, network: try SampleModel.gated.get().network, parameters: parameters)
    try model.write(to: url)
    let newWeights = try Data(contentsOf: weightsFile)
    #expect(newWeights != oldWeights)
    let pending = url.appendingPathComponent("weights.new.safetensors")
    #expect(!files.fileExists(atPath: pending.path))

    // Before the description: the old model.
    try newWeights.write(to: pending)
    try oldWeights.write(to: weightsFile)
    let newDescription = try Data(contentsOf: descriptionFile)
    try oldDescription.write(to: descriptionFile)
    func weights() throws -> [Float] {
      let model = try Model(contentsOf: url, plugins: .shipped)
      return withExtendedLifetime(model.parameters) { Array(model.parameters.values) }
    }
    #expect(try weights() == Array(SampleModel.gated.get().parameters.values))
    // After it: the new one, also if a further writer is killed before its description.
    try newDescription.write(to: descriptionFile)
    #expect(try weights() == Array(parameters.values))
    try SampleModel.gated.get().write(to: url)
    #expect(try weights() == Array(SampleModel.gated.get().parameters.values))
    #expect(!files.fileExists(atPath: pending.path))
    // Weights of another model.
    try newWeights.write(to: weightsFile)
    expectRefusal(naming: weightsFile, "not the weights that model.json was written with")
  }

  // MARK: - Damage

  /// That reading fails with one sentence that names `file` and holds the fragments.
  private func expectRefusal(
    naming file: URL, _ fragments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try Model(contentsOf: url, plugins: .shipped)
      Issue.record("the model was read", sourceLocation: sourceLocation)
    } catch {
      #expect(error is ModelError || error is SafetensorsError, sourceLocation: sourceLocation)
      expectSentence(error, [file.relativePath] + fragments, sourceLocation: sourceLocation)
    }
  }

  private func expectSentence(
    _ error: (any Error)?, _ fragments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectSentence(error, fragments, sourceLocation: sourceLocation)
  }

  private func expectSentence(
    _ error: (any Error)?, _ fragments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let text = error.map { "\($0)" } ?? "no error"
    for fragment in fragments {
      #expect(text.contains(fragment), "\(text)", sourceLocation: sourceLocation)
    }
    // One sentence, and nothing that only the program's authors understand.
    #expect(text.contains(/[^.][.?]$/), "\(text)", sourceLocation: sourceLocation)
    #expect(!text.contains("\n") && text.count < 500, "\(text)", sourceLocation: sourceLocation)
    for name in ["Optional(", "Error(", "CodingKey", "Swift.", "debugDescription"] {
      #expect(!text.contains(name), "\(text)", sourceLocation: sourceLocation)
    }
  }

  /// Members of `model.json`, their replacements (they are removed if there is none), and what the error must
  /// name.
  static let damage: [(path: String, json: String?, fragment: String)] = [
    ("formatVersion", "3", "format is 3"), ("formatVersion", "2", "folds is missing"),
    ("formatVersion", "\"1\"", "formatVersion"),
    ("formatVersion", nil, "formatVersion"), ("jets", nil, "jets"), ("jets.trees", "false", "trees"),
    ("jets.radius", "-1", "radius"), ("jets.radius", "1e300", "radius"),
    ("jets.algorithm", "\"antikit\"", "algorithm"), ("jets.recluster", "\"genkt\"", "power"),
    ("jets.leading", "0", "leading"), ("jets.exclusive-jets", "2", "min-pt"),
    ("embedding.width", "0", "must lie between 1 and 1024"),
    ("embedding.width", "-4", "must lie between 1 and 1024"),
    ("embedding.width", "1000000000", "must lie between 1 and 1024"),
    ("embedding.width", "1e30", "out of range"),
    ("embedding.width", "8", "embedding."),
    ("embedding.cell", "\"lstm\"", "there is no recursive cell lstm here: load its library by --plugin"),
    ("embedding.cell", "\"gatde\"", "the cells here are: simple, gated; did you mean gated?"),
    ("embedding.features", "\"paper\"", "7 features"), ("embedding", "[]", "embedding"),
    (
      "embedding.plugin", "\"transformer\"",
      "There is no stage transformer 1.1.0 here: load its library by --plugin"
    ),
    ("embedding.plugin", "\"recurrent\"", "cannot stand under embedding"),
    ("embedding.plugin", "3", "plugin"),
    ("embedding.version", "\"2.0.0\"", "trained with recursive 2.0.0, and this is 1.1.0"),
    ("embedding.version", "\"one\"", "version"), ("scaling.nodes", nil, "scaling.nodes is missing"),
    ("scaling.events", "{}", "scaling.events is that of no stage"),
    ("scaling.nodes.median", "[1, 2]", "scaling"), ("scaling.nodes.interquartileRange", "[]", "scaling"),
    ("scaling.nodes.interquartileRange", "[1, 1, 1, 1, 1, -1, 1, 1, 1, 1, 1]", "scaling"),
    ("scaling.nodes.interquartileRange", "[1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]", "scaling"),
    ("scaling.nodes.median", "[1, 1, 1, 1, 1, 1e39, 1, 1, 1, 1, 1]", "out of range"),
    ("heads", "{}", "heads"), ("heads.0", "3", "heads"), ("heads.1.name", "\"tagger\"", "tagger"),
    ("heads.0.name", "\"a/b\"", "a/b"), ("heads.0.name", "\"pt\"", "pt"), ("heads.0.name", "\"\"", "name"),
    ("heads.0.plugin", "\"jet-tager\"", "jet-tager"), ("heads.0.version", "\"2.0.0\"", "2.0.0"),
    ("heads.0.version", "\"one\"", "version"), ("heads.0.version", nil, "version"),
    ("heads.0.configuration", "{}", "truth"), ("heads.0.configuration", "null", "the head tagger"),
    ("heads.0.configuration.classes", "[\"W\"]", "classes"),
    ("heads.0.configuration.classes", "[\"W\", 2]", "classes"),
    ("heads.0.configuration.hidden", "[1000000000]", "4096"),
    ("heads.0.configuration.hidden", "[0]", "hidden layers"),
    ("heads.0.configuration.hidden", "[6]", "heads.tagger"),
    ("training", "{}", "training"),
  ]

  @Test(arguments: damage)
  func damagedDescriptions(path: String, json: String?, fragment: String) throws {
    let text = try String(contentsOf: descriptionFile, encoding: .utf8)
    let value = try json.map {
      try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
    }
    let keys = path.split(separator: ".").map(String.init)
    let damaged = replacing(
      try JSONSerialization.jsonObject(with: Data(text.utf8)), at: keys[...], with: value)
    try JSONSerialization.data(withJSONObject: damaged).write(to: descriptionFile)
    let isInWeights = ["embedding.", "heads.tagger"].contains(fragment)
    expectRefusal(naming: isInWeights ? weightsFile : descriptionFile, fragment)
  }

  /// Digits of 64 bits or fewer, and numbers that a double writes as they were read; no other whole number.
  @Test func wholeNumbersAreKeptOrRefused() throws {
    for text in ["1e+19", "-1e+19", "1e+23", "18446744073709552000", "-9223372036854775808"] {
      let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
      let again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
      #expect(again == value && Decimal(string: text) == (try? value.decode(Decimal.self)), "\(text)")
    }
    let decimals = try JSONDecoder().decode(JSONValue.self, from: Data("123456789012345678901234.5".utf8))
    #expect(decimals == .number(123_456_789_012_345_678_901_234.5), "no whole number, and rounded as ever")
    // A double is as near as any number to what has more digits than are counted.
    let long = String(repeating: "1234567890", count: 20)
    #expect(try JSONDecoder().decode(JSONValue.self, from: Data(long.utf8)) == .number(Double(long)!))
    for (text, shown) in [
      ("18446744073709551616", "18446744073709551616"), ("-9223372036854775809", "-9223372036854775809"),
      ("100000000000000000000001", "100000000000000000000001"),
      // Of which no more than 38 digits could be shown.
      ("12345678901234567890123456789012345678901", "near 1.2345678901234568e+40"),
    ] {
      let error = #expect(throws: DecodingError.self) {
        try JSONDecoder().decode([String: JSONValue].self, from: Data("{\"a\": [\(text)]}".utf8))
      }
      guard case .dataCorrupted(let context)? = error else {
        Issue.record("\(error as Any)")
        continue
      }
      #expect(
        context.debugDescription
          == "the whole number \(shown) has more digits than are kept; write one of 64 bits, or with an exponent"
      )
    }
  }

  /// A seed in the configuration of a head may have 64 bits.
  @Test func wholeNumbersOf64BitsAreKept() throws {
    let text = "[18446744073709551615,-9223372036854775808,0.5]"
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(value == .array([.unsigned(.max), .integer(.min), .number(0.5)]))
    #expect(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) == text)
  }

  /// A member that a later version may have added, in any part but what a training says of itself.
  @Test(arguments: [
    "", "jets.", "embedding.", "scaling.", "scaling.nodes.", "heads.0.", "heads.0.configuration.",
    "training.",
  ])
  func membersThatAreNotKnown(part: String) throws {
    let keys = (part + "novelty").split(separator: ".").map(String.init)
    let model = try SampleModel.gated.get()
    var description = model.description
    description.training = TrainingProvenance(
      canopyVersion: "0.0.1", configuration: "", files: [], trainingEvents: 12, validationEvents: 3, seed: 1,
      threads: 2, bestEpoch: 1, epochs: [])
    try Model(description: description, network: model.network, parameters: model.parameters).write(to: url)
    let whole = try JSONSerialization.jsonObject(with: Data(contentsOf: descriptionFile))
    try JSONSerialization.data(withJSONObject: replacing(whole, at: keys[...], with: 1)).write(
      to: descriptionFile)
    if part == "training." {
      _ = try Model(contentsOf: url, plugins: .shipped)
    } else {
      expectRefusal(
        naming: descriptionFile, "novelty is nothing that this version of Canopy or of the plugin knows")
    }
  }

  private func replacing(_ whole: Any, at path: ArraySlice<String>, with value: Any?) -> Any {
    let key = path.first!
    let rest = path.dropFirst()
    if var list = whole as? [Any], let index = Int(key) {
      list[index] = rest.isEmpty ? value! : replacing(list[index], at: rest, with: value)
      return list
    }
    var object = whole as! [String: Any]
    object[key] = rest.isEmpty ? value : replacing(object[key]!, at: rest, with: value)
    return object
  }

  @Test(arguments: [
    "", " ", "{", "[]", "null", "{\"formatVersion\": 1", "\u{0}", "<html>", "{\"a\": \"\\ud800\"}",
  ])
  func descriptionsThatAreNone(text: String) throws {
    try Data(text.utf8).write(to: descriptionFile)
    expectRefusal(naming: descriptionFile, "description of a model")
  }

  @Test(arguments: ["[", "{\"a\":"]) func descriptionsNestedWithoutEnd(bracket: String) throws {
    try Data(String(repeating: bracket, count: 200_000).utf8).write(to: descriptionFile)
    expectRefusal(naming: descriptionFile)
    let whole = try String(decoding: JSONEncoder().encode(SampleModel.gated.get().description), as: UTF8.self)
    func write(depth: Int) throws {
      let nested =
        String(repeating: bracket, count: depth) + "1"
        + String(repeating: bracket == "[" ? "]" : "}", count: depth)
      let text = whole.replacingOccurrences(
        of: "\"configuration\":{", with: "\"configuration\":{\"x\":\(nested),")
      #expect(text != whole)
      try Data(text.utf8).write(to: descriptionFile)
    }
    try write(depth: 50)
    expectRefusal(naming: descriptionFile, "x is nothing that this version of Canopy or of the plugin knows")
    for depth in [65, 400] {
      try write(depth: depth)
      expectRefusal(naming: descriptionFile, "lies in more than 64 lists and objects")
    }
  }

  /// Many heads, each of the largest layers: terabytes that no weights file holds.
  @Test func descriptionsOfMoreThanMemory() throws {
    var description = try SampleModel.gated.get().description
    let configuration = try JSONValue(
      encoding: ["hidden": JSONValue.array(Array(repeating: .integer(4096), count: 20))])
    guard case .object(let layers) = configuration,
      case .object(var members) = description.heads[0].configuration
    else { return }
    members.merge(layers) { $1 }
    description.heads[0].configuration = .object(members)
    for number in 0..<60 {
      var head = description.heads[0]
      head.name = "head\(number)"
      description.heads.append(head)
    }
    try JSONEncoder().encode(description).write(to: descriptionFile)
    expectRefusal(naming: weightsFile, "heads.tagger.hidden1.weight")
    for number in 0..<100 {
      var head = description.heads[0]
      head.name = "more\(number)"
      description.heads.append(head)
    }
    try JSONEncoder().encode(description).write(to: descriptionFile)
    expectRefusal(naming: descriptionFile, "heads")
  }

  @Test func missingFiles() throws {
    try FileManager.default.removeItem(at: weightsFile)
    expectRefusal(naming: weightsFile)
    try FileManager.default.removeItem(at: descriptionFile)
    expectRefusal(naming: descriptionFile, "model.json and weights.safetensors")
    try FileManager.default.removeItem(at: url)
    expectRefusal(naming: descriptionFile, "model.json and weights.safetensors")
    // A folder where a file is wanted.
    try FileManager.default.createDirectory(at: descriptionFile, withIntermediateDirectories: true)
    expectRefusal(naming: descriptionFile)
  }

  @Test(arguments: ["missing", "reshaped", "longer", "shorter", "NaN", "infinite", "unknown"])
  func damagedWeights(fault: String) throws {
    var tensors = try Safetensors(contentsOf: weightsFile).tensors
    let name = "heads.origin.last.weight"
    let index = try #require(tensors.firstIndex { $0.name == name })
    var fragment = name
    switch fault {
    case "missing": tensors.remove(at: index)
    case "reshaped": tensors[index].shape.reverse()
    case "longer":
      tensors[index].shape[0] += 1
      tensors[index].values += Array(repeating: 0, count: tensors[index].shape[1])
    case "shorter":
      tensors[index].shape = [1]
      tensors[index].values = [1]
    case "NaN": tensors[index].values[3] = .nan
    case "infinite": tensors[index].values[0] = -.infinity
    default:
      fragment = "heads.other.weight"
      tensors.append(SafetensorsTensor(name: fragment, shape: [2], values: [1, 2]))
    }
    try Safetensors(tensors).write(to: weightsFile)
    expectRefusal(naming: weightsFile, fragment)
  }

  @Test func weightsCutShortOrTooLong() throws {
    let whole = try Data(contentsOf: weightsFile)
    for length in [0, 7, 8, 9, 100, whole.count / 2, whole.count - 1] {
      try whole.prefix(length).write(to: weightsFile)
      expectRefusal(naming: weightsFile)
    }
    try (whole + Data(count: 4)).write(to: weightsFile)
    expectRefusal(naming: weightsFile, "4 bytes")
    try (Data(repeating: 0xFF, count: 8) + whole.dropFirst(8)).write(to: weightsFile)
    expectRefusal(naming: weightsFile, "header")
  }

  /// Any byte of the description may be wrong; reading fails or not, but does not crash.
  @Test func randomDamage() throws {
    let description = try Data(contentsOf: descriptionFile)
    let weights = try Data(contentsOf: weightsFile)
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<150 {
      var text = description
      text[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 32...125, using: &generator)
      try text.write(to: descriptionFile)
      var numbers = weights
      numbers[Int.random(in: 0..<1500, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      try numbers.write(to: weightsFile)
      do {
        _ = try Model(contentsOf: url, plugins: .shipped)
      } catch {
        #expect(error is ModelError || error is SafetensorsError, "\(error)")
      }
    }
  }
}
