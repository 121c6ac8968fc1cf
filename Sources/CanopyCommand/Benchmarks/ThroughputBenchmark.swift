// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// A model on events in memory, on one thread and on all.
enum ThroughputBenchmark {
  static func run(
    _ inputs: BenchmarkInputs, _ effort: BenchmarkEffort, threads: Int
  ) throws -> [BenchmarkResult] {
    let model = try inputs.model()
    let jets = try inputs.jets(effort.jets).flatMap { $0.cut(by: 64) }
    let events = try inputs.events(effort.jets / 8).flatMap { $0.cut(by: 8) }
    return try measure("throughput.jets", "jets/s", model, jets, effort, threads: threads)
      + measure("throughput.events", "events/s", model, events, effort, threads: threads)
      + measureTraining(model, inputs, effort, threads: threads)
  }

  private static func measure(
    _ key: String, _ unit: String, _ model: Model, _ batches: [EventBatch], _ effort: BenchmarkEffort,
    threads: Int
  ) throws -> [BenchmarkResult] {
    let finder = model.description.jets
    let peak = ProductPeak()
    let workers = try (0..<threads).map { _ in try Worker(model) }
    // Enough for every thread to have several, each the next when it is free.
    let shared = Array(repeatElement(batches, count: 1 + 4 * threads / batches.count).joined())
    let seconds = try Interleaving.seconds(
      effort, clock: .wall,
      peak.works + [
        { for events in batches { finder.clusterPlainly(events) } },
        { for events in batches { try workers[0].predict(events) } },
        {
          let next = Counter()
          DispatchQueue.concurrentPerform(iterations: threads) { thread in
            while let index = next.take(below: shared.count) {
              // One thread has tried them all before.
              try! workers[thread].predict(shared[index])
            }
          }
        },
      ])

    let predictor = try Predictor(model)
    let operations = try batches.reduce(0) {
      $0 + (try NetworkWork.inference(of: model, $1, predictor.predict($1).jets))
    }
    let least = zip(seconds[2], peak.secondsPerOperation(seconds.prefix(2))).map { $0 + operations * $1 }
    let count = Double(batches.reduce(0) { $0 + $1.eventCount })
    let share = Double(batches.count) / Double(shared.count)
    return results(
      key, unit, work: count, one: seconds[3], all: seconds[4].map { $0 * share }, least: least,
      threads: threads)
  }

  /// Steps of a trainer, on one thread and on all; nothing where the events lack what the model learns.
  private static func measureTraining(
    _ model: Model, _ inputs: BenchmarkInputs, _ effort: BenchmarkEffort, threads: Int
  ) throws -> [BenchmarkResult] {
    let files = try inputs.files().filter { $0.key.format == .hdf5 }.flatMap(\.value).sorted()
    let stream = try inputs.stream(files, maximumEvents: effort.jets)
    let truth = Set(model.network.heads.flatMap(\.head.truthColumns))
    guard
      var dataset = try? EventDataset(
        stream, jets: model.description.jets, as: EventSample(model), truth: truth,
        threads: threads)
    else { return [] }
    dataset.scale(by: model.description.scaling)
    var section = try JSONDecoder().decode(TrainingSection.self, from: Data("{}".utf8))
    let split = EventSplit(dataset, validationFraction: 0, seed: 1)
    let trainers = [1, threads].map { count in
      section.threads = count
      return Trainer(
        model.network, headWeights: model.network.heads.map { _ in 1 }, section: section, dataset: dataset,
        split: split)
    }
    let events = split.training
    func train(_ trainer: Trainer) {
      for first in stride(from: 0, to: events.count, by: section.batchSize) {
        // Without a rate the weights, and so the work, stay as they are.
        trainer.learn(events[first..<min(first + section.batchSize, events.count)], 0)
      }
    }
    let peak = ProductPeak()
    let seconds = try Interleaving.seconds(
      effort, clock: .wall, peak.works + trainers.map { trainer in { train(trainer) } })
    let operations = NetworkWork.training(of: model, dataset.sample)
    return results(
      "throughput.training", "events/s", work: Double(events.count), one: seconds[2], all: seconds[3],
      least: peak.secondsPerOperation(seconds.prefix(2)).map { $0 * operations }, threads: threads)
  }

  /// Both speeds, and how many times the one the other is.
  private static func results(
    _ key: String, _ unit: String, work: Double, one: [Double], all: [Double], least: [Double], threads: Int
  ) -> [BenchmarkResult] {
    [
      BenchmarkResult("\(key).one-thread", unit, work: work, seconds: one, least: least),
      BenchmarkResult(
        "\(key).all-threads", unit, work: work, seconds: all, least: least.map { $0 / Double(threads) }),
      // How many times the speed of one thread, at most as many as there are threads.
      BenchmarkResult(
        "\(key).scaling", "times", work: 1, seconds: zip(one, all).map { $1 / $0 },
        least: one.map { _ in 1 / Double(threads) }),
    ]
  }

  /// One thread's predictor; never used by two threads at a time.
  private final class Worker: @unchecked Sendable {
    private let predictor: Predictor
    private var prediction = Prediction()

    init(_ model: Model) throws { predictor = try Predictor(model) }

    func predict(_ events: EventBatch) throws { try predictor.predict(events, into: &prediction) }
  }

  /// Whole numbers from 0, each of which one thread takes.
  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var next = 0

    func take(below end: Int) -> Int? {
      lock.withLock {
        defer { next += 1 }
        return next < end ? next : nil
      }
    }
  }
}
