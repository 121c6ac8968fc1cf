// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import Support

/// The learning curve of a training as a file of events, which TensorBoard follows while it grows.
///
/// The file is one of records: the length of the data, a checksum of it, the data, a checksum of these
/// (<https://www.tensorflow.org/tutorials/load_data/tfrecord>). The data of a record is a message `Event` of
/// `tensorflow/core/util/event.proto`; there is one for each epoch, whose step is the number of the epoch.
final class TensorBoardFile {
  /// The name of the file in its folder.
  static let name = "events.out.tfevents.canopy"

  private let path: String
  /// How many epochs the file has; nil before it is written.
  private var recorded: Int?

  /// A file in a folder, which is made if it does not exist.
  init(in folder: URL) { path = folder.appendingPathComponent(Self.name).relativePath }

  /// Records what is new in the epochs of a training; the first time it writes the file as a whole.
  ///
  /// - Throws: `FileOutputError` if the file cannot be written.
  func record(_ epochs: [EpochSummary], now: Double = Date().timeIntervalSince1970) throws {
    defer { recorded = epochs.count }
    guard let recorded else {
      _ = try UnfinishedFiles.makeFolders(URL(fileURLWithPath: path).deletingLastPathComponent().path)
      return try WholeFile.write(Self.content(epochs, now: now), to: path)
    }
    let new = epochs.dropFirst(recorded)
    guard !new.isEmpty else { return }
    // TensorBoard keeps the file open, and would not see another one in its place.
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileOutputError(path, code: errno) }
    defer { close(descriptor) }
    let records = new.reduce(into: Data()) { $0.append(Self.record(of: $1, at: now)) }
    try records.withUnsafeBytes { try $0.write(to: descriptor) { FileOutputError(path, code: $0) } }
  }

  /// The whole file, of epochs of which the last ended now.
  static func content(_ epochs: [EpochSummary], now: Double) -> Data {
    var data = Data()
    var time = now - epochs.reduce(0) { $0 + $1.seconds }
    var version = ProtocolBuffer()
    version.add(1, time)
    version.add(3, "brain.Event:2")
    data.append(record(version.data))
    for epoch in epochs {
      time += epoch.seconds
      data.append(record(of: epoch, at: time))
    }
    return data
  }

  /// The record of an epoch.
  private static func record(of epoch: EpochSummary, at time: Double) -> Data {
    var summary = ProtocolBuffer()
    func add(_ tag: String, _ number: Double) {
      var value = ProtocolBuffer()
      value.add(1, tag)
      value.add(2, Float(number))
      summary.add(1, value)
    }
    add("loss/training", epoch.trainingLoss)
    if let loss = epoch.validationLoss { add("loss/validation", loss) }
    for metric in epoch.metrics { add("metrics/\(metric.name)", metric.value) }
    add("learning-rate", epoch.learningRate)
    add("seconds", epoch.seconds)
    var event = ProtocolBuffer()
    event.add(1, time)
    event.add(2, epoch.epoch)
    event.add(5, summary)
    return record(event.data)
  }

  private static func record(_ data: Data) -> Data {
    func bytes(_ number: some FixedWidthInteger) -> Data {
      withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }
    let length = bytes(UInt64(data.count))
    return length + bytes(maskedChecksum(length)) + data + bytes(maskedChecksum(data))
  }

  /// CRC-32C, turned and shifted as records have it.
  private static func maskedChecksum(_ data: Data) -> UInt32 {
    var crc: UInt32 = .max
    for byte in data {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    crc = ~crc
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}

/// The bytes of a message of protocol buffers (<https://protobuf.dev/programming-guides/encoding>).
private struct ProtocolBuffer {
  private(set) var data = Data()

  mutating func add(_ field: Int, _ number: Double) {
    addKey(field, kind: 1)
    withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
  }

  mutating func add(_ field: Int, _ number: Float) {
    addKey(field, kind: 5)
    withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
  }

  mutating func add(_ field: Int, _ number: Int) {
    addKey(field, kind: 0)
    addVariable(UInt64(number))
  }

  mutating func add(_ field: Int, _ text: String) { add(field, bytes: Data(text.utf8)) }

  mutating func add(_ field: Int, _ message: ProtocolBuffer) { add(field, bytes: message.data) }

  private mutating func add(_ field: Int, bytes: Data) {
    addKey(field, kind: 2)
    addVariable(UInt64(bytes.count))
    data.append(bytes)
  }

  private mutating func addKey(_ field: Int, kind: Int) { addVariable(UInt64(field << 3 | kind)) }

  private mutating func addVariable(_ number: UInt64) {
    var rest = number
    while rest > 0x7F {
      data.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
}
