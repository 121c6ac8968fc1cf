// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// Shows on a terminal how far the reading of events is: their number, their rate and the share of the input.
struct EventProgress {
  private let output = ProgressOutput.standardError
  private let isShown: Bool
  private let totalBytes: Int?
  private let skippedEvents: Int
  private let maximumEvents: Int?
  private let start = ProcessInfo.processInfo.systemUptime
  private var lastDrawing: Double
  private var isVisible = false

  /// Progress through a stream, beginning now.
  ///
  /// - Parameters:
  ///   - stream: the stream.
  ///   - resultsOnStandardOutput: whether results go to standard output as they come; if that is a terminal
  ///     too, progress would run into them.
  init(_ stream: EventStream, resultsOnStandardOutput: Bool) {
    isShown = output.isTerminal && !(resultsOnStandardOutput && isatty(STDOUT_FILENO) == 1)
    totalBytes = stream.totalBytes
    skippedEvents = stream.options.skipEvents
    maximumEvents = stream.options.maximumEvents
    // Work that is done in half a second needs no progress.
    lastDrawing = start + 0.4
  }

  /// Tells how far reading is, as often as is convenient; it is drawn ten times a second.
  mutating func update(_ place: EventPipeline.Progress) {
    let now = ProcessInfo.processInfo.systemUptime
    guard isShown, now - lastDrawing >= 0.1 else { return }
    lastDrawing = now
    let events = max(0, place.events - skippedEvents)
    var text = "\(events) events  \(Int(Double(events) / (now - start))) events/s"
    if let share = share(events, bytes: place.bytes) { text += "  \(Int(100 * share)) %" }
    output.write("\r\(text.prefix(max(0, output.width() - 1)))\u{1B}[K")
    isVisible = true
  }

  /// Removes the line, at the end or before something else is printed.
  mutating func clear() {
    if isVisible { output.write("\r\u{1B}[K") }
    isVisible = false
  }

  /// The larger of the shares of the bytes and of the events to be read, as either can be the end.
  private func share(_ events: Int, bytes: Int) -> Double? {
    let shares = [
      totalBytes.map { Double(bytes) / Double(max($0, 1)) },
      maximumEvents.map { Double(events) / Double(max($0, 1)) },
    ]
    return shares.compactMap(\.self).max().map { min($0, 1) }
  }
}
