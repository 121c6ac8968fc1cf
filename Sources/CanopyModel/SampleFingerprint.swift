// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Support

/// A hundred of the events of a sample, by which they are found again in another sample.
///
/// Each event has a fingerprint of the four-momenta of its particles, its hash, and the events of the smallest hundred hashes stand for
/// the sample: a choice that depends on the events alone, not on their file or order.
public struct SampleFingerprint: Sendable, Equatable {
  static let size = 100

  /// The smallest hashes, rising.
  private(set) var hashes: [UInt64] = []

  /// The fingerprint of no events.
  public init() {}

  /// The fingerprint of `events`; those without particles cannot be told apart and have no part in it.
  public init(_ events: Events) {
    hashes = Self.smallest(
      (0..<events.eventCount).compactMap { event in
        let particles = events.particles(ofEvent: event)
        return particles.isEmpty ? nil : Self.hash(particles, of: events)
      })
  }

  /// Adds the events of another sample.
  public mutating func formUnion(_ other: SampleFingerprint) {
    if let last = hashes.last, hashes.count == Self.size, other.hashes.first.map({ $0 > last }) ?? true {
      return
    }
    hashes = Self.smallest(hashes + other.hashes)
  }

  private static func smallest(_ hashes: [UInt64]) -> [UInt64] { Array(Set(hashes).sorted().prefix(size)) }

  /// The XXH64 of the numbers of an event's particles in turn.
  private static func hash(_ particles: Range<Int>, of events: Events) -> UInt64 {
    var numbers: [Double] = []
    numbers.reserveCapacity(4 * particles.count)
    for particle in particles {
      let momentum = events.momentum(ofParticle: particle)
      // Both zeros are one number.
      for number in [momentum.px, momentum.py, momentum.pz, momentum.energy] { numbers.append(number + 0) }
    }
    var fingerprint = ContentFingerprint()
    fingerprint.update(numbers)
    return fingerprint.value
  }
}

extension SampleFingerprint: Codable {
  /// Reads a list of hashes, each in hexadecimal digits.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    hashes = Self.smallest(
      try container.decode([String].self).map { text in
        guard let hash = UInt64(text, radix: 16) else {
          throw DecodingError.dataCorruptedError(
            in: container, debugDescription: "a fingerprint is a list of hexadecimal numbers of 64 bits")
        }
        return hash
      })
  }

  /// Writes a list of hashes in 16 hexadecimal digits, as JSON's numbers have not enough of them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hashes.map(ContentFingerprint.text))
  }
}

/// How many of the events that a model was trained on are in another sample.
public struct SampleOverlap: Sendable {
  private let training: Set<UInt64>
  private var found: Set<UInt64> = []

  /// The overlap with no events.
  public init(_ training: SampleFingerprint) { self.training = Set(training.hashes) }

  /// Adds events of the other sample.
  ///
  /// - Precondition: `fingerprint` is that of at most a hundred events, so that it has all of them.
  public mutating func add(_ fingerprint: SampleFingerprint) {
    for hash in fingerprint.hashes where training.contains(hash) { found.insert(hash) }
  }

  /// The share of the events that the model was trained on that are among the others, to a few per cent.
  public var share: Double { training.isEmpty ? 0 : Double(found.count) / Double(training.count) }
}
