// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import Support

/// Shows the progress of a training.
///
/// On a terminal the last line is a bar that moves during the epoch, with speed, loss, the metrics of the
/// last validation and the time left; each epoch then leaves one line. Elsewhere there are only those lines,
/// as plain text.
public struct TrainingProgress {
  private let epochCount: Int
  private let eventCount: Int
  private let output: ProgressOutput
  /// The time in seconds from any origin.
  private let clock: () -> Double

  private var epochStart: Double
  private var lastDrawing = -Double.infinity
  private var finishedEpochs = 0
  private var finishedSeconds = 0.0
  private var metrics: [EpochSummary.Metric] = []
  private var isBarVisible = false

  /// Progress through `epochCount` epochs of `eventCount` events each, beginning now.
  public init(
    epochCount: Int, eventCount: Int, output: ProgressOutput = .standardError,
    clock: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
  ) {
    self.epochCount = epochCount
    self.eventCount = eventCount
    self.output = output
    self.clock = clock
    epochStart = clock()
  }

  /// Tells how far an epoch is, as often as is convenient; it is drawn ten times a second.
  ///
  /// - Parameters:
  ///   - epoch: the epoch, counted from 1.
  ///   - eventsDone: the number of events of this epoch that the network was trained on.
  ///   - loss: the mean loss so far in this epoch.
  public mutating func update(epoch: Int, eventsDone: Int, loss: Double) {
    guard output.isTerminal else { return }
    let now = clock()
    guard now - lastDrawing >= 0.1 else { return }
    lastDrawing = now
    let elapsed = now - epochStart
    let share = eventCount > 0 ? min(1, Double(eventsDone) / Double(eventCount)) : 1
    let speed = elapsed > 0 ? Double(eventsDone) / elapsed : 0
    var parts = [String(format: "%3.0f %%", 100 * share)]
    if speed > 0 { parts.append(Self.speed(speed)) }
    parts.append(String(format: "loss %.4f", loss.withPlainNaN))
    if let left = secondsLeft(epoch: epoch, share: share, elapsed: elapsed) {
      parts.append("\(Self.duration(left)) left")
    }
    parts += metrics.map(Self.metric)
    draw(head: "epoch \(epoch)/\(epochCount)", share: share, parts: parts)
  }

  /// Leaves a line about an epoch that is finished, validation included.
  public mutating func finishEpoch(_ summary: EpochSummary) {
    var parts = [
      "epoch \(Self.padded(summary.epoch, like: epochCount))/\(epochCount)",
      String(format: "loss %.4f", summary.trainingLoss.withPlainNaN),
    ]
    if let loss = summary.validationLoss {
      parts.append(String(format: "validation loss %.4f", loss.withPlainNaN))
    }
    parts += summary.metrics.map(Self.metric)
    if summary.seconds > 0 { parts.append(Self.speed(Double(summary.eventCount) / summary.seconds)) }
    parts.append(Self.duration(summary.seconds))
    if summary.isBest { parts.append(output.usesColour ? "\u{1B}[32mbest\u{1B}[0m" : "best") }
    clear()
    output.write(parts.joined(separator: "  ") + "\n")

    metrics = summary.metrics
    finishedEpochs += 1
    finishedSeconds += summary.seconds
    epochStart = clock()
    lastDrawing = -Double.infinity
  }

  /// Removes the bar, at the end or before something else is printed.
  public mutating func clear() {
    if isBarVisible { output.write("\r\u{1B}[K") }
    isBarVisible = false
  }

  /// The time to the end of the last epoch: finished epochs tell what an epoch takes, validation included,
  /// and before the first of them the speed so far does.
  private func secondsLeft(epoch: Int, share: Double, elapsed: Double) -> Double? {
    let whole: Double
    if finishedEpochs > 0 {
      whole = finishedSeconds / Double(finishedEpochs)
    } else if share > 0.005 || elapsed > 2, share > 0 {
      whole = elapsed / share
    } else {
      return nil
    }
    return max(0, whole - elapsed) + Double(epochCount - epoch) * whole
  }

  /// Draws the line over the one before, leaving out from the end what the window has no room for.
  private mutating func draw(head: String, share: Double, parts: [String]) {
    // The last column stays free: some terminals wrap as soon as it is written.
    let room = max(0, output.width() - 1)
    let shortestBar = 10
    var parts = parts
    while parts.count > 1, head.count + shortestBar + parts.reduce(2, { $0 + $1.count + 2 }) > room {
      parts.removeLast()
    }
    let text = parts.joined(separator: "  ")
    let barWidth = min(40, room - head.count - text.count - 4)
    var line = "\(head)  \(text)"
    if barWidth >= shortestBar {
      let full = Int((share * Double(barWidth)).rounded(.down))
      var bar = String(repeating: "━", count: full)
      var rest = String(repeating: "─", count: barWidth - full)
      if output.usesColour {
        bar = "\u{1B}[36m\(bar)\u{1B}[0m"
        rest = "\u{1B}[2m\(rest)\u{1B}[0m"
      }
      line = "\(head)  \(bar)\(rest)  \(text)"
    } else {
      line = String(line.prefix(room))
    }
    output.write("\r\(line)\u{1B}[K")
    isBarVisible = true
  }

  private static func metric(_ metric: EpochSummary.Metric) -> String {
    "\(metric.name.printable) \(String(format: "%.4f", metric.value.withPlainNaN))"
  }

  private static func speed(_ eventsPerSecond: Double) -> String {
    String(format: eventsPerSecond < 10 ? "%.1f events/s" : "%.0f events/s", eventsPerSecond)
  }

  private static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    switch whole {
    case ..<10 where seconds < 9.95: return String(format: "%.1f s", seconds)
    case ..<60: return "\(whole) s"
    case ..<3600: return String(format: "%d min %02d s", whole / 60, whole % 60)
    default: return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
    }
  }

  private static func padded(_ number: Int, like largest: Int) -> String {
    let text = "\(number)"
    return String(repeating: " ", count: max(0, "\(largest)".count - text.count)) + text
  }
}
