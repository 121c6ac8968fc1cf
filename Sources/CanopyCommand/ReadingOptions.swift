// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// Which events are read, and how: the same for every subcommand that reads events.
struct ReadingOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Event files: \(EventFormats.builtIn.summary), also in gzip, Zstandard, xz or bzip2.",
      discussion: """
        The format is told from the content, whatever the name; - is standard input. A sample such as \
        '{file: "tt-*.h5", label: 0, weight: 3.2}', and a YAML file with a list of such samples, do as well.
        """),
    completion: .file())
  var inputs: [String] = []

  @OptionGroup
  var content: ContentOptions

  @OptionGroup
  var particles: ParticleOptions

  @Option(help: EventReadingOptions.help("max-events", valueName: "n"))
  var maxEvents: Int?

  @Option(help: EventReadingOptions.help("skip-events", valueName: "n"))
  var skipEvents: Int?

  @Option(
    help: ArgumentHelp(
      "Add a column to each event, computed by a formula; may be given several times.",
      discussion: """
        It is written as in 'ht = sum(jet.pt)', over columns of the events, their particles, and their jets with all \
        observables, and may be read by later ones, by --where, and wherever a column of the file may be.
        """,
      valueName: "name=formula"))
  var define: [String] = []

  @Option(
    help: ArgumentHelp(
      "Read only events that meet CONDITION; may be given several times.",
      discussion: """
        A condition is a formula over the events, their particles and their jets, as in 'label == 1', 'number % 5 != 3' or \
        'max(jet.pt) > 250', or a column with its value, as in label=1. Jets are found of the events that meet all \
        conditions without jets. Events that are passed over count for --max-events and --skip-events.
        """,
      valueName: "condition"))
  var `where`: [String] = []

  @Flag(help: EventReadingOptions.help("skip-bad-events"))
  var skipBadEvents = false

  @Option(
    help: ArgumentHelp("The number of threads (default: the processors that it may use).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); choose a number from 1 to 1024.")
    }
    try Self.checkStandardInput(inputs)
    _ = try selection()
    _ = try definitions()
    var options = EventReadingOptions()
    options.maximumEvents = maxEvents
    options.skipEvents = skipEvents ?? 0
    try options.checkOptions(given: [])
  }

  /// Makes sure that standard input is named once.
  static func checkStandardInput(_ inputs: [String]) throws {
    guard inputs.count(where: { $0 == "-" }) > 1 else { return }
    throw ValidationError("Standard input, -, is given twice; it can be read only once.")
  }

  /// What events must meet.
  private func selection() throws -> [Formula] { try Self.conditions(self.where) }

  /// The conditions that `--where` gives.
  ///
  /// - Throws: `ValidationError` for one that is none whatever the events have.
  static func conditions(_ texts: [String]) throws -> [Formula] {
    try texts.map { text in
      // As in label=1, which is no comparison of a formula, unlike label<=1.
      if let value = NamedValue(argument: text), !"<>!=".contains(value.name.last!) {
        return Formula(column: value.name, isEqualTo: value.value)
      }
      do {
        let formula = try Formula(text)
        try formula.check(isCondition: true)
        return formula
      } catch {
        throw ValidationError("--where \(error).")
      }
    }
  }

  /// The columns that events get.
  func definitions() throws -> [ColumnDefinition] {
    var definitions: [ColumnDefinition] = []
    for text in define {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      var name = parts[0].trimmingCharacters(in: .whitespaces)
      // A name may be quoted as it is in formulas.
      if name.count > 2, name.hasPrefix("`"), name.hasSuffix("`") {
        name = String(name.dropFirst().dropLast())
      }
      guard parts.count == 2, !name.isEmpty, !parts[1].hasPrefix("="), !name.contains("`"),
        !"<>!".contains(name.last!)
      else {
        throw ValidationError(
          "--define is \(text); write a name and a formula, as in 'ht = sum(jet.pt)'.")
      }
      guard definitions.allSatisfy({ $0.name != name }) else {
        throw ValidationError("--define gives \(name) twice; give it once.")
      }
      guard !Events.formulaNames.contains(name) else {
        throw ValidationError(
          "--define gives \(name), which means something else in formulas; choose another name.")
      }
      do {
        let formula = try Formula(parts[1].trimmingCharacters(in: .whitespaces))
        try formula.check()
        definitions.append(ColumnDefinition(name, formula))
      } catch {
        throw ValidationError("--define \(name): \(error).")
      }
    }
    return definitions
  }

  /// What is read.
  ///
  /// - Throws: `ValidationError` or `ConfigurationError` if a sample is wrong.
  func samples() throws -> [InputSample] {
    guard !inputs.isEmpty else {
      throw ValidationError("No events are given; name the files of some, or - for standard input.")
    }
    return try InputArgument.samples(inputs)
  }

  /// How many threads work.
  var threadCount: Int { threads ?? ProcessorCount.available }

  /// Opens the inputs; every event gets `columns`.
  ///
  /// - Parameters:
  ///   - plugins: the plugins, whose formats the inputs may have.
  ///   - jets: the jets that formulas read.
  ///   - columns: columns of one value that all events get.
  ///   - particleColumns: columns of particles that are read, besides those of the model.
  ///   - model: the model that reads the events, whose selection of particles is that of the events unless the user
  ///     gives another.
  ///   - weights: how events count.
  ///   - weighting: what multiplies the momenta of particles; nil for nothing.
  ///   - weighsLater: whether it is left to the user of the events to leave out particles and to multiply their momenta.
  ///   - whole: whether events have all their particles and all columns of these, to be written again.
  /// - Returns: the stream.
  /// - Throws: `EventInputError` or `ValidationError` that names the option or the input.
  func makeStream(
    _ plugins: PluginRegistry, jets: FormulaJets, columns: [String: Double] = [:],
    particleColumns: Set<String> = [],
    for model: Model? = nil, weights: WeightOptions? = nil, weighting: AppliedWeighting? = nil,
    weighsLater: Bool = false, whole: Bool = false
  ) throws -> EventStream {
    var options = EventReadingOptions(
      particles: try particles.selection(for: model), demands: particles.demands,
      leavesOutParticles: !whole && !weighsLater,
      particleColumns: whole ? nil : particleColumns.union(model?.network.particleColumns ?? []),
      maximumEvents: maxEvents,
      skipEvents: skipEvents ?? 0,
      skipBadEvents: skipBadEvents, columns: columns, selection: try selection(),
      definitions: try definitions(), jets: jets,
      weight: WeightOptions.weight(weights?.weight),
      units: content.units, formats: plugins.eventFormats,
      format: try content.format(among: plugins.eventFormats),
      limits: content.limits
    )
    options.negativeWeights = weights?.negativeWeights ?? .asTheyAre
    options.weighting = weighting?.weighting
    return try EventStream(samples: samples(), options: options)
  }

  /// Opens the events that have no part in a model's training, which are read as the training reads its own, and as the
  /// options say beyond that.
  func makeStream(
    ofTestEvents data: DataSection, _ plugins: PluginRegistry, jets: FormulaJets, columns: [String: Double],
    particleColumns: Set<String>, for model: Model, weights: WeightOptions, weighting: AppliedWeighting?
  ) throws -> EventStream {
    guard let test = data.testEvents else {
      throw ValidationError(
        "No events are given, and the model's training names none under data.test or data.test-inputs; name files."
      )
    }
    var options = test.reading
    options.particles = try particles.selection(for: model)
    options.weighting = weighting?.weighting
    options.particleColumns = particleColumns.union(model.network.particleColumns)
    options.demandSelection()
    options.formats = plugins.eventFormats
    options.jets = jets
    options.columns = columns
    options.selection += try selection()
    options.definitions += try definitions()
    if let maxEvents { options.maximumEvents = maxEvents }
    if let skipEvents { options.skipEvents = skipEvents }
    if skipBadEvents { options.skipBadEvents = true }
    if let weight = weights.weight { options.weight = EventWeight(weight) }
    if let choice = weights.negativeWeights { options.negativeWeights = choice }
    if let units = content.units { options.units = units }
    if let format = try content.format(among: plugins.eventFormats) { options.format = format }
    if content.maxMemory != nil { options.limits = content.limits }
    return try EventStream(samples: test.samples, options: options)
  }

  /// Opens further inputs, all of whose events are read like those of the inputs, and count by `weight`.
  func makeStream(
    of samples: [InputSample], _ plugins: PluginRegistry, jets: FormulaJets,
    particleColumns: Set<String> = [], for model: Model, weight: String?, weights: WeightOptions,
    weighting: AppliedWeighting?, weighsLater: Bool
  ) throws -> EventStream {
    var options = try makeStream(
      plugins, jets: jets, particleColumns: particleColumns, for: model, weighting: weighting,
      weighsLater: weighsLater
    ).options
    options.maximumEvents = nil
    options.skipEvents = 0
    options.selection = []
    options.weight = WeightOptions.weight(weight)
    options.negativeWeights = weights.negativeWeights ?? .asTheyAre
    return try EventStream(samples: samples, options: options)
  }
}

extension EventStream {
  /// Says on standard error which events were left out, if any were, and if none was read.
  func reportLeftOutEvents() {
    reportLeftOut(badEventCount, badEvents.map(\.description))
    reportThatNothingWasRead()
  }

  /// Says on standard error why no event was read, if none was.
  func reportThatNothingWasRead() {
    guard wantedEventCount == 0 else { return }
    if goodEventCount > 0 {
      writeToStandardError(
        "canopy: no event was read: none of \(goodEventCount) meets what --where asks for\n")
    } else if badEventCount == 0 {
      writeToStandardError(
        "canopy: no event was read: --skip-events \(options.skipEvents) passes over all \(nextEventNumber)\n")
    }
  }
}

extension EventStream {
  /// Says on standard error which columns of the inputs accepted events do not have, as they cannot be read.
  func reportUnreadableColumns() {
    for error in unreadableColumns.sorted(by: { $0.key < $1.key }).map(\.value) {
      writeToStandardError("canopy: \(error.description); the accepted events are without it\n")
    }
  }
}

/// Says on standard error how many events were left out, if any were, and what was wrong with the first of them.
func reportLeftOut(_ count: Int, _ problems: [String]) {
  guard count > 0 else { return }
  var text = "canopy: \(count) bad \(count == 1 ? "event was" : "events were") left out:\n"
  for problem in problems { text += "  \(problem.printable)\n" }
  if count > problems.count { text += "  and \(count - problems.count) more\n" }
  writeToStandardError(text)
}
