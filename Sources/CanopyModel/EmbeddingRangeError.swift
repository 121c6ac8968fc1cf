// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation
import NeuralEngine
import Support

/// An event whose numbers lie so far from those of the training that the network leaves the range of single precision.
public struct EmbeddingRangeError: EventError, Sendable, Hashable {
  /// The number of the event, counted from 0 through all inputs; nil if it is not known.
  public let event: Int?
  /// The number that lies farthest outside, such as `d0 of nodes`; nil if the network's stages name none.
  public let field: String?
  /// What is wrong and what to do about it, to follow the name of the event.
  public let predicate: String

  /// The size from which on an embedding is out of range: layers after it would overflow.
  static let limit: Float = 1e15

  /// An error of an event.
  ///
  /// - Parameters:
  ///   - event: its number.
  ///   - farthest: the scaled number that lies farthest outside.
  init(event: Int?, farthest: (name: String, value: Float)?) {
    self.event = event
    field = farthest?.name
    let reason =
      farthest.map {
        ": \($0.name.printable) lies \(String(format: "%.2g", $0.value.magnitude)) times the spread of the training "
          + "\($0.value < 0 ? "below" : "above") its median; correct it, or leave it unknown (NaN)"
      } ?? "; look at what the network reads of it"
    predicate = "cannot be judged: The embedding is out of range\(reason)."
  }
}

extension Variable {
  /// The first row with a number that is out of range, or none.
  var rowOutOfRange: Int? {
    let limit = EmbeddingRangeError.limit.bitPattern
    var largest: UInt32 = 0
    // As integers without their sign, numbers of either sign, infinities and NaN are in order, which a processor compares in vectors.
    for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
    guard largest >= limit else { return nil }
    return values.firstIndex { !($0.magnitude < EmbeddingRangeError.limit) }.map { $0 / columns }
  }
}
