// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import CanopyBenchmarks
import Foundation
import Support

extension BenchmarkSection: ExpressibleByArgument {}

/// `canopy bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures how fast Canopy is on this machine, beside what bounds it.",
    discussion: """
      What is compared is measured in turn, again and again in one run: raw FastJet beside the jet clustering, a \
      large single-precision matrix product beside the network. A line has the median over the rounds, the \
      quartiles, the ceiling and the percentage of the ceiling that is reached (the median of the rounds' own). \
      The keys in JSON do not change; the article Speed of the documentation says what each is. It takes two to \
      three minutes on a quiet machine, with --quick some seconds.

      EXAMPLES:
        canopy bench
        canopy bench --quick --only clustering embedding
        canopy bench --model w-tagger --format json > speed.json
        canopy bench --only size --figure size.svg
      """)

  @Option(help: "How the numbers are printed: table for people, json for programs.")
  var format = EvaluateCommand.Format.table

  @Option(
    help: ArgumentHelp(
      "A folder with samples (default: those that come with canopy).",
      discussion: "Jets are taken from its HDF5 files, full events from its HepMC3 files.", valueName: "dir"),
    completion: .directory)
  var samples: String?

  @Option(
    help: ArgumentHelp(
      "The folder of the model, or the name of one that comes with canopy.", valueName: "dir"),
    completion: .directory)
  var model = "w-tagger"

  @OptionGroup
  var plugins: PluginOptions

  @Option(
    help: ArgumentHelp("The number of threads (default: the processors that it may use).", valueName: "n"))
  var threads: Int?

  @Flag(help: "Measure for some seconds only: fewer rounds and calls, and the network at width 40 alone.")
  var quick = false

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Measure these sections only.", valueName: "section"))
  var only: [BenchmarkSection] = []

  @Option(
    help: ArgumentHelp(
      "Draw the section size into this file, as SVG.", discussion: "It needs gnuplot.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var figure: String?

  func validate() throws {
    if figure != nil, !only.isEmpty, !only.contains(.size) {
      throw ValidationError("--figure draws the section size; add it to --only.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); choose a number from 1 to 1024.")
    }
  }

  func run() throws {
    try reportingFailures {
      if let figure {
        var files = OutputCheck()
        files.addOutput("--figure", figure)
        try files.check()
      }
      let gnuplot = try figure.map { _ in try Gnuplot() }
      let inputs = try BenchmarkInputs(
        samples: samples ?? "\(ShippedResources.folder ?? "Resources")/Samples",
        model: ShippedResources.model(model), plugins: plugins.registry())
      var report = BenchmarkReport(
        threads: threads ?? ProcessorCount.available, quick: quick)
      let progress = ProgressOutput.standardError
      defer { if progress.isTerminal { progress.write("\r\u{1B}[K") } }
      for section in BenchmarkSection.allCases where only.isEmpty || only.contains(section) {
        if progress.isTerminal { progress.write("\rmeasuring \(section.rawValue) …\u{1B}[K") }
        let results = try section.measure(
          inputs, effort: quick ? .quick : .full, threads: report.threads)
        report.add(section, results)
        if section == .size, let figure, let gnuplot {
          try SizeFigure(results).write(to: figure, using: gnuplot)
        }
      }
      switch format {
      case .json: try writeToStandardOutput(report.json())
      case .table: try writeToStandardOutput(Data(Listing(report).text.utf8))
      }
    }
  }
}
