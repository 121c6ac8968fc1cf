// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing

import Settings

private enum Cell: String, Codable, CaseIterable {
  case simple
  case gated
}

private struct Embedding: Codable, Equatable {
  var width: Int
  var cell: Cell?
  var dropout: Double?
}

private struct Optimiser: Decodable, Equatable {
  var learningRate: Double
  var epochs: Int

  enum CodingKeys: String, CodingKey {
    case learningRate = "learning-rate"
    case epochs
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? 1e-3
    epochs = try container.decodeIfPresent(Int.self, forKey: .epochs) ?? 10
    guard epochs > 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .epochs, in: container, debugDescription: "there must be at least one epoch")
    }
  }
}

private struct HeadSection: Decodable {
  var plugin: String
  var configuration: ConfigurationNode
}

private struct File: Decodable {
  var files: [String]
  var embedding: Embedding
  var heads: OrderedMapping<HeadSection>?
  var training: Optimiser?
  var weights: [String: Float]?
  var verbose: Bool?
}

/// Any value, found by trying types one after the other.
private enum Value: Decodable, Equatable {
  case none
  case truth(Bool)
  case whole(Int)
  case number(Double)
  case text(String)
  case list([Value])
  case mapping([String: Value])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .none
    } else if let value = try? container.decode(Bool.self) {
      self = .truth(value)
    } else if let value = try? container.decode(Int.self) {
      self = .whole(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([Value].self) {
      self = .list(value)
    } else {
      self = .mapping(try container.decode([String: Value].self))
    }
  }
}

private func decode<T: Decodable>(_ yaml: String) throws -> T {
  try ConfigurationNode(yaml: yaml, source: "c.yaml").decode()
}

/// The error for a text that must not decode.
private func complaint<T: Decodable>(_ type: T.Type, _ yaml: String) -> String {
  do {
    let value: T = try decode(yaml)
    return "no error but \(value)"
  } catch let error as ConfigurationError {
    return error.description
  } catch {
    return "an error of another type: \(error)"
  }
}

@Suite struct ConfigurationTests {
  @Test func decodesASoundFile() throws {
    let file: File = try decode(
      """
      files: [a.h5, "b.h5"]
      embedding: &shape
        width: 4e1
        cell: gated
      weights: {signal: 1, background: 0.5}
      heads:
        zeta:
          plugin: canopy.tagger
          configuration: {layers: [64, 32]}
        alpha:
          plugin: canopy.other
          configuration: *shape
      training: {learning-rate: .5}
      verbose: false
      """)
    #expect(file.files == ["a.h5", "b.h5"])
    #expect(file.embedding == Embedding(width: 40, cell: .gated, dropout: nil))
    #expect(file.weights == ["signal": 1, "background": 0.5])
    #expect(file.training?.learningRate == 0.5)
    #expect(file.training?.epochs == 10)
    #expect(file.verbose == false)
    let heads = try #require(file.heads)
    #expect(heads.keys == ["zeta", "alpha"])
    #expect(heads[1].value.plugin == "canopy.other")
    struct Layers: Decodable { var layers: [Int] }
    #expect(try heads["zeta"]?.configuration.decode(Layers.self).layers == [64, 32])
    #expect(try heads["alpha"]?.configuration.decode(Embedding.self) == file.embedding)
  }

  @Test func listsAllUnknownKeysWithTheNearestKnownOne() {
    let text = complaint(
      File.self,
      """
      files: []
      embeding:
        width: 3
      embedding:
        width: 40
        Cel: gated
        zzzzzzzz: 1
      training:
        learning_rate: 1
      """)
    #expect(
      text == """
        c.yaml:2:1: unknown key 'embeding'; did you mean 'embedding'?
        c.yaml:6:3: unknown key 'Cel' in embedding; did you mean 'cell'?
        c.yaml:7:3: unknown key 'zzzzzzzz' in embedding; the keys known there are cell, dropout, width.
        c.yaml:9:3: unknown key 'learning_rate' in training; did you mean 'learning-rate'?
        """)
  }

  @Test func tellsTheFirstOfManyProblems() {
    let keys = (0..<1000).map { "key\($0): 1" }.joined(separator: "\n")
    let lines = complaint(File.self, "files: []\nembedding: {width: 1}\n" + keys).split(separator: "\n")
    #expect(lines.count == 21 && lines[19].hasPrefix("c.yaml:22:1: unknown key 'key19'"))
    #expect(lines.last == "There are 980 more problems; correct these first.")
  }

  @Test func findsUnknownKeysInCapturedParts() throws {
    struct Outer: Decodable { var inner: ConfigurationNode }
    let outer: Outer = try decode("inner:\n  width: 1\n  wdth: 2")
    let error = #expect(throws: ConfigurationError.self) { try outer.inner.decode(Embedding.self) }
    #expect(error?.description == "c.yaml:3:3: unknown key 'wdth' in inner; did you mean 'width'?")
    #expect(outer.inner.error("is odd").description == "c.yaml:2:3: inner is odd.")
  }

  static let refused: [(String, String)] = [
    ("embedding: {width: 1}", "c.yaml:1:1: the configuration lacks the key 'files'; add it."),
    (
      "file: []\nembedding: {width: 1}",
      "c.yaml:1:1: the configuration lacks the key 'files'; is 'file' a misspelling of it?"
    ),
    ("files: a\nembedding: {width: 1}", "c.yaml:1:8: files must be a list, not 'a'."),
    ("files: [[]]\nembedding: {width: 1}", "c.yaml:1:9: files[0] must be text, not a list."),
    (
      "files: [a,]\nembedding: {width: ten}",
      "c.yaml:2:20: embedding.width must be a whole number, not 'ten'."
    ),
    ("files: []\nembedding: {width: 1.5}", "c.yaml:2:20: embedding.width must be a whole number, not '1.5'."),
    ("files: []\nembedding: {width: '1'}", "c.yaml:2:20: embedding.width must be a whole number, not '1'."),
    ("files: []\nembedding: {width: ~}", "c.yaml:2:20: embedding.width must be a whole number, not empty."),
    (
      "files: []\nembedding: {width: 1e30}",
      "c.yaml:2:20: embedding.width must be a whole number from \(Int.min) to \(Int.max), not '1e30'."
    ),
    (
      "files: []\nembedding: {width: 1, dropout: .nan}",
      "c.yaml:2:32: embedding.dropout must be a number, not '.nan'."
    ),
    ("files: []\nembedding: 7", "c.yaml:2:12: embedding must be a mapping with keys, not '7'."),
    (
      "files: []\nembedding: {width: 1, cell: gatde}",
      "c.yaml:2:29: embedding.cell must be one of simple, gated, not 'gatde'; did you mean 'gated'?"
    ),
    (
      "files: []\nembedding: {width: 1, dropout: 1e999}",
      "c.yaml:2:32: embedding.dropout is beyond the range of a number: '1e999'."
    ),
    (
      "files: []\nembedding: {width: 1}\nverbose: yes",
      "c.yaml:3:10: verbose must be true or false, not 'yes'."
    ),
    (
      "files: []\nembedding: {width: 1}\nweights: {a: 1e39}",
      "c.yaml:3:14: weights.a is beyond the range of a number in single precision: '1e39'."
    ),
    (
      "files: []\nembedding: {width: 1}\ntraining: {epochs: 0}",
      "c.yaml:3:20: training.epochs is refused: there must be at least one epoch."
    ),
    ("files: []\nfiles: []", "c.yaml:2:1: the key 'files' is given twice; remove one."),
    ("files: !!int 3", "c.yaml:1:8: files has the tag tag:yaml.org,2002:int; remove it, tags are not read."),
    ("? [a]\n: 1", "c.yaml:1:1: the configuration has a list or a mapping for a key; use a name."),
    ("[1, 2]", "c.yaml:1:1: the configuration must be a mapping with keys, not a list."),
    ("", "c.yaml: it is empty; write a configuration into it."),
    ("# a remark\n", "c.yaml: it is empty; write a configuration into it."),
    ("---\n", "c.yaml:2:1: the configuration is empty; write its sections."),
  ]

  @Test(arguments: refused) func refusesInOneSentence(yaml: String, message: String) {
    #expect(complaint(File.self, yaml) == message)
  }

  @Test(arguments: [
    "a: [1", "a: 'b", "a: b: c", "\ta: 1", "a: *b", "a: 1\n---\nb: 2", "a: \u{7}", "{", "%", "&", "- a\nb",
  ])
  func refusesWhatIsNotYAML(yaml: String) {
    let text = complaint(File.self, yaml)
    #expect(text.contains(/^c\.yaml:[0-9]+:[0-9]+: this is not YAML: [^\n]+\.$/), "\(text)")
  }

  @Test func triesTypesInTurn() throws {
    let value: Value = try decode(
      "{a: ~, b: true, c: 0x10, d: -1.5e3, e: !!str true, f: [no, 007, +.5], g: {}, h: 1-2}")
    #expect(
      value
        == .mapping([
          "a": .none, "b": .truth(true), "c": .whole(16), "d": .whole(-1500), "e": .text("true"),
          "f": .list([.text("no"), .whole(7), .number(0.5)]), "g": .mapping([:]), "h": .text("1-2"),
        ]))
    // A type that was tried and failed knows no keys.
    struct Either: Decodable {
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if (try? container.decode(Optimiser.self)) == nil { _ = try container.decode(Embedding.self) }
      }
    }
    #expect(
      complaint(Either.self, "width: 1\nepochs: 0")
        == "c.yaml:2:1: unknown key 'epochs'; the keys known there are cell, dropout, width.")
  }

  @Test func becomesJSON() throws {
    let node = try ConfigurationNode(
      yaml: "b: [1, 2.5, 1e400, text, 'on', ~]\na: {t: true, i: .inf}", source: "c.yaml")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try encoder.encode(node), as: UTF8.self)
        == #"{"a":{"i":".inf","t":true},"b":[1,2.5,"1e400","text","on",null]}"#)
  }

  @Test func decodesNestedContainers() throws {
    struct Point: Decodable {
      var x: Int
      var y: Int
      enum Keys: String, CodingKey { case position, x }
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        x = try container.nestedContainer(keyedBy: Keys.self, forKey: .position).decode(Int.self, forKey: .x)
        var list = try container.nestedUnkeyedContainer(forKey: .x)
        y = try list.decode(Int.self)
        _ = try list.decode(Int.self)
      }
    }
    let point: Point = try decode("position: {x: 3}\nx: [4, 5]")
    #expect((point.x, point.y) == (3, 4))
    #expect(
      complaint(Point.self, "position: {x: 3, z: 1}\nx: [4, 5]").contains("unknown key 'z' in position"))
    #expect(complaint(Point.self, "position: {x: 3}\nx: [4]").contains("must have more than 1 elements"))
  }

  /// Texts that expand to more than their own length.
  static let hostile: [(String, String)] = [
    // Ten to the power of twelve values, and the same as a key.
    (aliases(of: "[1]"), "values that are read, those of aliases included"),
    (aliases(of: "[1]") + "? *a12\n: 1\n", "values that are read, those of aliases included"),
    ("a: &a [1]\n? *a\n: 1\n", "c.yaml:1:1: the configuration has a list or a mapping for a key"),
    // A text of 60 kB, ten thousand times.
    (aliases(of: "[\(String(repeating: "x", count: 60_000))]"), "bytes of keys and values that are read"),
    // A key that leads to each of thousands of values.
    (nested(900, in: 10, values: 20_000), "bytes of keys and values that are read"),
    (
      "\(String(repeating: "k", count: 1001)): 1",
      "c.yaml:1:1: the configuration has a key of more than 1000 bytes"
    ),
    (
      "? \(String(repeating: "k", count: 70_000))\n: [\(String(repeating: "1,", count: 35_000))]",
      "more than 1000 bytes"
    ),
    ("a: \(String(repeating: "x", count: 65_537))", "a is longer than the 65536 bytes"),
    ("a: '\(String(repeating: "x", count: 65_537))'", "a is longer than the 65536 bytes"),
    // Nested lists and mappings, without and with ends.
    (String(repeating: "[", count: 10_000), "lies in more than 64 lists and mappings"),
    (brackets(10_000, around: ""), "lies in more than 64 lists and mappings"),
    (String(repeating: "{a: ", count: 5000), "lies in more than 64 lists and mappings"),
    (String(repeating: "- ", count: 10_000) + "1", "lies in more than 64 lists and mappings"),
    (String(repeating: "? ", count: 10_000) + "1", "has a list or a mapping for a key"),
    (
      "a: &a \(brackets(40, around: "1"))\nb: \(brackets(40, around: "*a"))",
      "lies in more than 64 lists and mappings"
    ),
    // Keys that libyaml does not take for keys, and one that it does.
    ("\(String(repeating: "k", count: 2000)): 1", "c.yaml:1:1: this is a key of more than 1000 bytes"),
    ("a: 1\n\(String(repeating: "k", count: 2000)): 1", "c.yaml:2:1: this is a key of more than 1000 bytes"),
    (
      "a:\n  - \(String(repeating: "k", count: 2000)): 1", "c.yaml:2:5: this is a key of more than 1000 bytes"
    ),
    (
      "{a: 1, \(String(repeating: "k", count: 2000)): 1}",
      "c.yaml:1:8: the configuration has a key of more than"
    ),
    ("\(String(repeating: "k", count: 1001)): 1", "has a key of more than 1000 bytes"),
    // An alias in the value that it stands for.
    ("&a [*a]", "c.yaml:1:5: this is not YAML: the alias *a stands for no value that ends before it."),
    ("a: &a\n  b: *a", "c.yaml:2:6: this is not YAML: the alias *a stands for no value that ends before it."),
    (list(of: 100_001), "more than the 100000 values that are read"),
  ]

  /// `a0` to `a12`, each ten times the one before; `a0` is `first`.
  private static func aliases(of first: String) -> String {
    (1...12).reduce("a0: &a0 \(first)\n") { text, i in
      text + "a\(i): &a\(i) [" + Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
  }

  /// Nested keys of some length around a list.
  private static func nested(_ length: Int, in depth: Int, values: Int) -> String {
    String(repeating: "{\(String(repeating: "k", count: length)): ", count: depth)
      + list(of: values)
      + String(repeating: "}", count: depth)
  }

  private static func list(of count: Int) -> String {
    "[\(Array(repeating: "1", count: count).joined(separator: ","))]"
  }

  private static func brackets(_ depth: Int, around text: String) -> String {
    String(repeating: "[", count: depth) + text + String(repeating: "]", count: depth)
  }

  @Test(arguments: hostile) func refusesWhatIsBeyondTheLimits(yaml: String, message: String) throws {
    let text = complaint(File.self, yaml)
    #expect(text.contains(message), "\(text.prefix(300))")
    // A value on the command line has the same limits.
    if !yaml.contains("\n") {
      let node = try ConfigurationNode(yaml: "training: {}", source: "c.yaml")
      let error = #expect(throws: ConfigurationError.self) { try node.setting("training.x=\(yaml)") }
      #expect(error.map { $0.messages.count } == 1)
    }
  }

  @Test func readsWhatIsWithinTheLimits() throws {
    let deep = try ConfigurationNode(yaml: "a: \(Self.brackets(63, around: "1"))", source: "c.yaml")
    #expect(try JSONEncoder().encode(deep).count == "{\"a\":1}".utf8.count + 126)
    let long = String(repeating: "x", count: 65_536)
    struct Texts: Decodable { var a: [String] }
    let texts = try ConfigurationNode(
      yaml: "a: [\(Array(repeating: long, count: 40).joined(separator: ", "))]", source: "c.yaml"
    ).decode(Texts.self)
    #expect(texts.a == Array(repeating: long, count: 40))
    let many = try ConfigurationNode(yaml: Self.list(of: 99_999), source: "c.yaml")
    #expect(try many.decode([Int].self).count == 99_999)
    // An alias stands where it is used, its keys included, and may be a key.
    let shared = try ConfigurationNode(
      yaml: "a: &x {width: one}\n&k b: *x\nc: {*k : 2}", source: "c.yaml")
    let error = #expect(throws: ConfigurationError.self) { try shared["b"]?.decode(Embedding.self) }
    #expect(error?.description == "c.yaml:1:15: b.width must be a whole number, not 'one'.")
    #expect(shared["c"]?.keys == ["b"])
  }

  /// A seed of 64 bits is no double on its way.
  @Test func readsWholeNumbersExactly() throws {
    struct Seeds: Decodable { var a: UInt64, b: Int }
    let seeds = try ConfigurationNode(
      yaml: "{a: 9223372036854775809, b: -9223372036854775807}", source: "c.yaml"
    ).decode(Seeds.self)
    #expect(seeds.a == 9_223_372_036_854_775_809 && seeds.b == -9_223_372_036_854_775_807)
  }

  @Test func setsValues() throws {
    struct Content: Decodable, Equatable {
      var training: [String: Int]
      var list: [Int]?
    }
    let node = try ConfigurationNode(yaml: "training: {epochs: 1, seed: 2}", source: "c.yaml")
    func set(_ assignments: String...) throws -> Content {
      try assignments.reduce(node) { try $0.setting($1) }.decode()
    }
    #expect(
      try set("training.epochs=3", "list=[1, 2]")
        == Content(training: ["epochs": 3, "seed": 2], list: [1, 2]))
    #expect(try set("training.epochs = 3") == Content(training: ["epochs": 3, "seed": 2]))
    #expect(try set("training.seed=null", "training.epochs=") == Content(training: [:]))
    #expect(try set("training={threads: 4}") == Content(training: ["threads": 4]))
    // One value and no more: text after it is not left out in silence.
    for assignment in [
      "training.epochs=3}, list: {a: 1", "training.epochs=3, list: [1]", "training.epochs=# 3",
    ] {
      #expect(throws: ConfigurationError.self) { try set(assignment) }
    }
    let keys = Array(repeating: "a", count: 100).joined(separator: ".")
    let deep = #expect(throws: ConfigurationError.self) { try set("\(keys)=1") }
    #expect(deep?.description.contains("lies in more than 64 lists and mappings") == true)
  }

  @Test func readsFiles() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("\u{FEFF}width: 2\r\ncell: gated\r\n".utf8).write(to: file)
    #expect(try ConfigurationNode(contentsOf: file).decode(Embedding.self).width == 2)
    try Data([0x61, 0x3A, 0xFF]).write(to: file)
    let text = #expect(throws: ConfigurationError.self) { try ConfigurationNode(contentsOf: file) }
    #expect(try #require(text).description.hasSuffix("it is not UTF-8 text; name a YAML file."))
    let absent = #expect(throws: ConfigurationError.self) {
      try ConfigurationNode(contentsOf: URL(fileURLWithPath: "/nonexistent.yaml"))
    }
    // A file that never ends.
    let endless = #expect(throws: ConfigurationError.self) {
      try ConfigurationNode(contentsOf: URL(fileURLWithPath: "/dev/zero"))
    }
    #expect(
      endless?.description == "/dev/zero: it has more than the 4194304 bytes that are read of a YAML file.")
    #expect(absent?.description == "/nonexistent.yaml: it cannot be read: No such file or directory.")
    let folder = #expect(throws: ConfigurationError.self) {
      try ConfigurationNode(contentsOf: FileManager.default.temporaryDirectory)
    }
    #expect(folder?.description.hasSuffix(": it is a folder; name a YAML file.") == true)
  }
}
