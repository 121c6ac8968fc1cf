// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

private let hdf5Lock = Mutex(())

/// Runs `body`, which may call HDF5, while no other thread does: Debian's HDF5 is not built for several threads.
///
/// `body` must not call this function again.
package func withHDF5<Result>(_ body: () throws -> Result) rethrows -> Result {
  try hdf5Lock.withLock { _ in try body() }
}
