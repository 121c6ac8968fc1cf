// SPDX-License-Identifier: GPL-3.0-or-later

/// Memory that is handed out piece by piece and taken back all at once.
///
/// After a few batches one block holds everything that a batch needs, and nothing is allocated any more.
final class Arena {
  private struct Block {
    let start: UnsafeMutableRawPointer
    let size: Int
  }

  private static let alignment = 64
  private var blocks: [Block] = []
  private var used = 0

  /// Room for `count` values, not initialised, until the next `reset`, and for a vector behind them, which the
  /// kernels may touch.
  func allocate<Value: BitwiseCopyable>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
    let size = (count * MemoryLayout<Value>.stride + 2 * Self.alignment - 1) & ~(Self.alignment - 1)
    if blocks.isEmpty || used + size > blocks[blocks.count - 1].size {
      add(max(size, 1 << 16, 2 * (blocks.last?.size ?? 0)))
    }
    let start = blocks[blocks.count - 1].start + used
    used += size
    return start.bindMemory(to: type, capacity: max(count, 1))
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
    blocks.append(
      Block(start: .allocate(byteCount: size, alignment: Self.alignment), size: size))
    used = 0
  }

  private func release() {
    for block in blocks { block.start.deallocate() }
    blocks.removeAll(keepingCapacity: true)
  }

  deinit { release() }
}
