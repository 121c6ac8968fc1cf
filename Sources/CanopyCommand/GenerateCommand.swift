// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// `canopy generate`.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draws new jets from the likelihood that a model has learnt.",
    discussion: """
      The model has a head of the plugin tree-generation, or of another plugin that generates. Each jet is an event of \
      its own, with the number of its class in the column label. The same seed gives the same jets, whatever the number \
      of threads; an event does not depend on how many there are.

      With --where jets are drawn until enough of them meet its conditions, so that what is written has the density of the \
      model on that condition.

      EXAMPLES:
        canopy generate --model jet-likelihood --class W -n 100000 -o w-jets.h5
        canopy generate --model jet-likelihood --class QCD -n 10 --seed 2
        canopy generate --model jet-likelihood --class W -n 1000 --where 'jet[0].mass > 50' -o w-jets.h5
      """)

  @OptionGroup
  var model: ModelNameOptions

  @OptionGroup
  var plugins: PluginOptions

  @Option(
    help: ArgumentHelp("The head that generates (default: the only one that does).", valueName: "name"))
  var head: String?

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("The class of the jets (default: the only one that there is).", valueName: "name"))
  var className: String?

  @Option(name: [.customShort("n"), .long], help: ArgumentHelp("The number of events.", valueName: "n"))
  var events: Int

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Keep only events that meet CONDITION, and draw others for the rest; may be given several times.",
      discussion: """
        A condition is a formula over the events, their particles and their jets, which are found as the model says, as in \
        '50 < jet[0].mass < 110'.
        """,
      valueName: "condition"))
  var conditions: [String] = []

  @Option(help: ArgumentHelp("Where random numbers come from.", valueName: "seed"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("The number of threads (default: the processors that it may use).", valueName: "n"))
  var threads: Int?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file of the events (default: JSON lines on standard output).",
      discussion: """
        It gets its name when it is complete; endings are \
        \(EventOutputFormats.builtIn.fileExtensions.joined(separator: ", ")).
        """,
      valueName: "out"),
    completion: .file())
  var output: String?

  func validate() throws {
    guard (1...1_000_000_000).contains(events) else {
      throw ValidationError("-n is \(events); choose a number of events from 1 to 1000000000.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); choose a number from 1 to 1024.")
    }
    _ = try ReadingOptions.conditions(conditions)
  }

  func run() throws {
    try reportingFailures {
      let plugins = try plugins.registry()
      let trained = try Model(contentsOf: URL(fileURLWithPath: model.folder), plugins: plugins)
      let generator: EventGenerator
      do {
        generator = try EventGenerator(
          trained, head: head, class: className, where: ReadingOptions.conditions(conditions),
          jets: trained.formulaJets(plugins))
      } catch let error as ModelError {
        throw ModelError("\(model.names[0]): \(error.description)")
      }
      try checkEnding(of: output, among: plugins.eventOutputFormats.fileExtensions)
      var files = OutputCheck()
      files.addModel(model.folder)
      files.addOutput("-o", output)
      try files.check()
      let writer =
        if let output {
          try plugins.eventOutputFormats.format(ofFile: output).makeWriter(to: .file(output))
        } else {
          try JSONLinesEventOutputFormat().makeWriter(to: .standardOutput)
        }
      try generate(generator, to: writer)
      try writer.finish()
    }
  }

  /// Draws as many batches at once as there are threads, and writes them in their order.
  private func generate(_ generator: EventGenerator, to writer: any EventWriter) throws {
    let threads = threads ?? ProcessorCount.available
    let batches = stride(from: 0, to: events, by: EventGenerator.blockLength).map {
      $0..<min($0 + EventGenerator.blockLength, events)
    }
    for first in stride(from: 0, to: batches.count, by: threads) {
      let round = batches[first..<min(first + threads, batches.count)]
      for drawn in concurrently(Array(round), { try generator.events($0, seed: seed) }) {
        try writer.append(drawn.get())
      }
    }
  }
}

/// What `work` makes of each element, all at once, in the order of the elements.
private func concurrently<Element: Sendable, Output: Sendable>(
  _ elements: [Element], _ work: @Sendable (Element) throws -> Output
) -> [Result<Output, any Error>] {
  var results = [Result<Output, any Error>?](repeating: nil, count: elements.count)
  results.withUnsafeMutableBufferPointer { results in
    nonisolated(unsafe) let places = results
    DispatchQueue.concurrentPerform(iterations: elements.count) { place in
      places[place] = Result { try work(elements[place]) }
    }
  }
  return results.map { $0! }
}
