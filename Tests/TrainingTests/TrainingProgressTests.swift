// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Synchronization
import Testing
import CanopyModel
import Training

/// Collects what would appear, with a clock that the test sets.
private final class Screen: Sendable {
  private let state = Mutex((text: "", width: 100, time: 0.0))

  var text: String { state.withLock { $0.text } }
  var time: Double {
    get { state.withLock { $0.time } }
    set { state.withLock { $0.time = newValue } }
  }
  var width: Int {
    get { state.withLock { $0.width } }
    set { state.withLock { $0.width = newValue } }
  }

  func output(isTerminal: Bool, usesColour: Bool = false) -> ProgressOutput {
    ProgressOutput(
      isTerminal: isTerminal, usesColour: usesColour, width: { self.width },
      write: { text in self.state.withLock { $0.text += text } })
  }

  /// The lines as a terminal shows them after all writing: a carriage return goes back to the line's begin,
  /// and `ESC[K` erases what is right of the cursor.
  var lines: [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var shown: [Character] = []
      var column = 0
      var rest = line[...]
      while let character = rest.first {
        if rest.hasPrefix("\u{1B}[K") {
          shown.removeSubrange(column...)
          rest = rest.dropFirst(3)
        } else if character == "\r" {
          column = 0
          rest = rest.dropFirst()
        } else {
          if column < shown.count { shown[column] = character } else { shown.append(character) }
          column += 1
          rest = rest.dropFirst()
        }
      }
      return String(shown)
    }
  }
}

private func summary(_ epoch: Int, isBest: Bool = true) -> EpochSummary {
  EpochSummary(
    epoch: epoch, trainingLoss: 0.34567, validationLoss: 0.36, metrics: [.init(name: "AUC", value: 0.93126)],
    learningRate: 1e-3, eventCount: 80_000, seconds: 40, isBest: isBest)
}

@Suite struct TrainingProgressTests {
  @Test func printsOnePlainLineAnEpochWithoutATerminal() {
    let screen = Screen()
    var progress = TrainingProgress(
      epochCount: 10, eventCount: 80_000, output: screen.output(isTerminal: false), clock: { screen.time })
    for epoch in 1...2 {
      for jets in stride(from: 0, through: 80_000, by: 1000) {
        screen.time += 0.5
        progress.update(epoch: epoch, eventsDone: jets, loss: 0.5)
      }
      progress.finishEpoch(summary(epoch, isBest: epoch == 1))
    }
    progress.clear()
    #expect(
      screen.text == """
        epoch  1/10  loss 0.3457  validation loss 0.3600  AUC 0.9313  2000 events/s  40 s  best
        epoch  2/10  loss 0.3457  validation loss 0.3600  AUC 0.9313  2000 events/s  40 s

        """)
  }

  @Test func drawsABarOverItself() throws {
    let screen = Screen()
    var progress = TrainingProgress(
      epochCount: 3, eventCount: 80_000, output: screen.output(isTerminal: true), clock: { screen.time })
    screen.width = 120
    screen.time = 20
    progress.update(epoch: 1, eventsDone: 40_000, loss: 0.5)
    // Half an epoch took 20 s: 20 s and two epochs are left.
    let bar = String(repeating: "━", count: 20) + String(repeating: "─", count: 20)
    #expect(screen.lines == ["epoch 1/3  \(bar)   50 %  2000 events/s  loss 0.5000  1 min 40 s left"])
    screen.time = 20.05
    let before = screen.text
    progress.update(epoch: 1, eventsDone: 40_100, loss: 0.5)
    #expect(screen.text == before, "ten drawings a second are enough")
    screen.time = 40
    progress.finishEpoch(summary(1))
    screen.time = 50
    progress.update(epoch: 2, eventsDone: 20_000, loss: 0.4)
    #expect(screen.lines.count == 2)
    #expect(screen.lines[0].hasPrefix("epoch 1/3  loss 0.3457"))
    #expect(screen.lines[1].hasSuffix("25 %  2000 events/s  loss 0.4000  1 min 10 s left  AUC 0.9313"))
    progress.clear()
    #expect(screen.lines[1] == "")
    #expect(!screen.text.contains("\u{1B}[3"))
  }

  @Test func fitsEveryWidth() {
    for width in 0...140 {
      let screen = Screen()
      screen.width = width
      var progress = TrainingProgress(
        epochCount: 100, eventCount: 80_000, output: screen.output(isTerminal: true), clock: { screen.time })
      screen.time = 1
      progress.finishEpoch(summary(1))
      screen.time = 21
      progress.update(epoch: 2, eventsDone: 40_000, loss: 0.5)
      #expect(screen.lines[1].count <= max(0, width - 1))
      #expect(width < 40 || screen.lines[1].contains("━─"))
      #expect(width < 110 || screen.lines[1].contains("AUC"))
    }
  }

  @Test func coloursWhereWelcome() {
    let screen = Screen()
    var progress = TrainingProgress(
      epochCount: 3, eventCount: 100, output: screen.output(isTerminal: true, usesColour: true),
      clock: { screen.time })
    screen.time = 1
    progress.update(epoch: 1, eventsDone: 100, loss: 0.5)
    progress.finishEpoch(summary(1))
    #expect(screen.text.contains("\u{1B}[36m━"))
    #expect(screen.text.contains("\u{1B}[32mbest\u{1B}[0m\n"))
  }

  @Test func survivesOddInput() {
    let screen = Screen()
    var progress = TrainingProgress(
      epochCount: 0, eventCount: 0, output: screen.output(isTerminal: true), clock: { screen.time })
    progress.update(epoch: 1, eventsDone: 0, loss: .nan)
    screen.time = -5
    progress.finishEpoch(
      EpochSummary(
        epoch: 1, trainingLoss: .infinity, metrics: [.init(name: "A\nU\tC\u{1B}", value: .nan)],
        learningRate: 0,
        eventCount: 0, seconds: 0, isBest: false))
    progress.update(epoch: 1, eventsDone: 5, loss: 1e300)
    #expect(screen.lines.count == 2)
    #expect(screen.lines[0] == "epoch 1/0  loss inf  A\\u{a}U\\u{9}C\\u{1b} nan  0.0 s")
  }

  @Test func linesAreDrawnOverThoseBefore() {
    let screen = Screen()
    screen.width = 10
    var lines = LiveLines(output: screen.output(isTerminal: true))
    lines.clear()
    lines.show(["point  AUC", "1  0.5", "2  0.25"])
    lines.show(["a"])
    lines.clear()
    lines.clear()
    #expect(screen.text == "point  AU\n1  0.5\n2  0.25\n\r\u{1B}[3A\u{1B}[Ja\n\r\u{1B}[1A\u{1B}[J")
    let file = Screen()
    var none = LiveLines(output: file.output(isTerminal: false))
    none.show(["a"])
    none.clear()
    #expect(file.text == "")
  }
}
