// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The user's wish to stop, as by Ctrl-C: work that would leave something half written ends by an error instead
/// of at once.
struct Interruption: Error {
  private let signal: Int32
  /// How to go on later, in a sentence; nil where nothing is left to go on with.
  var advice: String?

  /// Listens for the wish from now on; a second one ends the program at once.
  static func listen() {
    for number in [SIGHUP, SIGINT, SIGTERM] {
      let previous = Foundation.signal(number) {
        received = $0
        Foundation.signal($0, SIG_DFL)
      }
      // What is ignored, as by nohup, stays so.
      if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        Foundation.signal(number, SIG_IGN)
      }
    }
  }

  /// Throws where the user wants to stop.
  static func check() throws {
    if received != 0 { throw Interruption(signal: received) }
  }

  /// Says how to go on later, and ends the program as the signal would have.
  func end() -> Never {
    if let advice { writeToStandardError("canopy: \(advice)\n") }
    raise(signal)
    exit(1)
  }
}

/// Written by the handler of a signal.
nonisolated(unsafe) private var received: sig_atomic_t = 0
