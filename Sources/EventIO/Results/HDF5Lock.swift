// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import Synchronization

/// Access to the HDF5 library.
package enum HDF5 {
  private static let lock = Mutex(())

  /// Runs `body`, which may call HDF5, while no other thread does: Debian's is not built for several threads.
  ///
  /// HDF5 does not print its errors. `body` must not call this function again.
  package static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    try lock.withLock { _ in
      H5Eset_auto2(0, nil, nil)
      return try body()
    }
  }
}
