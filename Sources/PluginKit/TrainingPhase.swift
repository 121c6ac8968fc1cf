// SPDX-License-Identifier: GPL-3.0-or-later

/// The place in a training at which a stage or a head computes.
public struct TrainingPhase: Sendable, Equatable {
  /// Whether the network learns from what is computed; false in validation and prediction.
  public let isTraining: Bool
  /// The number of the epoch, from 1; 0 if nothing is trained.
  public let epoch: Int
  /// How many steps the training has taken since it began; 0 if nothing is trained.
  public let step: Int
  /// Differs for each training seed, step, stage or head, and thread, and is otherwise always the same.
  public let seed: UInt64

  /// The phase of a validation or a prediction.
  public init() {
    (isTraining, epoch, step, seed) = (false, 0, 0, 0)
  }

  /// The phase of a step of a training.
  ///
  /// - Parameters:
  ///   - epoch: the number of the epoch, from 1.
  ///   - step: how many steps were taken before.
  ///   - trainingSeed: the seed of the training.
  ///   - head: the name of the head, or a slash and the place of the stage.
  ///   - thread: the number of the thread, from 0.
  ///   - repetition: which step of an alternating objective it is, from 1; 0 for the step of the training itself.
  public init(
    epoch: Int, step: Int, trainingSeed: UInt64, head: String, thread: Int, repetition: Int = 0
  ) {
    isTraining = true
    self.epoch = epoch
    self.step = step
    var generator = SeededGenerator(seed: trainingSeed)
    func mix(_ number: UInt64) { generator = SeededGenerator(seed: generator.next() ^ number) }
    mix(UInt64(step))
    mix(UInt64(thread))
    mix(UInt64(repetition))
    for byte in head.utf8 { mix(UInt64(byte)) }
    seed = generator.next()
  }

  /// Random numbers for this phase, the same at each call: a training with the same seed and number of threads has the
  /// same bits, also if it was interrupted.
  public func generator() -> SeededGenerator { SeededGenerator(seed: seed) }
}
