// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Dispatch

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
  }

  private static func measure(
    _ key: String, _ unit: String, _ model: Model, _ batches: [EventBatch], _ effort: BenchmarkEffort,
    threads: Int
  ) throws -> [BenchmarkResult] {
    let finder = model.description.jets
    let peak = ProductPeak()
    let workers = try (0..<threads).map { _ in try Worker(model) }
    // Enough for every thread to have several.
    let shared = Array(repeatElement(batches, count: 1 + 4 * threads / batches.count).joined())
    let seconds = try Interleaving.seconds(
      effort, clock: .wall,
      peak.works + [
        { for events in batches { finder.clusterPlainly(events) } },
        { for events in batches { try workers[0].predict(events) } },
        {
          DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for index in stride(from: thread, to: shared.count, by: threads) {
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
    let one = seconds[3]
    let all = seconds[4].map { $0 * share }
    return [
      BenchmarkResult("\(key).one-thread", unit, work: count, seconds: one, least: least),
      BenchmarkResult(
        "\(key).all-threads", unit, work: count, seconds: all, least: least.map { $0 / Double(threads) }),
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
}
