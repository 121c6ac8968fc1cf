// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A regression on the jet's embedding that does one thing wrong, or none.
struct FaultyHead: Head {
  enum Fault: String, Codable, CaseIterable {
    case none, doubledGradient, lostGradient, counter, width, neighbours, configuration, keys, infinity,
      inputs
    case calibration, metric, loss, derivedTruth, infiniteTruth, preparation, figure, table
  }

  struct Configuration: Codable, Sendable {
    var fault: Fault
    var scale: Double

    init(fault: Fault) {
      self.fault = fault
      scale = 2
    }

    /// Takes any key where this is the fault.
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      fault = try container.decode(Fault.self, forKey: .fault)
      scale = try container.decode(Double.self, forKey: .scale)
      if fault == .keys { _ = try [String: Anything](from: decoder) }
    }
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  /// The mean of the truth.
  struct Preparation: Codable, Sendable {
    var mean: Double
  }

  struct Calibration: Codable, Sendable {
    var shift: Float
  }

  static let identifier = "faulty"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Does one thing wrong, or none."
  static let example = HeadExample(configuration: Configuration(fault: .none), truth: ["value": [1, 2, 3]])

  var configuration: Configuration
  private(set) var calibration: Calibration?
  private var mean: Float = 0
  private let layer: Dense
  private var fault: Fault { configuration.fault }

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    if configuration.fault == .configuration { self.configuration.scale += 1 }
    layer = try builder.dense("layer", inputs: builder.jetEmbeddingWidth, outputs: 1, initialisation: .glorot)
  }

  var rows: HeadRows { .jets }
  var inputs: Set<HeadInput> { fault == .inputs ? [.jetMomenta] : [.jetEmbedding, .jetMomenta] }
  var truthColumns: [String] { ["value", "pt"] }
  var derivedTruthColumns: Set<String> { ["pt"] }
  var outputs: [HeadOutput] { [HeadOutput("value", width: fault == .width ? 2 : 1)] }

  func check(_ truth: HeadTruth) {}

  func derivedTruth(of events: Events, jets: Jets) -> [String: [Float]] {
    let scale: Float = fault == .derivedTruth ? 1 + Float(events.eventCount) : 1
    return ["pt": jets.pt.map { fault == .infiniteTruth && $0 > 5000 ? .infinity : scale * Float($0) }]
  }

  func preparation(fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs) -> Preparation {
    let weights = fault == .preparation ? weights.map { _ in 1 } : weights
    let sum = zip(truth["value"], weights).reduce(0) { $0 + Double($1.0) * $1.1 }
    return Preparation(mean: sum / weights.reduce(0, +))
  }

  mutating func prepare(by preparation: Preparation) { mean = Float(preparation.mean) }

  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let embedding = inputs.jetEmbedding
    switch fault {
    case .lostGradient:
      return layer(inputs.constant(Array(embedding.values), rows: embedding.rows, columns: embedding.columns))
    case .counter:
      return layer(embedding) + Float(Self.calls.next())
    case .neighbours where inputs.jetCount > 0:
      return layer(embedding) - layer(embedding).mean()
    case .infinity:
      let inverse = (0..<inputs.jetCount).map { 1 / Float(inputs.jetMomenta[$0].pt) }
      return layer(embedding) + inputs.constant(inverse, rows: inputs.jetCount, columns: 1)
    default: return layer(embedding)
    }
  }

  func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let error = result.squaredError(targets: truth["value"])
    switch fault {
    case .doubledGradient: return DoubledGradient.record(error)
    case .loss: return error.concatenated(with: error)
    default: return error
    }
  }

  func outputs(of result: Variable) -> Variable { result + (calibration?.shift ?? 0) + mean }

  mutating func calibrate(by calibration: Calibration) throws {
    self.calibration = calibration
    if fault == .calibration { self.calibration!.shift += 1 }
  }

  func calibration(fitting results: Matrix, truth: HeadTruth, weights: [Double]) -> Calibration? {
    Calibration(shift: 0.5)
  }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    let rising = [1, 2.0]
    let figure = HeadFigure(
      "closeness", x: HeadFigure.Axis("x"), y: HeadFigure.Axis("y"),
      series: [.curve("a", x: rising, y: fault == .figure ? [1] : [1, .nan])])
    let column = HeadTable.Column("a", numbers: rising)
    return HeadEvaluation(
      metrics: [Metric("closeness", Estimate(value: fault == .metric ? .nan : 1, error: nil))],
      figures: [figure],
      tables: [HeadTable("numbers", columns: fault == .table ? [column, column] : [column])])
  }

  private static let calls = Calls()
}

/// The identity, with twice its gradient.
private struct DoubledGradient: TapeOperation {
  let operand: Variable.ID

  static func record(_ x: Variable) -> Variable {
    let y = x.tape.record(
      rows: x.rows, columns: x.columns, requiresGradient: x.requiresGradient, DoubledGradient(operand: x.id))
    _ = y.values.update(from: x.values)
    return y
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    let shape = tape.shape(of: result)
    guard let from = tape.gradient(of: result), let to = tape.gradient(of: operand) else { return }
    for i in 0..<shape.rows * shape.columns { to[i] += 2 * from[i] }
  }
}
