// SPDX-License-Identifier: GPL-3.0-or-later

/// Lines on a terminal that are drawn over those before; elsewhere there are none.
package struct LiveLines {
  private let output: ProgressOutput
  private var count = 0

  /// No lines yet.
  package init(output: ProgressOutput = .standardError) { self.output = output }

  /// Shows lines in place of those before, each as far as the window has room.
  package mutating func show(_ lines: some Collection<some StringProtocol>) {
    guard output.isTerminal else { return }
    // The last column stays free: some terminals wrap as soon as it is written.
    let room = max(0, output.width() - 1)
    output.write(erasure + lines.map { "\($0.prefix(room))\n" }.joined())
    count = lines.count
  }

  /// Removes the lines, at the end or before something else is printed.
  package mutating func clear() {
    if count > 0 { output.write(erasure) }
    count = 0
  }

  /// What goes up to the first line and erases all from there.
  private var erasure: String { count > 0 ? "\r\u{1B}[\(count)A\u{1B}[J" : "" }
}
