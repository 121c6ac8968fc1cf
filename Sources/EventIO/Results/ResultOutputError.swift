// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// Results could not be written.
public struct ResultOutputError: ReportedError, Sendable, Equatable {
  /// One sentence that names the destination and says what to do.
  public let description: String
  /// Whether the reader of a pipe has gone away, as in `canopy … | head`: no cause for complaint.
  public let isBrokenPipe: Bool
  /// What is to be blamed: the results, such as two quantities of one name; the work, such as on a full disk; the command line,
  /// which asks for a place that does not exist.
  public let fault: Fault

  /// An error that says `description`.
  public init(_ description: String, isBrokenPipe: Bool = false, fault: Fault = .input) {
    self.description = description
    self.isBrokenPipe = isBrokenPipe
    self.fault = fault
  }

  /// The place that was asked for cannot be written to, as `description` says.
  init(place description: String) {
    self.init(description, fault: .commandLine)
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
      isBrokenPipe: isBrokenPipe, fault: .work)
  }
}

extension ResultOutputError: LocalizedError {
  /// The same sentence as `description`.
  public var errorDescription: String? { description }
}
