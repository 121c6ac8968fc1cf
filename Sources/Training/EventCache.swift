// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Dispatch
import Foundation
import PluginKit
import Support

/// The checksums of the records of some events, and the records if they are kept.
struct EventRecords: Sendable {
  /// Record after record, each followed by its checksum; empty if they are not kept.
  private(set) var bytes: [UInt8] = []
  /// Where each record ends: `[events]`, or empty.
  private(set) var ends: [Int] = []
  /// The checksum of each record: `[events]`.
  private(set) var checksums: [UInt64] = []
  /// The nodes of the trees of each event, which are most of the work that it makes: `[events]`, or empty.
  private(set) var nodeCounts: [Int32] = []

  /// The bytes of a checksum.
  static let checksumSize = 8

  /// The records of all events of a sample, which are kept for a cache.
  init(_ sample: EventSample, areKept: Bool) {
    var record = EventRecordWriter()
    for event in 0..<sample.eventCount {
      record.removeAll()
      sample.write(event: event, to: &record)
      // Whole stripes, of which a checksum keeps nothing back.
      record.pad(to: 32)
      let checksum = ContentFingerprint(record.bytes).value
      checksums.append(checksum)
      guard areKept else { continue }
      bytes += record.bytes
      withUnsafeBytes(of: checksum) { bytes += $0 }
      ends.append(bytes.count)
      nodeCounts.append(Int32(clamping: sample.nodeCount(ofEvent: event)))
    }
  }
}

/// The events of a dataset in a file, a record each, from which every thread reads what it works on.
struct EventCache: Sendable {
  private let file: UnnamedFile
  /// Where each record begins, and where the last ends: `[events + 1]`.
  private var offsets = [0]
  /// The nodes of the trees of each event: `[events]`.
  private var nodeCounts: [Int32] = []
  /// Asks the system for what is read next, while the threads of the training compute.
  private let prefetching = DispatchQueue(label: "canopy.prefetching")

  /// No events yet, in a file that takes its room in `folder`.
  ///
  /// - Throws: `FileOutputError` if no file can be made there.
  init(in folder: String) throws { file = try UnnamedFile(in: folder) }

  /// The nodes of the trees of one event, which are most of the work that it makes.
  func nodeCount(ofEvent event: Int) -> Int { Int(nodeCounts[event]) }

  /// Adds events.
  ///
  /// - Throws: `FileOutputError` if there is no room.
  mutating func append(_ records: EventRecords) throws {
    try file.append(records.bytes)
    let start = offsets[offsets.count - 1]
    for end in records.ends { offsets.append(start + end) }
    nodeCounts += records.nodeCounts
  }

  /// Hands the record of one event to `body`.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - buffer: room for the record, which is kept from event to event.
  ///   - body: what is done with the record.
  /// - Throws: ``TrainingError`` if the record cannot be read, or is not as it was written, and what `body` throws.
  func withRecord(
    of event: Int, _ buffer: inout [UInt64], _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let size = offsets[event + 1] - offsets[event]
    let words = size / 8
    if buffer.count < words { buffer += repeatElement(0, count: words - buffer.count) }
    do {
      try buffer.withUnsafeMutableBytes { buffer in
        let record = UnsafeMutableRawBufferPointer(rebasing: buffer[..<size])
        guard try file.read(record, at: offsets[event]) else {
          throw problem(event, "the file was cut short")
        }
        let content = UnsafeRawBufferPointer(rebasing: record[..<(size - EventRecords.checksumSize)])
        guard ContentFingerprint(content).value == record.load(fromByteOffset: content.count, as: UInt64.self)
        else {
          throw problem(event, "its checksum is not that of its content")
        }
        try body(content)
      }
    } catch let error as POSIXError {
      throw problem(event, error.fileReason)
    }
  }

  private func problem(_ event: Int, _ reason: String) -> TrainingError {
    TrainingError(
      "\(file.folder): event \(event) of the cache cannot be read back (\(reason)); go on with --resume, and choose another "
        + "folder for data.cache if it happens again.", fault: .work)
  }

  /// Lets the system begin to read some events, without waiting for them.
  func prefetch(_ events: some Collection<Int> & Sendable) {
    prefetching.async { [file, offsets] in
      for event in events { file.prefetch(offsets[event]..<offsets[event + 1]) }
    }
  }
}

/// Room for some events of a dataset, which belongs to one thread.
struct EventWindow {
  /// The events that were read last.
  private(set) var sample: EventSample
  private var buffer: [UInt64] = []

  /// Room without events, for a network.
  init(_ network: Network) { sample = EventSample(network) }

  /// Room without events, for the network that another sample without events is for.
  init(emptyLike sample: EventSample) { self.sample = sample }

  /// Replaces the content by some events of a cache, and keeps the storage.
  ///
  /// - Throws: ``TrainingError`` if a record cannot be read, or is not as it was written; `PluginError` if a stage reads
  ///   other than it wrote.
  mutating func load(_ events: some Collection<Int>, of cache: EventCache, _ parts: EventSample.Parts) throws
  {
    sample.removeAll()
    try append(events, of: cache, parts)
  }

  /// Adds some events of a cache.
  ///
  /// - Throws: ``TrainingError`` if a record cannot be read, or is not as it was written; `PluginError` if a stage reads
  ///   other than it wrote.
  mutating func append(
    _ events: some Collection<Int>, of cache: EventCache, _ parts: EventSample.Parts
  ) throws {
    for event in events {
      try cache.withRecord(of: event, &buffer) { try sample.append($0, parts) }
    }
  }

  /// Gives an event of the window the conditions of another.
  mutating func copyConditions(from donor: Int, to event: Int) {
    sample.copyConditions(from: donor, to: event)
  }

  /// Scales the features.
  mutating func scale(by scaling: SampleScaling) { sample.scale(by: scaling) }
}
