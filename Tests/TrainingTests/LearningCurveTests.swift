// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import TestFiles
import Testing
import Training

/// The learning curve of a training as a table and as events for TensorBoard.
@Suite struct LearningCurveTests {
  private let folder: TemporaryFolder
  private let events: String

  init() throws {
    folder = try TemporaryFolder()
    events = try folder.write(ToyJets.lines(60).joined(), to: "toys.jsonl")
  }

  private final class Observer: TrainingRun.Observer {
    var afterEpoch: (EpochSummary) throws -> Void = { _ in }
    var error: (any Error)?
    func begin(_ summary: TrainingRun.Summary) {}
    func step(epoch: Int, eventsDone: Int, loss: Double) {}
    func finish(_ epoch: EpochSummary) { do { try afterEpoch(epoch) } catch { self.error = error } }
  }

  @discardableResult
  private func run(
    epochs: Int, into name: String, keys: String = "", tensorBoard: URL? = nil, resuming: Bool = false,
    observer: Observer = Observer()
  ) throws -> [EpochSummary] {
    let file = URL(
      fileURLWithPath: try folder.write(
        ToyJets.configuration(
          events, training: "epochs: \(epochs), batch-size: 20, threads: 1, schedule: constant\(keys)"),
        to: "c.yaml"))
    let model = try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: ToyJets.plugins), plugins: ToyJets.plugins
    ).run(
      into: folder.url.appendingPathComponent(name), resuming: resuming, tensorBoard: tensorBoard,
      observer: observer)
    return model.description.training!.epochs
  }

  /// The lines of a table, each by its columns.
  private func lines(_ name: String) throws -> [[String: String]] {
    let lines = try folder.text("\(name)/learning-curve.csv").split(separator: "\n")
    let columns = lines[0].split(separator: ",").map(String.init)
    return lines.dropFirst().map { line in
      Dictionary(
        uniqueKeysWithValues: zip(
          columns, line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)))
    }
  }

  @Test func theTableHasALineForEachEpoch() throws {
    let observer = Observer()
    observer.afterEpoch = { epoch in
      let lines = try lines("model")
      #expect(lines.count == epoch.epoch && lines.last?["epoch"] == "\(epoch.epoch)")
    }
    try run(epochs: 2, into: "model", observer: observer)
    // What a kill between checkpoint and table leaves is mended.
    try FileManager.default.removeItem(atPath: folder.path("model/learning-curve.csv"))
    let epochs = try run(epochs: 4, into: "model", resuming: true)
    let table = try lines("model")
    #expect(observer.error == nil && table.count == 4)
    for (line, epoch) in zip(table, epochs) {
      #expect(line["epoch"] == "\(epoch.epoch)" && line["best"] == (epoch.isBest ? "1" : "0"))
      #expect(Double(line["training_loss"]!) == epoch.trainingLoss)
      #expect(Double(line["validation_loss"]!) == epoch.validationLoss)
      #expect(Double(line["learning_rate"]!) == epoch.learningRate)
      #expect(Double(line["seconds"]!) == epoch.seconds && Double(line["AUC"]!) == epoch.metrics[0].value)
    }
    try FileManager.default.removeItem(atPath: folder.path("model/learning-curve.csv"))
    try run(epochs: 4, into: "model", resuming: true)
    #expect(try lines("model") == table)
  }

  // MARK: - TensorBoard

  /// CRC-32C by its table, as RFC 3720 has it in its appendix B.4.
  private static let checksums: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0x82F6_3B78 ^ (sum >> 1) : sum >> 1 }
  }

  private func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { Self.checksums[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }

  /// A field of a message: its number and its content, of a fixed length or as long as it says.
  private func fields(_ bytes: ArraySlice<UInt8>) throws -> [(number: Int, content: ArraySlice<UInt8>)] {
    var rest = bytes
    func variable() throws -> Int {
      var (value, shift) = (0, 0)
      while let byte = rest.popFirst() {
        value |= Int(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      throw CocoaError(.coderReadCorrupt)
    }
    var fields: [(Int, ArraySlice<UInt8>)] = []
    while !rest.isEmpty {
      let key = try variable()
      let start = rest.startIndex
      let length: Int
      switch key & 7 {
      case 0:
        _ = try variable()
        fields.append((key >> 3, bytes[start..<rest.startIndex]))
        continue
      case 1: length = 8
      case 2: length = try variable()
      case 5: length = 4
      default: throw CocoaError(.coderReadCorrupt)
      }
      try #require(length <= rest.count)
      fields.append((key >> 3, rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return fields
  }

  private struct Event {
    var time = 0.0
    var step = 0
    var version: String?
    var values: [String: Float] = [:]
  }

  private func number<Number: FixedWidthInteger>(_ bytes: some Sequence<UInt8>, _: Number.Type) -> Number {
    bytes.reversed().reduce(0) { $0 << 8 | Number($1) }
  }

  /// The events of a file, whose checksums are right.
  private func recordedEvents(_ file: String) throws -> [Event] {
    // The check value of the polynomial.
    #expect(checksum("123456789".utf8) == 0xE306_9283)
    func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
      let sum = checksum(bytes)
      return ((sum >> 15) | (sum << 17)) &+ 0xA282_EAD8
    }
    var rest = Array(try folder.data(file))[...]
    var events: [Event] = []
    while !rest.isEmpty {
      let length = rest.prefix(8)
      let count = Int(number(length, UInt64.self))
      try #require(rest.count >= 16 + count)
      #expect(number(rest.dropFirst(8).prefix(4), UInt32.self) == masked(length))
      let data = rest.dropFirst(12).prefix(count)
      #expect(number(rest.dropFirst(12 + count).prefix(4), UInt32.self) == masked(data))
      rest = rest.dropFirst(16 + count)
      var event = Event()
      for (field, content) in try fields(data) {
        switch field {
        case 1: event.time = Double(bitPattern: number(content, UInt64.self))
        case 2: event.step = Int(content.first!)
        case 3: event.version = String(decoding: content, as: UTF8.self)
        case 5:
          for (field, value) in try fields(content) {
            #expect(field == 1)
            let parts = try fields(value)
            #expect(parts.map(\.number) == [1, 2])
            event.values[String(decoding: parts[0].content, as: UTF8.self)] = Float(
              bitPattern: number(parts[1].content, UInt32.self))
          }
        default: Issue.record("field \(field)")
        }
      }
      events.append(event)
    }
    return events
  }

  @Test func eventsAreThoseOfTheEpochs() throws {
    let observer = Observer()
    observer.afterEpoch = { epoch in
      let events = try recordedEvents("model/events.out.tfevents.canopy")
      #expect(events.count == epoch.epoch + 1)
    }
    try run(epochs: 2, into: "model", keys: ", tensorboard: true", observer: observer)
    let file = "model/events.out.tfevents.canopy"
    // A record that was cut short.
    try folder.write(folder.data(file).dropLast(7), to: file)
    let epochs = try run(
      epochs: 5, into: "model", keys: ", tensorboard: true", resuming: true, observer: observer)
    #expect(observer.error == nil)
    let events = try recordedEvents(file)
    #expect(events[0].version == "brain.Event:2" && events[0].values.isEmpty)
    #expect(events.dropFirst().map(\.step) == [1, 2, 3, 4, 5])
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time })
    let now = Date().timeIntervalSince1970
    #expect(abs(events.last!.time - now) < 3600)
    for (event, epoch) in zip(events.dropFirst(), epochs) {
      #expect(
        event.values == [
          "loss/training": Float(epoch.trainingLoss), "loss/validation": Float(epoch.validationLoss!),
          "metrics/AUC": Float(epoch.metrics[0].value), "learning-rate": Float(epoch.learningRate),
          "seconds": Float(epoch.seconds),
        ])
    }
  }

  @Test func theFileMayLieElsewhere() throws {
    let place = folder.url.appendingPathComponent("runs/one")
    try run(epochs: 1, into: "model", tensorBoard: place)
    #expect(try recordedEvents("runs/one/events.out.tfevents.canopy").count == 2)
    #expect(!FileManager.default.fileExists(atPath: folder.path("model/events.out.tfevents.canopy")))
    // Whether the file is written may change, as it has no part in the training.
    try run(epochs: 1, into: "model", keys: ", tensorboard: true", resuming: true)
    #expect(try recordedEvents("model/events.out.tfevents.canopy").count == 2)
  }
}
