// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

extension JetDefinition.Algorithm: ExpressibleByArgument {}
extension JetDefinition.RecombinationScheme: ExpressibleByArgument {}

/// `canopy cluster`.
struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Finds the jets of events.",
    discussion: """
      Jets come by falling pT, by falling E for the e⁺e⁻ algorithms ee-kt and ee-genkt. Algorithms and \
      recombination schemes are FastJet's.

      EXAMPLES:
        canopy cluster events.hepmc.gz
        canopy cluster events.h5 --algorithm cambridge --radius 0.8 -o jets.jsonl
        canopy cluster lep.txt --algorithm ee-kt --exclusive-jets 3
        canopy cluster events.h5 --radius 1.0 --tree --recluster kt -o trees.h5
        canopy cluster events.h5 --radius 1.0 --observable soft-drop --cut "soft-drop/mass > 60"
        canopy cluster events.h5 --min-pt 25 --where "count(jet.pt > 100) >= 2 and sum(jet.pt) > 500"
        canopy cluster pileup.h5 --apply puppi --radius 0.8 --min-pt 100
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var weighting: WeightingOptions

  @Option(help: JetSettings.help("algorithm"))
  var algorithm = JetDefinition.Algorithm.antikt

  @Option(help: JetSettings.help("radius", valueName: "r"))
  var radius: Double?

  @Option(
    // A power may be negative, which would pass for another option.
    parsing: .unconditional, help: JetSettings.help("power", valueName: "p"))
  var power: Double?

  @Option(help: JetSettings.help("recombination"))
  var recombination = JetDefinition.RecombinationScheme.e

  @Option(help: JetSettings.help("min-pt", valueName: "gev"))
  var minPt: Double?

  @Option(help: JetSettings.help("max-abs-rapidity", valueName: "y"))
  var maxAbsRapidity: Double?

  @Option(help: JetSettings.help("exclusive-jets", valueName: "n"))
  var exclusiveJets: Int?

  @Option(help: JetSettings.help("exclusive-dcut", valueName: "d"))
  var exclusiveDcut: Double?

  @Option(help: JetSettings.help("recluster", valueName: "algorithm"))
  var recluster: JetDefinition.Algorithm?

  @Flag(help: "Add the constituents of each jet, as particles counted from 0 in their event.")
  var constituents = false

  @Flag(
    help: ArgumentHelp(
      "Add the clustering tree of each jet.",
      discussion: """
        It is a list of splittings [left, right], left having the larger pT; 0 to n-1 are the jet's n \
        constituents, n and above the splittings in their order, the last of which is the jet.
        """))
  var tree = false

  @OptionGroup(title: "Observables")
  var observables: ObservableOptions

  @Option(
    help: ArgumentHelp(
      "Keep only jets that meet a condition on numbers of observables; may be given several times.",
      discussion: "It is written as in 'soft-drop/mass > 60' or 'soft-drop/mass > 60 and abs(eta) < 2.5'.",
      valueName: "condition"))
  var cut: [String] = []

  @OptionGroup
  var plugins: PluginOptions

  @OptionGroup(title: "Output")
  var output: OutputOptions

  func validate() throws {
    if recluster != nil, !tree, observables.observable.isEmpty, cut.isEmpty {
      throw ValidationError(
        "--recluster changes the tree of a jet and what is worked out of it; add --tree or an observable, or leave it out."
      )
    }
    _ = try makeFinder()
    _ = try cuts()
  }

  private func cuts() throws -> [ObservableCut] {
    try cut.map { text in try checkingOptions { try ObservableCut(text) } }
  }

  func run() throws {
    try reportingFailures {
      let plugins = try plugins.registry()
      let named = try observables.set(plugins)
      let cuts = try cuts()
      // Cuts may name observables that are not written.
      var all = named
      let catalogue = ObservableCatalogue(named.members.map(ObservableChoice.init), plugins: plugins)
      do {
        try all.formUnion(catalogue.observables(for: Set(cuts.flatMap(\.columns))))
        for cut in cuts { try cut.check(all) }
      } catch let error as PluginError {
        throw ValidationError("\(error)")
      }
      let finder = try makeFinder().withTrees(tree || all.readsTrees)
      try writeResults(
        reading: reading, plugins: plugins,
        jets: FormulaJets(finder, observables: catalogue, cuts: cuts),
        particleColumns: all.particleColumns, weighting: weighting.choice(named, plugins), output: output
      ) { [all, constituents, tree] times in
        let reconstruction = try JetReconstruction(finder, observables: all, cuts: cuts)
        var jets = Jets()
        return { events in
          let start = ProcessInfo.processInfo.systemUptime
          try reconstruction.findJets(in: events, into: &jets)
          times.add(.clustering, ProcessInfo.processInfo.systemUptime - start)
          var results = ResultBatch(jets, constituents: constituents, trees: tree)
          results.add(named.columns, of: jets)
          results.identify(by: events)
          return results
        }
      }
    }
  }

  private func makeFinder() throws -> JetFinder {
    var jets = JetSettings()
    jets.algorithm = algorithm
    jets.radius = radius
    jets.power = power
    jets.recombination = recombination
    jets.minimumPt = minPt
    jets.maximumAbsRapidity = maxAbsRapidity
    jets.exclusiveJets = exclusiveJets
    jets.exclusiveCut = exclusiveDcut
    jets.recluster = recluster
    let given = [radius.map { _ in "radius" }, power.map { _ in "power" }].compactMap(\.self)
    try jets.checkOptions(given: Set(given))
    return try checkingOptions { try jets.finder(trees: tree) }
  }
}
