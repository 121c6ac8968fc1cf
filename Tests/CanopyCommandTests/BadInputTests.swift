// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// Each problem is reported in one sentence, and no files are left over.
@Suite struct BadInputTests {
  private let folder: TemporaryFolder
  private let results: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    results = try TemporaryFolder()
  }

  /// Expects one sentence with all of `fragments`, the exit status 65 and no results.
  private func expectRefusal(_ arguments: [String], _ fragments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 65 && outcome.hasExited, "\(arguments)")
    #expect(outcome.errors.hasPrefix("canopy: "), "\(outcome.errors)")
    #expect(
      outcome.errors.hasSuffix("\n") && outcome.errors.filter(\.isNewline).count == 1, "\(outcome.errors)")
    for fragment in fragments { #expect(outcome.errors.contains(fragment), "\(outcome.errors)") }
    #expect(try results.content == [])
  }

  /// Expects that an event file is refused by every subcommand that reads events.
  private func expectRefusal(of file: String, _ fragments: String...) throws {
    let name = URL(fileURLWithPath: file).lastPathComponent
    let model = try TinyModel.folder()
    for threads in ["1", "2"] {
      try expectRefusal(
        ["cluster", file, "--threads", threads, "-o", results.path("out.jsonl")], [name] + fragments)
    }
    try expectRefusal(["classify", file, "--model", model, "-o", results.path("out.h5")], [name] + fragments)
    try expectRefusal(["embed", file, "--model", model, "-o", results.path("out.npz")], [name] + fragments)
    try expectRefusal(["evaluate", file, "--model", model, "--report", results.path("report")], [name])
  }

  @Test(arguments: [
    ("nan 0 0 1", "px"), ("1 inf 0 1", "py"), ("1 0 -inf 1", "pz"), ("1 0 0 -1", "E"), ("1 0 0 nan", "E"),
  ])
  func unusableMomentaInText(particle: String, field: String) throws {
    let file = try folder.write("1 0 0 2\n#END\n2 0 0 3\n\(particle)\n#END\n", to: "events.txt")
    try expectRefusal(of: file, "event 1", field)
  }

  @Test(arguments: [(Double.nan, 0, "px"), (.infinity, 2, "pz"), (-1, 3, "E")])
  func unusableMomentaInHDF5(value: Double, component: Int, field: String) throws {
    let file = folder.path("events.h5")
    var momenta = [[1.0, 0, 0, 2], [2, 0, 0, 3], [3, 0, 0, 4]]
    momenta[2][component] = value
    try writeHDF5Events(file, offsets: [0, 1, 1, 3], momenta: momenta, labels: [0, 1, 1])
    try expectRefusal(of: file, "event 2", "particle/\(field)")
  }

  @Test func offsetsOutOfOrder() throws {
    let file = folder.path("events.h5")
    let momenta = [[1.0, 0, 0, 2], [2, 0, 0, 3], [3, 0, 0, 4]]
    try writeHDF5Events(file, offsets: [0, 2, 1, 3], momenta: momenta)
    try expectRefusal(of: file, "event 1", "event/offset", "backwards")
    try writeHDF5Events(file, offsets: [0, 2, 900], momenta: momenta)
    try expectRefusal(of: file, "event 1", "event/offset", "900")
  }

  @Test func filesThatAreNone() throws {
    try expectRefusal(of: try folder.write("", to: "empty.txt"), "empty")
    try expectRefusal(of: folder.path("missing.h5"), "does not exist")
    try expectRefusal(of: folder.url.path, "is a folder")
    try expectRefusal(of: try folder.write("root\u{0}\u{0}", to: "events.root"), "ROOT")
    try expectRefusal(of: try folder.write("some words\n", to: "words.txt"), "in no format known here")
  }

  @Test(arguments: ["w-vs-qcd-small.h5", "w-events.hepmc.zst", "w-events-v2.hepmc.gz"])
  func filesCutShort(name: String) throws {
    let whole = try Samples.data(name)
    try expectRefusal(of: try folder.write(whole.prefix(whole.count / 2), to: name), "cut short")
  }

  @Test func hepMCCutShort() throws {
    let whole = try gunzip(Samples.path("w-events-v2.hepmc.gz"))
    try expectRefusal(of: try folder.write(whole.prefix(whole.count * 2 / 3), to: "events.hepmc"), "event 1")
  }

  // MARK: - Truth

  @Test func truthThatCannotBeComparedWith() throws {
    let model = try TinyModel.folder()
    let file = folder.path("events.h5")
    let jet = [250.0, 0, 0, 300]
    func evaluate(labels: [Int32]?, _ fragments: String...) throws {
      let momenta = Array(repeating: jet, count: 3)
      try writeHDF5Events(file, offsets: [0, 1, 2, 3], momenta: momenta, labels: labels)
      try expectRefusal(["evaluate", file, "--model", model], [file] + fragments)
    }
    try evaluate(labels: nil, "no column label")
    try evaluate(labels: [0, 1, 7], "event 2", "label is 7")
    try writeHDF5Events(file, offsets: [0, 0, 0], momenta: [], labels: [0, 1])
    try expectRefusal(["evaluate", file, "--model", model], [file, "no jets"])
  }

  // MARK: - Models

  /// A copy of the tiny model that can be damaged.
  private func copyOfModel() throws -> URL {
    let copy = folder.url.appendingPathComponent("model-" + UUID().uuidString)
    try FileManager.default.copyItem(at: URL(fileURLWithPath: try TinyModel.folder()), to: copy)
    return copy
  }

  private func expectRefusal(ofModel model: URL, _ fragments: String...) throws {
    let events = Samples.path("w-events.txt")
    try expectRefusal(
      ["classify", events, "--model", model.path, "-o", results.path("out.h5")], fragments)
    try expectRefusal(["inspect", model.path], fragments)
  }

  @Test(arguments: ["missing", "reshaped", "oversized", "not finite"])
  func tensorsOfAnotherModel(fault: String) throws {
    let model = try copyOfModel()
    let file = model.appendingPathComponent("weights.safetensors")
    var tensors = try Safetensors(contentsOf: file).tensors
    let name = "embedding.local.weight"
    let index = try #require(tensors.firstIndex { $0.name == name })
    switch fault {
    case "missing": tensors.remove(at: index)
    case "reshaped": tensors[index].shape.reverse()
    case "oversized":
      tensors[index].shape[0] += 1
      tensors[index].values += Array(repeating: 0, count: tensors[index].shape[1])
    default: tensors[index].values[3] = .nan
    }
    try Safetensors(tensors).write(to: file)
    try expectRefusal(ofModel: model, "weights.safetensors", name)
  }

  @Test func weightsCutShortOrTooLong() throws {
    let model = try copyOfModel()
    let file = model.appendingPathComponent("weights.safetensors")
    let whole = try Data(contentsOf: file)
    for length in [0, 7, 40, whole.count / 2, whole.count - 1] {
      try whole.prefix(length).write(to: file)
      try expectRefusal(ofModel: model, "weights.safetensors")
    }
    try (whole + Data(count: 64)).write(to: file)
    try expectRefusal(ofModel: model, "weights.safetensors", "64 bytes")
    try FileManager.default.removeItem(at: file)
    try expectRefusal(ofModel: model, "weights.safetensors")
  }

  @Test(arguments: [
    (#""width" : 4"#, #""width" : 4000000000"#, "width"), (#""width" : 4"#, #""width" : 5"#, "tensor"),
    (#""plugin" : "jet-tagger""#, #""plugin" : "jet-tager""#, "jet-tager"),
    (#""radius" : 1"#, #""radius" : -1"#, "radius"),
    (#""version" : "1.2.0""#, #""version" : "9.0.0""#, "9.0.0"),
    (#""embedding" : {"#, #""embedding" : 3, "x": {"#, "embedding"), ("}", "", "model.json"),
  ])
  func descriptionsThatMakeNoSense(text: String, replacement: String, fragment: String) throws {
    let model = try copyOfModel()
    let file = model.appendingPathComponent("model.json")
    let description = try String(contentsOf: file, encoding: .utf8)
    try #require(description.contains(text))
    try Data(description.replacingOccurrences(of: text, with: replacement).utf8).write(to: file)
    try expectRefusal(ofModel: model, model.lastPathComponent, fragment)
  }

  @Test func modelsThatAreNone() throws {
    let events = Samples.path("w-events.txt")
    try expectRefusal(["classify", events, "--model", folder.path("none")], ["none", "model.json"])
    try expectRefusal(["classify", events, "--model", events], ["w-events.txt"])
    try expectRefusal(["inspect", folder.url.path], ["model.json"])
  }

  // MARK: - Training configurations

  @Test func configurationsThatMakeNoSense() throws {
    func train(_ text: String, _ fragments: String...) throws {
      let file = try folder.write(text, to: "tiny.yaml")
      try expectRefusal(["train", file, "-o", results.path("model")], ["tiny.yaml"] + fragments)
    }
    let good = TinyModel.configuration()
    try train(good.replacingOccurrences(of: "epochs:", with: "epochz:"), "22:3", "epochz", "epochs")
    try train(good.replacingOccurrences(of: "jet-tagger", with: "jet-tager"), "jet-tager")
    try train(good.replacingOccurrences(of: "truth: label", with: "truht: label"), "truht", "truth")
    try train(good.replacingOccurrences(of: "radius: 1.0", with: "radius: big"), "radius")
    try train(good.replacingOccurrences(of: "epochs: 1", with: "epochs: [1"), "YAML")
    try train("", "empty")
    try expectRefusal(["train", folder.path("none.yaml"), "-o", results.path("model")], ["none.yaml"])
    let missing = try folder.write(
      good.replacingOccurrences(of: "w-vs-qcd-small.h5", with: "nowhere.h5"), to: "tiny.yaml")
    try expectRefusal(["train", missing, "-o", results.path("model")], ["nowhere.h5"])
    let noTruth = try folder.write(
      good.replacingOccurrences(of: "truth: label", with: "truth: lable"), to: "tiny.yaml")
    try expectRefusal(["train", noTruth, "-o", results.path("model")], ["w-vs-qcd-small.h5", "lable"])
  }
}
