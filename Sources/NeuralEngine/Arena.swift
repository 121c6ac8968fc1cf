// SPDX-License-Identifier: GPL-3.0-or-later

/// Memory that is handed out piece by piece and taken back all at once.
///
/// After a few batches one block holds everything that a batch needs, and nothing more is allocated.
final class Arena {
  private struct Block {
    let start: UnsafeMutablePointer<UInt8>
    let size: Int
  }

  private var blocks: [Block] = []
  private var used = 0

  /// Room for `count` values, not initialised, until the next `reset`, with the room that ``KernelMemory`` promises.
  func allocate<Value: BitwiseCopyable>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
    let vector = KernelMemory.vector
    let size = (count * MemoryLayout<Value>.stride + 2 * vector - 1) & ~(vector - 1)
    if blocks.isEmpty || used + size > blocks[blocks.count - 1].size {
      add(max(size, 1 << 16, 2 * (blocks.last?.size ?? 0)))
    }
    let start = blocks[blocks.count - 1].start + used
    used += size
    return UnsafeMutableRawPointer(start).bindMemory(to: type, capacity: max(count, 1))
  }

  /// Takes everything back; several blocks become one of their total size.
  func reset() {
    if blocks.count > 1 {
      let total = blocks.reduce(0) { $0 + $1.size }
      release()
      add(total)
    }
    used = 0
  }

  private func add(_ size: Int) {
    blocks.append(Block(start: KernelMemory.allocate(UInt8.self, count: size), size: size))
    used = 0
  }

  private func release() {
    for block in blocks { KernelMemory.deallocate(block.start) }
    blocks.removeAll(keepingCapacity: true)
  }

  deinit { release() }
}
