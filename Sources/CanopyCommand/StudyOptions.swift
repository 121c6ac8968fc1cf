// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// What an evaluation looks into in addition to what the heads are worth as a whole.
struct StudyOptions: ParsableArguments {
  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "Also judge the heads in intervals of a number; may be given several times.",
      discussion: """
        It is a column of the events, of the file or of --define, or a number of an observable such as kinematics/pt, with \
        the edges of the intervals as in 'kinematics/pt=250,275,300', or without: then each value is judged by itself or, \
        if there are more than twenty, ten intervals of equally many rows.
        """,
      valueName: "name=edges"),
    transform: RowDivision.init(argument:))
  var divisions: [RowDivision] = []

  @Option(
    help: ArgumentHelp(
      "Also judge a number as a score and compare it with the heads that classify; may be given several times.",
      discussion: """
        It is a column of the events or a number of an observable, as for --in, in whichever direction tells more; rows \
        without it count as background-like. Errors of differences are of the same events, as are those between models, if --model is given several times.
        """,
      valueName: "name"))
  var compare: [String] = []

  @Option(
    help: ArgumentHelp(
      "Also say how much cuts on the score shape the background's spectrum of a number; may be given several times.",
      discussion: """
        It is a column of the events or a number of an observable such as kinematics/mass, as for --in, with the edges of the \
        bins or without: then there are ten of equal width. 1/JSD, the inverse of the Jensen-Shannon divergence of passing and \
        failing background in bits, is large for a score that does not tell the number.
        """,
      valueName: "name=edges"),
    transform: RowDivision.init(argument:))
  var nuisance: [RowDivision] = []

  @Flag(help: "Also print the share of signal in bins of the score, with the mean score.")
  var calibration = false

  @Option(
    help: ArgumentHelp(
      "Also say what each head loses if one number that the network reads is shuffled, N times each.",
      discussion: """
        Numbers are features of nodes, of the items and inputs of events, and of observables that heads read. They are dealt \
        out again among all nodes, items or events, by a fixed seed, and the network reads all events again each time.
        """,
      valueName: "n"))
  var importance: Int?

  @Flag(
    help: ArgumentHelp(
      "Also say how far scores move, and what they are worth, if events are changed in ways that should not matter.",
      discussion: """
        These are ghosts, exact and nearly collinear splittings, soft particles, a turn about the beam, a mirror image and a boost along \
        it, and smeared momenta. The model reads the events once more for each.
        """))
  var robustness = false

  @Option(
    help: ArgumentHelp("The number of signal events (class 1) expected before any cut.", valueName: "events"))
  var signalYield: Double?

  @Option(
    help: ArgumentHelp(
      "The number of background events (all other classes) expected before any cut.", valueName: "events"))
  var backgroundYield: Double?

  @Option(
    help: ArgumentHelp(
      "Also write the scores of event classifiers in bins into this file, for a fit by pyhf.",
      discussion: """
        It is a workspace of HistFactory in JSON, with a channel for each head that classifies events. It needs both yields.
        """,
      valueName: "file"),
    completion: .file(extensions: ["json"]))
  var workspace: String?

  @Option(
    help: ArgumentHelp(
      "The bins of the score in the workspace (default: signal:10).",
      discussion: """
        A number, for bins of equal width, or signal:N or background:N, for bins of equally much of that. Bins are joined, \
        from the largest score down, until each has ten effective background events.
        """,
      valueName: "bins"))
  var bins: ScoreBinning?

  @Option(
    help: ArgumentHelp(
      "A source of uncertainty of the workspace, by weights of events; may be given several times.",
      discussion: """
        It has a name and the columns, or weights of the generator, that take the place of --weight if the source is one \
        standard deviation up and down, as in jes=weight_up,weight_down; with one of them, down is as far below as up is \
        above.
        """,
      valueName: "name=up,down"))
  var variation: [VariationArgument] = []

  @Option(
    help: ArgumentHelp(
      "The same by files of varied events; may be given several times.",
      discussion: """
        Their weights count as those of the nominal events do, so that they are to stand for as many. --where and --define hold \
        for them too, --skip-events and --max-events do not. As in jes=up.h5,down.h5, or with one file, whose mirror image \
        is the other.
        """,
      valueName: "name=up,down"))
  var variationFiles: [VariationArgument] = []

  func validate() throws {
    _ = try yields()
    if let importance, !(1...1000).contains(importance) {
      throw ValidationError("--importance is \(importance); choose a number from 1 to 1000.")
    }
    if workspace == nil {
      for (option, isGiven) in [
        ("--bins", bins != nil), ("--variation", !variation.isEmpty),
        ("--variation-files", !variationFiles.isEmpty),
      ] where isGiven {
        throw ValidationError("\(option) is for a workspace: give --workspace FILE too.")
      }
    }
    if workspace != nil, signalYield == nil {
      throw ValidationError(
        "--workspace needs the numbers of events that are expected: give --signal-yield and --background-yield."
      )
    }
    for (option, names) in [
      ("--in", divisions.map(\.name)), ("--compare", compare),
      ("--nuisance", nuisance.map(\.name)),
      ("--variation", (variation + variationFiles).map(\.name)),
    ] {
      if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
        throw ValidationError("\(option) gives \(name) twice; give it once.")
      }
    }
  }

  /// What the options say of the expected numbers of events.
  func yields() throws -> EventYields? {
    switch (signalYield, backgroundYield) {
    case (nil, nil): return nil
    case (let signal?, let background?):
      do {
        return try EventYields(signal: signal, background: background)
      } catch let error as MetricError {
        throw ValidationError(error.description)
      }
    default: throw ValidationError("Give both --signal-yield and --background-yield, or neither.")
    }
  }

  /// What the options ask for; numbers may be those of the plugins' observables.
  func study(_ plugins: PluginRegistry) -> EvaluationStudy {
    var study = EvaluationStudy(plugins: plugins)
    study.divisions = divisions
    study.discriminants = compare
    study.nuisances = nuisance
    study.shuffles = importance ?? 0
    study.changes = robustness ? EventChange.allCases : []
    study.binning = workspace == nil ? nil : bins ?? .signal(10)
    study.variations = variation.map { EvaluationStudy.Variation($0.name, up: $0.up, down: $0.down) }
    return study
  }
}

extension RowDivision {
  /// A number and edges, as in `--in kinematics/pt=250,275,300`.
  ///
  /// - Throws: `ValidationError` that says what is wrong with them.
  fileprivate init(argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let edges = try parts.dropFirst().first?.split(separator: ",", omittingEmptySubsequences: false).map {
      guard let edge = Double($0) else {
        throw ValidationError("the edge \"\($0)\" is no number; write them as in kinematics/pt=250,275,300.")
      }
      return edge
    }
    guard !parts[0].isEmpty else {
      throw ValidationError("the name of a number is missing; write it as in kinematics/pt=250,275,300.")
    }
    do {
      try self.init(String(parts[0]), edges: edges)
    } catch let error as SampleError {
      throw ValidationError(error.description)
    }
  }
}

/// A source of uncertainty and its weights or files, as in `--variation jes=weight_up,weight_down`.
struct VariationArgument: ExpressibleByArgument {
  let name: String
  let up: String
  /// Nil for the mirror image of `up`.
  let down: String?

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let sides = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    // The workspace calls the strength of the signal and the statistical errors so.
    guard sides.count <= 2, !sides.contains(""), parts[0] != "mu", !parts[0].hasPrefix("staterror_") else {
      return nil
    }
    (name, up, down) = (parts[0], sides[0], sides.count == 2 ? sides[1] : nil)
  }

  /// What stands after the name.
  var sides: [String] { [up, down].compactMap(\.self) }
}

extension ScoreBinning: ExpressibleByArgument {
  /// As in `--bins 20` or `--bins signal:10`.
  public init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard let count = Int(parts[parts.count - 1]), Self.counts.contains(count) else { return nil }
    switch (parts.count, parts[0]) {
    case (1, _): self = .equal(count)
    case (2, "signal"): self = .signal(count)
    case (2, "background"): self = .background(count)
    default: return nil
    }
  }
}
