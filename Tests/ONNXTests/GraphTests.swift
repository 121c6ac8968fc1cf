// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import ONNX
import Testing

/// Graphs and the bytes of their files.
@Suite struct GraphTests {
  private static let parameters = Parameters(layout: ParameterLayout())

  /// Whether a text, such as the name of an operation, is in a file.
  private static func holds(_ file: Data, _ text: String) -> Bool { file.range(of: Data(text.utf8)) != nil }

  private static func file(_ graph: Graph) -> Data {
    graph.model(name: "g", producerVersion: "1", metadata: [("key", "value")])
  }

  /// The bytes that the package onnx 1.23 of Python makes of the same model.
  @Test func aFileHasTheBytesOfTheReference() {
    let graph = Graph(Self.parameters)
    let x = graph.input("x", .float, [.named("n"), .known(2)], "in")
    graph.output(x, "y", [.named("n"), .known(2)], "out")
    let expected =
      "0808120643616e6f70791a01313a4d0a130a01781201791a017922084964656e746974791201675a180a0178120f0a0d080112090a0312016e"
      + "0a0208021a02696e62190a0179120f0a0d080112090a0312016e0a0208021a036f757442021012720c0a036b6579120576616c7565"
    #expect(Self.file(graph).map { String(format: "%02x", $0) }.joined() == expected)
  }

  @Test func theEnginesOperationsAreRead() throws {
    var layout = ParameterLayout()
    let layer = Dense("layer", inputs: 2, outputs: 3, in: &layout)
    var generator = SeededGenerator(seed: 1)
    let graph = Graph(Parameters(layout: layout, using: &generator))
    let x = graph.input("x", .float, [.named("n"), .known(2)], "")
    let y = try graph.add([TracedInput(x, columns: 2, rows: .items)]) { _, values, _ in
      layer(values[0]).tanh().concatenated(with: values[0]).softmax()
    }
    graph.output(y, "y", [.named("n"), .known(5)], "")
    let file = Self.file(graph)
    for name in ["Gemm", "Tanh", "Concat", "Softmax", "layer.weight", "layer.bias"] {
      #expect(Self.holds(file, name), "\(name)")
    }
  }

  @Test func weightsOfHalfPrecisionAreWidened() throws {
    let graph = Graph(Self.parameters, precision: .float16)
    graph.output(graph.weight([0.1, 2], [2], "w"), "y", [.known(2)], "")
    let file = Self.file(graph)
    #expect(Self.holds(file, "w.float16") && Self.holds(file, "Cast"))
    // 0.1 and 2 as IEEE 754 has them in 16 bits.
    #expect(file.range(of: Data([0x66, 0x2E, 0x00, 0x40])) != nil)
  }

  /// Numbers from outside of the engine differ from batch to batch, also if they have one row.
  @Test(arguments: [true, false]) func numbersFromOutsideAreRefused(hasOneRow: Bool) throws {
    let graph = Graph(Self.parameters)
    let x = graph.input("x", .float, [.named("n"), .known(1)], "")
    #expect(throws: GraphError.self) {
      try graph.add([TracedInput(x, columns: 1, rows: .items)]) { tape, values, _ in
        let rows = hasOneRow ? 1 : values[0].rows
        return values[0]
          + tape.constant(values[0].values.prefix(rows).map { $0 * $0 }, rows: rows, columns: 1)
      }
    }
  }

  @Test func rowsOfEventsAreGatheredForJets() throws {
    let graph = Graph(Self.parameters)
    let inputs = ["jets", "events"].map { graph.input($0, .float, [.named($0), .known(1)], "") }
    let events = GraphSegments(graph.input("jets_of_event", .int64, [.named("events")], ""))
    let read = [
      TracedInput(inputs[0], columns: 1, rows: .items), TracedInput(inputs[1], columns: 1, rows: .events),
    ]
    let sum = try graph.add(read, events: { events }) { _, values, batch in
      values[0] + values[1].gatheringRows(batch.eventOfItem)
    }
    graph.output(sum, "y", [.named("jets"), .known(1)], "")
    #expect(Self.holds(Self.file(graph), "Gather"))
    #expect(throws: GraphError.self) {
      try graph.add(read, events: { events }) { _, values, batch in
        values[0].gatheringRows(batch.eventOfItem.map { $0 / 2 })
      }
    }
  }

  @Test func jetsOfAnEventAreBroughtTogether() throws {
    let graph = Graph(Self.parameters)
    let jets = TracedInput(
      graph.input("jets", .float, [.named("jets"), .known(2)], ""), columns: 2, rows: .items)
    let events = GraphSegments(graph.input("jets_of_event", .int64, [.named("events")], ""))
    let together = try graph.add([jets], events: { events }) { tape, values, batch in
      let jets = tape.segments(of: batch.eventOfItem, count: batch.eventCount)
      let x = values[0]
      return (x * x.segmentSoftmax(jets)).segmentMeans(jets) + x.segmentMaxima(jets)
        + x.segmentLogSumExp(jets)
    }
    graph.output(together, "y", [.named("events"), .known(2)], "")
    #expect(Self.holds(Self.file(graph), "ScatterElements"))
    // Segments that are not the events, and such without events.
    #expect(throws: GraphError.self) {
      try graph.add([jets], events: { events }) { tape, values, batch in
        values[0].segmentSums(tape.segments(of: batch.eventOfItem.map { $0 / 2 }, count: batch.eventCount))
      }
    }
    #expect(throws: GraphError.self) {
      try graph.add([jets]) { tape, values, batch in
        values[0].segmentSums(tape.segments(of: batch.eventOfItem, count: batch.eventCount))
      }
    }
  }
}
