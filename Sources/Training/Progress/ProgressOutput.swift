// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Where progress is shown, and what can be shown there.
public struct ProgressOutput: Sendable {
  /// Whether lines can be drawn over: a terminal.
  public var isTerminal: Bool
  /// Whether colours are welcome.
  public var usesColour: Bool
  /// The number of columns now, asked before each drawing because windows change.
  public var width: @Sendable () -> Int
  /// Takes the text.
  public var write: @Sendable (String) -> Void

  /// An output of any kind.
  public init(
    isTerminal: Bool, usesColour: Bool, width: @escaping @Sendable () -> Int,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.usesColour = usesColour
    self.width = width
    self.write = write
  }

  /// Standard error: a terminal unless it is redirected or `TERM` is `dumb`, without colour if `NO_COLOR` is
  /// set (<https://no-color.org>).
  public static var standardError: ProgressOutput {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM", default: "dumb"] != "dumb"
    return ProgressOutput(
      isTerminal: isTerminal,
      usesColour: isTerminal && environment["NO_COLOR", default: ""].isEmpty,
      width: {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
      },
      // A closed standard error must not end a training.
      write: { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) })
  }
}
