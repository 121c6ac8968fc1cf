// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

extension GraphPrecision: ExpressibleByArgument {}

/// `canopy export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a model as a graph of ONNX.",
    discussion: """
      The graph reads jets with their trees, particles and columns of events, computes and scales what the network reads, \
      and gives the embeddings and the calibrated outputs of all heads, called HEAD/OUTPUT. Jets are found outside of it, as \
      its metadata say. Its inputs have descriptions; the page Exporting to ONNX has them all. The graph of a model of folds has \
      the networks of all, and its input fold says which one judges an event.

      Heads of plugins, and stages that embed events, are exported if they compute with the operations of NeuralEngine on \
      embeddings; others are named and refused, and nothing is written then.

      EXAMPLES:
        canopy export w-tagger -o w-tagger.onnx
        canopy export w-tagger -o w-tagger.onnx --check events.hepmc.zst
        canopy export w-tagger -o small.onnx --precision float16
      """)

  @Argument(
    help: ArgumentHelp(
      "The folder of the model, or the name of one that comes with canopy.", valueName: "model"),
    completion: .directory)
  var model: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file of the graph.", valueName: "out"), completion: .file())
  var output: String

  @Option(
    help: ArgumentHelp(
      "How weights are stored: float32, or float16 for a smaller file.",
      discussion: """
        float16 rounds each weight to half precision. The graph widens it again, and takes, computes and gives the same types \
        of numbers as with float32.
        """))
  var precision = GraphPrecision.float32

  @Option(
    help: ArgumentHelp(
      "Run the graph on these events by ONNX Runtime, and compare with Canopy, before it is written.",
      discussion: """
        It takes Python with the packages onnxruntime and numpy: $PYTHON, or python3. The largest difference may be \
        \(GraphCheck.tolerance(.float32)) of an output, or relative to it if it is above 1; \(GraphCheck.tolerance(.float16)) with \
        float16, where working points are left out. Both run on one thread, and their times are printed.
        """,
      valueName: "events"),
    completion: .file())
  var check: String?

  @OptionGroup
  var conditions: ConditionOptions

  func validate() throws {
    guard check != nil || conditions.condition.isEmpty else {
      throw ValidationError("--condition means nothing without --check: give events, or leave it out.")
    }
  }

  func run() throws {
    try reportingFailures {
      let plugins = try conditions.plugins.registry()
      let folder = ShippedResources.model(self.model)
      let model = try conditions.read([folder], plugins)[0]
      var files = OutputCheck()
      files.addModel(folder)
      files.addPlugins(plugins)
      if let check { try files.addInputs([check]) }
      files.addOutput("-o", output)
      try files.check()
      let graph: Data
      do {
        graph = try model.onnx(precision: precision)
      } catch let error as GraphError {
        throw GraphError("\(self.model): \(error.description)")
      }
      if let check {
        var options = EventReadingOptions(
          particles: model.description.particles ?? ParticleSelection(),
          particleColumns: model.network.particleColumns, columns: conditions.columns,
          jets: try model.formulaJets(plugins), formats: plugins.eventFormats)
        options.weighting = model.weighting?.weighting
        let stream = try EventStream(samples: InputArgument.samples([check]), options: options)
        print(try GraphCheck(model, graph, precision).run(stream))
      }
      try WholeFile.write(graph, to: output)
    }
  }
}
