// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import Foundation

/// Access to the HDF5 library.
///
/// Debian's HDF5 is built without thread safety, so every call of it in the process goes through `locked`.
package enum HDF5 {
  private static let lock = NSRecursiveLock()
  /// Everything is closed after its last use; HDF5 would complain at the end of the program of parts of a
  /// damaged file that it cannot close.
  private static let isReady: Bool = {
    let closesNothingAtExit = H5dont_atexit() >= 0
    HDF5Filters.registerLZF()
    return closesNothingAtExit
  }()

  /// Runs `body` while no other thread uses HDF5, and keeps HDF5 from printing its errors.
  package static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    // Before every other call, so that HDF5 does not tidy up when the program ends.
    _ = isReady
    H5Eset_auto2(0, nil, nil)
    return try body()
  }
}

/// An identifier of HDF5 that is closed with its last reference.
package final class HDF5Handle {
  /// The identifier that HDF5 gave.
  package let id: hid_t
  private let close: (hid_t) -> herr_t

  /// Takes over `id`, or returns nil if HDF5 gave none.
  package init?(_ id: hid_t, closedBy close: @escaping (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.close = close
  }

  deinit {
    HDF5.locked { _ = close(id) }
  }
}
