// SPDX-License-Identifier: GPL-3.0-or-later

/// The one owner of memory that kernels work on: aligned for whole vectors, and with room for one more vector after the
/// last number, which kernels may read and write back as it was.
package enum KernelMemory {
  /// The alignment, and the bytes of room after the last number: those of the widest vector.
  package static let vector = 64

  /// Room for `count` numbers, not initialised.
  package static func allocate<Value: BitwiseCopyable>(
    _ type: Value.Type, count: Int
  ) -> UnsafeMutablePointer<Value> {
    UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 0) * MemoryLayout<Value>.stride + vector, alignment: vector
    ).bindMemory(to: type, capacity: max(count, 1))
  }

  /// Gives back what `allocate` gave.
  package static func deallocate(_ start: UnsafeMutablePointer<some BitwiseCopyable>) {
    UnsafeMutableRawPointer(start).deallocate()
  }
}
