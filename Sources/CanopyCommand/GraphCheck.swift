// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Support

/// Runs an exported graph by ONNX Runtime beside the model itself.
struct GraphCheck {
  private let model: Model
  private let graph: Data
  private let precision: GraphPrecision
  private let python: String

  /// A check of a model's graph.
  init(_ model: Model, _ graph: Data, _ precision: GraphPrecision) {
    self.model = model
    self.graph = graph
    self.precision = precision
    python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
  }

  /// How far an output may be from Canopy's: relative to it if it is above 1.
  static func tolerance(_ precision: GraphPrecision) -> Double { precision == .float32 ? 1e-5 : 2e-2 }

  /// The events that the graph is given at once.
  private static let eventsAtOnce = 250

  /// What the graph and the model differ in.
  private struct Comparison: Decodable {
    /// The largest difference of all outputs.
    let difference: Double
    /// The output that has it.
    let output: String
    /// How long ONNX Runtime took, in seconds.
    let seconds: Double
    /// How many numbers were compared.
    let compared: Int
  }

  /// Compares on all events of a stream.
  ///
  /// - Returns: what was found, in words.
  /// - Throws: ``GraphCheckError`` if there is no ONNX Runtime, it refuses the graph, or the difference is too large; what
  ///   reading and predicting throw.
  func run(_ stream: EventStream) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", Self.program, precision.rawValue]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let predictor = try Predictor(model)
    var prediction = Prediction()
    var (events, jets) = (0, 0)
    let pipe = input.fileHandleForWriting
    // Python may have ended, and says why.
    func send(_ data: Data) -> Bool { (try? pipe.write(contentsOf: data)) != nil }
    do {
      defer { try? pipe.close() }
      var isOpen = send(Data("\(graph.count)\n".utf8) + graph)
      while isOpen, let batch = try stream.next(upTo: Self.eventsAtOnce) {
        try predictor.predict(batch, into: &prediction)
        isOpen = send(try GraphRecord(batch, prediction, of: model).data())
        events += batch.eventCount
        jets += prediction.jets.jetCount
      }
    }
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let found = try comparison(answer, status: process.terminationStatus)
    guard found.compared > 0 else {
      throw GraphCheckError(
        "Nothing is compared, as the model has no outputs for these \(events) events with \(jets) jets: give events in which "
          + "it finds jets. The graph is not written.")
    }
    let times = predictor.times
    let text = String(
      format: """
        ONNX Runtime and Canopy differ by %.1e at most (\(found.output)), on \(events) events with \(jets) jets.
        The network took ONNX Runtime %.2f s and Canopy %.2f s, on one thread each.
        """, found.difference, found.seconds, times.features + times.network + times.heads)
    guard found.difference <= Self.tolerance(precision) else {
      throw GraphCheckError("\(text) The difference is too large, and the graph is not written.")
    }
    return text
  }

  /// What Python answered.
  private func comparison(_ answer: Data, status: Int32) throws -> Comparison {
    switch status {
    case 0: return try JSONDecoder().decode(Comparison.self, from: answer)
    case 3, 127:
      throw GraphCheckError(
        "\(python) has no onnxruntime, or no NumPy: install them by '\(python) -m pip install onnxruntime', or set PYTHON to a Python that has them."
      )
    default:
      let reason = String(decoding: answer, as: UTF8.self).split(separator: "\n").last ?? "it ended"
      throw GraphCheckError("\(python) cannot run the graph by ONNX Runtime: \(reason).")
    }
  }

  /// Reads the graph and then the records of `GraphRecord`, and prints a `Comparison`.
  private static let program = """
    import json, sys, time
    try:
        import numpy as np, onnxruntime
    except ImportError:
        sys.exit(3)
    try:
        stream = sys.stdin.buffer
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        graph = stream.read(int(stream.readline()))
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        read = [value.name for value in session.get_inputs()]
        worst, output, seconds, compared = 0.0, "none", 0.0, 0
        while line := stream.readline():
            given, expected = {}, {}
            for tensor in json.loads(line):
                kind = np.dtype(tensor["type"])
                count = int(np.prod(tensor["shape"], dtype=int))
                values = np.frombuffer(stream.read(count * kind.itemsize), kind).reshape(tensor["shape"])
                (given if tensor["isInput"] else expected)[tensor["name"]] = values
            if missing := [name for name in read if name not in given]:
                raise ValueError(f"the check has no numbers for the input {missing[0]}")
            start = time.perf_counter()
            found = session.run(list(expected), {name: given[name] for name in read})
            seconds += time.perf_counter() - start
            for (name, own), other in zip(expected.items(), found):
                if own.shape != other.shape:
                    raise ValueError(f"{name} has the shape {other.shape} for {own.shape}")
                # The steps of working points are no measure of precision.
                if own.size == 0 or sys.argv[1] == "float16" and name.endswith("/working-point"):
                    continue
                compared += own.size
                difference = np.nanmax(np.abs(other - own) / np.maximum(1, np.abs(own)))
                if not np.array_equal(np.isnan(own), np.isnan(other)):
                    difference = float("inf")
                if difference > worst:
                    worst, output = float(difference), name
        print(json.dumps({"difference": min(worst, 1e300), "output": output, "seconds": seconds, "compared": compared}))
    except Exception as error:
        print(str(error).strip().rstrip("."))
        sys.exit(1)
    """
}

/// A graph that does not do what the model does, or could not be tried.
struct GraphCheckError: ReportedError {
  /// What is wrong, and what to do about it.
  let description: String

  init(_ description: String) { self.description = description }

  /// All that was asked for can be.
  var fault: Fault { .work }
}
