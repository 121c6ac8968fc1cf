// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// `canopy trigger`.
struct TriggerCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json, jsonl
  }

  static let configuration = CommandConfiguration(
    commandName: "trigger",
    abstract: "Accepts or rejects events by a menu of conditions on them and on what a model predicts.",
    discussion: """
      The menu is a YAML file of paths: conditions on jets, on missing momentum and on outputs of the model's heads, a \
      prescale, and a seed. A condition may be a formula over jets, their constituents and splittings, observables and \
      outputs, such as mass(jet[0], jet[1]) > 80. All mistakes in it are told at once, each with line and column, before the first event.

      With -o the accepted events are written with all their columns, a column trigger.PATH for each path's bit, \
      trigger.PATH.conditions for whether its conditions are met, trigger.PATH.QUANTITY for the numbers behind it, \
      trigger.pass-through, and trigger.event-number, the event's place in the inputs; the columns of a second pass \
      begin with trigger-2. What is done lies in OUT.journal until the run ends; a run that was stopped at any point \
      goes on with --resume, to the same output and report, if its inputs are what they were. The report is printed: \
      rates, overlaps and latency, with --signal efficiencies too; with --weight by the weights of the events. Prescales \
      count events, and with --tune the budget is a sum of weights.

      With --tune the inputs are background as it reaches the menu, and the bounds that are written as tune get the \
      numbers at which the menu accepts most signal within its rate budget; the menu is written with them to -o.

      Rates at another luminosity are scaled in proportion, with the pile-up of the sample; --pile-up gives events weights \
      with which a column of theirs has another distribution. With --accepted-of the inputs are what other menus accepted, \
      and each event has the weight of all that it stands for, as prescales let only some through: the rates are those \
      of events that the other menus can accept.

      With --apply, or the key apply of the menu, the momenta of particles are multiplied by weights before jets are found; \
      this counts for the latency. Accepted events are written as they were.

      EXAMPLES:
        canopy trigger events.h5 --menu menu.yaml --model w-tagger -o accepted.h5
        canopy trigger events.h5 --menu menu.yaml --model w-tagger -o accepted.h5 --resume
        zcat events.txt.gz | canopy trigger - --menu menu.yaml --model w-tagger --format jsonl
        canopy trigger qcd.h5 --menu menu.yaml --model w-tagger --signal w.h5 --report report
        canopy trigger qcd.h5 --menu menu.yaml --model w-tagger --signal w.h5 --tune -o tuned.yaml
        canopy trigger events.h5 --menu menu.yaml --model w-tagger --luminosity 2e34 --pile-up mu=mu.csv
        canopy trigger accepted.h5 --menu other.yaml --model w-tagger --accepted-of 1000000
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var weighting: WeightingOptions

  @OptionGroup
  var model: ModelOptions

  @Option(
    help: ArgumentHelp("The menu.", valueName: "menu.yaml"), completion: .file(extensions: ["yaml", "yml"]))
  var menu: String

  @Option(
    help: ArgumentHelp(
      "Files of signal events, to measure efficiencies; may be given several times.",
      discussion:
        "All of their events are read: --where, --skip-events and --max-events are for the other inputs.",
      valueName: "file"),
    completion: .file())
  var signal: [String] = []

  @OptionGroup
  var weights: WeightOptions

  @Option(
    help: ArgumentHelp(
      "The weight of signal events, by which efficiencies are measured, as for --weight.", valueName: "weight"
    ))
  var signalWeight: String?

  @Option(
    help: ArgumentHelp("How many events per second reach the menu, over what it says.", valueName: "hz"))
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "The luminosity that rates are wanted at, in the unit of the menu.",
      discussion:
        "The menu says under rate.luminosity at which one its input rate holds; rates are in proportion to it.",
      valueName: "luminosity"))
  var luminosity: Double?

  @Option(
    help: ArgumentHelp(
      "Give events weights with which COLUMN, such as the number of interactions, has another distribution.",
      discussion: """
        It is that of a CSV file of lines lower,upper,share, or Poisson's of a mean, as in mu=60. The inputs are read twice, \
        and signal events keep their weights.
        """, valueName: "column=file|mean"))
  var pileUp: [String] = []

  @Option(
    help: ArgumentHelp(
      "The inputs are what other menus accepted of so many events, written by canopy trigger -o.",
      discussion: "Each event counts the inverse of the probability that their prescales let it through.",
      valueName: "n"))
  var acceptedOf: Int?

  @Option(
    help: ArgumentHelp(
      "What is printed: the report as table or json, or the accepted events as jsonl.",
      discussion: "With jsonl the report goes to standard error."))
  var format = Format.table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file of the accepted events.",
      discussion: """
        It gets its name when it is complete; endings are \
        \(EventOutputFormats.builtIn.fileExtensions.joined(separator: ", ")). With --tune, the file of the tuned menu.
        """, valueName: "out"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The format of OUT, built in or of a plugin (default: by the ending of OUT, hdf5 without one).",
      discussion: EventOutputFormats.builtIn.all.map { "\($0.name) \($0.summary)" }.joined(separator: "; ")
        + ".",
      valueName: "format"))
  var outputFormat: EventFileFormat?

  @Option(
    help: ArgumentHelp(
      "Write the embeddings of the event and of its N leading jets with each accepted event.",
      discussion: """
        The columns are trigger.event-embedding and trigger.jet-embedding, jet by jet, with NaN for jets that the event \
        does not have.
        """, valueName: "n"))
  var keepEmbeddings: Int?

  @Option(
    help: ArgumentHelp(
      "Also write the report into this folder, as JSON and CSV, and turn-on curves of the signal as CSV, PNG and SVG.",
      discussion: "It needs gnuplot.", valueName: "dir"),
    completion: .directory)
  var report: String?

  @Option(
    help: ArgumentHelp(
      "What turn-on curves are shown against; may be given several times.",
      discussion:
        "leading-jet-pt, missing-momentum, scalar-sum, PATH/QUANTITY or OBSERVABLE/QUANTITY, of an observable that the menu "
        + "declares or the model reads (default: leading-jet-pt and missing-momentum).",
      valueName: "quantity"))
  var turnOn: [String] = []

  @Flag(help: "Go on with a run that was stopped.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Accept events that take longer, and mark and count them as pass-through.", valueName: "microseconds"))
  var timeLimit: Double?

  @Flag(help: "Say on standard error where the time went, and what limits the speed.")
  var timing = false

  @Flag(
    help: ArgumentHelp(
      "Measure and report how long each path takes, and say which exceed their time-budget.",
      discussion: "This costs the reading of a clock for each path and event."))
  var pathTimes = false

  @Flag(
    help: ArgumentHelp(
      "Compare what the network reads of all events with what it read in its training.",
      discussion: "The model must know that, as models that this version trains do."))
  var drift = false

  @Flag(help: "Find the bounds that the menu leaves open.")
  var tune = false

  func validate() throws {
    try weights.checkThereAreWeights(weights.weight, signalWeight)
    if let rate, !(rate > 0 && rate.isFinite) {
      throw ValidationError("--rate is \(rate); choose a number above 0.")
    }
    if let timeLimit, !(timeLimit > 0) {
      throw ValidationError("--time-limit is \(timeLimit); choose a number above 0.")
    }
    if let luminosity, !(luminosity > 0 && luminosity.isFinite) {
      throw ValidationError("--luminosity is \(luminosity); choose a number above 0.")
    }
    try validateReweighting()
    if tune, let name = weighting.apply.first {
      throw ValidationError(
        "--tune writes a menu that has to say what it was tuned with: write apply: \(name) into it, and leave --apply out."
      )
    }
    for (isGiven, option) in [(pathTimes, "--path-times"), (drift, "--drift")] where isGiven && tune {
      throw ValidationError(
        "\(option) is a part of the report on a menu's decisions; leave it out with --tune.")
    }
    if outputFormat != nil, output == nil || tune {
      throw ValidationError("--output-format is that of the file of accepted events; name it with -o.")
    }
    if resume, output == nil || tune {
      throw ValidationError("--resume goes on with the file of accepted events; name it with -o.")
    }
    if format == .jsonl, output != nil || tune {
      throw ValidationError("--format jsonl prints the accepted events; give either it or -o.")
    }
    try ReadingOptions.checkStandardInput(reading.inputs + signal)
    if tune, signal.isEmpty { throw ValidationError("--tune needs signal events; name them with --signal.") }
    if signalWeight != nil, signal.isEmpty {
      throw ValidationError("--signal-weight is of signal events; name them with --signal.")
    }
    if report != nil, tune {
      throw ValidationError("--report shows what a menu does; leave it out with --tune.")
    }
    if !turnOn.isEmpty, report == nil || signal.isEmpty {
      throw ValidationError(
        "--turn-on is a part of the report on signal events; name its folder with --report and the events with --signal."
      )
    }
    if let keepEmbeddings {
      guard (0...1000).contains(keepEmbeddings) else {
        throw ValidationError(
          "--keep-embeddings is \(keepEmbeddings); choose a number of jets from 0 to 1000.")
      }
      guard !tune, output != nil || format == .jsonl else {
        throw ValidationError(
          "--keep-embeddings is of accepted events; write them with -o or --format jsonl, without --tune.")
      }
    }
  }

  /// Makes sure that what gives events other weights goes together with the rest.
  private func validateReweighting() throws {
    guard pileUp.count < 2 else {
      throw ValidationError(
        "--pile-up is given \(pileUp.count) times; one column can have another distribution: give it once.")
    }
    if let pileUp = pileUp.first {
      guard !tune else {
        throw ValidationError("--pile-up reweights the rates of a report; leave it out with --tune.")
      }
      guard !reading.inputs.contains("-") else {
        throw ValidationError("--pile-up reads the inputs twice; name files instead of standard input, -.")
      }
      let parts = pileUp.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
        throw ValidationError(
          "--pile-up is \(pileUp); write a column and a file or a mean, as in mu=mu.csv or mu=60.")
      }
      if let mean = Double(parts[1]), !(mean > 0 && mean <= PileUpTarget.largestMean) {
        throw ValidationError(
          "--pile-up asks for the mean \(mean); choose one above 0 and of at most \(PileUpTarget.largestMean)."
        )
      }
    }
    guard let acceptedOf else { return }
    guard acceptedOf > 0 else {
      throw ValidationError(
        "--accepted-of is \(acceptedOf); choose the number of events that the menus looked at.")
    }
    for (isGiven, option) in [
      (tune, "--tune"), (!pileUp.isEmpty, "--pile-up"), (weights.weight != nil, "--weight"),
    ] where isGiven {
      throw ValidationError("--accepted-of counts events, each by what it stands for; leave out \(option).")
    }
  }

  /// What the weights of events are multiplied by; nil if by nothing.
  ///
  /// - Throws: `ValidationError` if samples have weights that do not go with it, and what reading the distribution of a
  ///   column throws.
  private func reweighting(
    _ plugins: PluginRegistry, _ model: Model, _ weighting: AppliedWeighting?
  ) throws -> (any EventReweighting)? {
    if acceptedOf != nil {
      guard try reading.samples().allSatisfy({ $0.weight == 1 && $0.totalWeight == nil }) else {
        throw ValidationError(
          "--accepted-of counts events, each by what it stands for; give samples no weight.")
      }
      return AcceptanceReweighting()
    }
    guard let pileUp = pileUp.first else { return nil }
    let parts = pileUp.split(separator: "=", maxSplits: 1)
    let target =
      try Double(parts[1]).map { PileUpTarget(mean: $0) }
      ?? PileUpTarget(contentsOf: URL(fileURLWithPath: String(parts[1])))
    let stream = try reading.makeStream(
      plugins, jets: model.formulaJets(plugins), for: model, weights: weights, weighting: weighting)
    var progress = EventProgress(stream, resultsOnStandardOutput: false)
    defer { progress.clear() }
    return try PileUpReweighting(
      column: String(parts[0]), target: target, sample: stream, threads: reading.threadCount
    ) { progress.update($0) }
  }

  func run() throws {
    try reportingFailures {
      let plugins = try self.model.plugins.registry()
      try checkOutputs(plugins)
      let outputFormat = try self.format(among: plugins.eventOutputFormats)
      let model = try self.model.read(plugins)
      let file = try MenuFile(contentsOf: URL(fileURLWithPath: menu))
      let menu = try file.menu(
        sources: DecisionSources(model), plugins: plugins, inputRate: rate,
        luminosity: luminosity, apply: weighting.apply.first, isForTuning: tune)
      var run = try makeRun(model, menu, of: file, plugins)
      reportRemarks(file.remarks(on: menu) + [model.remark(on: run.weighting)].compactMap(\.self))
      if run.weighting?.folder != nil { try checkOutputs(plugins, weighting: run.weighting) }
      run.reweighting = try reweighting(plugins, model, run.weighting)
      let weighsLater = run.weighting != nil
      let jets = try model.formulaJets(plugins, observables: menu.observables)
      let stream = try reading.makeStream(
        plugins, jets: jets, particleColumns: menu.observables.particleColumns, for: model,
        weights: weights, weighting: run.weighting, weighsLater: weighsLater, whole: output != nil && !tune)
      // --skip-events and --max-events are for the inputs alone.
      let signalStream =
        try signal.isEmpty
        ? nil
        : reading.makeStream(
          of: InputArgument.samples(signal), plugins, jets: jets,
          particleColumns: menu.observables.particleColumns, for: model, weight: signalWeight,
          weights: weights, weighting: run.weighting, weighsLater: weighsLater)
      if tune {
        try tune(run, file, background: stream, signal: signalStream!)
      } else {
        try decide(run, stream, signalStream, outputFormat)
      }
    }
  }

  /// The run of a menu, with nothing that weights events.
  ///
  /// - Throws: `ValidationError` or `ConfigurationError` if there is nothing of the name that is applied to particles, and what the run
  ///   throws.
  private func makeRun(
    _ model: Model, _ menu: TriggerMenu, of file: MenuFile, _ plugins: PluginRegistry
  ) throws -> TriggerRun {
    do {
      return try TriggerRun(
        model: model, menu: menu, timeLimit: timeLimit.map { 1e-6 * $0 }, conditions: self.model.columns,
        threads: reading.threadCount, measuresPaths: pathTimes, keptJets: keepEmbeddings,
        watchesInputs: drift,
        plugins: plugins)
    } catch let error as MenuError {
      guard let name = weighting.apply.first else { throw file.error(error) }
      throw ValidationError("--apply \(name) \(error.problems[0].debugDescription)")
    }
  }

  /// The format of the accepted events.
  ///
  /// - Throws: `ValidationError` if there is none of the name that the user gives.
  private func format(among formats: EventOutputFormats) throws -> any EventOutputFormat {
    guard let name = outputFormat?.name else {
      // A tuned menu is YAML, whatever it is called.
      if !tune { try checkEnding(of: output, among: formats.fileExtensions, option: "--output-format") }
      return formats.format(ofFile: output ?? "")
    }
    guard let format = formats[name] else {
      throw ValidationError(unknownFormat("--output-format", name, formats.names))
    }
    return format
  }

  private func checkOutputs(_ plugins: PluginRegistry, weighting: AppliedWeighting? = nil) throws {
    var files = OutputCheck()
    try files.addInputs(reading.inputs)
    try files.addInputs(signal)
    files.addInput(menu)
    if let file = pileUp.first?.split(separator: "=", maxSplits: 1).last, Double(file) == nil {
      files.addInput(String(file))
    }
    files.addModel(model.folder)
    files.addModel(weighting?.folder)
    files.addPlugins(plugins)
    files.addOutput("-o", output)
    if let output, !tune { files.addOutput("the journal", "\(output).journal") }
    if let report { files.addOutput("--report", report, .report) }
    try files.check()
  }

  private func decide(
    _ run: TriggerRun, _ stream: EventStream, _ signal: EventStream?, _ outputFormat: any EventOutputFormat
  ) throws {
    var curves = try report == nil || signal == nil ? [] : turnOnCurves(run.menu)
    let gnuplot = try report.map { _ in try Gnuplot() }
    var progress = EventProgress(stream, resultsOnStandardOutput: format == .jsonl)
    defer { progress.clear() }
    let outcome = try decide(run, stream, outputFormat) { progress.update($0) }
    progress.clear()
    var signalState: TriggerState?
    if let signal {
      var state = TriggerState(run.menu, isWeighted: signal.isWeighted)
      try run.evaluate(signal) { inputs, decisions in
        for index in curves.indices { curves[index].append(inputs, decisions) }
        var decisions = decisions
        run.menu.decide(&decisions, &state)
      }
      signalState = state
    }
    let report = TriggerReport(run.menu, outcome.state, signal: signalState, acceptedOf: acceptedOf)
    try checkAcceptedOf(report)
    let summary = TriggerSummary(
      report: report,
      latency: outcome.latency,
      times: outcome.pathTimes.flatMap { TriggerTimes(run.menu, $0, outcome.latency) },
      pileUp: run.reweighting as? PileUpReweighting, drift: outcome.drift)
    if let folder = self.report, let gnuplot {
      try summary.write(to: URL(fileURLWithPath: folder), curves: curves, using: gnuplot)
    }
    switch format {
    case .table: try writeToStandardOutput(Data(Listing(summary).text.utf8))
    case .json: try writeToStandardOutput(summary.json())
    case .jsonl: writeToStandardError(Listing(summary).text)
    }
    if timing {
      let stages = StageTimes()
      stages.add(outcome.stages)
      let timing = Timing(
        stages, outcome.times, finishing: 0, stream: stream, threads: reading.threadCount)
      writeToStandardError(timing.text)
    }
    for excess in summary.times?.excesses ?? [] { writeToStandardError("canopy: \(excess.printable)\n") }
    reportLeftOut(outcome.badEventCount, outcome.badEvents)
    if outcome.state.eventCount == 0 { stream.reportThatNothingWasRead() }
    for name in outcome.roundedColumns {
      writeToStandardError(
        "canopy: \("the column \(name) has whole numbers beyond 2^53 and others, and is written rounded".printable)\n"
      )
    }
    if output != nil { stream.reportUnreadableColumns() }
  }

  /// Makes sure that the accepted events do not stand for more than the menus looked at.
  private func checkAcceptedOf(_ report: TriggerReport) throws {
    guard let acceptedOf, let share = report.covered?.share else { return }
    let problem: String
    if report.eventCount > acceptedOf {
      problem = "the inputs have \(report.eventCount) events that were accepted"
    } else if let error = share.error, share.value - 5 * error > 1 {
      problem = String(
        format: "the accepted events stand for %.0f ± %.0f", share.value * Double(acceptedOf),
        error * Double(acceptedOf))
    } else {
      return
    }
    throw ValidationError(
      "--accepted-of is \(acceptedOf), but \(problem); give the number of all events that the menus looked at."
    )
  }

  /// The curves that the report shows, without events.
  ///
  /// - Throws: `ValidationError` if the user gives a quantity that there is not.
  private func turnOnCurves(_ menu: TriggerMenu) throws -> [TurnOnCurves] {
    let names = turnOn.isEmpty ? ["leading-jet-pt", "missing-momentum"] : turnOn
    do {
      return try names.map { try TurnOnCurves(menu, against: $0) }
    } catch let error as PluginError {
      throw ValidationError("--turn-on: \(error)")
    }
  }

  /// Runs the menu over the events, with the accepted ones to where they are to go.
  private func decide(
    _ run: TriggerRun, _ stream: EventStream, _ outputFormat: any EventOutputFormat,
    progress: (EventPipeline.Progress) throws -> Void
  ) throws -> TriggerRun.Outcome {
    if let output {
      Interruption.advice =
        "The run was stopped, and \(output) is not there yet; give the same command with --resume to go on."
      defer { Interruption.advice = nil }
      return try run.run(
        stream,
        to: TriggerRun.Output(
          path: output, format: outputFormat, menu: URL(fileURLWithPath: menu),
          model: URL(fileURLWithPath: model.folder), isResumed: resume),
        progress: progress)
    }
    guard format == .jsonl else { return try run.run(stream, progress: progress) }
    let writer = try JSONLinesEventOutputFormat().makeWriter(to: .standardOutput)
    let outcome = try run.run(stream, to: writer, progress: progress)
    try writer.finish()
    return outcome
  }

  private func tune(
    _ run: TriggerRun, _ file: MenuFile, background: EventStream, signal: EventStream
  ) throws {
    // What cannot be written is found before the events are read.
    let destination = try output.map { try ResultText(.file($0)) }
    func sample(_ stream: EventStream) throws -> TuningSample {
      var sample = TuningSample(run.menu)
      var progress = EventProgress(stream, resultsOnStandardOutput: false)
      defer { progress.clear() }
      try run.evaluate(stream) {
        sample.append($1)
      } progress: {
        progress.update($0)
      }
      return sample
    }
    let tuned = try run.menu.tune(
      background: sample(background), signal: sample(signal))
    let text = try file.text(of: run.menu, tuned: tuned.values)
    let summary = TriggerSummary(
      report: TriggerReport(run.menu, tuned.background, signal: tuned.signal), latency: LatencyHistogram())
    if let destination {
      destination.append(text)
      try destination.finish()
      try writeToStandardOutput(format == .json ? summary.json() : Data(Listing(summary).text.utf8))
    } else {
      try writeToStandardOutput(Data(text.utf8))
      writeToStandardError(Listing(summary).text)
    }
    background.reportLeftOutEvents()
  }
}
