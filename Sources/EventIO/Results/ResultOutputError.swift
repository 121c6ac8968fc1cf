// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Results could not be written.
public struct ResultOutputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence that names the destination and says what to do.
  public let description: String
  /// Whether the reader of a pipe has gone away, as in `canopy … | head`: no cause for complaint.
  public let isBrokenPipe: Bool
  /// Whether the results are to blame, such as two quantities of one name, rather than what happened on the way, such as a
  /// full disk.
  public let isInputError: Bool
  /// Whether the place that was asked for is to blame, such as one in a folder that does not exist.
  public let isPlaceError: Bool

  /// An error that says `description`.
  public init(_ description: String, isBrokenPipe: Bool = false, isInputError: Bool = true) {
    self.description = description
    self.isBrokenPipe = isBrokenPipe
    self.isInputError = isInputError
    isPlaceError = false
  }

  /// The place that was asked for cannot be written to, as `description` says.
  init(place description: String) {
    self.description = description
    isBrokenPipe = false
    isInputError = false
    isPlaceError = true
  }

  /// `destination` could not be opened, for the reason that `code`, a value of `errno`, names.
  init(opening destination: String, code: Int32) {
    let reason = String(cString: strerror(code))
    self.init(place: "The results cannot be written to \(destination) (\(reason)); choose another place.")
  }

  /// A write to `destination` failed, for the reason that `code`, a value of `errno`, names.
  package init(writing destination: String, code: Int32) {
    self.init(writing: destination, reason: String(cString: strerror(code)), isBrokenPipe: code == EPIPE)
  }

  /// A write to `destination` failed for `reason`.
  init(writing destination: String, reason: String, isBrokenPipe: Bool = false) {
    self.init(
      "Writing the results to \(destination) failed (\(reason)); free some space or choose another place.",
      isBrokenPipe: isBrokenPipe, isInputError: false)
  }
}

extension ResultOutputError: LocalizedError {
  /// The same sentence as `description`.
  public var errorDescription: String? { description }
}
