// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// A model on events in memory, on one thread and on all.
///
/// What bounds all threads is measured on all threads too: they share memory, power and the host that a virtual machine
/// has, so that no machine does twice as much on two of them.
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
    _ key: String, _ unit: String, _ model: Model, _ batches: [Events], _ effort: BenchmarkEffort,
    threads: Int
  ) throws -> [BenchmarkResult] {
    let finder = model.description.jets
    let floor = ThroughputFloor(threads: threads)
    let workers = try (0..<threads).map { _ in try Worker(model) }
    // Enough for every thread to have several, each the next when it is free.
    let shared = Array(repeatElement(batches, count: 1 + 4 * threads / batches.count).joined())
    let seconds = try Interleaving.seconds(
      effort, clock: .wall,
      floor.works + [
        { for events in batches { finder.clusterPlainly(events) } },
        { concurrently(threads, shared) { _, events in finder.clusterPlainly(events) } },
        { for events in batches { try workers[0].predict(events) } },
        // One thread has tried them all before.
        { concurrently(threads, shared) { thread, events in try! workers[thread].predict(events) } },
      ])

    let predictor = try Predictor(model)
    let operations = try batches.reduce(0) {
      $0 + (try NetworkWork.inference(of: model, $1, predictor.predict($1).jets))
    }
    let share = Double(batches.count) / Double(shared.count)
    let products = floor.secondsPerOperation(seconds)
    let clustering = seconds[floor.works.count...].prefix(2)
    let times = seconds[(floor.works.count + 2)...]
    func least(_ clustering: [Double], _ products: [Double]) -> [Double] {
      zip(clustering, products).map { $0 + operations * $1 }
    }
    return results(
      key, unit, work: Double(batches.reduce(0) { $0 + $1.eventCount }), one: times.first!,
      all: times.last!.map { $0 * share }, leastOfOne: least(clustering.first!, products.one),
      leastOfAll: least(clustering.last!.map { $0 * share }, products.all))
  }

  /// Steps of a trainer, on one thread and on all; nothing where the events lack what the model learns.
  private static func measureTraining(
    _ model: Model, _ inputs: BenchmarkInputs, _ effort: BenchmarkEffort, threads: Int
  ) throws -> [BenchmarkResult] {
    let files = try inputs.files().filter { $0.key.format == HDF5EventFormat().name }.flatMap(\.value)
      .sorted()
    let stream = try inputs.stream(files, maximumEvents: effort.jets)
    guard
      var dataset = try? EventDataset(
        stream, jets: model.description.jets, for: model.network, threads: threads)
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
    func train(_ trainer: Trainer) throws {
      for first in stride(from: 0, to: events.count, by: section.batchSize) {
        // Without a rate the weights, and so the work, stay as they are.
        try trainer.learn(events[first..<min(first + section.batchSize, events.count)], 0)
      }
    }
    let floor = ThroughputFloor(threads: threads)
    let seconds = try Interleaving.seconds(
      effort, clock: .wall, floor.works + trainers.map { trainer in { try train(trainer) } })
    let operations = NetworkWork.training(of: model, dataset.sample)
    let products = floor.secondsPerOperation(seconds)
    let times = seconds[floor.works.count...]
    return results(
      "throughput.training", "events/s", work: Double(events.count), one: times.first!, all: times.last!,
      leastOfOne: products.one.map { $0 * operations }, leastOfAll: products.all.map { $0 * operations })
  }

  /// Both speeds, and how many times the one the other is, each beside what bounds it on as many threads.
  private static func results(
    _ key: String, _ unit: String, work: Double, one: [Double], all: [Double], leastOfOne: [Double],
    leastOfAll: [Double]
  ) -> [BenchmarkResult] {
    [
      BenchmarkResult("\(key).one-thread", unit, work: work, seconds: one, least: leastOfOne),
      BenchmarkResult("\(key).all-threads", unit, work: work, seconds: all, least: leastOfAll),
      BenchmarkResult(
        "\(key).scaling", "times", work: 1, seconds: zip(one, all).map { $1 / $0 },
        least: zip(leastOfOne, leastOfAll).map { $1 / $0 }),
    ]
  }

  /// Does something with each batch, on threads that take the next when they are free.
  private static func concurrently(
    _ threads: Int, _ batches: [Events], _ body: @Sendable (_ thread: Int, Events) -> Void
  ) {
    let next = Counter()
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      while let index = next.take(below: batches.count) { body(thread, batches[index]) }
    }
  }

  /// One thread's predictor; never used by two threads at a time.
  private final class Worker: @unchecked Sendable {
    private let predictor: Predictor
    private var prediction = Prediction()

    init(_ model: Model) throws { predictor = try Predictor(model) }

    func predict(_ events: Events) throws { try predictor.predict(events, into: &prediction) }
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
