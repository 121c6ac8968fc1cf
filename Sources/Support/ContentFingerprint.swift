// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A short number that tells contents apart: the XXH64 of bytes that come in any portions
/// (<https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>).
///
/// It finds damage and mix-ups, not forgery.
///
/// ```swift
/// var fingerprint = ContentFingerprint()
/// fingerprint.update([1, 2, 3] as [Float])
/// print(fingerprint.text)
/// ```
public struct ContentFingerprint: Sendable {
  private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
    prime1 &+ prime2, prime2, 0, 0 &- prime1
  )
  private var count: UInt64 = 0
  /// The bytes that do not fill a stripe of 32 bytes yet.
  private var rest: [UInt8] = []

  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  /// The fingerprint of nothing.
  public init() {}

  /// The fingerprint of `bytes`.
  public init(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var place = 0
    if !rest.isEmpty {
      place = min(32 - rest.count, bytes.count)
      rest.append(contentsOf: bytes[..<place])
      guard rest.count == 32 else { return }
      let stripe = rest
      stripe.withUnsafeBytes { _ = addStripes(of: $0, from: 0) }
      rest.removeAll(keepingCapacity: true)
    }
    place = addStripes(of: bytes, from: place)
    rest.append(contentsOf: bytes[place...])
  }

  /// Adds numbers by their bits.
  public mutating func update(_ numbers: [some BitwiseCopyable]) {
    numbers.withUnsafeBytes { update($0) }
  }

  /// The number, of all bytes so far.
  public var value: UInt64 {
    var hash: UInt64
    if count >= 32 {
      hash =
        Self.rotate(lanes.0, 1) &+ Self.rotate(lanes.1, 7) &+ Self.rotate(lanes.2, 12)
        &+ Self.rotate(lanes.3, 18)
      for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
        hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4
      }
    } else {
      hash = Self.prime5
    }
    hash &+= count
    rest.withUnsafeBytes { rest in
      var place = 0
      while place + 8 <= rest.count {
        hash ^= Self.round(0, Self.word(rest, place))
        hash = Self.rotate(hash, 27) &* Self.prime1 &+ Self.prime4
        place += 8
      }
      if place + 4 <= rest.count {
        let half = UInt32(littleEndian: rest.loadUnaligned(fromByteOffset: place, as: UInt32.self))
        hash ^= UInt64(half) &* Self.prime1
        hash = Self.rotate(hash, 23) &* Self.prime2 &+ Self.prime3
        place += 4
      }
      for byte in rest[place...] {
        hash ^= UInt64(byte) &* Self.prime5
        hash = Self.rotate(hash, 11) &* Self.prime1
      }
    }
    hash = (hash ^ (hash >> 33)) &* Self.prime2
    hash = (hash ^ (hash >> 29)) &* Self.prime3
    return hash ^ (hash >> 32)
  }

  /// The number in 16 hexadecimal digits, as files have it.
  public var text: String { Self.text(value) }

  /// The number of a fingerprint in 16 hexadecimal digits, as files have it.
  public static func text(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Adds all whole stripes from a place on; returns where they end.
  private mutating func addStripes(of bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var place = start
    // In registers rather than in memory.
    var (first, second, third, fourth) = lanes
    while place + 32 <= bytes.count {
      first = Self.round(first, Self.word(bytes, place))
      second = Self.round(second, Self.word(bytes, place + 8))
      third = Self.round(third, Self.word(bytes, place + 16))
      fourth = Self.round(fourth, Self.word(bytes, place + 24))
      place += 32
    }
    lanes = (first, second, third, fourth)
    return place
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }

  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* prime2, 31) &* prime1
  }

  private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    value << bits | value >> (64 - bits)
  }
}
