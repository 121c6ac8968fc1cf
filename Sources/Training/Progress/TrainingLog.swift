// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Support

/// Shows a training to people: what it begins with, its epochs, and which of them the model is of.
package final class TrainingLog: TrainingRun.Observer {
  private let output: ProgressOutput
  private var progress: TrainingProgress?

  /// A log on an output.
  package init(output: ProgressOutput = .standardError) { self.output = output }

  /// Says how much there is to learn, and what is hardly wanted of it.
  package func begin(_ summary: TrainingRun.Summary) {
    var text = summary.fold.map { "without fold \($0.fold + 1) of \($0.folds.count): " } ?? ""
    text +=
      "\(summary.trainingEvents) events to learn from and \(summary.validationEvents) to validate on, with "
      + "\(summary.jets) jets; \(summary.parameterCount) parameters; "
      + "\(summary.threads) \(summary.threads == 1 ? "thread" : "threads")\n"
    if summary.epochsDone > 0 { text += "resuming after epoch \(summary.epochsDone)\n" }
    for change in summary.changes { text += "\(change)\n" }
    for remark in summary.remarks { text += "canopy: \(remark.printable)\n" }
    output.write(text)
    progress = TrainingProgress(
      epochCount: summary.epochs, eventCount: summary.trainingEvents, output: output)
  }

  /// Moves the bar.
  package func step(epoch: Int, eventsDone: Int, loss: Double) {
    progress?.update(epoch: epoch, eventsDone: eventsDone, loss: loss)
  }

  /// Leaves a line.
  package func finish(_ epoch: EpochSummary) { progress?.finishEpoch(epoch) }

  /// Removes the bar, at the end or before something else is printed.
  package func clear() { progress?.clear() }

  /// Says which epoch a model is of, if it is not the last that was asked for.
  package func end(with model: Model, after epochs: Int) {
    guard model.folds == nil, let training = model.description.training else { return }
    let done = training.epochs
    if done.count < epochs, let best = done.last(where: \.isBest) {
      output.write(
        "stopped after epoch \(done.count), as training.early-stopping says: epoch \(best.epoch) is the best\n"
      )
    } else if training.bestEpoch < done.count {
      output.write("the model has the weights of epoch \(training.bestEpoch) of \(done.count)\n")
    }
  }
}
