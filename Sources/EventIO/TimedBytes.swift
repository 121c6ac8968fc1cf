// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The bytes of another source, and how long it took to get them.
final class TimedBytes: ByteSource {
  /// The time spent in `read`, in seconds.
  private(set) var seconds = 0.0
  private let bytes: any ByteSource

  init(_ bytes: any ByteSource) { self.bytes = bytes }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let start = ProcessInfo.processInfo.systemUptime
    defer { seconds += ProcessInfo.processInfo.systemUptime - start }
    return try bytes.read(into: buffer)
  }
}
