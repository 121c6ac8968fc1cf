// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Support
import Training

/// Who looks on while a call works; its functions are called on the thread of the call alone.
struct Watch: @unchecked Sendable {
  private let watch: canopy_watch

  /// Nobody looks on if it is null.
  ///
  /// - Throws: ``CallError`` if it is none of this library.
  init(_ watch: UnsafePointer<canopy_watch>?) throws {
    guard let watch else {
      self.watch = canopy_no_watch()
      return
    }
    guard watch.pointee.size == MemoryLayout<canopy_watch>.size else {
      throw CallError(
        "The size of canopy_watch is \(watch.pointee.size), and that of this library \(MemoryLayout<canopy_watch>.size); begin "
          + "with canopy_no_watch(), and build against the header of the library.")
    }
    self.watch = watch.pointee
  }

  /// Stops the call if that is wished.
  ///
  /// - Throws: ``StoppedError``.
  func check() throws {
    guard let goesOn = watch.goes_on, !goesOn(watch.context) else { return }
    throw StoppedError()
  }

  /// Where lines of progress go; nil if nobody reads them.
  var output: ProgressOutput? {
    guard watch.write != nil else { return nil }
    return ProgressOutput(
      isTerminal: watch.is_terminal, usesColour: false, width: { watch.columns },
      write: { text in watch.write?(text, watch.context) })
  }
}

/// A call was stopped by who looked on.
struct StoppedError: ReportedError {
  let description = "The call was stopped."
  let fault = Fault.work
}
