// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// An array for kernels, whose place in memory stays until it grows, without the checks of shared arrays.
struct FlatBuffer<Element: BitwiseCopyable>: ~Copyable {
  private(set) var start: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity = 0

  init() { start = KernelMemory.allocate(Element.self, count: 0) }

  deinit { KernelMemory.deallocate(start) }

  /// Makes the buffer `count` long; its content is lost if it grows.
  mutating func resize(to count: Int) {
    if count > capacity {
      KernelMemory.deallocate(start)
      capacity = max(count, 2 * capacity)
      start = KernelMemory.allocate(Element.self, count: capacity)
    }
    self.count = count
  }

  subscript(index: Int) -> Element {
    get { start[index] }
    nonmutating set { start[index] = newValue }
  }
}
