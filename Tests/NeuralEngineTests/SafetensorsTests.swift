// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Support
import Testing

/// A file's bytes from its header and the number of bytes after it.
private func content(_ header: String, dataCount: Int) -> Data {
  var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
  data.append(contentsOf: header.utf8)
  data.append(Data(count: dataCount))
  return data
}

private func fixture(_ name: String) throws -> URL {
  try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "safetensors"))
}

@Suite struct SafetensorsTests {
  @Test func readsWhatThePythonPackageWrote() throws {
    let file = try Safetensors(contentsOf: fixture("mixed"))
    #expect(file.names == ["brain", "double", "empty", "half", "single"])
    #expect(try file.values(of: "brain", shape: [3]) == [1, -2.5, 65536])
    #expect(try file.values(of: "double", shape: [2]) == [0.1, -1e30])
    #expect(try file.values(of: "empty", shape: [0, 3]) == [])
    #expect(try file.values(of: "half", shape: [3]) == [0.333251953125, 0x1p-24, -65504])
    #expect(try file.values(of: "single", shape: [1, 2]) == [0.1, 7])
    #expect(file["absent"] == nil)
  }

  @Test func writesTheBytesOfThePythonPackage() throws {
    let expected = try Data(contentsOf: fixture("single"))
    let file = try Safetensors(
      [
        SafetensorsTensor(name: "scalar", shape: [], values: [2.5]),
        SafetensorsTensor(
          name: "cell.weight", shape: [2, 3], values: [-0.5, -0.25, 0, 0.25, 0.5, 0.75]),
        SafetensorsTensor(
          name: "a \"quoted\" näme/ü", shape: [4],
          values: [.leastNonzeroMagnitude, .infinity, -0.0, .greatestFiniteMagnitude]),
      ],
      metadata: ["format": "canopy"])
    #expect(try file.encoded() == expected)

    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("weights.safetensors")
    try Data("old".utf8).write(to: url)
    try file.write(to: url)
    #expect(try Data(contentsOf: url) == expected)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["weights.safetensors"])
    let copy = try Safetensors(contentsOf: url)
    #expect(copy.tensors == file.tensors)
    #expect(copy.metadata == ["format": "canopy"])
  }

  @Test func readsEveryHalfPrecisionNumber() throws {
    var data = content(#"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#, dataCount: 0)
    for bits in UInt16.min...UInt16.max {
      withUnsafeBytes(of: bits.littleEndian) { data.append(contentsOf: $0) }
    }
    let values = try Safetensors(data, source: "half").values(of: "h", shape: [65536])
    #if !(os(macOS) && arch(x86_64))
      for bits in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let value = values[Int(bits)]
        #expect(value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN)
      }
    #endif
  }

  /// A header and what the message about it says.
  static let malformed: [(String, Int, String)] = [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "cut short"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "1 bytes at its end"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "does not fill"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "not a begin and an end"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, 8, "not a begin and an end"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "gap"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}{"#, 8, "follows the last brace"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]"#, 8, "'}' is expected"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "whole number"),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "']' is expected"),
    (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8, "element type"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "lacks its 'data_offsets'"),
    (#"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#, 8, "'shape' twice"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"code":"x"}}"#, 8, "field"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
      "does not fill"
    ),
    (
      #"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, 0,
      "does not fill"
    ),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8, "too large"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8, "twice"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8, "twice"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12, "overlaps"
    ),
    (#"{"__metadata__":{"a":1}}"#, 0, "'\"' is expected"),
    (#"{"a\"#, 0, "does not end"),
    (#"{"a\x":{}}"#, 0, "not valid text"),
    ("{\"a\u{1}\":{}}", 0, "control character"),
    ("", 0, "'{' is expected"),
    ("[]", 0, "'{' is expected"),
  ]

  @Test(arguments: malformed) func refusesMalformedFiles(
    header: String, dataCount: Int, message: String
  ) throws {
    let error = #expect(throws: SafetensorsError.self) {
      try Safetensors(content(header, dataCount: dataCount), source: "weights.safetensors")
    }
    let text = try #require(error?.description)
    #expect(text.hasPrefix("weights.safetensors: "))
    #expect(text.contains(message), "\(text)")
  }

  @Test func refusesLengthsThatTheFileDoesNotHave() throws {
    for length in [UInt64(3), 1 << 40, .max, 1 << 63] {
      let data = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
      let error = #expect(throws: SafetensorsError.self) { try Safetensors(data, source: "w") }
      #expect(try #require(error).description.contains("claims \(length) bytes"))
    }
    for count in 0..<8 {
      #expect(throws: SafetensorsError.self) { try Safetensors(Data(count: count), source: "w") }
    }
    // A header beyond the format's limit that is really there.
    var large = Data(count: 100_000_009)
    large.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(100_000_001).littleEndian) { Data($0) })
    let error = #expect(throws: SafetensorsError.self) { try Safetensors(large, source: "w") }
    #expect(try #require(error).description.contains("allowed"))
  }

  /// Every truncation and thousands of damaged copies of a good file are read or refused, never a crash.
  @Test func survivesDamage() throws {
    let sound = try Data(contentsOf: fixture("mixed"))
    for count in 0..<sound.count {
      #expect(throws: SafetensorsError.self) { try Safetensors(sound.prefix(count), source: "w") }
    }
    var generator = SplitMix64(state: 7)
    var refused = 0
    for _ in 0..<3000 {
      var damaged = sound
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let position = Int.random(in: 0..<damaged.count, using: &generator)
        damaged[position] = UInt8.random(in: .min ... .max, using: &generator)
      }
      do {
        let file = try Safetensors(damaged, source: "w")
        #expect(file.tensors.allSatisfy { $0.values.count == $0.shape.reduce(1, *) })
      } catch is SafetensorsError {
        refused += 1
      }
    }
    #expect(refused > 1500)
  }

  @Test func refusesWhatCannotBeWritten() throws {
    let a = SafetensorsTensor(name: "a", shape: [1], values: [0])
    #expect(throws: SafetensorsError.self) { try Safetensors([a, a]) }
    for shape in [[2], [-1, -1], [.max, 4]] {
      #expect(throws: SafetensorsError.self) {
        try Safetensors([SafetensorsTensor(name: "a", shape: shape, values: [0])])
      }
    }
    #expect(throws: SafetensorsError.self) {
      try Safetensors([SafetensorsTensor(name: "__metadata__", shape: [], values: [0])])
    }
    let nowhere = URL(fileURLWithPath: "/nonexistent/folder/weights.safetensors")
    let error = #expect(throws: FileOutputError.self) { try Safetensors([a]).write(to: nowhere) }
    #expect(
      try #require(error).description.contains("/nonexistent/folder/weights.safetensors: cannot be written"))
  }

  @Test func namesTheFileAndTheTensor() throws {
    let missing = #expect(throws: SafetensorsError.self) {
      try Safetensors(contentsOf: URL(fileURLWithPath: "/nonexistent.safetensors"))
    }
    #expect(missing?.description == "/nonexistent.safetensors: it cannot be read: No such file or directory.")
    #expect(throws: SafetensorsError.self) {
      try Safetensors(contentsOf: FileManager.default.temporaryDirectory)
    }
    #expect(throws: SafetensorsError.self) { try Safetensors(contentsOf: URL(fileURLWithPath: "/dev/zero")) }
    let file = try Safetensors(
      [SafetensorsTensor(name: "w", shape: [2], values: [1, 2])], source: "weights.safetensors")
    let absent = #expect(throws: SafetensorsError.self) { try file.values(of: "b", shape: [2]) }
    #expect(try #require(absent).description.hasPrefix("weights.safetensors: tensor 'b': it is missing"))
    let other = #expect(throws: SafetensorsError.self) { try file.values(of: "w", shape: [1, 2]) }
    #expect(try #require(other).description.contains("shape [2], but [1, 2] is needed"))
  }
}

/// Steele, Lea and Flood's SplitMix64: the same bytes are damaged in every run.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
