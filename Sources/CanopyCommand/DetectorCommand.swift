// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// `canopy detector`.
struct DetectorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detector",
    abstract: "Puts particle-level events through a parametric detector.",
    discussion: """
      A card in YAML describes the detector: field, tracker, electromagnetic and hadronic cells; canopy settings detector \
      has its keys. What comes out are events again, for every other subcommand: tracks, photons and neutral hadrons by \
      particle flow, or the towers of the cells, with the columns charge, kind (0 track, 1 photon, 2 neutral hadron, 3 \
      electromagnetic tower, 4 hadronic tower), d0, d0_error, dz and dz_error of tracks in mm. Columns and weights of \
      the events stay. The same card, seed and events give the same bits for any number of threads.

      Impact parameters need production vertices: HepMC has them, and other files as the columns vertex_x, vertex_y and \
      vertex_z of particles, in mm.

      EXAMPLES:
        canopy detector events.hepmc.zst --card cms -o cms.h5
        canopy detector events.h5 --card my-detector.yaml --set ecal.cell-scale=4 -o coarse.h5
        canopy detector events.h5 --card atlas --towers -o towers.h5
        canopy detector events.h5 --card cms --keep-truth-jets --radius 0.4 --min-pt 20 -o responses.h5
        canopy detector events.h5 --card ild --set tracker.efficiency=0.9 | canopy cluster -
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var plugins: PluginOptions

  @Option(
    help: ArgumentHelp(
      "The card: a file in YAML, or the name of one that comes with Canopy: cms, atlas, fcc or ild.",
      valueName: "card"),
    completion: .file(extensions: ["yaml", "yml"]))
  var card: String

  @Option(
    help: ArgumentHelp(
      "Set a value over that of the card, as in ecal.cell-scale=4; may be given several times.",
      discussion:
        "null, or nothing after the equals sign, stands for the default of the key, as canopy settings detector has it.",
      valueName: "key=value"))
  var set: [String] = []

  @Flag(help: "Write the towers of the cells alone, without tracks; the same as --set objects=towers.")
  var towers = false

  @Flag(
    help: ArgumentHelp(
      "Add the column truth: the place, in its event of the input, of the particle that each comes from.",
      discussion:
        "A tower, photon or neutral hadron comes from the particle that left most energy in its cell."))
  var truth = false

  @Flag(
    help: ArgumentHelp(
      "Add the jets of the particles that reach the detector as given jets, with pt, rapidity, phi and mass.",
      discussion: "They are truth for the jets of the output: data.jet-truth of a training matches them."))
  var keepTruthJets = false

  @Option(help: JetSettings.help("algorithm", valueName: "algorithm"))
  var algorithm: JetDefinition.Algorithm?

  @Option(help: JetSettings.help("radius", valueName: "r"))
  var radius: Double?

  @Option(
    // A power may be negative, which would pass for another option.
    parsing: .unconditional, help: JetSettings.help("power", valueName: "p"))
  var power: Double?

  @Option(help: JetSettings.help("min-pt", valueName: "gev"))
  var minPt: Double?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file of the measured events (default: standard output, as JSON lines).",
      discussion: """
        It gets its name when it is complete; endings are \
        \(EventOutputFormats.builtIn.fileExtensions.joined(separator: ", ")).
        """, valueName: "out"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The format of OUT, built in or of a plugin (default: by the ending of OUT, hdf5 without one).",
      valueName: "format"))
  var outputFormat: EventFileFormat?

  func validate() throws {
    if outputFormat != nil, output == nil {
      throw ValidationError("--output-format is that of the file of events; name it with -o.")
    }
    if towers, let objects = set.first(where: { $0.hasPrefix("objects=") }) {
      throw ValidationError("--towers and --set \(objects) both say what is written; leave one out.")
    }
    if !keepTruthJets {
      for (isGiven, option) in [
        (algorithm != nil, "--algorithm"), (radius != nil, "--radius"), (power != nil, "--power"),
        (minPt != nil, "--min-pt"),
      ]
      where isGiven {
        throw ValidationError(
          "\(option) is of the jets that --keep-truth-jets adds; give that too, or leave it out.")
      }
    }
    _ = try truthFinder()
  }

  func run() throws {
    try reportingFailures {
      let plugins = try plugins.registry()
      var files = OutputCheck()
      try files.addInputs(reading.inputs)
      files.addInput(ShippedResources.detector(card))
      files.addOutput("-o", output)
      try files.check()
      let format = try outputFormat(among: plugins.eventOutputFormats)
      let detector = try Detector(card: card, settings: set + (towers ? ["objects=towers"] : []))
      let stream = try reading.makeStream(
        plugins,
        jets: FormulaJets(
          truthFinder() ?? JetSettings().finder(), observables: ObservableCatalogue([], plugins: plugins)),
        particleColumns: Set(MeasuredColumns.vertex))
      try write(detector, stream, format)
      stream.reportLeftOutEvents()
    }
  }

  private func write(_ detector: Detector, _ stream: EventStream, _ format: any EventOutputFormat) throws {
    let writer = try format.makeWriter(to: output.map { .file($0) } ?? .standardOutput)
    let finder = try truthFinder()
    var progress = EventProgress(stream, resultsOnStandardOutput: output == nil)
    defer { progress.clear() }
    // By the name of each input, in their order, whether it has particles that are produced elsewhere than at the origin.
    var displaced: [(source: String, isDisplaced: Bool)] = []
    try EventPipeline.run(
      stream: stream, threads: reading.threadCount,
      makeWorker: { [truth] in
        let simulation = DetectorSimulation(detector, keepsTruth: truth)
        let clusterer = try finder.map { try JetClusterer($0) }
        return { events in
          var measured = try simulation.measure(events)
          if let clusterer { measured.givenJets = try events.truthJets(clusterer.jets(in: events)) }
          return (measured, events.source, events.areDisplaced)
        }
      },
      consume: { (events, source, isDisplaced) in
        if displaced.last?.source != source { displaced.append((source, false)) }
        if isDisplaced { displaced[displaced.count - 1].isDisplaced = true }
        try writer.append(events)
      }, progress: { progress.update($0) })
    try writer.finish()
    progress.clear()
    guard detector.card.objects == .particleFlow else { return }
    let columns = MeasuredColumns.vertex.joined(separator: ", ")
    reportRemarks(
      displaced.filter { !$0.isDisplaced }.map {
        "\($0.source): all particles are produced at the origin, as the events have no production vertices (\(columns)): d0 and dz are their smearing alone"
      })
  }

  /// Finds the jets that are kept as truth; nil if none are.
  private func truthFinder() throws -> JetFinder? {
    guard keepTruthJets else { return nil }
    var jets = JetSettings()
    jets.algorithm = algorithm ?? jets.algorithm
    jets.radius = radius
    jets.power = power
    jets.minimumPt = minPt
    let given = [radius.map { _ in "radius" }, power.map { _ in "power" }].compactMap(\.self)
    try jets.checkOptions(given: Set(given))
    return try checkingOptions { try jets.finder(trees: false) }
  }

  /// The format of the measured events.
  ///
  /// - Throws: `ValidationError` if there is none of the name that the user gives.
  private func outputFormat(among formats: EventOutputFormats) throws -> any EventOutputFormat {
    guard output != nil else { return JSONLinesEventOutputFormat() }
    guard let name = outputFormat?.name else {
      try checkEnding(of: output, among: formats.fileExtensions, option: "--output-format")
      return formats.format(ofFile: output ?? "")
    }
    guard let format = formats[name] else {
      throw ValidationError(unknownFormat("--output-format", name, formats.names))
    }
    return format
  }
}

extension Events {
  /// Whether any particle is produced elsewhere than at the origin, as far as the events say.
  fileprivate var areDisplaced: Bool {
    MeasuredColumns.vertex.contains { particles.content.columns[$0]?.values.contains { $0 != 0 } == true }
  }

  /// Jets as given jets of the events.
  ///
  /// - Throws: `EventInputError` if the events have some already.
  fileprivate func truthJets(_ jets: Jets) throws -> Ragged<Columns> {
    guard givenJets == nil else {
      throw EventInputError(
        source: source, field: "jet",
        problem: "is there already: the events have jets of their own; leave out --keep-truth-jets")
    }
    return Ragged(
      offsets: jets.offsets,
      content: [
        "pt": Column(values: jets.pt, unit: "GeV"), "rapidity": Column(values: jets.rapidity),
        "phi": Column(values: jets.phi), "mass": Column(values: jets.mass, unit: "GeV"),
      ])
  }
}
